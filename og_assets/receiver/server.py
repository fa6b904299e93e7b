"""Runs a receiver: from options to a process that ends with exit code 0 when it is asked to stop.

Belongs here: construction of the parts, uvicorn's settings, signals, the port, the log. Does not belong here: the
behaviour of any part.
"""

import asyncio
import logging
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

import uvicorn

from og_assets.ordergroove.signatures import Verifier
from og_assets.receiver.app import PATH, WebhookEndpoint, build_app
from og_assets.receiver.batch_writer import BatchWriter
from og_assets.receiver.errors import InboxError, LeftOpenError
from og_assets.receiver.journal import Journal
from og_assets.receiver.metrics import Metrics
from og_assets.receiver.quarantine import Quarantine
from og_assets.receiver.refusals import RefusalCounter
from og_assets.settings import Settings, SettingsError

# Longer than nginx keeps an idle connection (deploy/nginx.conf), so that nginx never uses one that uvicorn closes.
KEEP_ALIVE_SECONDS = 75
_NAMED_FILES = 5

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of the command line. Sizes in bytes, times in seconds."""

    host: str = "127.0.0.1"
    port: int = 8900
    allow_unsigned: bool = False
    max_body: int = 8_000_000
    max_connections: int = 512
    rotate_bytes: int = 64_000_000
    rotate_seconds: float = 300.0
    timeout: float = 10.0

    @property
    def max_memory(self) -> int:
        """Bytes of bodies that may be in memory at one moment, over all requests."""
        return max(64_000_000, 4 * self.max_body)


def run(settings: Settings, options: Options) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises SettingsError or InboxError where it cannot start, LeftOpenError where files could not be moved at the end.
    """
    keys = settings.webhook_keys
    if not keys and not options.allow_unsigned:
        raise SettingsError(
            "ORDERGROOVE_WEBHOOK_KEYS is not set, so anyone could send events. Set it to the verification key of your "
            "webhook (Ordergroove > Developers > Webhooks), or use --allow-unsigned to accept unsigned events."
        )
    _log_to_stderr()
    inbox = settings.data_dir / "inbox"
    metrics = Metrics()
    journal = Journal(inbox, rotate_bytes=options.rotate_bytes, rotate_seconds=options.rotate_seconds)
    quarantine = Quarantine(settings.data_dir / "lake" / "quarantine" / "webhook_deliveries")
    with _listening(options) as listener:
        writer = BatchWriter(journal, quarantine, metrics=metrics, timeout=options.timeout)
        _prepare_inbox(journal, writer)
        verifier = Verifier(keys) if keys else None
        refused = RefusalCounter(metrics)
        webhook = WebhookEndpoint(
            writer,
            verifier=verifier,
            max_body=options.max_body,
            max_memory=options.max_memory,
            timeout=options.timeout,
            metrics=metrics,
            refused=refused,
        )
        server = _Server(
            uvicorn.Config(
                build_app(webhook, writer, metrics=metrics, refused=refused),
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                server_header=False,
                proxy_headers=False,
                limit_concurrency=options.max_connections,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=int(options.timeout) + 5,
            )
        )
        metrics.watch("connections", "Open connections.", lambda: len(server.server_state.connections))
        host, port = listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        trusted = f"keys {', '.join(verifier.fingerprints)}" if verifier else "UNSIGNED: accepts events from anyone"
        greeting = f"Listening at http://{shown}:{port}{PATH} ({trusted}), writing into {inbox}"

        async def serve() -> None:
            # The writer ends after uvicorn, also when a second Ctrl-C makes uvicorn wait for no request.
            async with writer.running():
                _log.info(greeting)
                await server.serve(sockets=[listener])
                # uvicorn would log a traceback for each request that a second Ctrl-C cuts off.
                logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)

        # uvicorn raises the signal again when it has stopped. With its own handler in place before it starts, the
        # process then ends with exit code 0, and a signal during the start stops it too.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, server.handle_exit)
        asyncio.run(serve())
    _report_left_open(journal, writer)


class _Server(uvicorn.Server):
    """Closes open connections at a second Ctrl-C. Since Python 3.12, asyncio waits for them even then."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; at the second Ctrl-C, without waiting for requests."""
        super().handle_exit(sig, frame)
        if self.force_exit:
            for connection in self.server_state.connections:
                asyncio.get_running_loop().call_soon_threadsafe(connection.transport.abort)


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


def _prepare_inbox(journal: Journal, writer: BatchWriter) -> None:
    try:
        journal.probe()
        writer.recover_files()
    except OSError as error:
        raise InboxError(
            f"Cannot write into {journal.inbox} ({error.strerror or error}). Set OG_DATA_DIR to a folder that this "
            "user can write, on a disk with free space."
        ) from None


def _report_left_open(journal: Journal, writer: BatchWriter) -> None:
    files = writer.left_open
    if files == []:
        _log.info("Stopped; all acknowledged events are in the inbox.")
        return
    names = "files" if files is None else ", ".join(path.name for path in files[:_NAMED_FILES])
    more = f" and {len(files) - _NAMED_FILES:,} more" if files and len(files) > _NAMED_FILES else ""
    why = f" ({writer.move_problem.reason})" if writer.move_problem.is_active else ""
    raise LeftOpenError(
        f"Stopped, but not all acknowledged events are in the inbox{why}. They are safe on disk, in "
        f"{journal.open_folder}: {names}{more}. The next receiver moves them into the inbox; start one soon."
    )


def _log_to_stderr() -> None:
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    # A log that cannot be written, for example on a full disk, must not cause tracebacks.
    logging.raiseExceptions = False
    logging.getLogger("og_assets").setLevel(logging.INFO)
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
