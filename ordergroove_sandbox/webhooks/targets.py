"""Webhook targets: an address that gets POST requests, an event pattern, and keys.

Belongs here: one target, one delivery, one POST. Does not belong here: the queue (`delivery`), files (`event_files`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Literal

import httpx

from .messages import Message
from .retry_schedules import TIMEOUT_SECONDS
from .signing import SigningKeys

DeliveryState = Literal["pending", "success", "failed", "canceled"]
Post = Callable[[str, bytes, dict[str, str]], int | None]
"""Sends a body to an address; returns the status, or None if there was no response in time."""

MAX_TARGETS = 10


@dataclass(kw_only=True)
class Target:
    """`pattern` selects events; * matches any text and | separates alternatives: "subscription.*|order.*"."""

    id: str
    url: str
    keys: SigningKeys
    created: int
    pattern: str = "*"
    enabled: bool = True
    counts: dict[DeliveryState, int] = field(
        default_factory=lambda: dict.fromkeys(("success", "failed", "canceled"), 0)
    )
    retried: int = 0

    def wants(self, event_type: str) -> bool:
        """Whether the target gets events of a type."""
        return self.enabled and any(fnmatchcase(event_type, part.strip()) for part in self.pattern.split("|"))


@dataclass(kw_only=True)
class Delivery:
    """One event for one target."""

    message: Message
    target: Target
    due: datetime
    body: bytes
    is_signed_wrongly: bool = False
    attempts: int = 0
    first_attempt: datetime | None = None
    last_status: int | None = None
    state: DeliveryState = "pending"


def is_address(url: object) -> bool:
    """Whether a value is an http or https URL with a host."""
    try:
        parsed = httpx.URL(url) if isinstance(url, str) else None
    except httpx.InvalidURL:
        return False
    return parsed is not None and parsed.scheme in ("http", "https") and bool(parsed.host)


class HttpPost:
    """POSTs with one HTTP client; a response after more than five seconds counts as none."""

    def __init__(self) -> None:
        self._client: httpx.Client | None = None

    def __call__(self, url: str, body: bytes, headers: dict[str, str]) -> int | None:
        """Send one request and return the status of its response, None if there is none."""
        if self._client is None:
            self._client = httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False)
        try:
            return self._client.post(url, content=body, headers=headers).status_code
        except (httpx.HTTPError, httpx.InvalidURL):
            return None

    def close(self) -> None:
        """Close the connections; the next POST opens new ones."""
        if self._client is not None:
            self._client.close()
            self._client = None
