"""What was asked about rows that vanished, and what Ordergroove answered: `lake/raw/deletion_checks/`.

Belongs here: the rows and their file. Does not belong here: whom to ask (`candidates.py`), asking
(`og_assets/deletions/existence_checks.py`), what an answer means (dbt's `int_deletion_evidence`).
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
Reason = Literal["left_census", "left_order", "told_deleted", "came_back"]

DELETION_CHECKS_SCHEMA = pa.schema(
    [
        pa.field("object_type", pa.string()),
        pa.field("object_id", pa.string()),
        # Why it was asked: it is in no list of open rows any more (`left_census`), it is not among the items of its
        # order any more (`left_order`), a webhook told that it was deleted (`told_deleted`), or it was held for deleted
        # and is listed (`came_back`).
        pa.field("reason", pa.string()),
        # By Ordergroove's clock, the beginning of the last census that listed it. Null where none did.
        pa.field("last_listed_at", _INSTANT),
        # By Ordergroove's clock, the end of the first census that did not list it any more. Null where it came back.
        pa.field("first_missed_at", _INSTANT),
        # By Ordergroove's clock, in whole seconds: when it answered 404, or when it was asked and answered 200. Null
        # where it was not asked yet.
        pa.field("checked_at", _INSTANT),
        # 404: gone. 200: it lives, and the fresh row is in raw. Null where it was not asked yet. Anything else tells
        # nothing of it: such an answer is kept so that those who gave trouble are asked about last.
        pa.field("status", pa.int64()),
        pa.field("_pulled_at", _INSTANT),
        pa.field("_run_id", pa.string()),
    ]
)


DELETION_CHECKS = Table("raw/deletion_checks", DELETION_CHECKS_SCHEMA)


@dataclass(frozen=True, kw_only=True)
class ExistenceCheckRow:
    """One row of `lake/raw/deletion_checks/`: a candidate, and the answer if there is one.

    `is_on_record` does not land: that the candidate waits was recorded by an earlier run.
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
    """Write the checks of one run as one file."""
    origin = {"_pulled_at": pulled_at, "_run_id": run_id}
    columns = [asdict(row) | origin for row in rows]
    write_table(pa.Table.from_pylist(columns, schema=DELETION_CHECKS_SCHEMA), path)
