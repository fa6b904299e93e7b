"""SIGTERM, Ctrl-C and a closed terminal end every command in every phase, with all processes that it started."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import psutil
import pytest

from og_assets.settings import PROJECT_ROOT

# The command has three seconds for an orderly end; the rest is for a busy machine.
LIMIT = 30

STUBBORN = """
import subprocess, sys, time
from og_assets.cli.console import open_consoles
from og_assets.cli.stopping import stop_on_signals
open_consoles()
stop_on_signals(grace=0.2)
child = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
grandchild = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
subprocess.Popen([sys.executable, "-c", grandchild])
while True:
    try:
        print("ready", flush=True)
        time.sleep(600)
    except KeyboardInterrupt:
        pass
"""

STUCK_RUN = """
import time
import dagster as dg
from og_assets.cli.console import open_consoles, output
from og_assets.cli.stopping import before_exit, stop_on_signals
from og_assets.orchestration.executor import parallel_executor
from og_assets.orchestration.local_runs import run_job

@dg.asset(pool="ordergroove_orders")
def orders():
    while True:
        try:
            time.sleep(600)
        except BaseException:
            pass

def orders_job():
    jobs = [dg.define_asset_job("daily_sync", selection=[orders])]
    return dg.Definitions([orders], jobs=jobs, executor=parallel_executor).resolve_job_def("daily_sync")

if __name__ == "__main__":
    open_consoles()
    stop_on_signals(grace=0.2)
    from stuck_run import orders_job as job
    run_job(job, report=lambda event: output().print(event.kind), one_process=True, before_exit=before_exit)
"""

INTERRUPTED_STEP = """
import os, signal, time
from og_assets.cli.console import open_consoles
from og_assets.cli.stopping import exit_by_signal, stop_on_signals, stop_signal
from og_assets.cli.sync import print_failures
open_consoles()
stop_on_signals()
try:
    print("ready", flush=True)
    time.sleep(600)
except KeyboardInterrupt:
    print_failures("0123456789", ("dbt_models: DagsterExecutionInterruptedError",), success=False)
exit_by_signal(stop_signal())
"""

DEMO = """
import pathlib, sys
from og_assets.cli import demo
demo.DEMO_DIR = pathlib.Path(sys.argv.pop(1)) / "demo"
from og_assets.cli.commands import main
main()
"""


@pytest.fixture
def silent_store() -> Iterator[str]:
    """A server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *arguments],
        env={**os.environ, "ORDERGROOVE_API_KEY": "a-key", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def stop(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> str:
    """Send the signal to the command alone; fail if it, or anything that it started, goes on."""
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    process.send_signal(number)
    try:
        output, _ = process.communicate(timeout=LIMIT)
        _, alive = psutil.wait_procs(family, timeout=LIMIT)
    finally:
        for each in family:
            if each.is_running():
                each.kill()
    assert not [each.cmdline() for each in alive]
    assert process.returncode == 128 + number, output
    assert "Traceback" not in output
    return output


def wait_for_line(process: subprocess.Popen[str], words: str) -> None:
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if words in line:
            return
    pytest.fail(f"ended before it said {words!r}: {''.join(seen)}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_process_that_ignores_interrupts_is_ended_with_its_descendants(number: int) -> None:
    process = start("-c", STUBBORN)
    wait_for_line(process, "ready")
    main = psutil.Process(process.pid)
    while not any("SIG_IGN" in " ".join(child.cmdline()[2:3]) for child in main.children(recursive=True)):
        time.sleep(0.1)
    assert "Stopped" in stop(process, number)


def test_interrupted_step_is_not_reported_as_a_failure() -> None:
    process = start("-c", INTERRUPTED_STEP)
    wait_for_line(process, "ready")
    assert stop(process, signal.SIGINT) == "Stopped.\n"


def test_command_under_nohup_survives_its_terminal() -> None:
    process = start("-c", "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)" + STUBBORN)
    wait_for_line(process, "ready")
    process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1)
    stop(process)


def test_sync_that_waits_for_the_store_ends(silent_store: str) -> None:
    process = start("-m", "og_assets", "sync", ORDERGROOVE_BASE_URL=silent_store)
    while not any(connection.raddr for connection in psutil.Process(process.pid).net_connections("tcp")):
        assert process.poll() is None
        time.sleep(0.1)
    assert "Stopped" in stop(process)


def test_ingest_that_loads_definitions_ends(tmp_path: Path) -> None:
    process = start("-m", "og_assets", "ingest", OG_DATA_DIR=str(tmp_path / "data"))
    wait_for_line(process, "event files are in")
    assert "Stopped. Run the command again to continue: what was pulled is kept." in stop(process)


def test_run_of_a_stopped_command_is_ended_and_its_pool_slot_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stuck_run.py").write_text(STUCK_RUN)
    (tmp_path / "dagster.yaml").write_text((PROJECT_ROOT / "dagster.yaml").read_text())
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    process = start(str(tmp_path / "stuck_run.py"))
    wait_for_line(process, "started")
    instance = dg.DagsterInstance.get()
    assert instance.event_log_storage.get_concurrency_run_ids()
    stop(process)
    (run,) = instance.get_runs()
    assert run.status == dg.DagsterRunStatus.FAILURE
    assert not instance.event_log_storage.get_concurrency_run_ids()


def test_demo_that_makes_its_store_ends(tmp_path: Path) -> None:
    process = start("-c", DEMO, str(tmp_path), "demo", "--headless")
    wait_for_line(process, "Making a store")
    assert stop(process).splitlines()[-1] == "Stopped."


def test_dev_that_starts_dagsters_processes_ends(tmp_path: Path) -> None:
    process = start("-m", "og_assets", "dev", "--port", "0", OG_DATA_DIR=str(tmp_path / "data"))
    wait_for_line(process, "Starting Dagster's UI")
    while not psutil.Process(process.pid).children():
        assert process.poll() is None
        time.sleep(0.1)
    assert "Stopped" in stop(process)
