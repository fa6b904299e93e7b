"""Writes lake files with chosen rows and times, and reads the warehouse that dbt builds from them.

Belongs here: rows that a test makes up. Does not belong here: rows of a sandbox store (`sandbox_lake`).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any, Protocol, TypedDict

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from og_assets.deletions.check_rows import DELETION_CHECKS, ExistenceCheckRow, write_checks
from og_assets.events.land import EVENTS
from og_assets.lake.lake import Lake
from og_assets.lake.manifest import PULLS
from og_assets.lake.schema import raw_schema
from og_assets.ordergroove.events import read_event
from og_assets.ordergroove.objects import BY_NAME

Row = Mapping[str, Any]
STAGING = ("--select", "path:models/staging")


def day(text: str) -> datetime:
    """An instant in UTC, or, in raw rows, a wall clock without a zone."""
    return datetime.fromisoformat(text)


class LakeFixture:
    """Writes files as the lake does, with chosen times and names."""

    def __init__(self, root: Path, *, first_number: int = 1) -> None:
        self.root = root
        self._numbers = count(first_number)
        Lake(root).prepare(EVENTS, DELETION_CHECKS)

    def pull(
        self,
        name: str,
        rows: Sequence[Row],
        *,
        pulled_at: datetime | None = None,
        seen_at: datetime | None = None,
        file: str | None = None,
    ) -> Path:
        """Add one file of one object. Fields that a row leaves out are null; `seen_at` is Ordergroove's clock."""
        number = next(self._numbers)
        pulled_at = pulled_at or seen_at or datetime(2026, 6, 1, tzinfo=UTC)
        origin = {"_window": "2026-06-01", "_pulled_at": pulled_at, "_seen_at": seen_at, "_run_id": f"run-{number}"}
        schema = raw_schema(BY_NAME[name].record)
        path = self.root / "raw" / name / "window=2026-06-01" / (file or f"{number:06}.parquet")
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist([{**row, **origin} for row in rows], schema=schema), path)
        return path

    def deliver(self, deliveries: Iterable[Row], *, file: str | None = None) -> Path:
        """Add one file of webhook events, one row per delivery; see `event`."""
        number = next(self._numbers)
        origin = {
            "dump": f"2026-06-01/dump-{number}.jsonl",
            "dump_sha256": f"{number:064}",
            "_taken_in_at": datetime(2026, 6, 1, tzinfo=UTC),
            "_run_id": f"run-{number}",
        }
        rows = [{"position": position, **origin, **row} for position, row in enumerate(deliveries)]
        path = self.root / "events" / "day=2026-06-01" / (file or f"{number:06}.parquet")
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows, schema=EVENTS.schema), path)
        return path

    def check(self, *rows: ExistenceCheckRow) -> Path:
        """Add one file of existence checks."""
        number = next(self._numbers)
        path = self.root / "raw" / "deletion_checks" / f"{number:06}.parquet"
        write_checks(rows, path, pulled_at=datetime(2026, 6, 1, tzinfo=UTC), run_id=f"run-{number}")
        return path

    def record_pull(self, name: str, *, start: datetime | None, end: datetime | None) -> None:
        """Add one row to the manifest of pulls."""
        number = next(self._numbers)
        row = {
            "object": name,
            "first_window": "2026-06-01",
            "last_window": "2026-06-01",
            "window_start": start,
            "window_end": end,
            "pulled_at": end or datetime(2026, 6, 1, tzinfo=UTC),
            "run_id": f"run-{number}",
            "rows": 1,
        }
        path = self.root / "pulls" / name / f"{number:06}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist([row], schema=PULLS.schema), path)


class ListingTimes(TypedDict):
    """When the last listing that contains an object began, and when the first that lacks it ended."""

    last_listed_at: datetime
    first_missed_at: datetime


def event(
    event_id: str, event_type: str, object_id: str, *, at: datetime, received_at: datetime | None = None, **fields: Any
) -> Row:
    """A delivery of an event, as it lands: `fields` are those of its object."""
    kind = event_type.partition(".")[0]
    key = "merchant_user_id" if kind == "subscriber" else "public_id"
    body = {
        "id": event_id,
        "type": event_type,
        "created": int(at.timestamp()),
        "data": {"object": {"type": kind, key: object_id, **fields}},
    }
    parsed = read_event(body)
    return {
        "event_id": parsed.id,
        "type": parsed.type,
        "object_type": parsed.object_type,
        "object_id": parsed.object_id,
        "created": at,
        "received_at": received_at,
        "object": json.dumps(parsed.object),
    }


class _Dbt(Protocol):
    def invoke(self, *arguments: str, data_dir: Path, **environment: str) -> Any: ...


