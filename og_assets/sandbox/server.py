"""A store on a port: in the background of a test, or in the foreground of a command.

Belongs here: starting and stopping. Not here: what is answered (rest, control), what goes wrong (faults).
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

from .choices import Choices
from .control import build_control
from .faults import Faults
from .gate import Gate
from .request_log import RequestLog
from .rest.api import build_api
from .store import Store

DEFAULT_KEYS = ("sandbox-key",)


class _Application:
    """The API behind its gate, and the sandbox's own pages beside it."""

    def __init__(
        self, store: Store, *, keys: tuple[str, ...], faults: Faults, choices: Choices, requests: RequestLog
    ) -> None:
        self.gate = Gate(build_api(store, keys=keys, faults=faults, choices=choices), faults=faults, requests=requests)
        self._control = build_control(store, keys=keys, faults=faults, choices=choices, requests=requests)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_control = scope["path"] == "/" or scope["path"].startswith("/sandbox/")
        await (self._control if is_control else self.gate)(scope, receive, send)


@dataclass(kw_only=True)
class RunningStore:
    """A store that is being served."""

    url: str
    store: Store
    faults: Faults = field(default_factory=Faults)
    choices: Choices = field(default_factory=Choices)
    requests: RequestLog = field(default_factory=RequestLog)

    def override(self, object_type: str, key: str, fields: dict[str, Any] | None) -> None:
        """Change what the API shows of a row, not what is true; None takes it back."""
        self.store.override(object_type, key, fields)


@contextmanager
def serve(
    store: Store, *, host: str = "127.0.0.1", port: int = 0, keys: tuple[str, ...] = DEFAULT_KEYS
) -> Iterator[RunningStore]:
    """Serve a store from a background thread; port 0 takes a free one. Stops at once on leaving, hangers included."""
    with socket.create_server((host, port)) as listener:
        running = RunningStore(url=f"http://{host}:{listener.getsockname()[1]}", store=store)
        application = _Application(
            store, keys=keys, faults=running.faults, choices=running.choices, requests=running.requests
        )
        server = _Server(_config(application))
        thread = Thread(target=server.run, kwargs={"sockets": [listener]}, name="sandbox", daemon=True)
        thread.start()
        try:
            _await_start(server, thread)
            yield running
        finally:
            server.should_exit = True
            thread.join(timeout=10)


def run(store: Store, *, host: str = "127.0.0.1", port: int = 8765, keys: tuple[str, ...] = DEFAULT_KEYS) -> None:
    """Serve a store until interrupted."""
    application = _Application(store, keys=keys, faults=Faults(), choices=Choices(), requests=RequestLog())
    with suppress(KeyboardInterrupt):
        _Server(_config(application, host=host, port=port)).run()


class _Server(uvicorn.Server):
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Answers that hang on purpose must not hold up the end.
        self.config.app.gate.release()  # type: ignore[union-attr]
        await super().shutdown(sockets)


def _config(application: _Application, *, host: str = "127.0.0.1", port: int = 0) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        host=host,
        port=port,
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="critical",
        server_header=False,
        timeout_graceful_shutdown=2,
    )


def _await_start(server: uvicorn.Server, thread: Thread, *, seconds: float = 10) -> None:
    deadline = monotonic() + seconds
    while not server.started:
        if not thread.is_alive() or monotonic() > deadline:
            raise RuntimeError("the sandbox did not start")
        sleep(0.005)
