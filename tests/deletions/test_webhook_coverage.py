"""Counting what webhooks told of, in the file that analysts read."""

from typing import Protocol

import duckdb
import pytest

from og_assets.defs.publishing import WEBHOOK_COVERAGE_CHECK
from og_assets.deletions.webhook_coverage import measure_webhook_coverage
from og_assets.warehouse.warehouse import Warehouse


class Yard(Protocol):
    """What `conftest.py` gives: see there."""

    warehouse: Warehouse


COLUMNS = "all_evidence varchar, cause varchar, deleted_at timestamptz, undeleted_at timestamptz"


def publish(yard: Yard, *deletions: str) -> None:
    yard.warehouse.folder.mkdir(parents=True)
    with duckdb.connect(str(yard.warehouse.published_file)) as connection:
        connection.execute(f"create table fct_deletions ({COLUMNS})")
        connection.execute("create table fct_orders (updated_at timestamptz)")
        connection.execute("insert into fct_orders values ('2026-06-10 12:00:00+00'), (null)")
        for row in deletions:
            connection.execute(f"insert into fct_deletions values ({row})")


TOLD = "'webhook, retrieve_404, census', 'removed', '2026-06-09 12:00:00+00', null"
UNTOLD = "'retrieve_404, census', 'removed', '2026-06-09 12:00:00+00', null"
NO_CAUSE = "'retrieve_404', null, '2026-06-09 12:00:00+00', null"
SILENT = "'retrieve_404, census', 'out_of_stock', '2026-06-09 12:00:00+00', null"
CAME_BACK = "'retrieve_404, census', 'removed', '2026-06-09 12:00:00+00', '2026-06-09 13:00:00+00'"
LONG_AGO = "'retrieve_404, census', 'removed', '2026-06-03 11:00:00+00', null"


@pytest.mark.parametrize(
    ("deletions", "passed", "share"),
    [
        ([], True, None),
        ([TOLD, TOLD, SILENT, CAME_BACK, LONG_AGO], True, None),
        ([TOLD, TOLD, UNTOLD, NO_CAUSE], False, 0.5),
        # Nobody listens: that is not for this check to blame.
        ([UNTOLD, UNTOLD], True, None),
    ],
)
def test_what_no_webhook_told_of_is_counted(
    yard: Yard, deletions: list[str], passed: bool, share: float | None
) -> None:
    publish(yard, *deletions)
    verdict = WEBHOOK_COVERAGE_CHECK.judge(measure_webhook_coverage(yard.warehouse))
    assert (verdict.problem is None) == passed
    assert verdict.metadata.get("share not reported") == share


def test_deletions_are_counted_back_from_the_newest_thing_that_is_known(yard: Yard) -> None:
    publish(yard, TOLD, LONG_AGO, UNTOLD.replace("2026-06-09", "2026-07-09"))
    told = measure_webhook_coverage(yard.warehouse)
    assert (told.told, told.untold) == (0, 1)
