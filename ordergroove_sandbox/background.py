"""What goes on while a store is served: time, where it is live, and deliveries.

Belongs here: the thread and its pace. Not here: what happens in the store (state), what is delivered (webhooks).
"""

from collections.abc import Callable
from threading import Event, Thread
from time import monotonic

from .store import Store
from .webhooks import Webhooks

_TICK = 0.1
_STOP_SECONDS = 0.3
"""How long `stop` waits for each thread: a receiver may take five seconds to answer, and nobody waits for that."""


class BackgroundThreads:
    """Two threads: one lets the store live (`day_seconds` for each of its days; None: it stands still), one delivers.

    They are apart so that a receiver that does not answer cannot hold up time.
    """

    def __init__(self, store: Store, webhooks: Webhooks, *, day_seconds: float | None) -> None:
        self._store = store
        self._webhooks = webhooks
        self._pace = 86_400 / day_seconds if day_seconds else 0.0
        self._stopped = Event()
        self.failure: str | None = None
        """What ended the life of the store, or the deliveries, in words; None while all goes well."""
        self._threads = [
            Thread(target=self._watched, args=(self._deliver, "the deliveries"), name="sandbox-deliveries", daemon=True)
        ]
        if self._pace:
            self._threads.append(
                Thread(
                    target=self._watched, args=(self._live, "the life of the store"), name="sandbox-life", daemon=True
                )
            )

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, and write what is left of the dumps."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(timeout=_STOP_SECONDS)
        self._webhooks.close()

    def _watched(self, do: Callable[[], None], name: str) -> None:
        try:
            do()
        except Exception as error:
            # A thread that ends takes nobody along: it is kept here, and told by those who are asked how it goes.
            self.failure = f"{name} ended: {type(error).__name__}: {error}"

    def _live(self) -> None:
        then, owed = monotonic(), 0.0
        while not self._stopped.wait(_TICK):
            now = monotonic()
            owed += (now - then) * self._pace
            then = now
            if owed >= 1:
                self._store.advance(seconds=int(owed))
                owed -= int(owed)

    def _deliver(self) -> None:
        while not self._stopped.wait(_TICK):
            if self._webhooks.has_work:
                self._webhooks.deliver(until_stopped=self._stopped.is_set)
