"""List the event files in the inbox, and move or delete those that were ingested.

Belongs here: which files are event files, which of them are complete, the archive. Does not belong here: what an event
file contains (`parse.py`), which files were ingested before (`ingested_files.py`).
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

# What happens to an event file after its events are in the lake: the values of OG_TAKEN_DUMPS.
IngestedFilePolicy = Literal["move", "keep", "delete"]

# Suffixes that upload tools and editors give to incomplete files.
_INCOMPLETE_SUFFIXES = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".filepart", ".swp", "~")
# A file that ends inside an event, or whose writer the system cannot report, counts as complete after this time.
WRITER_GRACE_SECONDS = 900.0
# The clock of a file server may be ahead of this machine's. A change time further in the future is ignored.
_CLOCK_SKEW_SECONDS = 3600.0


@dataclass(frozen=True, kw_only=True)
class EventFile:
    """A complete file in the inbox. `name` is its path below the inbox, escaped so that it is valid UTF-8."""

    path: Path
    name: str
    bytes: int
    changed_ns: int

    @property
    def identity(self) -> tuple[str, int, int]:
        """Name, size and change time. Files with the identity of an ingested file need not be read."""
        return self.name, self.bytes, self.changed_ns

    @property
    def changed_recently(self) -> bool:
        """Whether a writer may still complete an event that is cut off at the end of the file."""
        return _changed_within(WRITER_GRACE_SECONDS, changed_ns=self.changed_ns)

    @property
    def is_unchanged(self) -> bool:
        """Whether the file on disk still has the size and change time that were listed."""
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            return False
        return (stat.st_size, stat.st_ctime_ns) == (self.bytes, self.changed_ns)

    @property
    def may_be_moved(self) -> bool:
        """Whether no process writes to the file. Bytes appended after a move would never be ingested."""
        has_writer = is_open_for_writing(self.path)
        return self.is_unchanged and not has_writer and (has_writer is False or not self.changed_recently)

    def sha256(self) -> str:
        """Return the SHA-256 of the stored bytes, before decompression."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(kw_only=True)
class InboxContents:
    """Complete event files sorted by name, the number of incomplete files, and a sentence per unreadable path."""

    event_files: list[EventFile] = field(default_factory=list)
    incomplete: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Inbox:
    """A folder of event files in any sub-folders. Ingested files are moved to `archive`.

    A file that changed less than `settle_seconds` ago counts as incomplete.
    """

    folder: Path
    archive: Path
    settle_seconds: float

    def contents(self) -> InboxContents:
        """List the inbox without reading any file."""
        contents = InboxContents()
        for path in self._files(contents.problems):
            try:
                stat = path.stat()
                if not S_ISREG(stat.st_mode):
                    continue
                is_complete = self._is_complete(path, changed_ns=stat.st_ctime_ns)
            except FileNotFoundError:
                # Another run moved it, or its writer renamed it, after the folder was listed.
                continue
            if not os.access(path, os.R_OK):
                contents.problems.append(f"{path} cannot be read by this user")
            elif not is_complete:
                contents.incomplete += 1
            else:
                name = os.fsencode(path.relative_to(self.folder)).decode(errors="backslashreplace")
                contents.event_files.append(
                    EventFile(path=path, name=name, bytes=stat.st_size, changed_ns=stat.st_ctime_ns)
                )
        contents.event_files.sort(key=lambda file: file.name)
        return contents

    def settled_contents(self) -> InboxContents:
        """List the inbox; wait up to `settle_seconds` for incomplete files to become complete."""
        deadline = time.monotonic() + self.settle_seconds + 0.5
        while (contents := self.contents()).incomplete and time.monotonic() < deadline:
            time.sleep(0.25)
        return contents

    def move_or_delete(self, file: EventFile, *, sha256: str, policy: IngestedFilePolicy) -> None:
        """Apply the policy to an ingested file. A file that has changed or may have a writer stays where it is.

        Raises `LakeError` if the file cannot be moved or deleted.
        """
        if policy == "keep" or not file.may_be_moved:
            return
        with translate_os_errors(file.path):
            if policy == "delete":
                file.path.unlink(missing_ok=True)
            else:
                shutil.move(file.path, self._archive_path(file, sha256=sha256))

    def _archive_path(self, file: EventFile, *, sha256: str) -> Path:
        target = self.archive / file.path.relative_to(self.folder)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            # The archive has a file with the name of this file's folder.
            target = self.archive / target.name
        if target.exists():
            # An earlier event file had the same name. The digest makes the name unique.
            target = target.with_name(f"{sha256[:12]}-{target.name}")
        return target

    def _files(self, problems: list[str]) -> Iterator[Path]:
        def add_problem(error: OSError) -> None:
            # A missing inbox is an empty inbox.
            if not isinstance(error, FileNotFoundError):
                problems.append(f"{error.filename} cannot be listed ({error.strerror})")

        visited: set[tuple[int, int]] = set()
        # Symbolic links are followed because a mounted bucket may be one. `visited` ends link loops.
        for folder, folders, files in os.walk(self.folder, onerror=add_problem, followlinks=True):
            stat = Path(folder).stat()
            if (stat.st_dev, stat.st_ino) in visited:
                folders.clear()
                continue
            visited.add((stat.st_dev, stat.st_ino))
            # A leading dot marks a file or folder that its writer has not finished.
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(files):
                if not name.startswith(".") and not name.lower().endswith(_INCOMPLETE_SUFFIXES):
                    yield Path(folder, name)

    def _is_complete(self, path: Path, *, changed_ns: int) -> bool:
        if _changed_within(self.settle_seconds, changed_ns=changed_ns):
            return False
        # Some network disks report every file as open. Such a file is ingested after the grace time, and never moved.
        return not is_open_for_writing(path) or not _changed_within(WRITER_GRACE_SECONDS, changed_ns=changed_ns)


def inbox_of(data_dir: Path, *, settle_seconds: float) -> Inbox:
    """Return the inbox of a data directory."""
    return Inbox(data_dir / "inbox", data_dir / "archive", settle_seconds)


def printable(sentence: str) -> str:
    """Escape what is no valid UTF-8: a file name on Linux may be any bytes."""
    return sentence.encode(errors="backslashreplace").decode()


def _changed_within(seconds: float, *, changed_ns: int) -> bool:
    age = time.time() - changed_ns / 1e9
    return bool(seconds) and -_CLOCK_SKEW_SECONDS < age < seconds
