"""The demo: a sandbox store with a year of history, synced, built and published, then shown in Dagster's UI.

Belongs here: what `og-assets demo` strings together. It points the project at the sandbox by setting the environment,
openly, for this process and its children only; nothing else ever falls back to the sandbox (design D10).
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import httpx
from filelock import FileLock, Timeout

from og_assets.errors import OgAssetsError
from og_assets.lake.errors import translate_os_errors
from og_assets.orchestration.dagster_home import dagster_dev_command
from og_assets.settings import PROJECT_ROOT, Settings
from ordergroove_sandbox import Store
from ordergroove_sandbox.webhooks import Webhooks

DEMO_SEED = 7
DEMO_CUSTOMERS = 400
DEMO_DAYS = 365
DEMO_DIR = PROJECT_ROOT / "data" / "demo"

_UI_PATIENCE = 120.0


class DemoError(OgAssetsError):
    """The demo cannot go on."""


def demo_store(data_dir: Path) -> Store:
    """Make the store. Every event of its life lies in the inbox after that, as a receiver would have left it."""
    hooks = Webhooks()
    hooks.write_files_to(data_dir / "inbox")
    store = Store(seed=DEMO_SEED, customers=DEMO_CUSTOMERS, days=DEMO_DAYS, webhooks=hooks)
    hooks.close()
    return store


def point_at_sandbox(url: str, *, merchant: str, data_dir: Path) -> None:
    """Make the sandbox the store, and a folder of its own the data directory, for this process and its children."""
    os.environ.update(
        ORDERGROOVE_API_KEY="sandbox-key",
        ORDERGROOVE_BASE_URL=url,
        ORDERGROOVE_ENTITLEMENTS_URL=url,
        ORDERGROOVE_MERCHANT_ID=merchant,
        ORDERGROOVE_TIMEZONE="America/New_York",
        ORDERGROOVE_START_DATE=str(date.today() - timedelta(days=DEMO_DAYS)),
        OG_DATA_DIR=str(data_dir),
        OG_SYNC_HOURS="14",
        OG_PII="hash",
        # The dumps are whole from the beginning.
        OG_INBOX_SETTLE="0",
    )
    os.environ.pop("DAGSTER_HOME", None)
    # Behind a proxy httpx would ask it even for this machine.
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, (os.environ.get(name), "127.0.0.1")))


@contextmanager
def fresh_folder(folder: Path) -> Iterator[None]:
    """Empty the demo's folder and keep it for oneself: its store is made anew each time, and two must not mix."""
    with translate_os_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder.with_name(f"{folder.name}.lock"))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise DemoError("Another demo is running in this checkout. End it first.") from None
    with lock:
        with translate_os_errors(folder):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True, exist_ok=True)
        yield


@contextmanager
def dagster_ui(settings: Settings, *, port: int) -> Iterator[str]:
    """Run `dagster dev` and yield its address once it answers. Ends it, and all that it started, with the block."""
    log = settings.data_dir / "dagster" / "dagster-dev.log"
    # In a group of its own: in the background of a script, dagster dev would not hear Ctrl-C.
    with log.open("w") as output:
        process = subprocess.Popen(
            dagster_dev_command(port=port),
            cwd=PROJECT_ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address, process, log=log)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def wait_to_be_stopped() -> None:
    """Sleep until Ctrl-C or a request to terminate; either ends the demo in order.

    Said explicitly: in the background of a script a process starts out deaf to Ctrl-C, and Dagster deafens it to both.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    signal.pause()


def _wait_for(address: str, process: subprocess.Popen[bytes], *, log: Path) -> None:
    deadline = time.monotonic() + _UI_PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if httpx.get(f"{address}/server_info").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.5)
    raise DemoError(f"Dagster's UI did not start. Its output is in {log}; is port {address.rpartition(':')[2]} taken?")
