"""Locks, damage, a full disk or a kill fail the publish and do not change the published file."""

import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from og_assets.lake.errors import NotWritableError
from og_assets.warehouse.errors import DamagedError, LockedError
from og_assets.warehouse.publish import publish
from og_assets.warehouse.warehouse import Warehouse

from .warehouse_folder import WarehouseFolder


def test_locked_build_file_is_reported_with_its_holder_and_nothing_changes(
    folder: WarehouseFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.build()
    wait_until_free = Warehouse.wait_until_free
    monkeypatch.setattr(Warehouse, "wait_until_free", lambda warehouse: wait_until_free(warehouse, timeout=0))
    with folder.locked() as process:
        with pytest.raises(LockedError, match=str(process.pid)):
            publish(folder.warehouse)
        # As if the lock was taken between waiting and opening.
        monkeypatch.setattr(Warehouse, "wait_until_free", lambda _: None)
        with pytest.raises(LockedError, match=str(process.pid)):
            publish(folder.warehouse)
    assert folder.files() == {"build.duckdb"}


def test_damage_found_while_copying_is_reported_and_nothing_changes(folder: WarehouseFolder) -> None:
    folder.build(rows=200_000)
    publish(folder.warehouse)
    before = folder.warehouse.published_file.read_bytes()
    path = folder.warehouse.build_file
    content = bytearray(path.read_bytes())
    # In the middle of the data, so that the file opens and fails when it is read.
    content[len(content) // 2 : len(content) // 2 + 1000] = bytes(1000)
    path.write_bytes(content)
    folder.warehouse.wait_until_free(timeout=0)
    with pytest.raises(DamagedError, match="rebuilt from the lake"):
        publish(folder.warehouse)
    assert folder.warehouse.published_file.read_bytes() == before
    assert folder.files() == {"build.duckdb", "analytics.duckdb"}


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.7], ids=["empty", "header only", "third", "most"])
def test_truncated_build_file_is_reported_and_nothing_changes(folder: WarehouseFolder, share: float) -> None:
    folder.build(rows=200_000)
    path = folder.warehouse.build_file
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(DamagedError, match="rebuilt from the lake"):
        publish(folder.warehouse)
    assert folder.files() == {"build.duckdb"}


SCRIPT = """
import resource, sys
from pathlib import Path
from og_assets.errors import OgAssetsError
from og_assets.warehouse.publish import build_started_at, publish
from og_assets.warehouse.warehouse import Warehouse
warehouse = Warehouse(Path(sys.argv[1]))
"""


def test_full_disk_is_reported_and_nothing_changes(
    folder: WarehouseFolder, subprocess_environment: dict[str, str]
) -> None:
    folder.build(rows=10)
    publish(folder.warehouse)
    folder.create_mart(200_000)
    script = """
resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))
try:
    publish(warehouse)
except OgAssetsError as error:
    print(type(error).__name__, error)
"""
    output = subprocess.check_output(
        [sys.executable, "-c", SCRIPT + script, str(folder.warehouse.folder)], text=True, env=subprocess_environment
    )
    assert output.startswith("NoRoomError")
    assert "Free space" in output
    assert folder.query_published("select count(*) from fct_orders") == [(10,)]
    assert folder.files() == {"build.duckdb", "analytics.duckdb"}


def test_killed_publish_changes_nothing_and_the_next_one_succeeds(
    folder: WarehouseFolder, subprocess_environment: dict[str, str]
) -> None:
    folder.build(rows=10)
    publish(folder.warehouse)
    folder.create_mart(100_000)
    script = """
from og_assets.warehouse import publish as module
copy = module._copy
def copy_and_wait(*arguments, **options):
    copy(*arguments, **options)
    print("copied", flush=True)
    sys.stdin.read()
module._copy = copy_and_wait
publish(warehouse)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT + script, str(folder.warehouse.folder)],
        env=subprocess_environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stdout.readline() == b"copied\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert ".analytics.duckdb.part" in folder.files()
    assert folder.query_published("select count(*) from fct_orders") == [(10,)]
    publish(folder.warehouse)
    assert folder.query_published("select count(*) from fct_orders") == [(100_000,)]
    assert folder.files() == {"build.duckdb", "analytics.duckdb"}


def test_leftovers_of_a_killed_publish_are_not_published(folder: WarehouseFolder) -> None:
    folder.build()
    partial = folder.warehouse.folder / ".analytics.duckdb.part"
    with duckdb.connect(str(partial)) as connection:
        connection.execute("create table dim_leftover as select 1 as id")
    partial.with_name(f"{partial.name}.wal").write_bytes(b"partial log")
    publish(folder.warehouse)
    assert folder.query_published("select table_name from duckdb_tables()") == [("fct_orders",)]
    assert folder.files() == {"build.duckdb", "analytics.duckdb"}


def test_folder_that_cannot_be_created_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotWritableError, match="OG_DATA_DIR"):
        publish(Warehouse(tmp_path / "file" / "warehouse"))
