"""Wait for the lock of the build file: the holder, the time-out, and files that are damaged."""

import os
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from og_assets.lake.errors import NoRoomError, NotWritableError
from og_assets.warehouse.errors import DamagedError, LockedError
from og_assets.warehouse.warehouse import Warehouse

from .warehouse_folder import WarehouseFolder


class FakeClock:
    """Replaces `time` in tenacity: a pause takes no time, and calls `on_pause`."""

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self.on_pause: Callable[[], object] = lambda: None

    def monotonic(self) -> float:
        return sum(self.pauses)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.on_pause()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    clock = FakeClock()
    monkeypatch.setattr("tenacity.time", clock)
    monkeypatch.setattr("tenacity.nap.time", clock)
    return clock


def test_missing_folder_is_created_and_a_missing_file_is_free(folder: WarehouseFolder) -> None:
    folder.warehouse.wait_until_free(timeout=0)
    folder.warehouse.wait_until_free(timeout=0)


def test_locked_file_is_reported_with_its_holder(folder: WarehouseFolder, clock: FakeClock) -> None:
    folder.build()
    with folder.locked() as process:
        with pytest.raises(LockedError) as caught:
            folder.warehouse.wait_until_free(timeout=2.5)
        assert clock.pauses == [1, 1]
        assert f"(process {process.pid})" in str(caught.value)
        assert "python" in str(caught.value)
        assert "analytics.duckdb" in str(caught.value)


def test_timeout_of_zero_does_not_wait(folder: WarehouseFolder, clock: FakeClock) -> None:
    folder.build()
    with folder.locked(), pytest.raises(LockedError):
        folder.warehouse.wait_until_free(timeout=0)
    assert clock.pauses == []


def test_file_that_is_released_in_time_is_opened(folder: WarehouseFolder, clock: FakeClock) -> None:
    folder.build()
    with folder.locked() as process:
        clock.on_pause = process.communicate
        folder.warehouse.wait_until_free(timeout=10)
    assert clock.pauses == [1]


# DuckDB does not know the holder in another container, and does not name it in this process.
@pytest.mark.parametrize(
    ("message", "holder"),
    [
        ("Conflicting lock is held in PID 0. See also https://duckdb.org", "another process"),
        ("Conflicting lock is held in PID 4711. See also https://duckdb.org", "another program (process 4711)"),
        ("Conflicting lock is held in /usr/bin/duckdb (PID 4711) by user ada.", "/usr/bin/duckdb (process 4711)"),
        ("Lock is already held in current process, likely another DuckDB instance.", "another process"),
    ],
)
def test_locked_file_is_not_reported_as_damaged(folder: WarehouseFolder, message: str, holder: str) -> None:
    with pytest.raises(LockedError) as caught, folder.warehouse.translate_duckdb_errors(waited=7):
        raise duckdb.IOException(f'IO Error: Could not set lock on file "{folder.warehouse.build_file}": {message}')
    assert f"is held by {holder}; waited 7 s." in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"DUCK", os.urandom(20_000)], ids=["empty", "short", "random"])
def test_file_that_is_not_a_database_is_damaged_and_not_waited_for(
    folder: WarehouseFolder, clock: FakeClock, content: bytes
) -> None:
    folder.build()
    folder.warehouse.build_file.write_bytes(content)
    with pytest.raises(DamagedError, match="Move it away") as caught:
        folder.warehouse.wait_until_free(timeout=30)
    assert clock.pauses == []
    assert str(folder.warehouse.build_file) in str(caught.value)


def test_folder_in_place_of_the_file_is_not_damage(folder: WarehouseFolder) -> None:
    folder.warehouse.build_file.mkdir(parents=True)
    with pytest.raises(NotWritableError, match="OG_DATA_DIR"):
        folder.warehouse.wait_until_free(timeout=0)


def test_full_disk_is_not_damage(folder: WarehouseFolder) -> None:
    message = "IO Error: Could not write file: No space left on device"
    with pytest.raises(OSError, match="No space left") as caught, folder.warehouse.translate_duckdb_errors():
        raise duckdb.IOException(message)
    assert not isinstance(caught.value, NoRoomError)


def test_folder_that_cannot_be_created_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotWritableError, match="OG_DATA_DIR"):
        Warehouse(tmp_path / "file" / "warehouse").wait_until_free(timeout=0)
