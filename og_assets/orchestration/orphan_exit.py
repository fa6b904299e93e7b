"""A step that outlives its run would go on asking Ordergroove beside the run that replaces it. It ends instead."""

import multiprocessing
import os
import threading
from multiprocessing.connection import wait


def exit_with_parent() -> None:
    """Make this process end when the process that started it as a step does. Outside of such a step, do nothing.

    Ending at any moment is safe: the lake shows whole segments only (design D4).
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch(sentinel: int) -> None:
        wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, args=(parent.sentinel,), daemon=True, name="end-with-parent").start()
