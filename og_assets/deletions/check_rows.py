"""Rows of `lake/raw/deletion_checks/`: each suspected deletion, and Ordergroove's answer about it.

Belongs here: the columns, and writing them. Does not belong here: which objects are checked
(`suspected_deletions.py`), the retrieve calls (`existence_checks.py`), what an answer means for the marts
(dbt's `int_deletion_evidence`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pyarrow as pa
from pydantic import AwareDatetime

from og_assets.lake.files import remove_partials
from og_assets.lake.lake import file_stem
from og_assets.lake.table import INSTANT, NOT_STORED, Table, schema_of

ObjectType = Literal["order", "item"]
# The values are columns of the lake and stay as they are: `left_census` is "not in the newest open-ID listing", and
# `told_deleted` is "reported as deleted by a webhook". The package docstring explains all four.
Reason = Literal["left_census", "left_order", "told_deleted", "came_back"]


@dataclass(frozen=True, kw_only=True)
class ExistenceCheckRow:
    """One row of `lake/raw/deletion_checks/`: a suspected deletion, and the answer if there is one. Times are UTC."""

    object_type: ObjectType
    object_id: str
    reason: Reason
    # By Ordergroove's clock: when the last listing that contains the object began. Null if there is none.
    last_listed_at: AwareDatetime | None = None
    # By Ordergroove's clock: when the first listing that lacks the object ended. Null for `came_back`.
    first_missed_at: AwareDatetime | None = None
    # By Ordergroove's clock, in whole seconds: the time of a 404 answer, or the time of the request that was answered
    # with 200. Null if the object was not checked yet.
    checked_at: AwareDatetime | None = None
    # 404: deleted. 200: it exists, and the current row is in raw. Null: not checked yet. Any other status proves
    # nothing; it is recorded so that objects whose check failed are checked last.
    status: int | None = None
    # An earlier run already recorded that this object waits for its check.
    is_on_record: bool = field(default=False, metadata=NOT_STORED)


DELETION_CHECKS = Table(
    "raw/deletion_checks",
    schema_of(ExistenceCheckRow, more=[pa.field("_pulled_at", INSTANT), pa.field("_run_id", pa.string())]),
)


def record_checks(root: Path, rows: Sequence[ExistenceCheckRow], *, run_id: str) -> None:
    """Write the rows into the lake as one file, if there are any."""
    if not rows:
        return
    now = datetime.now(UTC)
    remove_partials(DELETION_CHECKS.path(root))
    path = DELETION_CHECKS.path(root) / f"day={now:%Y-%m-%d}" / f"{file_stem(now, run_id=run_id)}.parquet"
    write_checks(rows, path, pulled_at=now, run_id=run_id)


def write_checks(rows: Iterable[ExistenceCheckRow], path: Path, *, pulled_at: datetime, run_id: str) -> None:
    """Write the rows as one file."""
    DELETION_CHECKS.write(rows, path, _pulled_at=pulled_at, _run_id=run_id)
