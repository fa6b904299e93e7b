"""Publishing: only what passed, all at once, and nobody who reads is disturbed."""

import signal
import subprocess
import sys
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pytest

from og_assets.lake.errors import NotWritableError
from og_assets.warehouse.errors import DamagedError, LockedError, NotPassedError
from og_assets.warehouse.publish import build_started_at, publish
from og_assets.warehouse.warehouse import Warehouse


class Yard(Protocol):
    warehouse: Warehouse

    def sql(self, statement: str) -> None: ...
    def invocation(self, *, day: int, full: bool = True, passed: bool = True, finished: bool = True) -> None: ...
    def mart(self, rows: int, *, name: str = "fct_orders") -> None: ...
    def built(self, rows: int = 10) -> None: ...
    def published(self, query: str) -> list[tuple[Any, ...]]: ...
    def files(self) -> set[str]: ...
    def held(self, *, seconds: float = 60) -> AbstractContextManager[int]: ...


# What is published


def test_marts_are_published_and_nothing_else(yard: Yard) -> None:
    yard.built(rows=10)
    yard.mart(3, name="dim_customers")
    yard.sql("create schema staging; create table staging.stg_orders as select 1 as id; create table loose as select 1")
    assert publish(yard.warehouse) == {"dim_customers": 3, "fct_orders": 10}
    assert yard.published("select schema_name || '.' || table_name from duckdb_tables() order by 1") == [
        ("main.dim_customers",),
        ("main.fct_orders",),
    ]
    assert yard.published("select count(*), sum(n) from fct_orders") == [(10, 45)]
    assert yard.files() == {"build.duckdb", "analytics.duckdb"}


def test_start_of_the_published_build_is_the_newest_one(yard: Yard) -> None:
    yard.built()
    yard.invocation(day=2)
    publish(yard.warehouse)
    assert build_started_at(yard.warehouse) == datetime(2026, 6, 2, 12, tzinfo=UTC).timestamp()


def test_rows_are_sorted_by_their_key(yard: Yard) -> None:
    yard.built(rows=1000)
    publish(yard.warehouse)
    keys = [row[0] for row in yard.published("select order_id from fct_orders")]
    assert all(before < after for before, after in pairwise(keys))


def test_types_and_nulls_arrive_as_they_were(yard: Yard) -> None:
    yard.built()
    columns = """
        create table marts.dim_all as
        select 1::bigint as id, 1.50::decimal(18, 4) as money, timestamptz '2026-06-01 00:00:00+00' as at,
            date '2026-06-01' as day, null::boolean as flag, 'Größe' as text
    """
    yard.sql(columns)
    publish(yard.warehouse)
    described = "select column_name, data_type from duckdb_columns() where table_name = 'dim_all' order by column_index"
    assert [kind for _, kind in yard.published(described)] == [
        "BIGINT",
        "DECIMAL(18,4)",
        "TIMESTAMP WITH TIME ZONE",
        "DATE",
        "BOOLEAN",
        "VARCHAR",
    ]
    assert yard.published("select flag, text from dim_all") == [(None, "Größe")]


def test_comments_are_carried(yard: Yard) -> None:
    yard.built()
    yard.sql(
        """
        comment on table marts.fct_orders is 'One row per order. It''s whole.';
        comment on column marts.fct_orders.order_id is 'Ordergroove''s id.';
        """
    )
    publish(yard.warehouse)
    assert yard.published("select comment from duckdb_tables()") == [("One row per order. It's whole.",)]
    assert yard.published("select column_name, comment from duckdb_columns() where table_name = 'fct_orders'") == [
        ("order_id", "Ordergroove's id."),
        ("n", None),
    ]


def test_questions_with_an_argument_are_published_with_the_marts_that_they_ask(yard: Yard) -> None:
    yard.built(rows=10)
    yard.sql(
        "create macro marts.orders_below(bound) as table select count(*) as c from marts.fct_orders where n < bound"
    )
    publish(yard.warehouse)
    assert yard.published("select c from orders_below(3)") == [(3,)]
    assert publish(yard.warehouse) == {"fct_orders": 10}, "twice is once"
    yard.sql("drop macro table marts.orders_below")
    publish(yard.warehouse)
    assert yard.published("select count(*) from duckdb_functions() where function_name = 'orders_below'") == [(0,)]


def test_publishing_twice_gives_the_same(yard: Yard) -> None:
    yard.built(rows=1000)
    publish(yard.warehouse)
    once = yard.published("from fct_orders")
    publish(yard.warehouse)
    assert yard.published("from fct_orders") == once


