"""Set the `Date` header of every response to the store's simulated time.

Belongs here: the header. Does not belong here: the clock (`domain`), wrong times in bodies (`rest.displayed_clock`).
"""

from datetime import datetime
from email.utils import formatdate

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .store import Store
from .webhooks.payloads import epoch


class DateHeader:
    """ASGI middleware that adds the header to every response, errors included; clock faults do not change it.

    The time is that of the response's first byte, after its rows were read.
    """

    def __init__(self, app: ASGIApp, store: Store) -> None:
        self._app = app
        self._state = store.state
        self._last: tuple[datetime, bytes] = (datetime.min, b"")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request and add the header to the response."""

        async def send_with_date(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"date", self._date())]
            await send(message)

        await self._app(scope, receive, send_with_date)

    def _date(self) -> bytes:
        """Format the time as in RFC 9110; the text is cached until the clock moves."""
        now, (moment, text) = self._state.now, self._last
        if now != moment:
            # Converted as in webhooks, so that `Date` and the `created` of an event can be compared.
            text = formatdate(epoch(self._state, now), usegmt=True).encode()
            self._last = (now, text)
        return text
