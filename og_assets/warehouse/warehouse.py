"""Where the two files lie, and how to get hold of the one that only one process may write."""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
from tenacity import Retrying, retry_if_exception_type, stop_before_delay, wait_fixed

from og_assets.lake.errors import NO_ROOM, translate_os_errors
from og_assets.warehouse.errors import DamagedError, LockedError

# Long enough for a colleague's query to end, short enough that a forgotten shell is noticed the same minute.
LOCK_TIMEOUT = 60.0

# DuckDB tells these in words only. The file is not to blame for them.
_NOT_DAMAGED = (*NO_ROOM, errno.EACCES, errno.EROFS, errno.EISDIR)
_LOCKED = "Could not set lock on file"
# DuckDB leaves out the program where it cannot see it, and says 0 where the process is in another container.
_HOLDER = re.compile(r"lock is held in (?:(?P<program>.+?) \()?PID (?P<pid>\d+)")


@dataclass(frozen=True)
class Warehouse:
    """The warehouse folder. Cheap to make; opens nothing until asked. `lock_timeout` is in seconds."""

    folder: Path
    lock_timeout: float = LOCK_TIMEOUT

    @property
    def build_file(self) -> Path:
        """What dbt writes. Analysts never open it: one writer locks out every reader."""
        return self.folder / "build.duckdb"

    @property
    def published_file(self) -> Path:
        """What analysts read: replaced whole at each publish."""
        return self.folder / "analytics.duckdb"

    def wait_until_free(self, *, timeout: float | None = None) -> None:
        """Return once the build file can be opened for writing, or say within `timeout` seconds who holds it.

        Without one, `lock_timeout` is it.

        Raises `LockedError`, `DamagedError`, or `LakeError` where the folder cannot be written.
        """
        timeout = self.lock_timeout if timeout is None else timeout
        with translate_os_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        attempts = Retrying(
            retry=retry_if_exception_type(LockedError),
            wait=wait_fixed(1),
            stop=stop_before_delay(timeout),
            reraise=True,
        )
        attempts(self._open_once, timeout)

    @contextmanager
    def translate_duckdb_errors(self, *, waited: float = 0.0) -> Iterator[None]:
        """Turn what DuckDB says of the build file into a sentence, or into the `OSError` that it is about."""
        try:
            yield
        except duckdb.IOException as error:
            said = str(error).splitlines()[0]
            if code := next((code for code in _NOT_DAMAGED if os.strerror(code) in said), None):
                raise OSError(code, os.strerror(code)) from None
            if _LOCKED in said:
                raise LockedError(
                    f"{self.build_file} is held by {_holder(said)}; waited {waited:.0f} s. Close it there, then run "
                    f"again. To read, open {self.published_file.name}."
                ) from None
            raise DamagedError(
                f"{self.build_file} cannot be read: {said} Move it away and run the build again: it is made anew from "
                "the lake."
            ) from None

    def _open_once(self, timeout: float) -> None:
        with translate_os_errors(self.build_file), self.translate_duckdb_errors(waited=timeout):
            duckdb.connect(str(self.build_file)).close()


def _holder(said: str) -> str:
    found = _HOLDER.search(said)
    if not found or found["pid"] == "0":
        return "another process"
    return f"{found['program'] or 'another program'} (process {found['pid']})"
