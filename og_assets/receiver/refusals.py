"""Reasons for refusing a request: its HTTP answer, its count in the metrics, and its line in the log.

Belongs here: the list of reasons, and rate-limited logging of them. Does not belong here: the checks themselves (app).
Log lines hold nothing that a sender wrote, and each reason is logged at most every ten seconds, so that a sender
cannot fill a disk with log lines.
"""

import logging
from dataclasses import dataclass
from time import monotonic

from starlette.responses import JSONResponse, Response

from og_assets.receiver.metrics import Metrics

RETRY_AFTER = {"Retry-After": "10"}
_LOG_EVERY = 10.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Refusal:
    """Why a request is not acknowledged: `message` is for the sender, `hint` is logged for the operator."""

    name: str
    status: int
    message: str
    hint: str = ""

    def response(self) -> Response:
        """The answer. It closes the connection, so that the rest of the request is not read."""
        headers = {"Connection": "close", **(RETRY_AFTER if self.status == 503 else {})}
        return JSONResponse({"error": self.message}, status_code=self.status, headers=headers)


_RETRIED = "Ordergroove sends the event again."

NOT_FOUND = Refusal("not_found", 404, "POST events to /webhooks/ordergroove.")
WRONG_METHOD = Refusal("wrong_method", 405, "This address does not support the method.")
NO_SIGNATURE = Refusal("no_signature", 401, "The header Ordergroove-Signature is missing or malformed.")
WRONG_SIGNATURE = Refusal(
    "wrong_signature",
    401,
    "The signature matches no key.",
    "Check that ORDERGROOVE_WEBHOOK_KEYS lists every verification key of the target.",
)
TOO_LARGE = Refusal(
    "too_large", 413, "The body is too large.", "An event this large is refused on every retry: raise --max-body."
)
NOT_JSON = Refusal("not_json", 400, "The body is not JSON.", "The signed body is kept in lake/quarantine.")
TOO_SLOW = Refusal("too_slow", 408, "The body did not arrive in time.", _RETRIED)
# Status 0: no response, because the sender has closed the connection.
DISCONNECTED = Refusal("gone", 0, "", "The sender disconnected before its request was complete.")
TOO_MUCH_WAITING = Refusal("too_much_waiting", 503, "Too many large bodies at once.", _RETRIED)
NOT_KEPT = Refusal("not_kept", 503, "The event could not be stored.", f"{_RETRIED} Check the free disk space.")


class RefusalCounter:
    """Counts refusals by reason, and logs each reason at most every ten seconds."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._logged_at: dict[str, float] = {}
        self._unlogged: dict[str, int] = {}

    def add(self, refusal: Refusal) -> None:
        """Count one refused request."""
        name = refusal.name
        self._metrics.refused.labels(name).inc()
        count = self._unlogged[name] = self._unlogged.get(name, 0) + 1
        now = monotonic()
        if now - self._logged_at.get(name, -_LOG_EVERY) >= _LOG_EVERY:
            self._logged_at[name], self._unlogged[name] = now, 0
            requests = "1 request" if count == 1 else f"{count:,} requests"
            _log.warning("Refused %s: %s", requests, f"{name} ({refusal.status}) {refusal.hint}".strip())
