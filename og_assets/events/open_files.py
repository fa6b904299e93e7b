"""Ask the operating system whether a process has a file open for writing.

Does not belong here: what the inbox does with the answer (`inbox.py`).
"""

import fcntl
import signal
from pathlib import Path


def is_open_for_writing(path: Path) -> bool | None:
    """Return None where the system cannot tell: another user's file, no Linux, some network disks.

    Linux grants a read lease only if no process has the file open for writing. The lease is released at once. A writer
    that opens the file in between makes the kernel send SIGURG, which Python ignores.
    """
    if not hasattr(fcntl, "F_SETLEASE"):
        return None
    try:
        with path.open("rb") as file:
            fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:
        return None
    return False
