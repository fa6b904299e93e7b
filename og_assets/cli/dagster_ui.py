"""Runs Dagster's UI and daemon as a child process that ends, with all that it started, within seconds."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from og_assets.errors import OgAssetsError
from og_assets.orchestration.dagster_home import dagster_dev_command

_START_SECONDS = 120.0
_STOP_SECONDS = 2.0


class DagsterUiError(OgAssetsError):
    """Dagster's UI does not start, or ended by itself."""


@dataclass(frozen=True)
class DagsterUi:
    """Dagster's UI, as it answers at `address`."""

    address: str
    process: subprocess.Popen[bytes]

    def wait(self) -> None:
        """Return when this process is interrupted. Raises `DagsterUiError` when the UI ends by itself."""
        raise DagsterUiError(f"Dagster's UI ended with exit code {self.process.wait()}.")


@contextmanager
def dagster_ui(*, port: int, log: Path | None = None) -> Iterator[DagsterUi]:
    """Run web server and daemon, and yield once the UI answers. Output goes to the terminal, or to a log."""
    with log.open("w") if log else nullcontext() as output:
        # A group of its own, so that one signal ends all of Dagster's processes.
        process = subprocess.Popen(
            dagster_dev_command(port=port), stdout=output, stderr=subprocess.STDOUT if log else None, process_group=0
        )
    try:
        ui = DagsterUi(f"http://127.0.0.1:{port}", process)
        _wait_for(ui, log=log)
        yield ui
    finally:
        _end_group(process)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Ask the group to end, then kill what is left. Dagster itself waits 30 s and more for its code servers."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _wait_for(ui: DagsterUi, *, log: Path | None) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and ui.process.poll() is None:
        try:
            if httpx.get(f"{ui.address}/server_info", trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.5)
    output = f" Its output is in {log}." if log else ""
    raise DagsterUiError(f"Dagster's UI did not start.{output} Is port {ui.address.rpartition(':')[2]} in use?")
