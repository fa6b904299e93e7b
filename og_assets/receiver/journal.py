"""The open event file: a line is on disk when `append` returns; the file appears in the inbox complete.

Belongs here: one file at a time, its sync, its rotation. Does not belong here: waiting requests (batch_writer),
files of killed receivers (recovery). All functions block; use them from one thread.

An open file lies in `inbox/.receiving/`. The ingestion skips names that begin with a dot. The file is locked while its
writer runs: several receivers can share one inbox, each with its own file.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from uuid import uuid4

OPEN_FOLDER = ".receiving"
SUFFIX = ".jsonl"

# macOS has no fdatasync. fdatasync does not write the file's times, which no reader needs.
_sync_data = getattr(os, "fdatasync", os.fsync)


class Journal:
    """Appends lines to an open file, and moves it into `inbox/<day>/` when it is large or old enough."""

    def __init__(self, inbox: Path, *, rotate_bytes: int, rotate_seconds: float) -> None:
        self.inbox = inbox
        self.size = 0
        self._rotate_bytes = rotate_bytes
        self._rotate_seconds = rotate_seconds
        self._descriptor: int | None = None
        self._path = inbox / OPEN_FOLDER
        self._started: float | None = None

    @property
    def open_folder(self) -> Path:
        """The folder of files that are not in the inbox yet."""
        return self.inbox / OPEN_FOLDER

    @property
    def age(self) -> float:
        """Seconds since the first event of the open file; 0 without events."""
        started = self._started
        return monotonic() - started if started is not None else 0.0

    @property
    def is_due(self) -> bool:
        """Whether to rotate the open file: it holds events, and is large, old, or of another UTC day."""
        if not self.size:
            return False
        is_of_today = day_of(self._path) == f"{datetime.now(UTC):%Y-%m-%d}"
        return self.size >= self._rotate_bytes or self.age >= self._rotate_seconds or not is_of_today

    def open(self) -> None:
        """Create the open file if there is none; raises OSError where that fails."""
        if self._descriptor is None:
            self._path, self._descriptor = create_locked(self.inbox)
            self.size, self._started = 0, None

    def append(self, lines: list[bytes]) -> None:
        """Write lines and wait for the disk; raises OSError, and then no line is stored."""
        self.open()
        assert self._descriptor is not None
        try:
            written = write_all(self._descriptor, b"".join(lines))
            self.sync(self._descriptor)
            if not os.fstat(self._descriptor).st_nlink:
                raise FileNotFoundError(errno.ENOENT, "the open file was deleted", str(self._path))
        except Exception:
            # These lines are not acknowledged. After a failed sync the kernel may drop pages, and the next sync would
            # not report it: this file is used only up to its last good sync.
            self._cut_back()
            self._close()
            raise
        self.size += written
        if self._started is None:
            self._started = monotonic()

    def sync(self, descriptor: int) -> None:
        """Wait until the disk has what was written."""
        _sync_data(descriptor)

    def rotate(self) -> Path | None:
        """Move the open file into the inbox, if it holds anything; the next append opens another.

        Where that fails, the file stays complete and synced, and recovery moves it later; raises OSError.
        """
        if self._descriptor is None:
            return None
        try:
            if not self.size:
                self._path.unlink(missing_ok=True)
                return None
            os.fsync(self._descriptor)
            return move_into_inbox(self._path, inbox=self.inbox)
        finally:
            self._close()

    def probe(self) -> bool:
        """Test whether the disk can be written: True, or an OSError."""
        path, descriptor = create_locked(self.inbox)
        try:
            write_all(descriptor, b" " * 65_536)
            self.sync(descriptor)
        finally:
            path.unlink(missing_ok=True)
            os.close(descriptor)
        return True

    def _cut_back(self) -> None:
        assert self._descriptor is not None
        with suppress(OSError):
            os.ftruncate(self._descriptor, self.size)
            os.fsync(self._descriptor)
        if not self.size:
            with suppress(OSError):
                self._path.unlink()

    def _close(self) -> None:
        if self._descriptor is not None:
            # Closing releases the lock, so that recovery can move the file.
            with suppress(OSError):
                os.close(self._descriptor)
        self._descriptor, self._started, self.size = None, None, 0


def create_locked(inbox: Path) -> tuple[Path, int]:
    """Create an open file that this process has locked, and whose name survives a power cut."""
    folder = open_folder(inbox)
    with folder_lock(folder):
        path = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{uuid4().hex[:12]}{SUFFIX}"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            sync_folder(folder)
        except OSError:
            path.unlink(missing_ok=True)
            os.close(descriptor)
            raise
    return path, descriptor


def open_folder(inbox: Path) -> Path:
    """The folder of open files; created if missing."""
    folder = inbox / OPEN_FOLDER
    make_folder(folder)
    return folder


def move_into_inbox(path: Path, *, inbox: Path) -> Path:
    """Move a complete, synced file into the folder of the UTC day on which it was created."""
    folder = day_folder(path, inbox=inbox)
    target = folder / f"events-{path.name}"
    path.rename(target)
    sync_folder(folder)
    sync_folder(path.parent)
    return target


def day_folder(path: Path, *, inbox: Path) -> Path:
    """The folder that an open file will be moved into; raises OSError where it cannot be written."""
    folder = inbox / day_of(path)
    make_folder(folder)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
    return folder


def day_of(path: Path) -> str:
    """The UTC day on which an open file was created, from its name."""
    return f"{path.name[:4]}-{path.name[4:6]}-{path.name[6:8]}"


def write_all(descriptor: int, content: bytes) -> int:
    """Write everything. One system call may write a part only, for example on a nearly full disk."""
    view = memoryview(content)
    while view:
        written = os.write(descriptor, view)
        if not written:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        view = view[written:]
    return len(content)


def make_folder(folder: Path) -> None:
    """Create a folder and its parents, so that they survive a power cut."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the file names of a folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Lock the folder: no recovery may run between the creation of a file and its lock."""
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
