"""The boundary where the other rooms' errors become Dagster's: a sentence first, a retry only where it helps."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from og_assets.errors import ExplainedError
from og_assets.ordergroove.errors import OrdergrooveError


@contextmanager
def explained() -> Iterator[None]:
    """Turn any error that we know into a `dg.Failure` with the error's own words."""
    try:
        yield
    except OrdergrooveError as error:
        metadata = {"method": error.method, "path": error.path, "what to do": error.what_to_do}
        if error.status is not None:
            metadata["status"] = str(error.status)
        raise dg.Failure(description=str(error), metadata=metadata, allow_retries=error.retryable) from None
    except ExplainedError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from None
