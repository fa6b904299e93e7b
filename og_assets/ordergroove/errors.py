"""Errors of the REST API, as one tree.

    OrdergrooveError
    ├── AccessError                401, 403: the key or its permission; never retried
    ├── NotFoundError              404: the merchant has no such object
    ├── RequestError               any other 4xx: the request is wrong; never retried
    ├── ProtocolError              a response that would lead to missing or wrong rows
    │   └── CursorError            a cursor that expired or repeats: the listing must start again
    └── TransientError             a retry may succeed
        ├── ThrottledError         429
        ├── UnavailableError       408, 423, 5xx
        ├── ConnectionFailedError  no connection, a broken connection, a time-out
        └── BodyError              truncated, or not JSON

Each has method, path, status and what to do. None contains the key, a query or a body.
"""

from typing import ClassVar

from og_assets.errors import OgAssetsError


class OrdergrooveError(OgAssetsError):
    """Root of the API's errors.

    `retryable` is True if a later retry can succeed without a change by a person.
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
    """404: for a list, this merchant or key does not have the object type; for an object, that id does not exist.

    `is_of_the_api` is True if the body was a JSON object, so that it came from Ordergroove and not from a proxy.
    """

    is_of_the_api: bool = False


class RequestError(OrdergrooveError):
    """A 4xx that a retry cannot fix."""


class ProtocolError(OrdergrooveError):
    """The response breaks the contract of cursor pagination; continuing would lose or duplicate rows."""


class CursorError(ProtocolError):
    """The cursor is not usable any more. A new listing may succeed."""

    retryable = True


class TransientError(OrdergrooveError):
    """A retry may succeed. The client has already retried with back-off before it raises this."""

    retryable = True
    retry_after: float | None = None


class ThrottledError(TransientError):
    """429: more than 6,000 requests a minute from one address. `retry_after` in seconds, where given."""


class UnavailableError(TransientError):
    """408, 423 or 5xx."""


class ConnectionFailedError(TransientError):
    """No connection, a connection that broke, or no answer within the time-out."""


class BodyError(TransientError):
    """A 200 whose body is truncated or is not JSON."""
