"""What the disk refuses: counted every time, said once a minute, and said once more when it is over.

Belongs here: one trouble, whether it stands, and its sentences. Does not belong here: what is tried again, and when
(batches). Its clock goes on when it is over: what comes and goes twice a second must not fill the log either.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from prometheus_client import Counter

from og_assets.receiver.metrics import Metrics

_LOG_EVERY = 60.0

_log = logging.getLogger(__name__)


class Trouble:
    """One thing that may not work. `sentence` gets the reason, and says what is wrong and what to do."""

    def __init__(self, counter: Counter, sentence: Callable[[str], str], *, over: str) -> None:
        self.stands = False
        self.reason = ""
        self._counter = counter
        self._sentence = sentence
        self._over = over
        self._told_at = -_LOG_EVERY
        self._is_told = False

    def met(self, error: Exception) -> None:
        """It did not work."""
        self.stands, self.reason = True, reason_of(error)
        self._counter.inc()
        if monotonic() - self._told_at >= _LOG_EVERY:
            self._told_at, self._is_told = monotonic(), True
            # What is no OSError is a fault of ours, and keeps its traceback.
            _log.error(self._sentence(self.reason), exc_info=None if isinstance(error, OSError) else error)

    def ended(self) -> None:
        """It works."""
        self.stands = False
        if self._is_told:
            self._is_told = False
            _log.warning(self._over)


def of_writing(metrics: Metrics, *, folder: Path) -> Trouble:
    """No event can be kept."""
    return Trouble(
        metrics.write_failures,
        lambda reason: (
            f"Cannot write below {folder} ({reason}). Events are answered with 503 and not acknowledged until it can "
            "be written again; free space, or let this user write there."
        ),
        over="Events can be written again.",
    )


def of_moving(metrics: Metrics, *, inbox: Path, open_folder: Path, every: float) -> Trouble:
    """Events are kept, and stay where no reader of the inbox looks."""
    return Trouble(
        metrics.rotation_failures,
        lambda reason: (
            f"Cannot move files into {inbox} ({reason}). Events are still written and acknowledged, and lie in "
            f"{open_folder} until this works; remove what is in the way, or let this user write there. Tried again "
            f"every {every:g} seconds."
        ),
        over="Files can be moved into the inbox again.",
    )


def of_setting_aside(metrics: Metrics) -> Trouble:
    """What is no event cannot be kept."""
    return Trouble(
        metrics.write_failures,
        lambda reason: (
            f"Cannot write into quarantine ({reason}). What is signed and not JSON is answered with 503 until it can "
            "be written again; free space, or let this user write there."
        ),
        over="The quarantine can be written again.",
    )


def reason_of(error: Exception) -> str:
    """What the system says, and of which file."""
    if isinstance(error, TimeoutError) and not error.errno:
        return "it does not answer"
    if not isinstance(error, OSError):
        return f"a fault of ours: {type(error).__name__}"
    path = error.filename2 or error.filename
    return f"{path}: {error.strerror}" if path else error.strerror or str(error)
