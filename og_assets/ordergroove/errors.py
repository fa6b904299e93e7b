"""Everything that can go wrong between us and Ordergroove, as one tree.

    OrdergrooveError
    ├── AccessError                401, 403: the key or its permission; never retried
    ├── NotFoundError              404: the merchant has no such object
    ├── RequestError               any other 4xx: we asked wrongly; never retried
    ├── ProtocolError              an answer that would lead to a short or wrong result
    │   └── CursorError            a cursor that expired, repeats or leads away: the walk must start again
    └── TransientError             may be gone in a moment
        ├── ThrottledError         429
        ├── UnavailableError       408, 423, 5xx
        ├── ConnectionFailedError  no connection, or none that lasted; time-outs
        └── BodyError              truncated, or not JSON

Each carries method, path, status and what to do. None ever carries the key, a query or a body.
"""

from typing import ClassVar

from og_assets.errors import OgAssetsError


class OrdergrooveError(OgAssetsError):
    """Root of the tree.

    `retryable` says whether asking again later, without any change by a person, can help.
    """

    retryable: ClassVar[bool] = False

    def __init__(
        self, problem: str, *, what_to_do: str, method: str = "GET", path: str = "", status: int | None = None
    ) -> None:
        self.method = method
        self.path = path
        self.status = status
        self.problem = problem
        self.what_to_do = what_to_do
        answered = f" answered {status}" if status is not None else ""
        super().__init__(f"{method} {path}{answered}: {problem} {what_to_do}")


class AccessError(OrdergrooveError):
    """401 or 403. Both mean the same here: Ordergroove answers 403 even to a missing key."""


class NotFoundError(OrdergrooveError):
    """404: on a list, this merchant or this key does not have the object; on one object, there is none of that id.

    `is_of_the_api` says whether the body was Ordergroove's (a JSON object), and not that of something in between.
    """

    is_of_the_api: bool = False


class RequestError(OrdergrooveError):
    """A 4xx that no retry mends."""


class ProtocolError(OrdergrooveError):
    """The answer breaks the contract of cursor pagination; to go on would lose or double rows."""


class CursorError(ProtocolError):
    """The walk lost its place. A new walk may succeed."""

    retryable = True


class TransientError(OrdergrooveError):
    """Asking again may help; the client already did so with back-off before this is seen."""

    retryable = True
    retry_after: float | None = None


class ThrottledError(TransientError):
    """429: more than 6,000 requests a minute from one address. `retry_after` in seconds, where given."""


class UnavailableError(TransientError):
    """408, 423 or 5xx."""


class ConnectionFailedError(TransientError):
    """No connection, a connection cut in the middle, or no answer within the time-out."""


class BodyError(TransientError):
    """A 200 whose body is cut or is not JSON."""
