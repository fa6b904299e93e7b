"""Whether anybody has a file open for writing: Linux knows, of its own disks' files and this user's.

Does not belong here: what follows from it (`inbox.py`).
"""

import fcntl
import signal
from pathlib import Path


def is_open_for_writing(path: Path) -> bool | None:
    """Ask the system; None where it cannot be known: another user's file, another system, some network disks.

    A read lease is granted only where nobody writes. It is given back at once; should a writer come in between, the
    system tells us by a signal that is ignored.
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
