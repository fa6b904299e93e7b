"""Which orders and items may have been deleted: what the lake knows, set against the newest census.

Belongs here: reading raw rows, events, censuses and earlier answers, and saying whom to ask about. Does not belong
here: asking (`existence_checks.py`), or what is believed in the end (dbt's `int_deletion_evidence`).

An order or item is asked about where it was known to be open and the newest census does not list it (`left_census`);
where its order was closed without it (`left_order`); where a webhook told that it was deleted (`told_deleted`); and
where it was held for deleted and is listed (`came_back`). Not where anything showed it alive after the census began,
nor where a 404 proved it gone already. To be wrong here costs a request, or a day, and never makes a false deletion.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from og_assets.deletions.check_rows import ExistenceCheckRow, ObjectType
from og_assets.deletions.open_id_listings import OpenIdListing
from og_assets.lake.errors import UnreadableError
from og_assets.lake.lake import Lake
from og_assets.ordergroove.objects import BY_NAME, ApiObject
from og_assets.ordergroove.statuses import CLOSED_STATUSES
from og_assets.ordergroove.wall_clock import to_wall

OBJECT_OF: dict[ObjectType, ApiObject] = {"order": BY_NAME["orders"], "item": BY_NAME["items"]}

_WITNESSES = 4


@dataclass(frozen=True, kw_only=True)
class SuspectedDeletions:
    """Whom to ask about, the most telling first, and who must be there.

    `witnesses` are rows that Ordergroove shows for ever: closed ones, of different customers, on record for some time.
    `merchants` is how many the orders in the lake belong to.
    """

    census: OpenIdListing
    candidates: Sequence[ExistenceCheckRow]
    witnesses: Sequence[str]
    merchants: int


def find_suspected_deletions(lake: Lake, object_type: ObjectType, *, zone: ZoneInfo) -> SuspectedDeletions | None:
    """Compare what is known with the newest census of that kind; None where there is no census.

    `zone` is the store's. Raises `UnreadableError` where a file of the lake cannot be read.
    """
    censuses = open_id_listings_of(lake.root, OBJECT_OF[object_type]).all()
    if not censuses:
        return None
    *earlier, census = censuses
    try:
        with duckdb.connect() as connection:
            connection.execute("set timezone = 'UTC'")
            # What does not fit into memory goes there, and not into whatever folder the process is in.
            connection.execute(f"set temp_directory = {_text(lake.root / '.duckdb')}")
            _describe(connection, lake, object_type, census=census, earlier=earlier, zone=zone)
            connection.execute(_sql("sources"))
            connection.execute(_sql(f"{object_type}s"))
            connection.execute(_sql("suspected"))
            rows = connection.execute("select * from candidates").fetchall()
            witnesses = connection.execute(f"select object_id from witnesses limit {_WITNESSES}").fetchall()
            (merchants,) = connection.execute("select count(distinct merchant_id) from known_orders").fetchone() or (0,)
    except (duckdb.IOException, duckdb.InvalidInputException) as error:
        raise UnreadableError(lake.damage() or f"The lake cannot be read: {error}.") from error
    candidates = [
        ExistenceCheckRow(
            object_type=object_type,
            object_id=object_id,
            reason=reason,
            last_listed_at=last_listed_at,
            first_missed_at=first_missed_at,
            is_on_record=is_on_record,
        )
        for object_id, reason, last_listed_at, first_missed_at, is_on_record in rows
    ]
    return SuspectedDeletions(
        census=census, candidates=candidates, witnesses=[key for (key,) in witnesses], merchants=int(merchants)
    )


def _describe(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    object_type: ObjectType,
    *,
    census: OpenIdListing,
    earlier: Sequence[OpenIdListing],
    zone: ZoneInfo,
) -> None:
    """Tell the queries where things lie."""
    folders = {"orders": "raw/orders", "items": "raw/items", "events": "events", "checks": "raw/deletion_checks"}
    for name, folder in folders.items():
        # Not a view: that would look into every file when it is made, and again when it is used.
        connection.execute(
            f"create macro {name}() as table select * from read_parquet("
            f"{_text(lake.root / folder / '**/*.parquet')}, union_by_name = true, hive_partitioning = false)"
        )
    connection.execute(f"create view now_listed as select object_id from read_parquet({_text(census.ids_file)})")
    connection.execute("create table was_listed (object_id varchar, listed_at timestamptz)")
    for each in earlier:
        connection.execute(
            f"insert into was_listed select object_id, ? from read_parquet({_text(each.ids_file)})", [each.began_at]
        )
    connection.execute("set variable closed_statuses = ?::bigint[]", [list(CLOSED_STATUSES)])
    connection.execute(
        "create table this_census as select ?::varchar as object_type, ?::timestamptz as began_at, "
        "?::timestamptz as ended_at, ?::date as store_date, ?::timestamp as items_until",
        [
            object_type,
            census.began_at,
            census.ended_at,
            to_wall(census.began_at, zone=zone).date(),
            _items_until(connection, lake, zone=zone),
        ],
    )


def _items_until(connection: duckdb.DuckDBPyConnection, lake: Lake, *, zone: ZoneInfo) -> datetime | None:
    """Up to which wall time items were pulled: before that, an item that its order was closed without has left it."""
    folder = lake.root / "pulls" / BY_NAME["items"].name
    if not any(folder.glob("*.parquet")):
        return None
    # Only theirs: the manifest of all objects is thousands of files after a year, and each costs half a millisecond.
    query = (
        f"select max(window_end) from read_parquet({_text(folder / '*.parquet')}, union_by_name = true, "
        "hive_partitioning = false) where note is null"
    )
    (end,) = connection.execute(query).fetchone() or (None,)
    return to_wall(end, zone=zone) if end else None


def _text(path: Path) -> str:
    """A path as text in SQL. A bracket, which is special in a pattern, stands for itself."""
    return "'" + str(path).replace("[", "[[]").replace("'", "''") + "'"


def _sql(name: str) -> str:
    return files("og_assets.deletions").joinpath("sql", f"{name}.sql").read_text()
