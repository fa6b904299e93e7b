"""Copy the marts of a build that passed all tests into the analysts' file, and rename it into place (decision 0017)."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from og_assets.lake.files import atomic_path
from og_assets.warehouse.errors import NotPassedError
from og_assets.warehouse.warehouse import Warehouse

MARTS_SCHEMA = "marts"

# Only a full build tests the marts against each other: after a partial build they belong to two builds.
_PASSED = """
select is_full and passed
from build.build_log.invocations
order by started_at desc
limit 1
"""


def publish(warehouse: Warehouse) -> dict[str, int]:
    """Copy the marts into a new file and replace the published one. Returns the number of rows by table.

    Open readers keep the old file; new readers get the new one. Raises `NotPassedError` if the last build did not pass;
    the published file then stays unchanged.
    """
    warehouse.wait_until_free()
    with (
        atomic_path(warehouse.published_file) as partial,
        warehouse.translate_duckdb_errors(),
        _databases(warehouse.build_file, partial) as connection,
    ):
        _require_a_passed_build(connection)
        tables = connection.execute(
            "select table_name, comment from duckdb_tables() where database_name = 'build' and schema_name = ? "
            "order by table_name",
            [MARTS_SCHEMA],
        ).fetchall()
        rows = {name: _copy(connection, name, comment=comment) for name, comment in tables}
        _copy_macros(connection)
        # DuckDB would replay a write-ahead log of the old published file into the new one.
        _log_of(warehouse.published_file).unlink(missing_ok=True)
        return rows


def build_started_at(warehouse: Warehouse) -> float:
    """Return when the build that was published last started to read the lake, in Unix seconds. Call after `publish`."""
    with (
        warehouse.translate_duckdb_errors(),
        duckdb.connect(str(warehouse.build_file), read_only=True) as connection,
    ):
        row = connection.execute("select epoch(max(started_at)) from build_log.invocations").fetchone()
    return float(row[0]) if row else 0.0


def _require_a_passed_build(connection: duckdb.DuckDBPyConnection) -> None:
    try:
        passed = connection.execute(_PASSED).fetchone()
    except duckdb.CatalogException:
        passed = None
    if not passed or not passed[0]:
        raise NotPassedError(
            "The last dbt build did not pass, did not finish, or built only some models: nothing was published, and "
            "analysts keep the tables of the last build that passed. Look at the failed asset checks, if any, then run "
            "build_marts."
        )


def _copy(connection: duckdb.DuckDBPyConnection, table: str, *, comment: str | None) -> int:
    # Sorted by the key, the first column of every mart: it compresses better, and equal data gives equal files.
    connection.execute(
        f'create table published.main."{table}" as select * from build.{MARTS_SCHEMA}."{table}" order by 1'
    )
    if comment:
        connection.execute(f'comment on table published.main."{table}" is {_literal(comment)}')
    columns = connection.execute(
        "select column_name, comment from duckdb_columns() "
        "where database_name = 'build' and schema_name = ? and table_name = ? and comment is not null",
        [MARTS_SCHEMA, table],
    ).fetchall()
    for column, description in columns:
        connection.execute(f'comment on column published.main."{table}"."{column}" is {_literal(description)}')
    counted = connection.execute(f'select count(*) from published.main."{table}"').fetchone()
    return int(counted[0]) if counted else 0


def _copy_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Copy the table macros of the marts, such as `subscriptions_as_of(day)`."""
    macros = connection.execute(
        "select function_name, parameters, macro_definition from duckdb_functions() "
        "where database_name = 'build' and schema_name = ? and function_type = 'table_macro' order by function_name",
        [MARTS_SCHEMA],
    ).fetchall()
    # A macro resolves its tables in the current database, both when it is created and when it is called.
    connection.execute("use published")
    for name, parameters, definition in macros:
        arguments = ", ".join(f'"{parameter}"' for parameter in parameters)
        query = re.sub(rf"\b{MARTS_SCHEMA}\.", "main.", definition)
        connection.execute(f'create macro main."{name}"({arguments}) as table {query}')
    connection.execute("use memory")


@contextmanager
def _databases(build: Path, published: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    for leftover in (published, _log_of(published)):
        leftover.unlink(missing_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"attach {_literal(str(build))} as build (read_only)")
        connection.execute(f"attach {_literal(str(published))} as published")
        yield connection
        connection.execute("detach published")


def _log_of(database: Path) -> Path:
    return database.with_name(f"{database.name}.wal")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
