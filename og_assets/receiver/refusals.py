"""Refusing: one answer, one count, and now and then one line in the log, for each reason.

Belongs here: the list of reasons. Does not belong here: finding out. Nothing that a sender wrote reaches the log,
and no reason is logged more often than every ten seconds: whoever can send garbage must not be able to fill a disk
with its log.
"""

import logging
from dataclasses import dataclass
from time import monotonic

from og_assets.receiver.metrics import Metrics

RETRY_AFTER = "10"
_LOG_EVERY = 10.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reason:
    """Why a request is not acknowledged. `told` is what the sender reads, `hint` is for who runs the receiver."""

    name: str
    status: int
    told: str
    hint: str = ""


_IS_LOAD = "Retried by Ordergroove."

NOT_FOUND = Reason("not_found", 404, "Events are POSTed to /webhooks/ordergroove.")
WRONG_METHOD = Reason("wrong_method", 405, "This page does not answer that method.")
NO_SIGNATURE = Reason("no_signature", 401, "The header Ordergroove-Signature is missing or cannot be read.")
WRONG_SIGNATURE = Reason(
    "wrong_signature", 401, "No key matches the signature.", "Is every key of the target in ORDERGROOVE_WEBHOOK_KEYS?"
)
TOO_LARGE = Reason("too_large", 413, "The body is too large.", "If it was an event, raise --max-body: it will be lost.")
HEADERS_TOO_LARGE = Reason("headers_too_large", 431, "The headers are too large.")
NOT_JSON = Reason("not_json", 400, "The body is not JSON.", "It was signed, and is kept in lake/quarantine.")
NOT_HTTP = Reason("not_http", 400, "This is no HTTP request that is understood here.")
TOO_SLOW = Reason("too_slow", 408, "The request took too long to arrive.")
GONE = Reason("gone", 0, "", "The sender hung up before its request was complete.")
TOO_MANY = Reason("too_many_connections", 503, "Too many connections.", f"{_IS_LOAD} Raise --max-connections?")
TOO_MUCH = Reason("too_much_waiting", 503, "Too much is waiting to be read.", _IS_LOAD)
NOT_KEPT = Reason("not_kept", 503, "The event could not be kept.", f"{_IS_LOAD} Is there room on the disk?")
STOPPING = Reason("stopping", 503, "The receiver is being stopped.", _IS_LOAD)


class Refusals:
    """Counts refusals, and logs them sparingly."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._logged_at: dict[str, float] = {}
        self._unlogged: dict[str, int] = {}

    def add(self, reason: Reason) -> None:
        """Take note of one."""
        self._metrics.refused.labels(reason.name).inc()
        count = self._unlogged[reason.name] = self._unlogged.get(reason.name, 0) + 1
        now = monotonic()
        if now - self._logged_at.get(reason.name, -_LOG_EVERY) >= _LOG_EVERY:
            self._logged_at[reason.name], self._unlogged[reason.name] = now, 0
            times = "once" if count == 1 else f"{count:,} times"
            _log.warning("Refused %s: %s", times, " ".join((reason.name, f"({reason.status})", reason.hint)).strip())
