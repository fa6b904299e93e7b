"""Recovery of files that a killed receiver left open: complete lines go to the inbox, incomplete ones to quarantine.

Belongs here: files of `inbox/.receiving/` that no process has locked. Does not belong here: the file that is being
written (journal).

A line was acknowledged only after its sync, so an acknowledged line is complete. An incomplete line was never
acknowledged, and Ordergroove sends it again; quarantine keeps it anyway. If recovery itself is killed, the next
recovery repeats it, and can duplicate only what is in quarantine.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from og_assets.receiver.journal import SUFFIX, day_folder, folder_lock, move_into_inbox, open_folder, write_all
from og_assets.receiver.lines import is_complete_line
from og_assets.receiver.quarantine import Quarantine

TORN = "torn: a crash cut it off before it was acknowledged"
_REPAIRED = ".repaired"
# Events wait while recovery runs; the next recovery, a minute later, takes the rest.
_MAX_FILES = 100


@dataclass(kw_only=True)
class RecoveryResult:
    """Files moved into the inbox, their lines, and the incomplete lines that were put into quarantine.

    `problem` is the first error. The file that caused it stays unchanged; the other files are recovered.
    """

    files: int = 0
    lines: int = 0
    torn: int = 0
    problem: OSError | None = None


def recover(inbox: Path, quarantine: Quarantine) -> RecoveryResult:
    """Move every unlocked open file into the inbox; raises OSError where the files cannot be listed."""
    result = RecoveryResult()
    for path in _open_files(inbox):
        if result.files >= _MAX_FILES:
            break
        try:
            with _locked(path) as descriptor:
                if descriptor is not None:
                    _recover_file(path, descriptor, inbox=inbox, quarantine=quarantine, result=result)
        except OSError as error:
            result.problem = result.problem or error
    return result


def find_unlocked_files(inbox: Path) -> list[Path]:
    """Non-empty open files that no process has locked; raises OSError where the files cannot be listed."""
    found = []
    for path in _open_files(inbox):
        try:
            with _locked(path) as descriptor:
                if descriptor is not None and os.fstat(descriptor).st_size:
                    found.append(path)
        except OSError:
            # Unreadable: report it rather than hide it.
            found.append(path)
    return found


def _open_files(inbox: Path) -> list[Path]:
    # Not glob: it returns nothing for a folder that cannot be read.
    return sorted(path for path in open_folder(inbox).iterdir() if path.suffix == SUFFIX)


@contextmanager
def _locked(path: Path) -> Iterator[int | None]:
    """Lock an open file and yield its descriptor; None where another process has locked it or just moved it."""
    descriptor: int | None = None
    try:
        with folder_lock(path.parent):
            with suppress(FileNotFoundError):
                descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            is_locked = descriptor is not None and _try_lock(path, descriptor)
        yield descriptor if is_locked else None
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _try_lock(path: Path, descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except (BlockingIOError, FileNotFoundError):
        return False


def _recover_file(path: Path, descriptor: int, *, inbox: Path, quarantine: Quarantine, result: RecoveryResult) -> None:
    # Checked before reading: a missing permission lasts for hours, and files can be large and many.
    day_folder(path, inbox=inbox)
    pieces = path.read_bytes().split(b"\n")
    tail = pieces.pop()
    complete = [piece for piece in pieces if is_complete_line(piece)]
    torn = [piece for piece in (*pieces, tail) if piece.strip() and not is_complete_line(piece)]
    # A last line without its line break was not synced completely either.
    torn += [tail] if tail and is_complete_line(tail) else []
    for piece in torn:
        quarantine.add(piece, reason=TORN, key=None)
    if not complete:
        path.unlink(missing_ok=True)
        result.torn += len(torn)
        return
    if len(complete) < len(pieces) or tail:
        _replace_and_move(path, b"".join(piece + b"\n" for piece in complete), inbox=inbox)
    else:
        os.fsync(descriptor)
        move_into_inbox(path, inbox=inbox)
    result.files += 1
    result.lines += len(complete)
    result.torn += len(torn)


def _replace_and_move(path: Path, content: bytes, *, inbox: Path) -> None:
    # The copy is locked before it gets the name, or another receiver could recover it at the same time.
    copy = path.with_name(path.name + _REPAIRED)
    descriptor = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        write_all(descriptor, content)
        os.fsync(descriptor)
        copy.replace(path)
        move_into_inbox(path, inbox=inbox)
    finally:
        os.close(descriptor)
