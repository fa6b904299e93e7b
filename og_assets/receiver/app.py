"""The three pages: `POST /webhooks/ordergroove`, `GET /healthz`, `GET /metrics`.

Belongs here: the order in which a request is judged, from what is cheap to what is dear, and its answer. Does not
belong here: bytes on the wire (protocol), on disk (batches, journal).

The signature comes before the body is parsed, and 2xx only after the event is on disk.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from time import perf_counter

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from og_assets.ordergroove.signatures import HEADER, Verifier, parse_header
from og_assets.receiver import refusals
from og_assets.receiver.batch_writer import Writer
from og_assets.receiver.errors import NotKeptError
from og_assets.receiver.lines import is_json, line_of
from og_assets.receiver.metrics import Metrics
from og_assets.receiver.refusals import RETRY_AFTER, Reason, Refusals

PATH = "/webhooks/ordergroove"
# Whoever fills the shared memory with large bodies does not keep out events of the usual size.
SMALL = 65_536
_HEADER = HEADER.lower().encode()
# Events are kept all the same: to end or replace a receiver for this would be worse.
_STUCK = {"warning": "files cannot be moved into the inbox and wait; the log tells why"}
_ACCEPTED = Response(status_code=204)


class _RefusedError(Exception):
    def __init__(self, reason: Reason) -> None:
        self.reason = reason


class Webhook:
    """Takes one event. `verifier` None takes whatever comes."""

    def __init__(
        self,
        writer: Writer,
        *,
        verifier: Verifier | None,
        max_body: int,
        max_waiting: int,
        metrics: Metrics,
        refused: Refusals,
    ) -> None:
        self._writer = writer
        self._verifier = verifier
        self._max_body = max_body
        self._max_waiting = max_waiting
        self._metrics = metrics
        self._refused = refused
        self._held = 0
        metrics.watch("held_bytes", "Bytes of bodies that are being read or written.", lambda: self._held)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Judge a request and answer it."""
        began = perf_counter()
        held = self._Held(self)
        try:
            await self._take(scope, receive, held)
        except _RefusedError as refused:
            self._refused.add(refused.reason)
            if refused.reason is not refusals.GONE:
                await answer(refused.reason)(scope, receive, send)
        else:
            await _ACCEPTED(scope, receive, send)
        finally:
            self._held -= held.size
            self._metrics.request_seconds.observe(perf_counter() - began)

    async def _take(self, scope: Scope, receive: Receive, held: "_Held") -> None:
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        if any(int(value) > self._max_body for name, value in headers if name == b"content-length"):
            raise _RefusedError(refusals.TOO_LARGE)
        signature = None
        if self._verifier is not None:
            # Repeated headers are one list, by HTTP's own rule.
            signature = parse_header(b",".join(value for name, value in headers if name == _HEADER))
            if signature is None:
                raise _RefusedError(refusals.NO_SIGNATURE)
        body = await self._read(receive, held)
        received_at = datetime.now(UTC)
        key = None
        if self._verifier is not None and signature is not None:
            key = self._verifier.match(signature, body)
            if key is None:
                raise _RefusedError(refusals.WRONG_SIGNATURE)
        try:
            if not is_json(body):
                await self._writer.quarantine(body, reason=refusals.NOT_JSON.name, key=key)
                raise _RefusedError(refusals.NOT_JSON)
            await self._writer.write(line_of(body, received_at=received_at, key=key))
        except NotKeptError:
            raise _RefusedError(refusals.NOT_KEPT) from None
        self._metrics.accepted(key=key, size=len(body))

    async def _read(self, receive: Receive, held: "_Held") -> bytes:
        pieces = []
        while True:
            message: Message = await receive()
            if message["type"] == "http.disconnect":
                raise _RefusedError(refusals.GONE)
            piece: bytes = message.get("body", b"")
            pieces.append(piece)
            held.add(len(piece))
            if held.size > self._max_body:
                raise _RefusedError(refusals.TOO_LARGE)
            if held.size > SMALL and self._held > self._max_waiting:
                raise _RefusedError(refusals.TOO_MUCH)
            if not message.get("more_body"):
                return b"".join(pieces)

    class _Held:
        """What one request holds of the memory that all share."""

        def __init__(self, webhook: "Webhook") -> None:
            self._webhook = webhook
            self.size = 0

        def add(self, size: int) -> None:
            self.size += size
            self._webhook._held += size


def answer(reason: Reason) -> Response:
    """The answer to a refused request. The connection ends with it: what else was sent is not read."""
    headers = {"Connection": "close"}
    if reason.status == 503:
        headers["Retry-After"] = RETRY_AFTER
    return JSONResponse({"error": reason.told}, status_code=reason.status, headers=headers)


def build_app(webhook: Webhook, writer: Writer, *, metrics: Metrics, refused: Refusals) -> Starlette:
    """The pages, and the writer that runs as long as they are served."""

    async def health(_request: Request) -> Response:
        if writer.is_writable:
            return JSONResponse({"status": "ok", **(_STUCK if writer.moving.stands else {})})
        return JSONResponse({"status": "the inbox cannot be written"}, 503, headers={"Retry-After": RETRY_AFTER})

    async def show_metrics(_request: Request) -> Response:
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def refuse(_request: Request, error: Exception) -> Response:
        is_page = isinstance(error, HTTPException) and error.status_code == 405
        reason = refusals.WRONG_METHOD if is_page else refusals.NOT_FOUND
        refused.add(reason)
        response = answer(reason)
        response.headers.update(getattr(error, "headers", None) or {})
        return response

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with writer.running():
            yield

    routes: Sequence[Route] = (
        Route(PATH, webhook, methods=["POST"]),
        Route("/healthz", health),
        Route("/metrics", show_metrics),
    )
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers={404: refuse, 405: refuse})
    # A redirect would not be followed, and not be a 2xx either: 404 says at once that the address is wrong.
    app.router.redirect_slashes = False
    return app
