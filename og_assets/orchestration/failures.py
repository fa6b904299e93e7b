"""The boundary where errors of other packages become `dg.Failure`, and which of them Dagster retries.

A failure carries the error's message and what to do. `RETRIES` on an asset makes Dagster run its step again; a failure
that another attempt cannot fix opts out (docs/decisions/0002-retry-failed-steps.md).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from og_assets.errors import OgAssetsError
from og_assets.ordergroove.errors import OrdergrooveError

# The client retries each request for minutes; these attempts are for longer outages, after one and two minutes.
RETRIES = dg.RetryPolicy(max_retries=2, delay=60, backoff=dg.Backoff.LINEAR)


class InterruptedFailure(dg.Failure):
    """The step was asked to stop. It must not go on with its next part, and is not retried."""


@contextmanager
def dagster_failures() -> Iterator[None]:
    """Raise any error as a `dg.Failure`. Dagster retries only what the error calls retryable.

    An unexpected exception is a defect of this project: it keeps its traceback as the cause, and is not retried.
    """
    try:
        yield
    except dg.Failure:
        raise
    except (dg.DagsterExecutionInterruptedError, KeyboardInterrupt):
        # Under a retry policy Dagster runs an interrupted step again: Ctrl-C would start the next attempt.
        raise InterruptedFailure(description="Interrupted.", allow_retries=False) from None
    except OrdergrooveError as error:
        metadata = {"method": error.method, "path": error.path, "what to do": error.what_to_do}
        if error.status is not None:
            metadata["status"] = str(error.status)
        raise dg.Failure(description=str(error), metadata=metadata, allow_retries=error.retryable) from None
    except OgAssetsError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from None
    except Exception as error:
        raise dg.Failure(description=f"{type(error).__name__}: {error}", allow_retries=False) from error
