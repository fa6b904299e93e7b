"""Getting hold of the build file: who holds it, for how long we wait, and what a damaged one is called."""

import os
from contextlib import AbstractContextManager
from pathlib import Path
from time import monotonic
from typing import Protocol

import duckdb
import pytest

from og_assets.lake.errors import NoRoomError, NotWritableError
from og_assets.warehouse.errors import DamagedError, LockedError
from og_assets.warehouse.warehouse import Warehouse


class Yard(Protocol):
    warehouse: Warehouse

    def built(self, rows: int = 10) -> None: ...
    def held(self, *, seconds: float = 60) -> AbstractContextManager[int]: ...


def test_folder_is_made_and_an_absent_file_is_free(yard: Yard) -> None:
    yard.warehouse.wait_until_free(timeout=0)
    yard.warehouse.wait_until_free(timeout=0)


def test_file_that_another_process_holds_is_told_with_its_process(yard: Yard) -> None:
    yard.built()
    with yard.held() as pid:
        began = monotonic()
        with pytest.raises(LockedError) as caught:
            yard.warehouse.wait_until_free(timeout=1.2)
        assert 0.9 < monotonic() - began < 1.9
        assert f"(process {pid})" in str(caught.value)
        assert "python" in str(caught.value)
        assert "analytics.duckdb" in str(caught.value)
        began = monotonic()
        with pytest.raises(LockedError):
            yard.warehouse.wait_until_free(timeout=0)
        assert monotonic() - began < 0.9


def test_file_that_is_let_go_in_time_is_waited_for(yard: Yard) -> None:
    yard.built()
    with yard.held(seconds=0.5):
        yard.warehouse.wait_until_free(timeout=10)


# What DuckDB says where it cannot tell who it is: in another container, or in this very process.
@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Conflicting lock is held in PID 0. See also https://duckdb.org", "another process"),
        ("Conflicting lock is held in PID 4711. See also https://duckdb.org", "another program (process 4711)"),
        ("Conflicting lock is held in /usr/bin/duckdb (PID 4711) by user ada.", "/usr/bin/duckdb (process 4711)"),
        ("Lock is already held in current process, likely another DuckDB instance.", "another process"),
    ],
)
def test_locked_file_is_never_called_damaged(yard: Yard, said: str, told: str) -> None:
    with pytest.raises(LockedError) as caught, yard.warehouse.translate_duckdb_errors(waited=7):
        raise duckdb.IOException(f'IO Error: Could not set lock on file "{yard.warehouse.build_file}": {said}')
    assert f"is held by {told}; waited 7 s." in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"DUCK", os.urandom(20_000)], ids=["empty", "short", "random"])
def test_file_that_is_no_database_is_damaged_and_not_waited_for(yard: Yard, content: bytes) -> None:
    yard.built()
    yard.warehouse.build_file.write_bytes(content)
    began = monotonic()
    with pytest.raises(DamagedError, match="Move it away") as caught:
        yard.warehouse.wait_until_free(timeout=30)
    assert monotonic() - began < 5
    assert str(yard.warehouse.build_file) in str(caught.value)


def test_folder_in_the_place_of_the_file_is_no_damage(yard: Yard) -> None:
    yard.warehouse.build_file.mkdir(parents=True)
    with pytest.raises(NotWritableError, match="OG_DATA_DIR"):
        yard.warehouse.wait_until_free(timeout=0)


def test_full_disk_is_no_damage(yard: Yard) -> None:
    said = "IO Error: Could not write file: No space left on device"
    with pytest.raises(OSError, match="No space left") as caught, yard.warehouse.translate_duckdb_errors():
        raise duckdb.IOException(said)
    assert not isinstance(caught.value, NoRoomError)


def test_folder_that_cannot_be_made_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotWritableError, match="OG_DATA_DIR"):
        Warehouse(tmp_path / "file" / "warehouse").wait_until_free(timeout=0)
