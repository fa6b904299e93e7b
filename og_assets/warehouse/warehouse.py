"""Locate the two warehouse files, and wait until the build file can be opened for writing."""

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

# Long enough for another query to end, short enough to report a forgotten open shell within a minute.
LOCK_TIMEOUT = 60.0

# DuckDB reports these only as text. They do not mean that the file is damaged.
_NOT_DAMAGED = (*NO_ROOM, errno.EACCES, errno.EROFS, errno.EISDIR)
_LOCKED = "Could not set lock on file"
# DuckDB omits a program that it cannot see, and reports PID 0 for a process in another container.
_HOLDER = re.compile(r"lock is held in (?:(?P<program>.+?) \()?PID (?P<pid>\d+)")


@dataclass(frozen=True)
class Warehouse:
    """The warehouse folder. Cheap to create: opens no file. `lock_timeout` is in seconds."""

    folder: Path
    lock_timeout: float = LOCK_TIMEOUT

    @property
    def build_file(self) -> Path:
        """The file that dbt writes. Analysts never open it, because a writer locks out every reader."""
        return self.folder / "build.duckdb"

    @property
    def published_file(self) -> Path:
        """The file that analysts read. Each publish replaces it."""
        return self.folder / "analytics.duckdb"

    def wait_until_free(self, *, timeout: float | None = None) -> None:
        """Wait up to `timeout` seconds (default `lock_timeout`) until the build file can be opened for writing.

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
        """Turn DuckDB's errors about the build file into a `WarehouseError`, or into the `OSError` behind them."""
        try:
            yield
        except duckdb.IOException as error:
            message = str(error).splitlines()[0]
            if code := next((code for code in _NOT_DAMAGED if os.strerror(code) in message), None):
                raise OSError(code, os.strerror(code)) from None
            if _LOCKED in message:
                raise LockedError(
                    f"{self.build_file} is held by {_holder(message)}; waited {waited:.0f} s. Close it there, then run "
                    f"again. To read, open {self.published_file.name}."
                ) from None
            raise DamagedError(
                f"{self.build_file} cannot be read: {message} Move it away and run the build again: it is rebuilt from "
                "the lake."
            ) from None

    def _open_once(self, timeout: float) -> None:
        with translate_os_errors(self.build_file), self.translate_duckdb_errors(waited=timeout):
            duckdb.connect(str(self.build_file)).close()


def _holder(message: str) -> str:
    found = _HOLDER.search(message)
    if not found or found["pid"] == "0":
        return "another process"
    return f"{found['program'] or 'another program'} (process {found['pid']})"
