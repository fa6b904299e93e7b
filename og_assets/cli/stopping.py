"""Ends a command within seconds of Ctrl-C, SIGTERM or a closed terminal (SIGHUP), whatever it does then.

A step may wait for Ordergroove, dbt may be in the middle of a build, and Dagster replaces signal handlers while it
executes a run and then waits for each step. So a thread hears the signals through Python's wakeup descriptor, gives
the command a few seconds, and ends the process and all that it started. That is safe at any moment: files in the lake
are whole. Before the exit, the actions of `before_exit` run for at most two seconds: they end the run in Dagster.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

GRACE_SECONDS = 3.0
_ACTIONS_SECONDS = 2.0

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_stop_signals: list[int] = []
_actions: list[Callable[[], None]] = []
# Held from the beginning of the exit: the main thread and the thread that hears the signals may both arrive there.
_exiting = threading.Lock()


def stop_on_signals(*, grace: float = GRACE_SECONDS, hint: str = "") -> None:
    """From now on, let each of the signals interrupt this process, and end it if it goes on for `grace` seconds.

    `hint` is printed after "Stopped.".
    """
    read, write = os.pipe()
    os.set_blocking(write, False)
    for number in _SIGNALS:
        # Ctrl-C too, which a shell ignores for background commands; but nohup asks to ignore SIGHUP.
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _interrupt)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    threading.Thread(target=_end_after, args=(read, grace, hint), daemon=True, name="end-on-signal").start()


def stop_signal() -> int | None:
    """Return the signal that asked this process to stop, if one did."""
    return _stop_signals[0] if _stop_signals else None


@contextmanager
def before_exit(action: Callable[[], None]) -> Iterator[None]:
    """Inside the block, run an action when a signal ends this process."""
    _actions.append(action)
    try:
        yield
    finally:
        _actions.remove(action)


def exit_by_signal(number: int, *, hint: str = "") -> NoReturn:
    """End this process and all that it started, with the exit code of the signal."""
    from og_assets.cli.console import errors

    _exiting.acquire()
    with suppress(OSError, ValueError):
        errors().print(f"Stopped. {hint}".strip())
    for pid in _descendants(os.getpid()):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    # In a thread, because the storage may be locked for longer.
    thread = threading.Thread(target=_run_actions, daemon=True, name="before-exit")
    thread.start()
    thread.join(_ACTIONS_SECONDS)
    os._exit(128 + number)


def _interrupt(number: int, _frame: object) -> None:
    _stop_signals.append(number)
    if not _exiting.locked():
        raise KeyboardInterrupt(number)


def _run_actions() -> None:
    for action in list(_actions):
        # The next command repeats what fails here, and says why it fails.
        with suppress(Exception):
            action()


def _end_after(read: int, grace: float, hint: str) -> None:
    number = 0
    while number not in _SIGNALS:
        number = os.read(read, 1)[0]
    _stop_signals.append(number)
    time.sleep(grace)
    exit_by_signal(number, hint=hint)


def _descendants(pid: int) -> list[int]:
    """List the processes that a process started, and theirs. Without /proc: none; steps end with their parent."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            # The name in brackets may hold spaces: count from behind it.
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(stat.parent.name))
    found = list(children.get(pid, []))
    for child in found:
        found.extend(children.get(child, []))
    return found
