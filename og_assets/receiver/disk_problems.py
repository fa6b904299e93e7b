"""A failing disk operation: counted every time, logged at most once a minute, and logged once when it works again.

Belongs here: whether a problem is active, and its log messages. Does not belong here: retries (batch_writer). The
minute is not reset when an operation works again: a problem that comes and goes must not fill the log either.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from prometheus_client import Counter

from og_assets.receiver.metrics import Metrics

_LOG_EVERY = 60.0

_log = logging.getLogger(__name__)


class DiskProblem:
    """One operation that may fail. `message` gets the reason, and says what happened and what to do."""

    def __init__(self, counter: Counter, message: Callable[[str], str], *, resolved_message: str) -> None:
        self.is_active = False
        self.reason = ""
        self._counter = counter
        self._message = message
        self._resolved_message = resolved_message
        self._logged_at = -_LOG_EVERY
        self._is_logged = False

    def record(self, error: Exception) -> None:
        """The operation failed."""
        self.is_active, self.reason = True, _describe(error)
        self._counter.inc()
        if monotonic() - self._logged_at >= _LOG_EVERY:
            self._logged_at, self._is_logged = monotonic(), True
            # An error that is no OSError is a bug of this program, and needs its traceback.
            _log.error(self._message(self.reason), exc_info=None if isinstance(error, OSError) else error)

    def resolve(self) -> None:
        """The operation worked."""
        self.is_active = False
        if self._is_logged:
            self._is_logged = False
            _log.warning(self._resolved_message)


def write_problem(metrics: Metrics, *, folder: Path) -> DiskProblem:
    """Events cannot be stored."""
    return DiskProblem(
        metrics.write_failures,
        lambda reason: (
            f"Cannot write below {folder} ({reason}). The receiver answers events with 503 and acknowledges none until "
            "writing works again. Free disk space, or give this user write permission."
        ),
        resolved_message="Events can be written again.",
    )


def move_problem(metrics: Metrics, *, inbox: Path, open_folder: Path, every: float) -> DiskProblem:
    """Events are stored, but their files cannot be moved to where the ingestion reads them."""
    return DiskProblem(
        metrics.rotation_failures,
        lambda reason: (
            f"Cannot move files into {inbox} ({reason}). Events are still written and acknowledged; their files stay "
            f"in {open_folder}. Remove the obstacle, or give this user write permission. The receiver retries every "
            f"{every:g} seconds."
        ),
        resolved_message="Files can be moved into the inbox again.",
    )


def quarantine_problem(metrics: Metrics) -> DiskProblem:
    """Signed bodies that are not JSON cannot be stored."""
    return DiskProblem(
        metrics.write_failures,
        lambda reason: (
            f"Cannot write into quarantine ({reason}). The receiver answers signed bodies that are not JSON with 503 "
            "until writing works again. Free disk space, or give this user write permission."
        ),
        resolved_message="The quarantine can be written again.",
    )


def _describe(error: Exception) -> str:
    """The system's message, with the path where it names one."""
    if isinstance(error, TimeoutError) and not error.errno:
        return "the disk does not answer"
    if not isinstance(error, OSError):
        return f"unexpected {type(error).__name__}"
    path = error.filename2 or error.filename
    return f"{path}: {error.strerror}" if path else error.strerror or str(error)
