"""From the lake to the analysts: the dbt models as assets, their tests as checks, and the published file.

Only these two assets open the warehouse for writing, one at a time (design D7, pool `warehouse`).
"""

import os
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, dbt_assets
from dagster_dbt.errors import DagsterDbtCliRuntimeError

from og_assets.defs.dbt_manifest import dbt_project
from og_assets.defs.failures import explained
from og_assets.lake.lake import Lake
from og_assets.settings import load_settings
from og_assets.warehouse.publish import publish
from og_assets.warehouse.warehouse import Warehouse

WAREHOUSE_POOL = "warehouse"


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
    with explained():
        lake.prepare()
        warehouse.wait_until_free()
    # One folder, used again: by default each run would leave one of its own.
    target = warehouse.folder / "dbt"
    try:
        yield from dbt.cli(["build"], context=context, target_path=target).stream()
    except DagsterDbtCliRuntimeError as error:
        raise _explanation(error, lake=lake) from error


@dg.asset(
    description="The analysts' file, analytics.duckdb: the marts of a build whose tests all passed.",
    group_name="published",
    kinds={"duckdb"},
    pool=WAREHOUSE_POOL,
    deps=[key for key, group in dbt_models.group_names_by_key.items() if group == "marts"],
)
def published_marts(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult:
    """Publish the marts."""
    with explained():
        rows = publish(warehouse)
    return dg.MaterializeResult(
        metadata={
            "file": dg.MetadataValue.path(str(warehouse.published_file)),
            "tables": len(rows),
            **{f"rows/{table}": count for table, count in rows.items()},
        }
    )


def _explanation(error: DagsterDbtCliRuntimeError, *, lake: Lake) -> dg.Failure:
    """Say what a failed build means, and look whether a damaged file in the lake is the cause."""
    damaged = lake.unreadable_files()
    if damaged:
        files = ", ".join(str(path) for path in damaged)
        return dg.Failure(
            f"These files in the lake are not readable Parquet: {files}. Move them away, materialize their windows "
            "again, then run build_marts. Analysts keep the tables of the last build that passed.",
            allow_retries=False,
        )
    return dg.Failure(
        f"dbt build failed; analysts keep the tables of the last build that passed. {error}", allow_retries=False
    )
