"""Errors about files. Each text says what happened and what to do.

LakeError
├── NoRoomError       the disk is full or a quota is exhausted
├── UnreadableError   a file of the lake is damaged
└── NotWritableError  the folder cannot be created or written
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from og_assets.errors import OgAssetsError

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class LakeError(OgAssetsError):
    """Root of this package's errors."""


class NoRoomError(LakeError):
    """The disk is full. Files that were published before are complete."""


class UnreadableError(LakeError):
    """A file in the lake is damaged."""


class NotWritableError(LakeError):
    """The data directory cannot be created or written."""


@contextmanager
def translate_os_errors(path: Path) -> Iterator[None]:
    """Turn an `OSError` around `path` into a `LakeError`."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise NoRoomError(
                f"No room left to write {path}. Free space or point OG_DATA_DIR elsewhere, then run again: "
                "finished segments are kept, and no partial file is visible."
            ) from error
        raise NotWritableError(
            f"Cannot write {path} ({error.strerror or error}). Make OG_DATA_DIR a folder that this user may write, "
            "then run again."
        ) from error
