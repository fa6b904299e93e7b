"""The inbox: where dumps of webhook events are put, by the receiver or by anybody else, in any folder below it.

Belongs here: which files are dumps, which of them are whole, and what becomes of one that was taken in. Does not belong
here: what is in them (`dumps.py`), which were taken in (`ingested_files.py`). A file or folder whose name
begins with a dot is somebody's work in progress, and so is one that is named like it.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG
from typing import Literal

from og_assets.events.open_files import is_open_for_writing
from og_assets.lake.errors import translate_os_errors

TakenDumps = Literal["move", "keep", "delete"]

# What uploads and editors call a file that is not whole yet.
_UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".filepart", ".swp", "~")
# A dump that ends in the middle of an event gets this long to be finished, and one whose writer cannot be known is not
# moved before it has rested so long.
LONG_REST_SECONDS = 900.0
# A file server's clock may be ahead of ours. Further than this its times say nothing.
_CLOCK_SKEW_SECONDS = 3600.0


@dataclass(frozen=True, kw_only=True)
class EventFile:
    """A whole file in the inbox. `name` is its path below the inbox, in text that any file can hold."""

    path: Path
    name: str
    bytes: int
    changed_ns: int

    @property
    def is_young(self) -> bool:
        """Whether it changed so recently that an end in the middle of an event may still be mended."""
        return _changed_within(LONG_REST_SECONDS, changed_ns=self.changed_ns)

    @property
    def is_unchanged(self) -> bool:
        """Whether the file is still the one that was found."""
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            return False
        return (stat.st_size, stat.st_ctime_ns) == (self.bytes, self.changed_ns)

    @property
    def may_be_moved(self) -> bool:
        """Whether nobody writes to it any more: what was appended after the move would never be seen."""
        has_writer = is_open_for_writing(self.path)
        return self.is_unchanged and not has_writer and (has_writer is False or not self.is_young)

    def sha256(self) -> str:
        """Digest of the bytes as they lie there."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(kw_only=True)
class Contents:
    """What lies in the inbox: whole dumps by name, how many files are being written, and what cannot be looked at."""

    dumps: list[EventFile] = field(default_factory=list)
    unfinished: int = 0
    problems: list[str] = field(default_factory=list)


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
        for path in self._files(contents.problems):
            try:
                stat = path.stat()
                if not S_ISREG(stat.st_mode):
                    continue
                is_whole = self._is_whole(path, changed_ns=stat.st_ctime_ns)
            except FileNotFoundError:
                # Taken in by another run, or renamed by its writer, since the folder was listed.
                continue
            if not os.access(path, os.R_OK):
                contents.problems.append(f"{path} cannot be read by this user")
            elif not is_whole:
                contents.unfinished += 1
            else:
                name = os.fsencode(path.relative_to(self.folder)).decode(errors="backslashreplace")
                contents.dumps.append(EventFile(path=path, name=name, bytes=stat.st_size, changed_ns=stat.st_ctime_ns))
        contents.dumps.sort(key=lambda dump: dump.name)
        return contents

    def settled(self) -> Contents:
        """Look at every file, and wait for those that have only just been put there."""
        deadline = time.monotonic() + self.settle_seconds + 0.5
        while (contents := self.contents()).unfinished and time.monotonic() < deadline:
            time.sleep(0.25)
        return contents

    def put_away(self, dump: EventFile, *, sha256: str, policy: TakenDumps) -> None:
        """Move or remove a dump that is in the lake. One that has changed, or that may have a writer, stays.

        Raises `LakeError` where it cannot be moved.
        """
        if policy == "keep" or not dump.may_be_moved:
            return
        with translate_os_errors(dump.path):
            if policy == "delete":
                dump.path.unlink(missing_ok=True)
            else:
                shutil.move(dump.path, self._place_for(dump, sha256=sha256))

    def _place_for(self, dump: EventFile, *, sha256: str) -> Path:
        target = self.archive / dump.path.relative_to(self.folder)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            # A file in the archive has the name of this one's folder.
            target = self.archive / target.name
        if target.exists():
            # Another dump had this name before; this one gets its content's name with it.
            target = target.with_name(f"{sha256[:12]}-{target.name}")
        return target

    def _files(self, problems: list[str]) -> Iterator[Path]:
        def tell(error: OSError) -> None:
            # No inbox yet is an empty inbox.
            if not isinstance(error, FileNotFoundError):
                problems.append(f"{error.filename} cannot be listed ({error.strerror})")

        seen: set[tuple[int, int]] = set()
        # Links are followed: a mounted bucket may be one. A link that leads back is followed once.
        for folder, folders, files in os.walk(self.folder, onerror=tell, followlinks=True):
            stat = Path(folder).stat()
            if (stat.st_dev, stat.st_ino) in seen:
                folders.clear()
                continue
            seen.add((stat.st_dev, stat.st_ino))
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(files):
                if not name.startswith(".") and not name.lower().endswith(_UNFINISHED):
                    yield Path(folder, name)

    def _is_whole(self, path: Path, *, changed_ns: int) -> bool:
        if _changed_within(self.settle_seconds, changed_ns=changed_ns):
            return False
        # Some network disks call every file open. After a long rest such a file is taken in, but never moved.
        return not is_open_for_writing(path) or not _changed_within(LONG_REST_SECONDS, changed_ns=changed_ns)


def inbox_of(data_dir: Path, *, settle_seconds: float) -> Inbox:
    """Return the inbox of a data directory."""
    return Inbox(data_dir / "inbox", data_dir / "archive", settle_seconds)


def _changed_within(seconds: float, *, changed_ns: int) -> bool:
    age = time.time() - changed_ns / 1e9
    return bool(seconds) and -_CLOCK_SKEW_SECONDS < age < seconds
