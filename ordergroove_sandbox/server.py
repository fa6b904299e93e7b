"""A store on a port: in the background of a test, or in the foreground of a command.

Belongs here: starting and stopping. Not here: what is answered (rest, control), what goes wrong (faults).
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread
from time import monotonic, sleep
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

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
    """The API behind its fault_injection, and the sandbox's own pages beside it; `wrap` puts something in front of the API."""

    def __init__(
        self, running: "RunningStore", *, keys: tuple[str, ...], wrap: Callable[[ASGIApp], ASGIApp] = lambda api: api
    ) -> None:
        api = build_api(
            running.store, keys=keys, faults=running.faults, choices=running.choices, webhooks=running.webhooks
        )
        self.fault_injection = FaultInjection(wrap(api), faults=running.faults, requests=running.requests)
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
        await self._with_date(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_control = scope["path"] == "/" or scope["path"].startswith("/sandbox/")
        await (self._control if is_control else self.fault_injection)(scope, receive, send)


@dataclass(kw_only=True)
class RunningStore:
    """A store that is being served; `day_seconds` is how long one of its days takes, None if it stands still."""

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
        # One set of switches for requests and events, those that the webhooks were made with.
        self.faults = self.webhooks.faults

    def override(self, object_type: str, key: str, fields: dict[str, Any] | None) -> None:
        """Change what the API shows of a row, not what is true; None takes it back."""
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
    """Serve a store from a background thread; port 0 takes a free one. Stops at once on leaving, hangers included.

    With `day_seconds` the store lives on, a day of its time in so many seconds. Events go where `webhooks` say, and to
    the targets that are added over HTTP.
    """
    with socket.create_server((host, port)) as listener:
        running = _running(store, listener, host=host, webhooks=webhooks, day_seconds=day_seconds)
        threads = running.background_threads = BackgroundThreads(
            store, running.webhooks, day_seconds=day_seconds
        )
        with server_thread(config(Application(running, keys=keys)), listener):
            threads.start()
            try:
                yield running
            finally:
                threads.stop()


@contextmanager
def server_thread(config: uvicorn.Config, listener: socket.socket) -> Iterator[None]:
    """A server in a thread, up when this is entered and gone when it is left."""
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
    """Serve a store until interrupted; raises OSError where the port is taken."""
    with socket.create_server((host, port)) as listener:
        running = _running(store, listener, host=host, webhooks=webhooks, day_seconds=day_seconds)
        threads = running.background_threads = BackgroundThreads(
            store, running.webhooks, day_seconds=day_seconds
        )
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
    # A store that was made with webhooks is served with them; with nothing said, nothing is told.
    known = webhooks or (store.webhooks[0] if store.webhooks else Webhooks())
    return RunningStore(url=url, store=store, webhooks=known, day_seconds=day_seconds)


class _Server(uvicorn.Server):
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Answers that hang on purpose must not hold up the end.
        self.config.app.fault_injection.release()  # type: ignore[union-attr]
        await super().shutdown(sockets)


def config(application: Application) -> uvicorn.Config:
    """How an application is served: fast, and silent."""
    return uvicorn.Config(
        application,
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="critical",
        server_header=False,
        # Its own would be this machine's time; what answers has the store's (dated).
        date_header=False,
        timeout_graceful_shutdown=1,
    )


def _await_start(server: uvicorn.Server, thread: Thread, *, seconds: float = 10) -> None:
    deadline = monotonic() + seconds
    while not server.started:
        if not thread.is_alive() or monotonic() > deadline:
            raise RuntimeError("the sandbox did not start")
        sleep(0.005)
