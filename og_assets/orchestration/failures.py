"""The boundary where the other rooms' errors become Dagster's: a sentence first, a retry only where it helps.

Dagster's own RetryPolicy would also repeat what a failed blocking check or a fault of ours stopped, and walk a whole
backfill again for nothing; so the retry is asked for here, by the error's own word.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from og_assets.errors import OgAssetsError
from og_assets.ordergroove.errors import OrdergrooveError

# The client has already retried each request for minutes; these are for outages that last longer.
MAX_RETRIES = 2
FIRST_RETRY_AFTER = 60


@contextmanager
def dagster_failures(context: dg.OpExecutionContext | None = None) -> Iterator[None]:
    """Turn any error that we know into a `dg.Failure` with the error's own words.

    With a `context`, a step that another attempt may help is tried again, up to `MAX_RETRIES` times.
    """
    try:
        yield
    except OrdergrooveError as error:
        metadata = {"method": error.method, "path": error.path, "what to do": error.what_to_do}
        if error.status is not None:
            metadata["status"] = str(error.status)
        failure = dg.Failure(description=str(error), metadata=metadata, allow_retries=False)
        if context is not None and error.retryable and context.retry_number < MAX_RETRIES:
            context.log.warning(str(error))
            wait = FIRST_RETRY_AFTER * 2**context.retry_number
            raise dg.RetryRequested(max_retries=MAX_RETRIES, seconds_to_wait=wait) from failure
        raise failure from None
    except OgAssetsError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from None
