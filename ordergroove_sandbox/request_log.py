"""The log of the requests that a server was asked, so that tests can see how they came.

Belongs here: what was asked, when, and how many at a time. Not here: the answers (rest).
"""

from dataclasses import dataclass
from threading import Lock

from .rest.listings import LISTINGS


@dataclass(slots=True)
class LoggedRequest:
    """One request. `ended` is when the whole answer was handed to the socket; times are monotonic seconds."""

    object_type: str
    path: str
    query: str
    started: float
    status: int | None = None
    ended: float | None = None


class RequestLog:
    """Every API request since the start or the last `clear()`."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._asked: list[LoggedRequest] = []
        self.total = 0

    def add(self, asked: LoggedRequest) -> int:
        """Take a request in; returns how many there have been, never reset."""
        with self._lock:
            self._asked.append(asked)
            self.total += 1
            return self.total

    def all(self) -> list[LoggedRequest]:
        """The requests in the order in which they came."""
        with self._lock:
            return list(self._asked)

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._asked.clear()

    def count(self, object_type: str | None = None) -> int:
        """How many requests there were, of one object type or altogether."""
        return sum(object_type in (None, asked.object_type) for asked in self.all())

    def peak_in_flight(self, object_type: str | None = None) -> int:
        """How many were being answered at once, at most."""
        steps = []
        for asked in self.all():
            if object_type in (None, asked.object_type):
                steps += [(asked.started, 1), (asked.ended if asked.ended is not None else float("inf"), -1)]
        peak = flying = 0
        for _, step in sorted(steps):
            flying += step
            peak = max(peak, flying)
        return peak


_PATHS = tuple((listing.path, listing.name) for listing in LISTINGS)


def object_type_of(path: str) -> str:
    """The object type of a path; "unknown" where there is no such list."""
    return next((name for prefix, name in _PATHS if path.startswith(prefix)), "unknown")
