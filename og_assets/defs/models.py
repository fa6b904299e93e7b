"""The dbt models as assets and their tests as asset checks.

Pool `warehouse` lets one step at a time open the build file for writing.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject, dbt_assets
from dagster_dbt.errors import DagsterDbtCliRuntimeError

from og_assets.defs.resources import DbtResource
from og_assets.deletions.check_rows import DELETION_CHECKS
from og_assets.events.land import EVENTS
from og_assets.lake.lake import Lake
from og_assets.orchestration.failures import dagster_failures

WAREHOUSE_POOL = "warehouse"


class Translator(DagsterDbtTranslator):
    """Names models, seeds and tests as analysts do. Groups come from `+meta` in dbt_project.yml."""

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        """Use the model's name as key. A source keeps the key of its raw asset, `ordergroove/<object>`."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        properties = self.get_resource_props(manifest, unique_id)
        if properties["resource_type"] == "source":
            return spec
        return spec.replace_attributes(key=dg.AssetKey(properties["name"]))

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetCheckSpec | None:
        """Describe a check by the description of its dbt test; dagster-dbt looks for it in `meta` only."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        return spec and spec._replace(description=self.get_resource_props(manifest, unique_id).get("description"))


def build_dbt_models(project: DbtProject) -> dg.AssetsDefinition:
    """Build the assets of the dbt project. Its manifest must be current."""

    @dbt_assets(
        manifest=project.manifest_path,
        project=project,
        name="dbt_models",
        pool=WAREHOUSE_POOL,
        dagster_dbt_translator=Translator(DagsterDbtTranslatorSettings(enable_code_references=True)),
    )
    def dbt_models(context: dg.AssetExecutionContext, dbt: DbtResource) -> Iterator[Any]:
        """Build and test the models, staging to marts."""
        with dagster_failures():
            dbt.lake.prepare(EVENTS, DELETION_CHECKS)
            dbt.warehouse.wait_until_free()
        try:
            yield from dbt.build(context).stream()
        except DagsterDbtCliRuntimeError as error:
            raise _failure(error, lake=dbt.lake) from error

    return dbt_models


def _failure(error: DagsterDbtCliRuntimeError, *, lake: Lake) -> dg.Failure:
    """Say what a failed build means, and which damaged file of the lake caused it, if one did."""
    failed = f"dbt build failed; analysts keep the tables of the last build that passed. {error}"
    return dg.Failure(lake.damage() or failed, allow_retries=False)
