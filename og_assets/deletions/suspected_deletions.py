"""Find orders and items that may have been deleted, by comparing the lake with the newest open-ID listing.

Belongs here: reading raw rows, events, listings and earlier checks with DuckDB, and selecting what to check. Does not
belong here: the checks (`existence_checks.py`), what the marts conclude (dbt's `int_deletion_evidence`).

The reasons for a check are `left_census`: it was open, and the newest listing lacks it; `left_order`: its order was
closed without it; `told_deleted`: a webhook reported its deletion; `came_back`: it is recorded as deleted, but listed.
An object is not checked if it was observed after the listing began, or if a 404 already proved its deletion. A wrong
suspicion costs one request, and a missed one a day; neither makes a false deletion.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from og_assets.deletions.check_rows import ExistenceCheckRow, ObjectType
from og_assets.deletions.open_id_listings import OpenIdListing, open_id_listings_of
from og_assets.lake.errors import UnreadableError
from og_assets.lake.lake import Lake
from og_assets.ordergroove.objects import BY_NAME, ApiObject
from og_assets.ordergroove.statuses import CLOSED_STATUSES
from og_assets.ordergroove.wall_clock import to_wall

OBJECT_OF: dict[ObjectType, ApiObject] = {"order": BY_NAME["orders"], "item": BY_NAME["items"]}

_CONTROL_ROWS = 4


@dataclass(frozen=True, kw_only=True)
class SuspectedDeletions:
    """Objects of one type to check, most important first, and control rows.

    `control_rows` are ids that Ordergroove must return: closed objects of different customers, known for some time.
    `merchants` is the number of merchants that the orders in the lake belong to.
    """

    listing: OpenIdListing
    rows: Sequence[ExistenceCheckRow]
    control_rows: Sequence[str]
    merchants: int


def find_suspected_deletions(lake: Lake, object_type: ObjectType, *, zone: ZoneInfo) -> SuspectedDeletions | None:
    """Compare the lake with the newest listing of this type; None if there is no listing.

    `zone` is the store's time zone. Raises `UnreadableError` if a file of the lake cannot be read.
    """
    listings = open_id_listings_of(lake.root, OBJECT_OF[object_type]).all()
    if not listings:
        return None
    *earlier, newest = listings
    try:
        with duckdb.connect() as connection:
            connection.execute("set timezone = 'UTC'")
            # DuckDB spills to disk beyond its memory limit. Its default is the current folder of the process.
            connection.execute(f"set temp_directory = {_text(lake.root / '.duckdb')}")
            _define_inputs(connection, lake, object_type, newest=newest, earlier=earlier, zone=zone)
            for name in ("sources", f"{object_type}s", "suspected"):
                connection.execute(files("og_assets.deletions").joinpath("sql", f"{name}.sql").read_text())
            suspected = connection.execute("select * from suspected_deletions").fetchall()
            control_rows = connection.execute(f"select object_id from control_rows limit {_CONTROL_ROWS}").fetchall()
            (merchants,) = connection.execute("select count(distinct merchant_id) from known_orders").fetchone() or (0,)
    except (duckdb.IOException, duckdb.InvalidInputException) as error:
        raise UnreadableError(lake.damage() or f"The lake cannot be read: {error}.") from error
    rows = [
        ExistenceCheckRow(
            object_type=object_type,
            object_id=object_id,
            reason=reason,
            last_listed_at=last_listed_at,
            first_missed_at=first_missed_at,
            is_on_record=is_on_record,
        )
        for object_id, reason, last_listed_at, first_missed_at, is_on_record in suspected
    ]
    return SuspectedDeletions(
        listing=newest, rows=rows, control_rows=[object_id for (object_id,) in control_rows], merchants=int(merchants)
    )


def _define_inputs(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    object_type: ObjectType,
    *,
    newest: OpenIdListing,
    earlier: Sequence[OpenIdListing],
    zone: ZoneInfo,
) -> None:
    """Define the tables, macros and variables that the queries in `sql/` read."""
    folders = {"orders": "raw/orders", "items": "raw/items", "events": "events", "checks": "raw/deletion_checks"}
    for name, folder in folders.items():
        # A view would open every file when it is created, and again when it is used. A macro opens them once.
        connection.execute(
            f"create macro {name}() as table select * from read_parquet("
            f"{_text(lake.root / folder / '**/*.parquet')}, union_by_name = true, hive_partitioning = false)"
        )
    connection.execute(f"create view newest_ids as select object_id from read_parquet({_text(newest.ids_file)})")
    connection.execute("create table earlier_ids (object_id varchar, listed_at timestamptz)")
    for listing in earlier:
        connection.execute(
            f"insert into earlier_ids select object_id, ? from read_parquet({_text(listing.ids_file)})",
            [listing.began_at],
        )
    connection.execute("set variable closed_statuses = ?::bigint[]", [list(CLOSED_STATUSES)])
    connection.execute(
        "create table newest_listing as select ?::varchar as object_type, ?::timestamptz as began_at, "
        "?::timestamptz as ended_at, ?::date as store_date, ?::timestamp as items_pulled_until",
        [
            object_type,
            newest.began_at,
            newest.ended_at,
            to_wall(newest.began_at, zone=zone).date(),
            _items_pulled_until(connection, lake, zone=zone),
        ],
    )


def _items_pulled_until(connection: duckdb.DuckDBPyConnection, lake: Lake, *, zone: ZoneInfo) -> datetime | None:
    """Return the wall-clock time up to which items were pulled: later closed orders may have items not pulled yet."""
    folder = lake.root / "pulls" / BY_NAME["items"].name
    if not any(folder.glob("*.parquet")):
        return None
    # Only the manifest of items: that of all objects is thousands of files after a year, at 0.5 ms each.
    query = (
        f"select max(window_end) from read_parquet({_text(folder / '*.parquet')}, union_by_name = true, "
        "hive_partitioning = false) where note is null"
    )
    (end,) = connection.execute(query).fetchone() or (None,)
    return to_wall(end, zone=zone) if end else None


def _text(path: Path) -> str:
    """Quote a path for SQL. Brackets are special in DuckDB's file patterns, and are escaped."""
    return "'" + str(path).replace("[", "[[]").replace("'", "''") + "'"
