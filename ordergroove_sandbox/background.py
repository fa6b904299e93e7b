"""Background threads of a served store: one advances simulated time in a live store, one delivers webhooks.

Does not belong here: the simulation (`domain`), the content of deliveries (`webhooks`).
"""

from collections.abc import Callable
from threading import Event, Thread
from time import monotonic

from .store import Store
from .webhooks import Webhooks

_TICK = 0.1
_STOP_SECONDS = 0.2
"""Seconds that `stop` waits for the threads: a delivery may block for five, and the server must end within one."""


class BackgroundThreads:
    """The threads of one store; `day_seconds` is the real duration of a simulated day (None: time stands still).

    Two threads, so that a receiver that does not answer cannot delay simulated time.
    """

    def __init__(self, store: Store, webhooks: Webhooks, *, day_seconds: float | None) -> None:
        self._store = store
        self._webhooks = webhooks
        self._pace = 86_400 / day_seconds if day_seconds else 0.0
        self._stopped = Event()
        self.failure: str | None = None
        """Error message of a thread that failed; None while all threads run."""
        self._threads = [
            Thread(
                target=self._guarded, args=(self._deliver, "webhook delivery"), name="sandbox-deliveries", daemon=True
            )
        ]
        if self._pace:
            self._threads.append(
                Thread(
                    target=self._guarded,
                    args=(self._advance_clock, "the clock of the live store"),
                    name="sandbox-clock",
                    daemon=True,
                )
            )

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop the threads and write the remaining events to files."""
        self._stopped.set()
        deadline = monotonic() + _STOP_SECONDS
        for thread in self._threads:
            thread.join(timeout=max(deadline - monotonic(), 0))
        self._webhooks.close()

    def _guarded(self, do: Callable[[], None], name: str) -> None:
        try:
            do()
        except Exception as error:  # noqa: BLE001
            # An exception in a thread does not end the process: /sandbox/health and the page at / report it.
            self.failure = f"{name} failed: {type(error).__name__}: {error}"

    def _advance_clock(self) -> None:
        last, pending = monotonic(), 0.0
        while not self._stopped.wait(_TICK):
            now = monotonic()
            pending += (now - last) * self._pace
            last = now
            if pending >= 1:
                self._store.advance(seconds=int(pending))
                pending -= int(pending)

    def _deliver(self) -> None:
        while not self._stopped.wait(_TICK):
            if self._webhooks.has_work:
                self._webhooks.deliver(until_stopped=self._stopped.is_set)
