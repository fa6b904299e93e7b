"""The HTTP application: `POST /webhooks/ordergroove`, `GET /healthz`, `GET /metrics`.

Belongs here: the checks of a request, cheapest first, and its answer. Does not belong here: slow headers and the number
of connections (nginx, uvicorn), files (batch_writer, journal).

The signature is checked before the body is parsed. 2xx is sent only after the event is on disk.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from time import perf_counter

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from og_assets.ordergroove.signatures import HEADER, Verifier, parse_header
from og_assets.receiver import refusals
from og_assets.receiver.batch_writer import BatchWriter
from og_assets.receiver.errors import NotKeptError
from og_assets.receiver.lines import format_line, is_json
from og_assets.receiver.metrics import Metrics
from og_assets.receiver.refusals import RETRY_AFTER, Refusal, RefusalCounter

PATH = "/webhooks/ordergroove"
# Bodies up to this size are accepted even when large bodies have used up the shared memory limit.
SMALL_BODY = 65_536
_HEADER = HEADER.lower().encode()
_ACCEPTED = Response(status_code=204)


class _RefusedError(Exception):
    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal


class WebhookEndpoint:
    """Accepts one event per request. Without a `verifier`, it accepts unsigned events.

    `timeout`: seconds for the whole body. `max_memory`: bytes of all bodies that are in memory at one moment.
    """

    def __init__(
        self,
        writer: BatchWriter,
        *,
        verifier: Verifier | None,
        max_body: int,
        max_memory: int,
        timeout: float,
        metrics: Metrics,
        refused: RefusalCounter,
    ) -> None:
        self._writer = writer
        self._verifier = verifier
        self._max_body = max_body
        self._max_memory = max_memory
        self._timeout = timeout
        self._metrics = metrics
        self._refused = refused
        self._in_memory = 0
        metrics.watch("held_bytes", "Bytes of bodies that are being read or written.", lambda: self._in_memory)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        started = perf_counter()
        body = bytearray()
        try:
            await self._accept(scope["headers"], receive, body)
        except _RefusedError as error:
            self._refused.add(error.refusal)
            if error.refusal is not refusals.DISCONNECTED:
                await error.refusal.response()(scope, receive, send)
        else:
            await _ACCEPTED(scope, receive, send)
        finally:
            self._in_memory -= len(body)
            self._metrics.request_seconds.observe(perf_counter() - started)

    async def _accept(self, headers: list[tuple[bytes, bytes]], receive: Receive, body: bytearray) -> None:
        if any(int(value) > self._max_body for name, value in headers if name == b"content-length"):
            raise _RefusedError(refusals.TOO_LARGE)
        signature = None
        if self._verifier is not None:
            # HTTP joins repeated headers with commas.
            signature = parse_header(b",".join(value for name, value in headers if name == _HEADER))
            if signature is None:
                raise _RefusedError(refusals.NO_SIGNATURE)
        try:
            async with asyncio.timeout(self._timeout):
                await self._read(receive, body)
        except TimeoutError:
            raise _RefusedError(refusals.TOO_SLOW) from None
        received_at, content = datetime.now(UTC), bytes(body)
        key = None
        if self._verifier is not None and signature is not None:
            key = self._verifier.match(signature, content)
            if key is None:
                raise _RefusedError(refusals.WRONG_SIGNATURE)
        try:
            if not is_json(content):
                await self._writer.quarantine(content, reason=refusals.NOT_JSON.name, key=key)
                raise _RefusedError(refusals.NOT_JSON)
            await self._writer.write(format_line(content, received_at=received_at, key=key))
        except NotKeptError:
            raise _RefusedError(refusals.NOT_KEPT) from None
        self._metrics.accepted(key=key, size=len(content))

    async def _read(self, receive: Receive, body: bytearray) -> None:
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _RefusedError(refusals.DISCONNECTED)
            piece: bytes = message.get("body", b"")
            more = message.get("more_body", False)
            body += piece
            self._in_memory += len(piece)
            if len(body) > self._max_body:
                raise _RefusedError(refusals.TOO_LARGE)
            if len(body) > SMALL_BODY and self._in_memory > self._max_memory:
                raise _RefusedError(refusals.TOO_MUCH_WAITING)


def build_app(webhook: WebhookEndpoint, writer: BatchWriter, *, metrics: Metrics, refused: RefusalCounter) -> Starlette:
    """The application with its three addresses."""

    async def health(_request: Request) -> Response:
        if not writer.is_writable:
            return JSONResponse({"status": "the inbox cannot be written"}, 503, headers=RETRY_AFTER)
        # A warning, not 503: events are still stored, and replacing the receiver would not help.
        stuck = {"warning": "files cannot be moved into the inbox; see the log"}
        return JSONResponse({"status": "ok", **(stuck if writer.move_problem.is_active else {})})

    async def show_metrics(_request: Request) -> Response:
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def refuse(_request: Request, error: Exception) -> Response:
        is_wrong_method = isinstance(error, HTTPException) and error.status_code == 405
        refusal = refusals.WRONG_METHOD if is_wrong_method else refusals.NOT_FOUND
        refused.add(refusal)
        response = refusal.response()
        response.headers.update(getattr(error, "headers", None) or {})
        return response

    routes: Sequence[Route] = (
        Route(PATH, webhook, methods=["POST"]),
        Route("/healthz", health),
        Route("/metrics", show_metrics),
    )
    app = Starlette(routes=routes, exception_handlers={404: refuse, 405: refuse})
    # Ordergroove follows no redirect: 404 shows at once that the address is wrong.
    app.router.redirect_slashes = False
    return app
