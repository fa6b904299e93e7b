"""Signatures: HMAC-SHA256 over the second of transmission and the raw body, with key rotation.

Belongs here: keys and the header. Does not belong here: sending (`delivery`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import new as hmac

HEADER = "Ordergroove-Signature"
OVERLAP = timedelta(hours=24)
"""Time after a rotation during which the old key signs too."""


def sign(key: str, *, ts: int, body: bytes) -> str:
    """Return the signature of a body at a second, in lower-case hex digits."""
    return hmac(key.encode("ascii"), f"{ts}.".encode() + body, sha256).hexdigest()


@dataclass
class SigningKeys:
    """The key of a target, and for 24 hours after a rotation the previous one."""

    key: str
    expiring_key: str | None = None
    expiry: datetime | None = None

    def rotate(self, new_key: str, *, now: datetime) -> None:
        """Sign with a new key; the old one signs too for 24 hours."""
        self.expiring_key, self.key, self.expiry = self.key, new_key, now + OVERLAP

    def valid(self, now: datetime) -> list[str]:
        """Return the keys that sign at a moment, the new one first."""
        is_rotating = self.expiring_key is not None and self.expiry is not None and now < self.expiry
        return [self.key, self.expiring_key] if is_rotating and self.expiring_key else [self.key]

    def header(self, *, now: datetime, ts: int, body: bytes) -> str:
        """Return the value of the header: the time, and one signature for each key."""
        return ",".join((f"ts={ts}", *(f"sig={sign(key, ts=ts, body=body)}" for key in self.valid(now))))
