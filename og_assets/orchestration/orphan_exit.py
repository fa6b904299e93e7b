"""Ends a step whose run's process has died.

Such an orphaned step would send Ordergroove requests beside the run that replaces it, and hold the warehouse.
"""

import multiprocessing
import os
import signal
import threading
from functools import cache
from multiprocessing.connection import wait

# dbt gets 25 s from dagster-dbt to end in order; then this process ends, whatever it does.
GRACE_SECONDS = 30.0


@cache
def exit_with_parent() -> None:
    """Make this process end when its parent does, if it was started by `multiprocessing`. Otherwise do nothing.

    The first signal is an interrupt: dagster-dbt passes it on to the dbt process, which would otherwise live on. Ending
    at any moment is safe, because lake and warehouse files appear whole or not at all.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch(sentinel: int) -> None:
        wait([sentinel])
        os.kill(os.getpid(), signal.SIGINT)
        threading.Event().wait(GRACE_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, args=(parent.sentinel,), daemon=True, name="exit-with-parent").start()
