"""`og-assets demo`: a sandbox store with a year of history, synced, built and published, then shown in Dagster's UI.

It points the project at the sandbox by setting the environment, for this process and its children only. No other
command uses the sandbox.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from og_assets.cli.console import errors_as_sentences, exit_unless, output
from og_assets.errors import OgAssetsError
from og_assets.lake.errors import translate_os_errors
from og_assets.settings import PROJECT_ROOT, load_settings

if TYPE_CHECKING:
    from ordergroove_sandbox import Store

DEMO_SEED = 7
DEMO_CUSTOMERS = 400
DEMO_DAYS = 365
DEMO_ZONE = ZoneInfo("America/New_York")
# Each window costs Dagster some 14 events, whatever it brings. The first window takes everything that is older.
DEMO_WINDOWS = 30
DEMO_DIR = PROJECT_ROOT / "data" / "demo"


class DemoError(OgAssetsError):
    """The demo cannot continue."""


@dataclass(frozen=True)
class DemoStore:
    """What makes the demo's store again: the end of its history, the port it answers at, the first window's day."""

    until: str
    port: int
    start_date: str


def demo(
    headless: Annotated[bool, typer.Option("--headless", help="End after the table, without the UI.")] = False,
    reopen: Annotated[bool, typer.Option("--reopen", help="Open the last demo again, as it is.")] = False,
    port: Annotated[int, typer.Option(help="Port of Dagster's UI.")] = 3000,
) -> None:
    """Make a sandbox store with a year of history and webhooks, bring it into a warehouse, show it in Dagster's UI."""
    with errors_as_sentences(), _only_demo(DEMO_DIR):
        if reopen:
            _reopen(port=port)
        else:
            _new_demo(port=None if headless else port)


def _new_demo(*, port: int | None) -> None:
    from ordergroove_sandbox import serve

    with translate_os_errors(DEMO_DIR):
        shutil.rmtree(DEMO_DIR, ignore_errors=True)
        DEMO_DIR.mkdir(parents=True, exist_ok=True)
    output().print(f"Making a store of {DEMO_CUSTOMERS:,} customers with a year of history …")
    until = store_now()
    with serve(demo_store(until, inbox=DEMO_DIR / "inbox")) as server:
        start = str(until.date() - timedelta(days=DEMO_WINDOWS))
        point_at_sandbox(server.url, merchant=server.store.merchant, data_dir=DEMO_DIR, start_date=start)
        output().print(f"The store answers at {server.url}. Pulling all windows since {start}, and what is older …")
        from og_assets.cli.sync import run_sync

        exit_unless(run_sync(load_settings(), first=start, last=None))
        made = DemoStore(until=until.isoformat(), port=int(server.url.rpartition(":")[2]), start_date=start)
        _description(DEMO_DIR).write_text(json.dumps(asdict(made)))
        if port is None:
            _say_where_to_look()
        else:
            _show_ui(port)


def _reopen(*, port: int) -> None:
    from ordergroove_sandbox import serve

    try:
        made = DemoStore(**json.loads(_description(DEMO_DIR).read_text()))
    except (OSError, ValueError, TypeError):
        raise DemoError("There is no complete demo to reopen. Run og-assets demo first.") from None
    output().print("Making the store of the last demo again …")
    store = demo_store(datetime.fromisoformat(made.until), inbox=None)
    try:
        context = serve(store, port=made.port)
        server = context.__enter__()
    except OSError as error:
        raise DemoError(f"Port {made.port}, the store's address in this demo, cannot be used: {error}.") from None
    try:
        point_at_sandbox(server.url, merchant=store.merchant, data_dir=DEMO_DIR, start_date=made.start_date)
        from og_assets.orchestration.dagster_home import prepare_dagster_home

        prepare_dagster_home(load_settings())
        _show_ui(port)
    finally:
        context.__exit__(None, None, None)


def store_now() -> datetime:
    """Return the current wall-clock time of the demo's store, in its time zone and without one."""
    return datetime.now(DEMO_ZONE).replace(tzinfo=None, microsecond=0)


def demo_store(until: datetime, *, inbox: Path | None) -> "Store":
    """Make the store. With an inbox, all its webhook events are in it, as a receiver would have written them."""
    from ordergroove_sandbox import Store
    from ordergroove_sandbox.webhooks import Webhooks

    hooks = Webhooks()
    if inbox is not None:
        hooks.write_files_to(inbox)
    store = Store(
        seed=DEMO_SEED,
        customers=DEMO_CUSTOMERS,
        days=DEMO_DAYS,
        until=until,
        timezone=DEMO_ZONE.key,
        webhooks=hooks,
    )
    hooks.close()
    return store


def point_at_sandbox(url: str, *, merchant: str, data_dir: Path, start_date: str) -> None:
    """Use the sandbox as the store, and a data directory of its own, in this process and its children."""
    os.environ.update(
        ORDERGROOVE_API_KEY="sandbox-key",
        ORDERGROOVE_BASE_URL=url,
        ORDERGROOVE_ENTITLEMENTS_URL=url,
        ORDERGROOVE_MERCHANT_ID=merchant,
        ORDERGROOVE_TIMEZONE=DEMO_ZONE.key,
        ORDERGROOVE_START_DATE=start_date,
        OG_DATA_DIR=str(data_dir),
        OG_SYNC_HOURS="14",
        OG_PII="hash",
        # The event files are complete from the beginning.
        OG_INBOX_SETTLE="0",
        DAGSTER_HOME=str(data_dir / "dagster"),
    )
    # Behind a proxy httpx would ask it even for this machine.
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, (os.environ.get(name), "127.0.0.1")))


def _show_ui(port: int) -> None:
    from og_assets.cli.dagster_ui import dagster_ui

    output().print("Starting Dagster's UI …")
    with dagster_ui(port=port, log=DEMO_DIR / "dagster" / "dagster-dev.log") as ui:
        _say_where_to_look()
        output().print(f"Dagster's UI: {ui.address}/asset-groups  -  Ctrl-C ends the demo.")
        ui.wait()


def _say_where_to_look() -> None:
    published = DEMO_DIR / "warehouse" / "analytics.duckdb"
    output().print(
        "Where to look next:\n"
        f"  the tables         {published}\n"
        "                     (duckdb.connect(path, read_only=True); docs/metrics.md says what they mean)\n"
        f"  what was pulled    {DEMO_DIR / 'lake'}\n"
        "  runs and lineage   og-assets demo --reopen shows this demo in Dagster's UI again\n"
        '  your own store     README.md, "Point it at your store"'
    )


def _description(folder: Path) -> Path:
    return folder / "demo.json"


@contextmanager
def _only_demo(folder: Path) -> Iterator[None]:
    """Keep the demo's folder for this process: two demos must not mix."""
    from filelock import FileLock, Timeout

    with translate_os_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder.with_name(f"{folder.name}.lock"))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise DemoError("Another demo is running in this checkout. End it first.") from None
    with lock:
        yield
