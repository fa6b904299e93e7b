"""A connection: how many there are, how long a request may take to arrive, how large its head may be.

Belongs here: what uvicorn's protocol has no limit for. Does not belong here: what a request is (app).

One timer runs from a connection's first moment until its first request is complete, and again from the first byte
of each next request: a sender of one byte a second is cut off, wherever in the request it is slow. Bytes are
counted as they come off the wire, so that endless headers, chunk extensions and trailers are not gathered in
memory.
"""

from asyncio import BaseTransport, TimerHandle, Transport
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar, cast

from httptools import HttpParserError, HttpParserUpgrade
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from og_assets.receiver import refusals
from og_assets.receiver.refusals import RETRY_AFTER, Reason, Refusals

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

# Answers are smaller, but for /metrics: whoever does not read what was asked for is cut off too.
_UNREAD = 4096
_MAX_PIPELINED = 16


@dataclass(frozen=True, kw_only=True)
class Limits:
    """`max_wire` is what a whole request may take on the wire: chunks of one byte are six bytes each."""

    max_connections: int
    max_head: int
    max_body: int
    timeout: float

    @property
    def max_wire(self) -> int:
        """Bytes of one request, headers and chunk marks included."""
        return self.max_head + 8 * self.max_body + 65_536


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's protocol within limits; `guarded` binds them."""

    limits: ClassVar[Limits]
    refused: ClassVar[Refusals]

    def connection_made(self, transport: BaseTransport) -> None:
        """Begin, unless there are too many."""
        super().connection_made(cast(Transport, transport))
        self._timer: TimerHandle | None = None
        self._unread_timer: TimerHandle | None = None
        self._is_refused = self._is_arriving = self._in_head = False
        self._head_bytes = self._wire_bytes = 0
        self.was_closing = False
        self._running: RequestResponseCycle | None = None
        self.transport.set_write_buffer_limits(high=_UNREAD)
        if len(self.connections) > self.limits.max_connections:
            self._refuse(refusals.TOO_MANY)
        else:
            self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """End; whoever waits for the rest of a request is told."""
        self._disarm()
        self._hang_up()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count, then parse."""
        self._unset_keepalive_if_required()
        if self._is_refused or self.transport.is_closing():
            return
        if self._timer is None:
            self._arm()
        was_in_head = self._in_head
        if self._is_arriving:
            self._wire_bytes += len(data)
            if self._wire_bytes > self.limits.max_wire:
                self._refuse(refusals.TOO_LARGE)
                return
        try:
            self.parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            self._refuse(refusals.NOT_HTTP)
            return
        if was_in_head and self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > self.limits.max_head:
                self._refuse(refusals.HEADERS_TOO_LARGE)

    def on_message_begin(self) -> None:
        """A request's first byte has come."""
        if not self._is_refused:
            super().on_message_begin()
            self._is_arriving = self._in_head = True
            self._head_bytes = self._wire_bytes = 0
            if self._timer is None:
                self._arm()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; trailers, which nobody asks for, are dropped."""
        if self._in_head and not self._is_refused:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start to answer, unless the head is too large, or asks for another protocol."""
        if self._is_refused:
            return
        self._in_head = False
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > self.limits.max_head:
            self._in_head = True
            self._refuse(refusals.HEADERS_TOO_LARGE)
        elif self.parser.should_upgrade() or len(self.pipeline) >= _MAX_PIPELINED:
            self._in_head = True
            self._refuse(refusals.NOT_HTTP)
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Hand a piece of the body on."""
        if not self._is_refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request has arrived: from here on it is we who take the time."""
        if not self._is_refused:
            super().on_message_complete()
            self._is_arriving = False
            self._disarm()

    def on_response_complete(self) -> None:
        """Take the next request, but do not read the rest of one that is answered already."""
        super().on_response_complete()
        # With pipelining this may be the answer to an older request, and the newest is what is arriving.
        if self._is_arriving and not self._in_head and self.cycle.response_complete:
            self.transport.close()

    def pause_writing(self) -> None:
        """The other side does not read."""
        super().pause_writing()
        self._unread_timer = self.loop.call_later(self.limits.timeout, self.transport.abort)

    def resume_writing(self) -> None:
        """The other side reads again."""
        super().resume_writing()
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

    def shutdown(self) -> None:
        """The receiver stops: requests that have arrived are answered, others are refused."""
        if self._is_arriving and not self._is_refused:
            self._refuse(refusals.STOPPING)
        else:
            super().shutdown()

    def sweep(self) -> None:
        """Called every few seconds: a closed connection whose last answer is not fetched is dropped."""
        if self.transport.is_closing():
            if self.was_closing:
                self.transport.abort()
            self.was_closing = True

    def _arm(self) -> None:
        self._timer = self.loop.call_later(self.limits.timeout, self._is_late)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _is_late(self) -> None:
        self._timer = None
        if self._is_arriving:
            self._refuse(refusals.TOO_SLOW)
        elif self.cycle is None or self.cycle.response_complete:
            self.transport.close()

    def _refuse(self, reason: Reason) -> None:
        self._is_refused = True
        self._disarm()
        self.refused.add(reason)
        # Headers that are complete belong to the newest cycle; others to none.
        is_answered = not self._in_head and self.cycle is not None and self.cycle.response_started
        if not is_answered:
            self.transport.write(_answer(reason))
        self._hang_up()
        self.transport.close()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: "ASGI3Application") -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _hang_up(self) -> None:
        # uvicorn knows the newest request only. With pipelining, the one that is being answered is an older one, and it
        # would write to a connection that is gone.
        for cycle in (self._running, self.cycle):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()


def guarded(limits: Limits, refused: Refusals) -> type[GuardedProtocol]:
    """The protocol with its limits."""
    attributes: dict[str, Any] = {"limits": limits, "refused": refused}
    return type("BoundProtocol", (GuardedProtocol,), attributes)


def _answer(reason: Reason) -> bytes:
    retry = f"Retry-After: {RETRY_AFTER}\r\n" if reason.status == 503 else ""
    body = f'{{"error":"{reason.told}"}}'
    return (
        f"HTTP/1.1 {reason.status} {HTTPStatus(reason.status).phrase}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n{retry}Connection: close\r\n\r\n{body}"
    ).encode("ascii")
