"""Running a receiver: from options to a process that ends with 0 when it is told to stop.

Belongs here: putting the parts together, signals, the port, and the log. Does not belong here: what any part does.
"""

import logging
import resource
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

import uvicorn

from og_assets.ordergroove.signatures import Verifier
from og_assets.receiver.app import PATH, Webhook, build_app
from og_assets.receiver.batch_writer import Writer
from og_assets.receiver.errors import InboxError, LeftOpenError
from og_assets.receiver.journal import Journal
from og_assets.receiver.metrics import Metrics
from og_assets.receiver.protocol import GuardedProtocol, Limits, guarded
from og_assets.receiver.quarantine import Quarantine
from og_assets.receiver.refusals import Refusals
from og_assets.settings import Settings, SettingsError

MAX_HEAD = 16_384
_SPARE_FILES = 64
_NAMED = 5
_SWEEP_TICKS = 50  # uvicorn ticks ten times a second.

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the command line decides. Sizes in bytes, times in seconds."""

    host: str = "127.0.0.1"
    port: int = 8900
    allow_unsigned: bool = False
    max_body: int = 8_000_000
    max_connections: int = 512
    rotate_bytes: int = 64_000_000
    rotate_seconds: float = 300.0
    timeout: float = 10.0

    @property
    def max_waiting(self) -> int:
        """Bytes of bodies that may be in memory at one moment, over all requests."""
        return max(64_000_000, 4 * self.max_body)


def run(settings: Settings, options: Options) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises SettingsError or InboxError where it cannot begin, LeftOpenError where files could not be moved at the end.
    """
    keys = settings.webhook_keys
    if not keys and not options.allow_unsigned:
        raise SettingsError(
            "ORDERGROOVE_WEBHOOK_KEYS is not set, so anyone could send events. Set it to the verification key of your "
            "webhook (Ordergroove > Developers > Webhooks), or give --allow-unsigned to take whatever comes."
        )
    _log_to_stderr()
    _allow_files(options.max_connections)
    inbox = settings.data_dir / "inbox"
    metrics = Metrics()
    journal = Journal(inbox, rotate_bytes=options.rotate_bytes, rotate_seconds=options.rotate_seconds)
    quarantine = Quarantine(settings.data_dir / "lake" / "quarantine" / "webhook_deliveries")
    with _listening(options) as listener:
        writer = Writer(journal, quarantine, metrics=metrics, patience=options.timeout)
        _begin(journal, writer)
        refused = Refusals(metrics)
        verifier = Verifier(keys) if keys else None
        webhook = Webhook(
            writer,
            verifier=verifier,
            max_body=options.max_body,
            max_waiting=options.max_waiting,
            metrics=metrics,
            refused=refused,
        )
        limits = Limits(
            max_connections=options.max_connections,
            max_head=MAX_HEAD,
            max_body=options.max_body,
            timeout=options.timeout,
        )
        server = _Server(
            uvicorn.Config(
                build_app(webhook, writer, metrics=metrics, refused=refused),
                http=guarded(limits, refused),
                ws="none",
                lifespan="on",
                access_log=False,
                log_config=None,
                server_header=False,
                proxy_headers=False,
                # Proxies keep connections open for reuse; each counts against the limit.
                timeout_keep_alive=30,
                timeout_graceful_shutdown=int(options.timeout) + 5,
            )
        )
        metrics.watch("connections", "Open connections.", lambda: len(server.server_state.connections))
        host, port = listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        trusted = f"keys {', '.join(verifier.fingerprints)}" if verifier else "UNSIGNED, anyone may send"
        server.greeting = f"Listening at http://{shown}:{port}{PATH} ({trusted}), writing into {inbox}"
        server.run(sockets=[listener])
    _say_what_is_left(journal, writer)


class _Server(uvicorn.Server):
    greeting = ""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        # Said when it is true, and when a signal would already be heard.
        _log.info(self.greeting)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        if self.force_exit:
            # A second Ctrl-C: uvicorn waits for nobody, and would break off the writer with a traceback too.
            await self.lifespan.shutdown()

    async def on_tick(self, counter: int) -> bool:
        if counter % _SWEEP_TICKS == 0:
            for connection in list(self.server_state.connections):
                if isinstance(connection, GuardedProtocol):
                    connection.sweep()
        return await super().on_tick(counter)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn raises the signal once more when it is done, and the process would end by it and not with 0.
        def stop(number: int, frame: FrameType | None) -> None:
            self.handle_exit(number, frame)

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def _listening(options: Options) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    try:
        listener = socket.create_server((options.host, options.port), family=family, backlog=1024)
    except (OSError, OverflowError, UnicodeError) as error:
        raise SettingsError(
            f"Cannot listen at {options.host} port {options.port}: {getattr(error, 'strerror', None) or error}. "
            "Choose another with --host and --port."
        ) from None
    with listener:
        yield listener


def _begin(journal: Journal, writer: Writer) -> None:
    try:
        journal.probe()
        writer.take_up()
    except OSError as error:
        raise InboxError(
            f"Cannot write into {journal.inbox} ({error.strerror or error}). Make OG_DATA_DIR a folder that this user "
            "may write, with room for events."
        ) from None


def _say_what_is_left(journal: Journal, writer: Writer) -> None:
    left = writer.left
    if left == []:
        _log.info("Stopped; everything that was acknowledged is in the inbox.")
        return
    names = "files" if left is None else ", ".join(path.name for path in left[:_NAMED])
    more = f" and {len(left) - _NAMED:,} more" if left and len(left) > _NAMED else ""
    why = f" ({writer.moving.reason})" if writer.moving.stands else ""
    raise LeftOpenError(
        f"Stopped, but not everything that was acknowledged is in the inbox{why}. Safe on disk, and waiting in "
        f"{journal.open_folder}: {names}{more}. The next receiver moves them into the inbox; start one soon."
    )


def _allow_files(connections: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = connections + _SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        if hard != resource.RLIM_INFINITY and hard < needed:
            raise SettingsError(
                f"--max-connections {connections} needs {needed} open files, and this process may have {hard}. "
                "Lower it, or raise the limit (ulimit -n)."
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def _log_to_stderr() -> None:
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    # A log that cannot be written, on a full disk, is not a reason for tracebacks.
    logging.raiseExceptions = False
    logging.getLogger("og_assets").setLevel(logging.INFO)
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
