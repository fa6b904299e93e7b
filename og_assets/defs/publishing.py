"""The analysts' file: the marts of a build whose tests all passed, and the check on webhook coverage."""

import dagster as dg

from og_assets.defs.checks import Check, Verdict
from og_assets.defs.jobs import PUBLISHED_MARTS
from og_assets.defs.models import WAREHOUSE_POOL
from og_assets.defs.resources import WarehouseResource
from og_assets.deletions.webhook_coverage import RECENT_DAYS, WebhookCoverage, measure_webhook_coverage
from og_assets.orchestration.failures import dagster_failures
from og_assets.warehouse.publish import build_started_at, publish

# Metadata key of the published asset; the inbox sensor compares it with the time of the newest ingested events.
BUILD_STARTED = "build started"


def _deletions_are_reported(coverage: WebhookCoverage) -> Verdict:
    counts: dict[str, str | int | float] = {
        "reported by webhook": coverage.reported,
        "not reported": coverage.not_reported,
        "webhook does not exist at Ordergroove": coverage.without_event_type,
    }
    if not coverage.receives_webhooks or not coverage.not_reported:
        return Verdict(None, counts)
    return Verdict(
        f"No webhook reported {coverage.not_reported:,} of {coverage.reported + coverage.not_reported:,} deletions "
        f"of the last {RECENT_DAYS} days. The marts have these deletions, with less exact times. Check that the "
        "receiver runs, that its address is a webhook target in Ordergroove, and that all event files reached the "
        "inbox.",
        {**counts, "share not reported": round(coverage.share_not_reported, 4)},
    )


WEBHOOK_COVERAGE_CHECK: Check[WebhookCoverage] = Check(
    name="webhooks_report_every_deletion",
    description=f"A webhook reported each deletion of the last {RECENT_DAYS} days for which Ordergroove has an event.",
    judge=_deletions_are_reported,
)


def build_published_marts(dbt_models: dg.AssetsDefinition) -> dg.AssetsDefinition:
    """Build the asset that publishes the marts among `dbt_models`."""

    @dg.asset(
        key=PUBLISHED_MARTS,
        description="The analysts' file, analytics.duckdb: the marts of a build whose tests all passed.",
        group_name="published",
        kinds={"duckdb"},
        pool=WAREHOUSE_POOL,
        deps=[spec.key for spec in dbt_models.specs if spec.group_name == "marts"],
        check_specs=[WEBHOOK_COVERAGE_CHECK.spec(PUBLISHED_MARTS)],
    )
    def published_marts(warehouse: WarehouseResource) -> dg.MaterializeResult:
        with dagster_failures():
            rows = publish(warehouse.warehouse)
            started = build_started_at(warehouse.warehouse)
            coverage = measure_webhook_coverage(warehouse.warehouse)
        return dg.MaterializeResult(
            metadata={
                "file": dg.MetadataValue.path(str(warehouse.warehouse.published_file)),
                BUILD_STARTED: dg.MetadataValue.timestamp(started),
                "tables": len(rows),
                **{f"rows/{table}": count for table, count in rows.items()},
            },
            check_results=[WEBHOOK_COVERAGE_CHECK.result(coverage, key=PUBLISHED_MARTS)],
        )

    return published_marts
