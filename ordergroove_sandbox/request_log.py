"""Log of API requests, so that tests can check what a client requested.

Belongs here: path, query, status and time of requests. Does not belong here: responses (`rest`).
"""

from dataclasses import dataclass
from threading import Lock

from .rest.listings import LISTINGS


@dataclass(slots=True)
class LoggedRequest:
    """One request. `ended` is when the whole response was handed to the socket; times are monotonic seconds."""

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
        self._requests: list[LoggedRequest] = []
        self.total = 0

    def add(self, request: LoggedRequest) -> int:
        """Add a request; return the number of requests since the start, which `clear` does not reset."""
        with self._lock:
            self._requests.append(request)
            self.total += 1
            return self.total

    def all(self) -> list[LoggedRequest]:
        """Return the requests in the order of their arrival."""
        with self._lock:
            return list(self._requests)

    def clear(self) -> None:
        """Remove all requests."""
        with self._lock:
            self._requests.clear()

    def count(self, object_type: str | None = None) -> int:
        """Count the requests, of one object type or of all."""
        return sum(object_type in (None, request.object_type) for request in self.all())

    def peak_in_flight(self, object_type: str | None = None) -> int:
        """Return the highest number of requests that were in flight at the same time."""
        steps = []
        for request in self.all():
            if object_type in (None, request.object_type):
                steps += [(request.started, 1), (request.ended if request.ended is not None else float("inf"), -1)]
        peak = in_flight = 0
        for _, step in sorted(steps):
            in_flight += step
            peak = max(peak, in_flight)
        return peak


_PATHS = tuple((listing.path, listing.name) for listing in LISTINGS)


def object_type_of(path: str) -> str:
    """Return the object type of a path; "unknown" where no list has this path."""
    return next((name for prefix, name in _PATHS if path.startswith(prefix)), "unknown")
