"""Webhook coverage: which share of recent deletions was reported by a webhook, measured in the published file."""

from pathlib import Path

import duckdb
import pytest

from og_assets.defs.publishing import WEBHOOK_COVERAGE_CHECK
from og_assets.deletions.webhook_coverage import measure_webhook_coverage
from og_assets.warehouse.warehouse import Warehouse

COLUMNS = "all_evidence varchar, cause varchar, deleted_at timestamptz, undeleted_at timestamptz"

REPORTED = "'webhook, retrieve_404, census', 'removed', '2026-06-09 12:00:00+00', null"
NOT_REPORTED = "'retrieve_404, census', 'removed', '2026-06-09 12:00:00+00', null"
WITHOUT_CAUSE = "'retrieve_404', null, '2026-06-09 12:00:00+00', null"
WITHOUT_EVENT_TYPE = "'retrieve_404, census', 'out_of_stock', '2026-06-09 12:00:00+00', null"
UNDELETED = "'retrieve_404, census', 'removed', '2026-06-09 12:00:00+00', '2026-06-09 13:00:00+00'"
OUTSIDE_PERIOD = "'retrieve_404, census', 'removed', '2026-06-03 11:00:00+00', null"


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "warehouse")


def publish_deletions(warehouse: Warehouse, *deletions: str) -> None:
    warehouse.folder.mkdir(parents=True)
    with duckdb.connect(str(warehouse.published_file)) as connection:
        connection.execute(f"create table fct_deletions ({COLUMNS})")
        connection.execute("create table fct_orders (updated_at timestamptz)")
        connection.execute("insert into fct_orders values ('2026-06-10 12:00:00+00'), (null)")
        for row in deletions:
            connection.execute(f"insert into fct_deletions values ({row})")


@pytest.mark.parametrize(
    ("deletions", "passed", "share"),
    [
        ([], True, None),
        ([REPORTED, REPORTED, WITHOUT_EVENT_TYPE, UNDELETED, OUTSIDE_PERIOD], True, None),
        ([REPORTED, REPORTED, NOT_REPORTED, WITHOUT_CAUSE], False, 0.5),
        # A store without a receiver reports nothing, and must not be warned every day.
        ([NOT_REPORTED, NOT_REPORTED], True, None),
    ],
)
def test_check_warns_of_deletions_that_no_webhook_reported(
    warehouse: Warehouse, deletions: list[str], passed: bool, share: float | None
) -> None:
    publish_deletions(warehouse, *deletions)
    verdict = WEBHOOK_COVERAGE_CHECK.judge(measure_webhook_coverage(warehouse))
    assert (verdict.problem is None) == passed
    assert verdict.metadata.get("share not reported") == share


def test_period_ends_at_the_newest_observation(warehouse: Warehouse) -> None:
    publish_deletions(warehouse, REPORTED, OUTSIDE_PERIOD, NOT_REPORTED.replace("2026-06-09", "2026-07-09"))
    coverage = measure_webhook_coverage(warehouse)
    assert (coverage.reported, coverage.not_reported) == (0, 1)
