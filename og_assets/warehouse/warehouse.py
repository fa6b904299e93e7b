"""Where the two files lie, and how to get hold of the one that only one process may write."""

import re
from dataclasses import dataclass
from pathlib import Path

import duckdb
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from og_assets.lake.errors import explained
from og_assets.warehouse.errors import DamagedError, LockedError

# Long enough for a colleague's query to end, short enough that a forgotten shell is noticed the same minute.
LOCK_TIMEOUT = 60.0

_HOLDER = re.compile(r"lock is held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")


@dataclass(frozen=True)
class Warehouse:
    """The warehouse folder. Cheap to make; opens nothing until asked."""

    folder: Path

    @property
    def build_file(self) -> Path:
        """What dbt writes. Analysts never open it: one writer locks out every reader."""
        return self.folder / "build.duckdb"

    @property
    def published_file(self) -> Path:
        """What analysts read: replaced whole at each publish."""
        return self.folder / "analytics.duckdb"

    def wait_until_free(self, *, timeout: float = LOCK_TIMEOUT) -> None:
        """Return once the build file can be opened for writing, or say within `timeout` seconds who holds it.

        Raises `LockedError`, `DamagedError`, or `LakeError` where the folder cannot be written.
        """
        with explained(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        attempts = Retrying(
            retry=retry_if_exception_type(LockedError), wait=wait_fixed(1), stop=stop_after_delay(timeout), reraise=True
        )
        attempts(self._open_once, timeout)

    def _open_once(self, timeout: float) -> None:
        try:
            duckdb.connect(str(self.build_file)).close()
        except duckdb.IOException as error:
            holder = _HOLDER.search(str(error))
            if holder:
                raise LockedError(
                    f"{self.build_file} is held by {holder['program']} (process {holder['pid']}); waited "
                    f"{timeout:.0f} s. Close it there, then run again. To read, open {self.published_file.name}."
                ) from None
            raise DamagedError(
                f"{self.build_file} cannot be opened: {_first_line(error)} Move it away and run the build again: it "
                "is made anew from the lake."
            ) from None


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
