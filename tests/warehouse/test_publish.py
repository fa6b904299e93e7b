"""A publish replaces the published file with all marts of the build, without disturbing open readers."""

import subprocess
import sys
from datetime import UTC, datetime
from itertools import pairwise

import duckdb

from og_assets.warehouse.publish import build_started_at, publish

from .warehouse_folder import WarehouseFolder


def test_marts_are_published_and_nothing_else(folder: WarehouseFolder) -> None:
    folder.build(rows=10)
    folder.create_mart(3, name="dim_customers")
    folder.sql(
        "create schema staging; create table staging.stg_orders as select 1 as id; create table loose as select 1"
    )
    assert publish(folder.warehouse) == {"dim_customers": 3, "fct_orders": 10}
    assert folder.query_published("select schema_name || '.' || table_name from duckdb_tables() order by 1") == [
        ("main.dim_customers",),
        ("main.fct_orders",),
    ]
    assert folder.query_published("select count(*), sum(n) from fct_orders") == [(10, 45)]
    assert folder.files() == {"build.duckdb", "analytics.duckdb"}


def test_published_file_has_the_start_of_the_newest_build(folder: WarehouseFolder) -> None:
    folder.build()
    folder.record_invocation(day=2)
    publish(folder.warehouse)
    assert build_started_at(folder.warehouse) == datetime(2026, 6, 2, 12, tzinfo=UTC).timestamp()


def test_rows_are_sorted_by_their_key(folder: WarehouseFolder) -> None:
    folder.build(rows=1000)
    publish(folder.warehouse)
    keys = [row[0] for row in folder.query_published("select order_id from fct_orders")]
    assert all(before < after for before, after in pairwise(keys))


def test_types_and_nulls_are_unchanged(folder: WarehouseFolder) -> None:
    folder.build()
    columns = """
        create table marts.dim_all as
        select 1::bigint as id, 1.50::decimal(18, 4) as money, timestamptz '2026-06-01 00:00:00+00' as at,
            date '2026-06-01' as day, null::boolean as flag, 'Größe' as text
    """
    folder.sql(columns)
    publish(folder.warehouse)
    described = "select column_name, data_type from duckdb_columns() where table_name = 'dim_all' order by column_index"
    assert [kind for _, kind in folder.query_published(described)] == [
        "BIGINT",
        "DECIMAL(18,4)",
        "TIMESTAMP WITH TIME ZONE",
        "DATE",
        "BOOLEAN",
        "VARCHAR",
    ]
    assert folder.query_published("select flag, text from dim_all") == [(None, "Größe")]


def test_comments_are_published(folder: WarehouseFolder) -> None:
    folder.build()
    folder.sql(
        """
        comment on table marts.fct_orders is 'One row per order. It''s whole.';
        comment on column marts.fct_orders.order_id is 'Ordergroove''s id.';
        """
    )
    publish(folder.warehouse)
    assert folder.query_published("select comment from duckdb_tables()") == [("One row per order. It's whole.",)]
    assert folder.query_published(
        "select column_name, comment from duckdb_columns() where table_name = 'fct_orders'"
    ) == [
        ("order_id", "Ordergroove's id."),
        ("n", None),
    ]


def test_table_macros_are_published_with_the_marts_that_they_read(folder: WarehouseFolder) -> None:
    folder.build(rows=10)
    folder.sql(
        "create macro marts.orders_below(bound) as table select count(*) as c from marts.fct_orders where n < bound"
    )
    publish(folder.warehouse)
    assert folder.query_published("select c from orders_below(3)") == [(3,)]
    assert publish(folder.warehouse) == {"fct_orders": 10}, "publishing again must not fail on the existing macro"
    folder.sql("drop macro table marts.orders_below")
    publish(folder.warehouse)
    assert folder.query_published("select count(*) from duckdb_functions() where function_name = 'orders_below'") == [
        (0,)
    ]


def test_publishing_twice_gives_the_same_rows(folder: WarehouseFolder) -> None:
    folder.build(rows=1000)
    publish(folder.warehouse)
    first = folder.query_published("from fct_orders")
    publish(folder.warehouse)
    assert folder.query_published("from fct_orders") == first


def test_dropped_table_is_removed_from_the_published_file(folder: WarehouseFolder) -> None:
    folder.build()
    folder.create_mart(3, name="dim_old")
    publish(folder.warehouse)
    folder.sql("drop table marts.dim_old")
    assert publish(folder.warehouse) == {"fct_orders": 10}


def test_open_connection_keeps_reading_the_old_file(folder: WarehouseFolder) -> None:
    folder.build(rows=500_000)
    publish(folder.warehouse)
    with duckdb.connect(str(folder.warehouse.published_file), read_only=True) as reader:
        cursor = reader.execute("select n from fct_orders")
        first = cursor.fetchmany(10)
        folder.create_mart(3)
        publish(folder.warehouse)
        rest = cursor.fetchall()
        assert len(first) + len(rest) == 500_000
        assert reader.execute("select count(*), sum(n) from fct_orders").fetchone() == (500_000, 124_999_750_000)
    assert folder.query_published("select count(*) from fct_orders") == [(3,)]


def test_new_connection_reads_the_new_file_while_an_old_one_is_open(folder: WarehouseFolder) -> None:
    folder.build(rows=10)
    publish(folder.warehouse)
    with duckdb.connect(str(folder.warehouse.published_file), read_only=True) as reader:
        folder.create_mart(3)
        publish(folder.warehouse)
        script = """
import duckdb, sys
print(duckdb.connect(sys.argv[1], read_only=True).execute("select count(*) from fct_orders").fetchone())
"""
        output = subprocess.check_output(
            [sys.executable, "-c", script, str(folder.warehouse.published_file)], text=True
        )
        assert output.strip() == "(3,)"
        assert reader.execute("select count(*) from fct_orders").fetchone() == (10,)


def test_writes_to_the_published_file_are_lost_with_the_next_publish(folder: WarehouseFolder) -> None:
    folder.build(rows=10)
    publish(folder.warehouse)
    script = "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]); c.execute('delete from fct_orders'); os._exit(0)"
    subprocess.run([sys.executable, "-c", script, str(folder.warehouse.published_file)], check=True)
    assert "analytics.duckdb.wal" in folder.files()
    publish(folder.warehouse)
    assert folder.query_published("select count(*) from fct_orders") == [(10,)]