def test_table_that_is_gone_from_the_build_is_gone_from_the_published_file(yard: Yard) -> None:
    yard.built()
    yard.mart(3, name="dim_old")
    publish(yard.warehouse)
    yard.sql("drop table marts.dim_old")
    assert publish(yard.warehouse) == {"fct_orders": 10}


# What is refused

FULL = {"full": True, "passed": True, "finished": True}
FAILED = {"full": True, "passed": False, "finished": True}
KILLED = {"full": False, "passed": False, "finished": False}
PART = {"full": False, "passed": True, "finished": True}
PART_FAILED = {"full": False, "passed": False, "finished": True}


@pytest.mark.parametrize(
    ("log", "may_be_published"),
    [
        ([FULL], True),
        ([FAILED, FULL], True),
        ([KILLED, PART_FAILED, FULL], True),
        ([FULL, PART], False),
        ([FULL, PART, FULL], True),
        ([FULL, FAILED, FULL], True),
        ([], False),
        ([FAILED], False),
        ([KILLED], False),
        ([PART], False),
        ([FULL, FAILED], False),
        ([FULL, KILLED], False),
        ([FULL, PART_FAILED], False),
        ([FULL, KILLED, PART], False),
        ([FULL, FAILED, PART], False),
    ],
)
def test_only_a_full_build_that_passed_and_is_not_in_doubt_is_published(
    yard: Yard, log: list[dict[str, bool]], may_be_published: bool
) -> None:
    yard.mart(10)
    for day, row in enumerate(log, start=1):
        yard.invocation(day=day, **row)
    if may_be_published:
        assert publish(yard.warehouse) == {"fct_orders": 10}
        return
    with pytest.raises(NotPassedError, match="analysts keep the tables"):
        publish(yard.warehouse)
    assert yard.files() == {"build.duckdb"}


def test_log_is_judged_by_time_and_not_by_the_order_of_its_rows(yard: Yard) -> None:
    yard.mart(10)
    yard.invocation(day=3)
    yard.invocation(day=2, passed=False)
    assert publish(yard.warehouse) == {"fct_orders": 10}
    yard.invocation(day=5, passed=False)
    yard.invocation(day=4)
    with pytest.raises(NotPassedError):
        publish(yard.warehouse)


def test_failed_build_leaves_the_analysts_what_they_have(yard: Yard) -> None:
    yard.built(rows=10)
    publish(yard.warehouse)
    before = yard.warehouse.published_file.read_bytes()
    yard.mart(99)
    yard.invocation(day=2, passed=False)
    with pytest.raises(NotPassedError):
        publish(yard.warehouse)
    assert yard.warehouse.published_file.read_bytes() == before
    assert yard.files() == {"build.duckdb", "analytics.duckdb"}


def test_nothing_was_ever_built(yard: Yard) -> None:
    with pytest.raises(NotPassedError):
        publish(yard.warehouse)
    assert not yard.warehouse.published_file.exists()


# Who reads


def test_reader_with_an_open_connection_reads_on_undisturbed(yard: Yard) -> None:
    yard.built(rows=500_000)
    publish(yard.warehouse)
    with duckdb.connect(str(yard.warehouse.published_file), read_only=True) as reader:
        cursor = reader.execute("select n from fct_orders")
        first = cursor.fetchmany(10)
        yard.mart(3)
        publish(yard.warehouse)
        rest = cursor.fetchall()
        assert len(first) + len(rest) == 500_000
        assert reader.execute("select count(*), sum(n) from fct_orders").fetchone() == (500_000, 124_999_750_000)
    assert yard.published("select count(*) from fct_orders") == [(3,)]


def test_reader_in_another_process_gets_the_new_file_while_an_old_one_is_still_open(yard: Yard) -> None:
    yard.built(rows=10)
    publish(yard.warehouse)
    with duckdb.connect(str(yard.warehouse.published_file), read_only=True) as reader:
        yard.mart(3)
        publish(yard.warehouse)
        script = """
import duckdb, sys
print(duckdb.connect(sys.argv[1], read_only=True).execute("select count(*) from fct_orders").fetchone())
"""
        seen = subprocess.check_output([sys.executable, "-c", script, str(yard.warehouse.published_file)], text=True)
        assert seen.strip() == "(3,)"
        assert reader.execute("select count(*) from fct_orders").fetchone() == (10,)


def test_what_somebody_wrote_into_the_published_file_does_not_reach_the_new_one(yard: Yard) -> None:
    yard.built(rows=10)
    publish(yard.warehouse)
    script = "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]); c.execute('delete from fct_orders'); os._exit(0)"
    subprocess.run([sys.executable, "-c", script, str(yard.warehouse.published_file)], check=True)
    assert "analytics.duckdb.wal" in yard.files()
    publish(yard.warehouse)
    assert yard.published("select count(*) from fct_orders") == [(10,)]


