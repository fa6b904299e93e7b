"""Makes an object once for all processes of a test session."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from filelock import FileLock

T = TypeVar("T")


def load_or_make(file: Path, make: Callable[[], T]) -> T:
    """Load the object from the file; the first process makes and stores it, the others wait for the lock."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_suffix(".lock")):
        if not file.exists():
            part = file.with_suffix(".part")
            part.write_bytes(pickle.dumps(make()))
            part.replace(file)
        # The file is one that this test session wrote.
        made: T = pickle.loads(file.read_bytes())  # noqa: S301
        return made
