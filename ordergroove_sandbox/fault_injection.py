"""Log each API request, and replace or damage its response where a fault applies.

Does not belong here: the choice of the requests that fail (`faults`).
"""

import asyncio
from contextlib import suppress
from time import monotonic
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .faults import Faults, Kind
from .request_log import LoggedRequest, RequestLog, object_type_of

_BUSY = b'{"details": "Resource is currently in use. Please try again shortly."}'
_GARBAGE = b"<!doctype html><html><body><h1>We'll be right back</h1></body></html>"
_JSON, _HTML = "application/json", "text/html"


class FaultInjection:
    """ASGI middleware around the API. `release()` ends all hanging responses, so that a server can stop."""

    def __init__(self, api: ASGIApp, *, faults: Faults, requests: RequestLog) -> None:
        self._api = api
        self._faults = faults
        self._requests = requests
        self._released = asyncio.Event()

    def release(self) -> None:
        """End hanging responses; call it on the server's event loop."""
        self._released.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, with the fault that applies to it."""
        request = LoggedRequest(
            object_type_of(scope["path"]), scope["path"], scope["query_string"].decode(), monotonic()
        )
        number = self._requests.add(request)
        fault = self._faults.fault_for_request(number)

        async def observe(message: Message) -> None:
            if message["type"] == "http.response.start":
                request.status = message["status"]
            elif not message.get("more_body"):
                # Set before the last bytes are sent: a client that has read them is not counted as in flight.
                request.ended = monotonic()
            await send(message)

        try:
            slow = self._faults.slow_every and number % self._faults.slow_every == 0
            if seconds := self._faults.delay + (self._faults.slow_seconds if slow else 0):
                await self._wait(seconds)
            if fault == "hang" and not await self._hang(receive):
                return
            respond = self._responder(fault, request.object_type)
            await respond(scope, receive, _cut_in_half(observe) if fault == "cut" else observe)
        finally:
            request.ended = request.ended or monotonic()

    def _responder(self, fault: Kind | None, object_type: str) -> ASGIApp:
        if fault == "throttle":
            after = self._faults.retry_after
            return Response(status_code=429, headers={} if after is None else {"Retry-After": f"{after:g}"})
        if fault == "busy":
            return Response(_BUSY, status_code=423, media_type=_JSON)
        if fault == "error":
            return Response(status_code=500)
        if fault == "garbage":
            return Response(_GARBAGE, media_type=_HTML)
        if fault == "hang":
            return Response(status_code=504)
        if status := self._faults.missing.get(object_type):
            return Response(b'{"detail": "Not found."}', status_code=status, media_type=_JSON)
        return self._api

    async def _wait(self, seconds: float) -> None:
        """Wait for a number of seconds, or until the server stops."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._released.wait(), seconds)

    async def _hang(self, receive: Receive) -> bool:
        """Send nothing until time is up or the server stops; return False if the client disconnects before that."""
        disconnected = asyncio.ensure_future(_wait_for_disconnect(receive))
        waited = asyncio.ensure_future(self._wait(self._faults.hang_seconds))
        done, pending = await asyncio.wait({disconnected, waited}, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        return waited in done


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _cut_in_half(send: Send) -> Send:
    """Announce the full content length and send half of the body; the server then closes the connection."""

    async def cut(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)
        else:
            body: Any = message.get("body", b"")
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})

    return cut
