"""The inbox: where dumps of webhook events are put, by the receiver or by anybody else, in any folder below it.

Belongs here: which files are dumps, which of them are whole, and what becomes of one that was taken in. Does not belong
here: what is in them (`dumps.py`), which were taken in (`ledger.py`). A file or folder whose name begins with a dot is
somebody's work in progress, and so is one that is named like it.
"""

import fcntl
import hashlib
import os
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG
from typing import Literal

from og_assets.lake.errors import explained

TakenDumps = Literal["move", "keep", "delete"]

# What uploads and editors call a file that is not whole yet.
_UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".filepart", ".swp", "~")
# A dump that ends in the middle of an event gets this long to be finished.
UNFINISHED_SECONDS = 900.0


@dataclass(frozen=True, kw_only=True)
class Dump:
    """A whole file in the inbox. `name` is its path below the inbox."""

    path: Path
    name: str
    bytes: int
    changed_ns: int

    @property
    def is_young(self) -> bool:
        """Whether it changed so recently that an end in the middle of an event may still be mended."""
        return 0 <= time.time() - self.changed_ns / 1e9 < UNFINISHED_SECONDS

    @property
    def is_unchanged(self) -> bool:
        """Whether the file is still the one that was found."""
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            return False
        return (stat.st_size, stat.st_ctime_ns) == (self.bytes, self.changed_ns)

    def sha256(self) -> str:
        """Digest of the bytes as they lie there."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(kw_only=True)
class Contents:
    """What lies in the inbox: whole dumps, oldest name first, and how many files are still being written."""

    dumps: list[Dump] = field(default_factory=list)
    unfinished: int = 0


@dataclass(frozen=True)
class Inbox:
    """One folder of dumps. `archive` is where those that were taken in are moved to.

    Of a file that changed less than `settle_seconds` ago nobody knows whether more is to come.
    """

    folder: Path
    archive: Path
    settle_seconds: float

    def contents(self) -> Contents:
        """Look at every file. Cheap: reads none of them."""
        contents = Contents()
        for path in self._files():
            try:
                stat = path.stat()
                if not S_ISREG(stat.st_mode):
                    continue
                is_whole = self._is_whole(path, changed_ns=stat.st_ctime_ns)
            except FileNotFoundError:
                # Taken in by another run, or renamed by its writer, since the folder was listed.
                continue
            if not is_whole:
                contents.unfinished += 1
                continue
            name = path.relative_to(self.folder).as_posix()
            contents.dumps.append(Dump(path=path, name=name, bytes=stat.st_size, changed_ns=stat.st_ctime_ns))
        contents.dumps.sort(key=lambda dump: dump.name)
        return contents

    def settled(self) -> Contents:
        """Look at every file, and wait for those that have only just been put there."""
        deadline = time.monotonic() + self.settle_seconds + 0.5
        while (contents := self.contents()).unfinished and time.monotonic() < deadline:
            time.sleep(0.25)
        return contents

    def put_away(self, dump: Dump, *, sha256: str, policy: TakenDumps) -> None:
        """Move or remove a dump that is in the lake. One that has changed since stays: it is another dump now."""
        if policy == "keep" or not dump.is_unchanged:
            return
        target = self.archive / dump.name
        with explained(target):
            if policy == "delete":
                dump.path.unlink(missing_ok=True)
                return
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():
                # Another dump had this name before; this one gets its content's name with it.
                target = target.with_name(f"{sha256[:12]}-{target.name}")
            shutil.move(dump.path, target)

    def _files(self) -> Iterator[Path]:
        for folder, folders, files in os.walk(self.folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(files):
                if not name.startswith(".") and not name.lower().endswith(_UNFINISHED):
                    yield Path(folder, name)

    def _is_whole(self, path: Path, *, changed_ns: int) -> bool:
        # A time in the future comes from another machine's clock, and says nothing.
        if 0 <= time.time() - changed_ns / 1e9 < self.settle_seconds:
            return False
        return not _is_open_for_writing(path)


def inbox_of(data_dir: Path, *, settle_seconds: float) -> Inbox:
    """Return the inbox of a data directory."""
    return Inbox(data_dir / "inbox", data_dir / "archive", settle_seconds)


def _is_open_for_writing(path: Path) -> bool:
    """Ask the system whether any process has a file open for writing: only Linux knows, of its own disks' files.

    A read lease is granted only where nobody writes. It is given back at once; should a writer come in between, the
    system tells us by a signal that is ignored.
    """
    if not hasattr(fcntl, "F_SETLEASE"):
        return False
    try:
        file = path.open("rb")
    except PermissionError:
        # Told as a problem when it is read.
        return False
    with file:
        try:
            fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        except BlockingIOError:
            return True
        except OSError:
            return False
    return False
