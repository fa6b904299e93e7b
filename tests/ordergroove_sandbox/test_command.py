"""`ordergroove-sandbox`: the same options give the same store, invalid options are named, a signal ends it."""

import os
import signal
import socket
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

import og_assets.cli.commands
from ordergroove_sandbox import Store, server
from ordergroove_sandbox.command import INTERRUPTED, app
from testkit.sandbox.client import KEY

SMALL = ["--customers", "15", "--days", "40"]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Store]:
    """The stores that the command would have served."""
    stores: list[Store] = []

    def keep(store: Store, **_: Any) -> None:
        stores.append(store)

    monkeypatch.setattr(server, "run", keep)
    return stores


def test_same_options_create_the_same_store(made: list[Store]) -> None:
    options = ["--until", "2026-03-01T12:00:00", "--timezone", "Europe/Berlin", "--currencies", "USD,CAD"]
    for _ in range(2):
        done = CliRunner().invoke(app, [*SMALL, *options])
        assert done.exit_code == 0, done.output
    one, other = made
    assert one.truth.tables() == other.truth.tables()
    assert (one.now, one.state.zone.key) == (datetime(2026, 3, 1, 12), "Europe/Berlin")
    assert one.state.currencies == ("USD", "CAD")


@pytest.mark.parametrize(
    "wrong",
    [
        ["--until", "soon"],
        ["--until", "2026-03-01T12:00:00Z"],
        ["--until", "0001-01-01"],
        ["--timezone", "Berlin"],
        ["--timezone", "../etc/passwd"],
        ["--currencies", ""],
        ["--currencies", "USD,dollars"],
        ["--currencies", "USD,USD"],
        ["--port", "99999"],
        ["--port", "0"],
        ["--days", "900000"],
        ["--customers", "900000"],
        ["--webhooks", "nowhere"],
        ["--webhooks", "http://"],
    ],
)
def test_invalid_option_is_refused_with_a_message(made: list[Store], wrong: list[str]) -> None:
    done = CliRunner().invoke(app, [*SMALL, *wrong])
    assert done.exit_code == 2
    assert "Invalid value" in done.output
    assert "Traceback" not in done.output
    assert not made


def test_folder_with_events_of_another_store_is_refused(made: list[Store], tmp_path: Path) -> None:
    command = [*SMALL, "--dumps", str(tmp_path)]
    assert CliRunner().invoke(app, command).exit_code == 0
    made[0].webhooks[0].close()
    done = CliRunner().invoke(app, command)
    assert (done.exit_code, len(made)) == (2, 1)
    assert "Invalid value" in done.output


def test_og_assets_sandbox_is_the_same_command(made: list[Store]) -> None:
    done = CliRunner().invoke(og_assets.cli.commands.app, ["sandbox", *SMALL])
    assert (done.exit_code, len(made)) == (0, 1), done.output
    help_text = CliRunner().invoke(og_assets.cli.commands.app, ["sandbox", "--help"], env={"COLUMNS": "200"}).output
    assert "--day-seconds" in help_text


def test_sigterm_ends_the_server_while_a_request_hangs_and_writes_late_events(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "ordergroove_sandbox", *SMALL, "--port", str(port), "--dumps", str(tmp_path)]
    with subprocess.Popen(command, env=os.environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "Creating a store" in process.stdout.readline()
        base = process.stdout.readline().split()[2].rstrip("/.")
        http = httpx.Client(base_url=base, transport=httpx.HTTPTransport(retries=5), headers=KEY)
        with http:
            faults = {"hang_every": 1, "hang_seconds": 300, "late_event_every": 1, "late_event_seconds": 9_000_000}
            http.post("/sandbox/faults", json=faults)
            written = _lines(tmp_path)
            http.post("/sandbox/clock", json={"days": 3})
            with pytest.raises(httpx.ReadTimeout):
                http.get("/orders/", timeout=0.3)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=60) in (0, INTERRUPTED)
    assert _lines(tmp_path) > written


def _lines(folder: Path) -> int:
    return sum(len(path.read_text().splitlines()) for path in folder.glob("*/events-*.jsonl"))