class Warehouse:
    """One data folder's warehouse."""

    def __init__(self, data_dir: Path, *, dbt: _Dbt) -> None:
        self.data_dir = data_dir
        self.path = data_dir / "warehouse" / "build.duckdb"
        self._dbt = dbt

    def dbt(self, *arguments: str, **environment: str) -> Any:
        """Run a dbt command, whether it succeeds or not."""
        return self._dbt.invoke(*arguments, data_dir=self.data_dir, **environment)

    def run(self, *arguments: str, **environment: str) -> Any:
        """Run a dbt command that must succeed."""
        result = self.dbt(*arguments, **environment)
        assert result.success, result.exception or [
            (node.node.name, node.message) for node in result.result if node.status in ("error", "fail")
        ]
        return result

    def build(self, *arguments: str) -> Any:
        """Build as a run in Dagster does. Unit tests test code, not rows: they run once, on an empty lake."""
        return self.run("build", "--exclude-resource-type", "unit_test", *arguments)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Query the warehouse, read-only."""
        with duckdb.connect(self.path, read_only=True) as connection:
            return connection.execute(query).fetchall()

    def execute(self, *statements: str) -> None:
        """Change the warehouse without dbt."""
        with duckdb.connect(self.path) as connection:
            for statement in statements:
                connection.execute(statement)

    def contents(self, *schemas: str) -> dict[str, list[str]]:
        """Every row of every table, sorted, so that two warehouses can be compared.

        The build number of rows, and `int_changes`, which lists the keys of one build, are left out.
        """
        with duckdb.connect(self.path, read_only=True) as connection:
            tables = connection.execute(
                "select schema_name, table_name from duckdb_tables() where list_contains(?, schema_name) "
                "and table_name != 'int_changes' order by all",
                [list(schemas)],
            ).fetchall()
            return {
                f"{schema}.{table}": [
                    row
                    for (row,) in connection.execute(
                        f"select cast(whole as varchar) from (select columns(lambda name: name != '_built_in') "
                        f'from "{schema}"."{table}") as whole order by 1'
                    ).fetchall()
                ]
                for schema, table in tables
            }


def small_store(lake: LakeFixture, *, records_items: bool = True) -> None:
    """A lake of two customers with one example of each kind of row, pulled until 10 June 2026.

    Without `records_items`, the lake has no record of the pulls of items.
    """
    lake.pull("customers", [{"merchant_user_id": "C1", "live": True}, {"merchant_user_id": "C2", "live": False}])
    lake.pull("products", [{"external_product_id": "P1", "name": "Coffee", "price": Decimal("12.00")}])
    lake.pull(
        "subscriptions",
        [
            {
                "public_id": "S1",
                "customer": "C1",
                "product": "P1",
                "quantity": 2,
                "every": 4,
                "every_period": 2,
                "live": True,
                "created": day("2026-04-01 10:00:00"),
                "updated": day("2026-04-01 10:00:00"),
            },
            {
                "public_id": "S2",
                "customer": "C2",
                "product": "P1",
                "quantity": 1,
                "every": 1,
                "every_period": 3,
                "live": False,
                "created": day("2026-04-01 10:00:00"),
                "cancelled": day("2026-05-02 23:30:00"),
                "cancel_reason": "9|Disengaged",
                "cancel_reason_code": 9,
                "updated": day("2026-05-02 23:30:00"),
            },
        ],
    )
    updated = {"placed": day("2026-06-02 01:00:00"), "upcoming": day("2026-06-02 00:59:00")}
    money = {"sub_total": Decimal("20.00"), "total": Decimal("20.00"), "currency_code": "USD"}
    lake.pull(
        "orders",
        [
            {"public_id": "O1", "customer": "C1", "status": 5, "place": day("2026-06-02 00:00:00"), **money}
            | {"updated": updated["placed"]},
            {"public_id": "O2", "customer": "C1", "status": 1, "place": day("2026-06-30 00:00:00"), **money}
            | {"updated": updated["upcoming"]},
            {"public_id": "O3", "customer": "C1", "status": 1, "place": day("2026-06-20 00:00:00")}
            | {"updated": updated["upcoming"]},
        ],
        seen_at=datetime(2026, 6, 2, 18, tzinfo=UTC),
    )
    line = {"product": "P1", "quantity": 2, "price": Decimal("12.00"), "total_price": Decimal("20.00")}
    lake.pull(
        "items",
        [
            {"public_id": "I1", "order": "O1", "subscription": "S1", **line}
            | {"order_updated": updated["placed"], "first_placed": updated["placed"]},
            {"public_id": "I2", "order": "O2", "subscription": "S1", **line} | {"order_updated": updated["upcoming"]},
        ],
        seen_at=datetime(2026, 6, 2, 18, tzinfo=UTC),
    )
    # Removed from the order before it was placed.
    removed = {"public_id": "I3", "order": "O1", "subscription": "S2", "order_updated": day("2026-05-01 12:00:00")}
    lake.pull("items", [removed | line], seen_at=datetime(2026, 5, 1, 16, 30, tzinfo=UTC))
    # Inconsistent rows: an order of an unknown customer with an undocumented status, and items of unknown orders.
    odd = day("2026-06-03 01:00:00")
    seen = datetime(2026, 6, 3, 18, tzinfo=UTC)
    lake.pull("orders", [{"public_id": "O9", "customer": "C9", "status": 99, "updated": odd}], seen_at=seen)
    lake.pull(
        "items",
        [
            {"public_id": "I8", "order": "O8", "subscription": "S8", "product": "P8", "order_updated": odd},
            {"public_id": "I9", "order": "O9", "order_updated": odd},
        ],
        seen_at=seen,
    )
    lake.pull("subscriptions", [{"public_id": "S9", "customer": "C9", "product": "P9", "updated": odd}])
    for name in ("customers", "subscriptions", "orders", *(["items"] if records_items else [])):
        lake.record_pull(name, start=None, end=datetime(2026, 6, 10, 18, tzinfo=UTC))
