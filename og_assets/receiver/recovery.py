"""Taking up what a receiver left open when it died: whole lines go into the inbox, torn ones into quarantine.

Belongs here: files of `inbox/.receiving/` that nobody holds. Does not belong here: the file that is being written
(journal).

A line that was acknowledged had been synced, so it is whole. What is torn was never acknowledged, and will be sent
again; it is kept all the same. Killed in the middle of this, the next recovery does it again and doubles at most
what is in quarantine.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from og_assets.receiver.journal import SUFFIX, day_folder, folder_lock, open_folder, publish, write_all
from og_assets.receiver.lines import is_line
from og_assets.receiver.quarantine import Quarantine

TORN = "torn: a crash cut it off before it was acknowledged"
_REPAIRED = ".repaired"
_AT_ONCE = 100  # Events wait meanwhile; what is left is taken up a minute later.


@dataclass(kw_only=True)
class Recovered:
    """What was found: files moved into the inbox, the lines in them, and pieces put into quarantine.

    `problem` is the first that a file met. That file stays as it is; it keeps back no other.
    """

    files: int = 0
    lines: int = 0
    torn: int = 0
    problem: OSError | None = None


def recover(inbox: Path, quarantine: Quarantine) -> Recovered:
    """Move every open file that nobody holds into the inbox; raises OSError where they cannot be listed."""
    recovered = Recovered()
    for path in _open_files(inbox):
        if recovered.files >= _AT_ONCE:
            break
        try:
            with _held(path) as descriptor:
                if descriptor is not None:
                    _recover_file(path, descriptor, inbox=inbox, quarantine=quarantine, recovered=recovered)
        except OSError as error:
            recovered.problem = recovered.problem or error
    return recovered


def waiting(inbox: Path) -> list[Path]:
    """Open files with something in them that nobody holds; raises OSError where they cannot be listed."""
    found = []
    for path in _open_files(inbox):
        try:
            with _held(path) as descriptor:
                if descriptor is not None and os.fstat(descriptor).st_size:
                    found.append(path)
        except OSError:
            # It is there, and nobody can say that it is not ours.
            found.append(path)
    return found


def _open_files(inbox: Path) -> list[Path]:
    # Not glob: it takes a folder that cannot be read for an empty one.
    return sorted(path for path in open_folder(inbox).iterdir() if path.suffix == SUFFIX)


@contextmanager
def _held(path: Path) -> Iterator[int | None]:
    """Lock an open file and give its descriptor; None where another holds it, or has just moved it away."""
    descriptor: int | None = None
    try:
        with folder_lock(path.parent):
            with suppress(FileNotFoundError):
                descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            is_ours = descriptor is not None and _is_ours(path, descriptor)
        yield descriptor if is_ours else None
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _is_ours(path: Path, descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except (BlockingIOError, FileNotFoundError):
        return False


def _recover_file(path: Path, descriptor: int, *, inbox: Path, quarantine: Quarantine, recovered: Recovered) -> None:
    # Before it is read: where this fails it fails for hours, and files may be large and many.
    day_folder(path, inbox=inbox)
    pieces = path.read_bytes().split(b"\n")
    tail = pieces.pop()
    whole = [piece for piece in pieces if is_line(piece)]
    torn = [piece for piece in (*pieces, tail) if piece.strip() and not is_line(piece)]
    # A last line that lacks only its line break was not synced either: it counts as torn.
    torn += [tail] if tail and is_line(tail) else []
    for piece in torn:
        quarantine.add(piece, reason=TORN, key=None)
    if not whole:
        path.unlink(missing_ok=True)
        recovered.torn += len(torn)
        return
    if len(whole) < len(pieces) or tail:
        _put_in_place(path, b"".join(piece + b"\n" for piece in whole), inbox=inbox)
    else:
        os.fsync(descriptor)
        publish(path, inbox=inbox)
    recovered.files += 1
    recovered.lines += len(whole)
    recovered.torn += len(torn)


def _put_in_place(path: Path, content: bytes, *, inbox: Path) -> None:
    # The copy is locked before it takes the name, or another receiver would take it for a file of the dead.
    copy = path.with_name(path.name + _REPAIRED)
    descriptor = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        write_all(descriptor, content)
        os.fsync(descriptor)
        copy.replace(path)
        publish(path, inbox=inbox)
    finally:
        os.close(descriptor)
