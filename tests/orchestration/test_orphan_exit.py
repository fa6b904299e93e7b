"""A step whose run's process was killed ends, and so does the process that the step itself started."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

# The run: one step in a process of its own, which waits for a third process as dagster-dbt waits for dbt.
RUN = """
import multiprocessing, os, subprocess, sys, time
from pathlib import Path
from og_assets.orchestration.orphan_exit import exit_with_parent

def step(folder):
    exit_with_parent()
    child = subprocess.Popen(["sleep", "300"])
    Path(folder, "pids").write_text(f"{os.getpid()} {child.pid}")
    try:
        child.wait()
    except KeyboardInterrupt:
        child.terminate()
        raise

if __name__ == "__main__":
    multiprocessing.get_context("spawn").Process(target=step, args=(sys.argv[1],)).start()
    time.sleep(300)
"""


def is_running(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_step_and_its_child_end_when_the_run_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(RUN)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    run = subprocess.Popen([sys.executable, str(script), str(tmp_path)], env=environment, stderr=subprocess.DEVNULL)
    pids = tmp_path / "pids"
    try:
        _wait_until(lambda: pids.exists() and len(pids.read_text().split()) == 2)
    finally:
        run.send_signal(signal.SIGKILL)
        run.wait()
    step, child = (int(pid) for pid in pids.read_text().split())
    _wait_until(lambda: not is_running(step) and not is_running(child))


def _wait_until(condition: Callable[[], bool]) -> None:
    # Generous: this fails only where the condition never comes true.
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
