"""The `Date` of every answer: the store's own time, as a real server's is that of the shop that it answers for.

Belongs here: the header. Not here: what the store's clock is (state), or how it is shown wrongly in bodies (clock).
"""

from datetime import datetime
from email.utils import formatdate

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .store import Store
from .webhooks.payloads import epoch


class DateHeader:
    """Wraps everything that a server answers. Whoever asks learns by which clock, faults of the clock's face or not.

    The moment is that of the answer's first byte, after its rows were read: what an answer shows was so by then.
    """

    def __init__(self, app: ASGIApp, store: Store) -> None:
        self._app = app
        self._state = store.state
        self._last: tuple[datetime, bytes] = (datetime.min, b"")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer, and date it."""

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"date", self._date())]
            await send(message)

        await self._app(scope, receive, dated)

    def _date(self) -> bytes:
        """The time in the form of RFC 9110, made once for each second: a store that stands still has only one."""
        now, (moment, text) = self._state.now, self._last
        if now != moment:
            # By the reading that webhooks have of it, so that a `Date` and the `created` of an event can be compared.
            text = formatdate(epoch(self._state, now), usegmt=True).encode()
            self._last = (now, text)
        return text
