"""Taking up what a receiver left open when it died: whole lines go into the inbox, torn ones into quarantine.

Belongs here: files of `inbox/.receiving/` that nobody holds. Does not belong here: the file that is being written
(journal).

A line that was acknowledged had been synced, so it is whole. What is torn was never acknowledged, and will be sent
again; it is kept all the same. Killed in the middle of this, the next recovery does it again and doubles at most
what is in quarantine.
"""

import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from og_assets.receiver.journal import SUFFIX, folder_lock, open_folder, publish, write_all
from og_assets.receiver.lines import is_line
from og_assets.receiver.quarantine import Quarantine

TORN = "torn: a crash cut it off before it was acknowledged"
_REPAIRED = ".repaired"
_AT_ONCE = 100  # Each is an open file for a moment; what is left is taken up a minute later.


@dataclass(kw_only=True)
class Recovered:
    """What was found: files moved into the inbox, the lines in them, and pieces put into quarantine."""

    files: int = 0
    lines: int = 0
    torn: int = 0


def recover(inbox: Path, quarantine: Quarantine) -> Recovered:
    """Move every open file that nobody holds into the inbox; raises OSError, and may then be called again."""
    recovered = Recovered()
    held = _take_files(open_folder(inbox))
    try:
        for path, descriptor in held:
            _recover_file(path, descriptor, inbox=inbox, quarantine=quarantine, recovered=recovered)
    finally:
        for _, descriptor in held:
            os.close(descriptor)
    return recovered


def _take_files(folder: Path) -> list[tuple[Path, int]]:
    held = []
    with folder_lock(folder):
        for path in sorted(folder.glob(f"*{SUFFIX}"))[:_AT_ONCE]:
            # The other receiver may move its file away at any moment.
            with suppress(FileNotFoundError):
                descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
                if _is_ours(path, descriptor):
                    held.append((path, descriptor))
                else:
                    os.close(descriptor)
    return held


def _is_ours(path: Path, descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except (BlockingIOError, FileNotFoundError):
        return False


def _recover_file(path: Path, descriptor: int, *, inbox: Path, quarantine: Quarantine, recovered: Recovered) -> None:
    pieces = path.read_bytes().split(b"\n")
    tail = pieces.pop()
    whole = [piece for piece in pieces if is_line(piece)]
    torn = [piece for piece in (*pieces, tail) if piece.strip() and not is_line(piece)]
    # A last line that lacks only its line break was not synced either: it counts as torn.
    torn += [tail] if tail and is_line(tail) else []
    for piece in torn:
        quarantine.add(piece, reason=TORN, key=None)
    recovered.torn += len(torn)
    if not whole:
        path.unlink(missing_ok=True)
        return
    if len(whole) < len(pieces) or tail:
        _put_in_place(path, b"".join(piece + b"\n" for piece in whole), inbox=inbox)
    else:
        os.fsync(descriptor)
        publish(path, inbox=inbox)
    recovered.files += 1
    recovered.lines += len(whole)


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
