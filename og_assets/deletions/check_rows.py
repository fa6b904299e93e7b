"""Rows of `lake/raw/deletion_checks/`: each suspected deletion, and Ordergroove's answer about it.

Belongs here: the columns, and writing them. Does not belong here: which objects are checked
(`suspected_deletions.py`), the retrieve calls (`existence_checks.py`), what an answer means for the marts
(dbt's `int_deletion_evidence`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pyarrow as pa

from og_assets.lake.files import remove_partials, write_table
from og_assets.lake.lake import file_stem
from og_assets.lake.table import Table

_INSTANT = pa.timestamp("us", tz="UTC")

ObjectType = Literal["order", "item"]
# The values are columns of the lake and stay as they are: `left_census` is "not in the newest open-ID listing", and
# `told_deleted` is "reported as deleted by a webhook". The package docstring explains all four.
Reason = Literal["left_census", "left_order", "told_deleted", "came_back"]

DELETION_CHECKS_SCHEMA = pa.schema(
    [
        pa.field("object_type", pa.string()),
        pa.field("object_id", pa.string()),
        pa.field("reason", pa.string()),
        # By Ordergroove's clock: when the last listing that contains the object began. Null if there is none.
        pa.field("last_listed_at", _INSTANT),
        # By Ordergroove's clock: when the first listing that lacks the object ended. Null for `came_back`.
        pa.field("first_missed_at", _INSTANT),
        # By Ordergroove's clock, in whole seconds: the time of a 404 answer, or the time of the request that was
        # answered with 200. Null if the object was not checked yet.
        pa.field("checked_at", _INSTANT),
        # 404: deleted. 200: it exists, and the current row is in raw. Null: not checked yet. Any other status proves
        # nothing; it is recorded so that objects whose check failed are checked last.
        pa.field("status", pa.int64()),
        pa.field("_pulled_at", _INSTANT),
        pa.field("_run_id", pa.string()),
    ]
)


DELETION_CHECKS = Table("raw/deletion_checks", DELETION_CHECKS_SCHEMA)


@dataclass(frozen=True, kw_only=True)
class ExistenceCheckRow:
    """One row of `lake/raw/deletion_checks/`: a suspected deletion, and the answer if there is one.

    `is_on_record` is no column: an earlier run already recorded that this object waits for its check.
    """

    object_type: ObjectType
    object_id: str
    reason: Reason
    last_listed_at: datetime | None = None
    first_missed_at: datetime | None = None
    checked_at: datetime | None = None
    status: int | None = None
    is_on_record: bool = False


def record_checks(root: Path, rows: Sequence[ExistenceCheckRow], *, run_id: str) -> None:
    """Write the checks of one run into the lake, if there are any."""
    if not rows:
        return
    now = datetime.now(UTC)
    folder = DELETION_CHECKS.path(root)
    remove_partials(folder)
    write_checks(
        rows, folder / f"day={now:%Y-%m-%d}" / f"{file_stem(now, run_id=run_id)}.parquet", pulled_at=now, run_id=run_id
    )


def write_checks(rows: Iterable[ExistenceCheckRow], path: Path, *, pulled_at: datetime, run_id: str) -> None:
    """Write the rows as one file."""
    origin = {"_pulled_at": pulled_at, "_run_id": run_id}
    columns = [asdict(row) | origin for row in rows]
    write_table(pa.Table.from_pylist(columns, schema=DELETION_CHECKS_SCHEMA), path)
