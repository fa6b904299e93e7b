"""The signature of a webhook: `Ordergroove-Signature: ts=<seconds>,sig=<hex>[,sig=<hex>]`.

HMAC-SHA256 in lower-case hex; the key is the verification key's ASCII bytes, the message is `<ts>.<raw body>`.
While a key is rotated, for a day, Ordergroove signs with the new one and the old one, and either may match
(Ordergroove's page "Webhooks: verifying signatures").

Belongs here: the header, the comparison, and a key's fingerprint. Does not belong here: HTTP, and what is in the
body.

No time tolerance is documented, and a delivery may be tried again for hours, so none is enforced: `ts` is signed, not
judged. One legacy snippet shows signatures without `ts` and does not say what they sign; such a header is refused.
"""

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

HEADER = "Ordergroove-Signature"

_SECONDS = re.compile(rb"[0-9]{1,20}")
_SIGNATURE = re.compile(rb"[0-9a-f]{64}")

# Two while rotating. More would only be work for nothing.
_MAX_SIGNATURES = 8


@dataclass(frozen=True)
class Signature:
    """What a header says: the second of transmission as it was written, and the signatures."""

    ts: bytes
    sigs: tuple[bytes, ...]


def parse_header(value: bytes) -> Signature | None:
    """Read a header, its parts in any order; None where it is none. Never raises, whatever the bytes are."""
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
    """What stands for a key in files, metrics and logs: the first 12 hex digits of its SHA-256."""
    return sha256(key.encode()).hexdigest()[:12]


class Verifier:
    """Knows the keys; shows only their fingerprints."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = tuple((key.encode("ascii"), fingerprint(key)) for key in keys)

    def __repr__(self) -> str:
        return f"Verifier({', '.join(self.fingerprints)})"

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """The keys, as they may be shown."""
        return tuple(name for _, name in self._keys)

    def match(self, signature: Signature, body: bytes) -> str | None:
        """The fingerprint of the first key that signed the body; None where none did.

        Every key is tried against every signature, so that the time tells nothing about which one matched.
        """
        matched: str | None = None
        for key, name in self._keys:
            right = hmac.new(key, signature.ts + b".", sha256)
            right.update(body)
            expected = right.hexdigest().encode()
            for given in signature.sigs:
                if hmac.compare_digest(expected, given) and matched is None:
                    matched = name
        return matched
