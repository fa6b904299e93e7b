"""The table that ends a sync: rows by raw object and by mart, and four headline numbers."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
from rich.table import Table

from og_assets.ordergroove.objects import OBJECTS


def summary(lake: Path, published: Path) -> Table:
    """Count the rows of each raw object and each mart, from the lake and the published file."""
    table = Table(title="Rows in the lake and in the marts")
    table.add_column("table")
    table.add_column("rows", justify="right")
    with duckdb.connect(str(published), read_only=True) as connection:
        folders = {api_object.name: lake / "raw" / api_object.name for api_object in OBJECTS}
        for name, folder in {**folders, "webhook_events": lake / "events"}.items():
            files = _quoted(str(folder / "**" / "*.parquet"))
            table.add_row(f"ordergroove/{name}", _count(connection, f"read_parquet('{files}')"))
        table.add_section()
        for (name,) in connection.execute("select table_name from duckdb_tables() order by table_name").fetchall():
            table.add_row(name, _count(connection, f'"{name}"'))
        table.add_section()
        for title, value in _headlines(connection):
            table.add_row(title, value)
    return table


def _headlines(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str]]:
    (live,) = _one(connection, "select count(*) from dim_subscriptions where is_live")
    (mrr,) = _one(connection, "select coalesce(sum(mrr), 0) from dim_subscriptions where is_live")
    (placed,) = _one(connection, "select coalesce(sum(total), 0) from fct_orders where outcome = 'placed'")
    (deleted,) = _one(connection, "select count(*) from fct_order_items where outcome = 'deleted'")
    yield "live subscriptions", f"{live:,}"
    yield "monthly recurring revenue", f"{mrr:,.2f}"
    yield "placed so far", f"{placed:,.2f}"
    yield "deleted items, each with proof", f"{deleted:,}"


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> str:
    (rows,) = _one(connection, f"select count(*) from {relation}")
    return f"{rows:,}"


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[int, ...]:
    row = connection.execute(query).fetchone()
    return row if row else (0,)


def _quoted(text: str) -> str:
    # In a glob pattern a bracket in a folder's name must be escaped.
    return text.replace("'", "''").replace("[", "[[]")
