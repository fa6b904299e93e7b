"""Serve a store over HTTP: from a background thread for tests, or in the foreground for the command line.

Does not belong here: responses (`rest`, `control`), faults (`faults`).
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread
from time import monotonic, sleep
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send

from .background import BackgroundThreads
from .choices import Choices
from .control import build_control
from .date_header import DateHeader
from .fault_injection import FaultInjection
from .faults import Faults
from .request_log import RequestLog
from .rest.api import build_api
from .store import Store
from .webhooks import Webhooks

DEFAULT_KEYS = ("sandbox-key",)


class Application:
    """The ASGI application: the API behind fault injection, and the control pages."""

    def __init__(self, running: "RunningStore", *, keys: tuple[str, ...]) -> None:
        api = build_api(
            running.store, keys=keys, faults=running.faults, choices=running.choices, webhooks=running.webhooks
        )
        self.fault_injection = FaultInjection(api, faults=running.faults, requests=running.requests)
        self._control = build_control(
            running.store,
            keys=keys,
            faults=running.faults,
            choices=running.choices,
            requests=running.requests,
            webhooks=running.webhooks,
            is_live=running.day_seconds is not None,
            failure=lambda: running.background_threads.failure if running.background_threads else None,
        )
        self._with_date = DateHeader(self._answer, running.store)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request of the API or of the control pages."""
        await self._with_date(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_control = scope["path"] == "/" or scope["path"].startswith("/sandbox/")
        await (self._control if is_control else self.fault_injection)(scope, receive, send)


@dataclass(kw_only=True)
class RunningStore:
    """A served store; `day_seconds` is the real duration of a simulated day, None if time stands still."""

    url: str
    store: Store
    faults: Faults = field(init=False)
    choices: Choices = field(default_factory=Choices)
    requests: RequestLog = field(default_factory=RequestLog)
    webhooks: Webhooks = field(default_factory=Webhooks)
    day_seconds: float | None = None
    background_threads: BackgroundThreads | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.webhooks not in self.store.webhooks:
            self.store.attach_webhooks(self.webhooks)
        # Requests and events share the fault settings that the webhooks were created with.
        self.faults = self.webhooks.faults

    def override(self, object_type: str, key: str, fields: dict[str, Any] | None) -> None:
        """Replace fields of a row in API responses, without changing the row; None removes the override."""
        self.store.override(object_type, key, fields)


@contextmanager
def serve(
    store: Store,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    keys: tuple[str, ...] = DEFAULT_KEYS,
    webhooks: Webhooks | None = None,
    day_seconds: float | None = None,
) -> Iterator[RunningStore]:
    """Serve a store from a background thread; port 0 takes a free port. Leaving the block ends hanging requests too.

    With `day_seconds` simulated time passes, one day in so many seconds. Events go to the targets of `webhooks` and to
    those added over HTTP.
    """
    with socket.create_server((host, port)) as listener:
        running = _running(store, listener, host=host, webhooks=webhooks, day_seconds=day_seconds)
        threads = running.background_threads = BackgroundThreads(store, running.webhooks, day_seconds=day_seconds)
        with server_thread(config(Application(running, keys=keys)), listener):
            threads.start()
            try:
                yield running
            finally:
                threads.stop()


@contextmanager
def server_thread(config: uvicorn.Config, listener: socket.socket) -> Iterator[None]:
    """Run a server in a thread for the duration of the block."""
    server = _Server(config)
    thread = Thread(target=server.run, kwargs={"sockets": [listener]}, name="sandbox", daemon=True)
    thread.start()
    try:
        _await_start(server, thread)
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=10)


def run(
    store: Store,
    *,
    host: str = "127.0.0.1",
    port: int = 8765,
    keys: tuple[str, ...] = DEFAULT_KEYS,
    webhooks: Webhooks | None = None,
    day_seconds: float | None = None,
) -> None:
    """Serve a store until interrupted; raises OSError where the port is in use."""
    with socket.create_server((host, port)) as listener:
        running = _running(store, listener, host=host, webhooks=webhooks, day_seconds=day_seconds)
        threads = running.background_threads = BackgroundThreads(store, running.webhooks, day_seconds=day_seconds)
        threads.start()
        try:
            with suppress(KeyboardInterrupt):
                _Server(config(Application(running, keys=keys))).run(sockets=[listener])
        finally:
            threads.stop()


def _running(
    store: Store, listener: socket.socket, *, host: str, webhooks: Webhooks | None, day_seconds: float | None
) -> RunningStore:
    url = f"http://{host}:{listener.getsockname()[1]}"
    # A store that was created with webhooks keeps them. New webhooks have no target.
    used = webhooks or (store.webhooks[0] if store.webhooks else Webhooks())
    return RunningStore(url=url, store=store, webhooks=used, day_seconds=day_seconds)


class _Server(uvicorn.Server):
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Requests that hang because of a fault must not delay the shutdown.
        self.config.app.fault_injection.release()  # type: ignore[union-attr]
        await super().shutdown(sockets)


def config(application: Application) -> uvicorn.Config:
    """Return the server settings: fast protocol, no logging."""
    return uvicorn.Config(
        application,
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="critical",
        server_header=False,
        # uvicorn would send the machine's time; `DateHeader` sends the store's.
        date_header=False,
        timeout_graceful_shutdown=1,
    )


def _await_start(server: uvicorn.Server, thread: Thread, *, seconds: float = 10) -> None:
    deadline = monotonic() + seconds
    while not server.started:
        if not thread.is_alive() or monotonic() > deadline:
            raise RuntimeError("the sandbox server did not start within 10 seconds")
        sleep(0.005)
