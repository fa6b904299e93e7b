"""The fault_injection before the API: writes each request into the log, and lets faults happen to it.

Belongs here: answers that break off, never come or are not the API's. Not here: which request is hit (faults).
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
    """Wraps the API. `release()` ends every answer that hangs, so that a server can stop."""

    def __init__(self, api: ASGIApp, *, faults: Faults, requests: RequestLog) -> None:
        self._api = api
        self._faults = faults
        self._requests = requests
        self._released = asyncio.Event()

    def release(self) -> None:
        """Let what hangs go; called on the server's loop."""
        self._released.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, rightly or not."""
        asked = LoggedRequest(object_type_of(scope["path"]), scope["path"], scope["query_string"].decode(), monotonic())
        number = self._requests.add(asked)
        hit = self._faults.fault_for_request(number)

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                asked.status = message["status"]
            elif not message.get("more_body"):
                # Stamped before the last bytes leave: whoever has read them all is not counted as waiting any more.
                asked.ended = monotonic()
            await send(message)

        try:
            slow = self._faults.slow_every and number % self._faults.slow_every == 0
            if seconds := self._faults.delay + (self._faults.slow_seconds if slow else 0):
                await self._wait(seconds)
            if hit == "hang" and not await self._hang(receive):
                return
            answer = self._answer(hit, asked.object_type)
            await answer(scope, receive, _cut_in_half(watched) if hit == "cut" else watched)
        finally:
            asked.ended = asked.ended or monotonic()

    def _answer(self, hit: Kind | None, object_type: str) -> ASGIApp:
        if hit == "throttle":
            after = self._faults.retry_after
            return Response(status_code=429, headers={} if after is None else {"Retry-After": f"{after:g}"})
        if hit == "busy":
            return Response(_BUSY, status_code=423, media_type=_JSON)
        if hit == "error":
            return Response(status_code=500)
        if hit == "garbage":
            return Response(_GARBAGE, media_type=_HTML)
        if hit == "hang":
            return Response(status_code=504)
        if status := self._faults.missing.get(object_type):
            return Response(b'{"detail": "Not found."}', status_code=status, media_type=_JSON)
        return self._api

    async def _wait(self, seconds: float) -> None:
        """Wait for some time, or until the server stops."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._released.wait(), seconds)

    async def _hang(self, receive: Receive) -> bool:
        """Stay silent until time is up or the server stops; False if the client has gone before that."""
        gone = asyncio.ensure_future(_until_gone(receive))
        waited = asyncio.ensure_future(self._wait(self._faults.hang_seconds))
        done, pending = await asyncio.wait({gone, waited}, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        return waited in done


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _cut_in_half(send: Send) -> Send:
    """Promise the whole length, send half of it, and never the end: the server then closes the connection."""

    async def cut(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)
        else:
            body: Any = message.get("body", b"")
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})

    return cut
