"""From the lake to the analysts: the dbt models as assets, their tests as checks, and the published file.

Only these two assets open the warehouse for writing, one at a time (design D7, pool `warehouse`).
"""

import os
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, dbt_assets
from dagster_dbt.errors import DagsterDbtCliRuntimeError

from og_assets.defs.checks import Check, Verdict
from og_assets.deletions.check_rows import DELETION_CHECKS
from og_assets.deletions.webhook_coverage import RECENT_DAYS, WebhookCoverage, measure_webhook_coverage
from og_assets.events.land import EVENTS
from og_assets.lake.lake import Lake
from og_assets.orchestration.dbt_manifest import dbt_project
from og_assets.orchestration.failures import dagster_failures
from og_assets.settings import load_settings
from og_assets.warehouse.publish import publish
from og_assets.warehouse.warehouse import Warehouse

WAREHOUSE_POOL = "warehouse"
PUBLISHED_MARTS = dg.AssetKey("published_marts")


def _webhooks_miss_nothing(coverage: WebhookCoverage) -> Verdict:
    counts: dict[str, str | int | float] = {
        "reported by webhook": coverage.reported,
        "not reported": coverage.not_reported,
        "without an event at Ordergroove": coverage.without_event_type,
    }
    if not coverage.receives_webhooks or not coverage.not_reported:
        return Verdict(None, counts)
    return Verdict(
        f"No webhook reported {coverage.not_reported:,} of {coverage.reported + coverage.not_reported:,} deletions of "
        f"the last {RECENT_DAYS} days. They are in the marts, with wider time bounds. Check the receiver, the webhook "
        "targets in Ordergroove, and whether every event file reaches the inbox.",
        {**counts, "share not reported": round(coverage.share_not_reported, 4)},
    )


WEBHOOK_COVERAGE_CHECK: Check[WebhookCoverage] = Check(
    name="webhooks_miss_nothing",
    description=f"A webhook reported every deletion of the last {RECENT_DAYS} days that has an event type.",
    judge=_webhooks_miss_nothing,
)


class Translator(DagsterDbtTranslator):
    """Models are assets by their bare name, grouped by layer; sources keep the key of the raw asset they read."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Name models, seeds and snapshots as analysts do; sources as `ordergroove/<object>`."""
        if dbt_resource_props["resource_type"] == "source":
            return super().get_asset_key(dbt_resource_props)
        return dg.AssetKey(dbt_resource_props["name"])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """Group by the folder right below `models/`; seeds by themselves."""
        if dbt_resource_props["resource_type"] == "seed":
            return "seeds"
        return str(dbt_resource_props["fqn"][1])


@dbt_assets(
    manifest=dbt_project.manifest_path,
    project=dbt_project,
    name="dbt_models",
    pool=WAREHOUSE_POOL,
    dagster_dbt_translator=Translator(),
)
def dbt_models(
    context: dg.AssetExecutionContext,
    dbt: DbtCliResource,
    lake: dg.ResourceParam[Lake],
    warehouse: dg.ResourceParam[Warehouse],
) -> Iterator[Any]:
    """Build and test the models, staging to marts."""
    settings = load_settings()
    # dbt runs as a child process and knows only the environment; .env and defaults are known here.
    os.environ["OG_DATA_DIR"] = str(settings.data_dir)
    os.environ["ORDERGROOVE_TIMEZONE"] = settings.ordergroove_timezone
    with dagster_failures():
        lake.prepare(EVENTS, DELETION_CHECKS)
        warehouse.wait_until_free()
    # One folder, used again: by default each run would leave one of its own.
    target = warehouse.folder / "dbt"
    try:
        # Unit tests are of the code, not of the data, and have their place before a release. A log of each statement
        # would take a sixth of the time of a small build, and they lie in `run/` anyway.
        yield from dbt.cli(
            ["build", "--exclude-resource-type", "unit_test", "--log-level-file", "info"],
            context=context,
            target_path=target,
        ).stream()
    except DagsterDbtCliRuntimeError as error:
        raise _explanation(error, lake=lake) from error


@dg.asset(
    description="The analysts' file, analytics.duckdb: the marts of a build whose tests all passed.",
    group_name="published",
    kinds={"duckdb"},
    pool=WAREHOUSE_POOL,
    deps=[key for key, group in dbt_models.group_names_by_key.items() if group == "marts"],
    check_specs=[WEBHOOK_COVERAGE_CHECK.spec(PUBLISHED_MARTS)],
)
def published_marts(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult:
    """Publish the marts."""
    with dagster_failures():
        rows = publish(warehouse)
        coverage = measure_webhook_coverage(warehouse)
    return dg.MaterializeResult(
        metadata={
            "file": dg.MetadataValue.path(str(warehouse.published_file)),
            "tables": len(rows),
            **{f"rows/{table}": count for table, count in rows.items()},
        },
        check_results=[WEBHOOK_COVERAGE_CHECK.result(coverage, key=PUBLISHED_MARTS)],
    )


def _explanation(error: DagsterDbtCliRuntimeError, *, lake: Lake) -> dg.Failure:
    """Say what a failed build means, and look whether a damaged file in the lake is the cause."""
    failed = f"dbt build failed; analysts keep the tables of the last build that passed. {error}"
    return dg.Failure(lake.damage() or failed, allow_retries=False)