# What goes wrong


def test_build_file_that_is_held_is_told_and_nothing_changes(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    yard.built()
    waits = Warehouse.wait_until_free
    monkeypatch.setattr(Warehouse, "wait_until_free", lambda warehouse: waits(warehouse, timeout=0))
    with yard.held() as pid:
        with pytest.raises(LockedError, match=str(pid)):
            publish(yard.warehouse)
        # Somebody takes it in the moment between waiting and opening.
        monkeypatch.setattr(Warehouse, "wait_until_free", lambda _: None)
        with pytest.raises(LockedError, match=str(pid)):
            publish(yard.warehouse)
    assert yard.files() == {"build.duckdb"}


def test_damage_that_shows_while_copying_is_told_and_nothing_changes(yard: Yard) -> None:
    yard.built(rows=200_000)
    publish(yard.warehouse)
    before = yard.warehouse.published_file.read_bytes()
    path = yard.warehouse.build_file
    content = bytearray(path.read_bytes())
    # In the middle of the data: the file opens, and fails when it is read.
    content[len(content) // 2 : len(content) // 2 + 1000] = bytes(1000)
    path.write_bytes(content)
    yard.warehouse.wait_until_free(timeout=0)
    with pytest.raises(DamagedError, match="rebuilt from the lake"):
        publish(yard.warehouse)
    assert yard.warehouse.published_file.read_bytes() == before
    assert yard.files() == {"build.duckdb", "analytics.duckdb"}


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.7], ids=["empty", "header only", "third", "most"])
def test_cut_build_file_is_told_and_nothing_changes(yard: Yard, share: float) -> None:
    yard.built(rows=200_000)
    path = yard.warehouse.build_file
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(DamagedError, match="rebuilt from the lake"):
        publish(yard.warehouse)
    assert yard.files() == {"build.duckdb"}


SCRIPT = """
import resource, sys
from pathlib import Path
from og_assets.errors import OgAssetsError
from og_assets.warehouse.publish import build_started_at, publish
from og_assets.warehouse.warehouse import Warehouse
warehouse = Warehouse(Path(sys.argv[1]))
"""


def test_full_disk_is_told_in_words_and_nothing_changes(yard: Yard, project_path: dict[str, str]) -> None:
    yard.built(rows=10)
    publish(yard.warehouse)
    yard.mart(200_000)
    script = """
resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))
try:
    publish(warehouse)
except OgAssetsError as error:
    print(type(error).__name__, error)
"""
    told = subprocess.check_output(
        [sys.executable, "-c", SCRIPT + script, str(yard.warehouse.folder)], text=True, env=project_path
    )
    assert told.startswith("NoRoomError")
    assert "Free space" in told
    assert yard.published("select count(*) from fct_orders") == [(10,)]
    assert yard.files() == {"build.duckdb", "analytics.duckdb"}


def test_killed_publish_shows_nothing_and_the_next_one_succeeds(yard: Yard, project_path: dict[str, str]) -> None:
    yard.built(rows=10)
    publish(yard.warehouse)
    yard.mart(100_000)
    script = """
import time
from og_assets.warehouse import publish as module
copy = module._copy
def copy_and_sleep(*arguments, **options):
    copy(*arguments, **options)
    print("copied", flush=True)
    time.sleep(60)
module._copy = copy_and_sleep
publish(warehouse)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT + script, str(yard.warehouse.folder)], env=project_path, stdout=subprocess.PIPE
    )
    assert process.stdout
    assert process.stdout.readline() == b"copied\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert ".analytics.duckdb.part" in yard.files()
    assert yard.published("select count(*) from fct_orders") == [(10,)]
    publish(yard.warehouse)
    assert yard.published("select count(*) from fct_orders") == [(100_000,)]
    assert yard.files() == {"build.duckdb", "analytics.duckdb"}


def test_what_a_killed_publish_had_copied_already_is_not_published(yard: Yard) -> None:
    yard.built()
    partial = yard.warehouse.folder / ".analytics.duckdb.part"
    with duckdb.connect(str(partial)) as connection:
        connection.execute("create table dim_gone as select 1 as id")
    partial.with_name(f"{partial.name}.wal").write_bytes(b"half a log")
    publish(yard.warehouse)
    assert yard.published("select table_name from duckdb_tables()") == [("fct_orders",)]
    assert yard.files() == {"build.duckdb", "analytics.duckdb"}


def test_folder_that_cannot_be_made_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotWritableError, match="OG_DATA_DIR"):
        publish(Warehouse(tmp_path / "file" / "warehouse"))
