"""Verify the signature of a webhook: `Ordergroove-Signature: ts=<seconds>,sig=<hex>[,sig=<hex>]`.

HMAC-SHA256 in lower-case hex; the key is the verification key's ASCII bytes, the message is `<ts>.<raw body>`.
While a key is rotated, for one day, Ordergroove signs with both the new and the old key, and either may match
(Ordergroove's page "Webhooks: verifying signatures").

Belongs here: the header, the comparison, and a key's fingerprint. Does not belong here: HTTP, and parsing the body.

No time tolerance is documented, and Ordergroove may retry a delivery for hours, so `ts` is part of the signed message
but is not compared with the clock. One legacy snippet shows signatures without `ts` and does not say which message they
sign; such a header is refused.
"""

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

HEADER = "Ordergroove-Signature"

_SECONDS = re.compile(rb"[0-9]{1,20}")
_SIGNATURE = re.compile(rb"[0-9a-f]{64}")

# There are two during a rotation. A limit bounds the work for a forged header.
_MAX_SIGNATURES = 8


@dataclass(frozen=True)
class Signature:
    """A parsed header: the time of transmission as it was written, and the signatures."""

    ts: bytes
    sigs: tuple[bytes, ...]


def parse_header(value: bytes) -> Signature | None:
    """Parse a header, its parts in any order; None if it is invalid. Never raises."""
    seconds: list[bytes] = []
    sigs: list[bytes] = []
    for part in value.split(b","):
        name, _, content = part.strip().partition(b"=")
        if name == b"ts":
            seconds.append(content)
        elif name == b"sig" and _SIGNATURE.fullmatch(content):
            sigs.append(content)
    if len(seconds) != 1 or not _SECONDS.fullmatch(seconds[0]) or not 0 < len(sigs) <= _MAX_SIGNATURES:
        return None
    return Signature(seconds[0], tuple(sigs))


def fingerprint(key: str) -> str:
    """Return what identifies a key in files, metrics and logs: the first 12 hex digits of its SHA-256."""
    return sha256(key.encode()).hexdigest()[:12]


class Verifier:
    """Verifies signatures with one or more keys. Its repr shows only their fingerprints."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = tuple((key.encode("ascii"), fingerprint(key)) for key in keys)

    def __repr__(self) -> str:
        return f"Verifier({', '.join(self.fingerprints)})"

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """The keys' fingerprints, in the keys' order."""
        return tuple(name for _, name in self._keys)

    def match(self, signature: Signature, body: bytes) -> str | None:
        """Return the fingerprint of the first key that signed the body; None if no key did.

        Every key is compared with every signature, so that the duration does not reveal which one matched.
        """
        matched: str | None = None
        for key, name in self._keys:
            digest = hmac.new(key, signature.ts + b".", sha256)
            digest.update(body)
            expected = digest.hexdigest().encode()
            for given in signature.sigs:
                if hmac.compare_digest(expected, given) and matched is None:
                    matched = name
        return matched
