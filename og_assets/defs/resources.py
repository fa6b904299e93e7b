"""Resources: what assets are handed, made in each run from the environment (settings.py); and the executor."""

import dagster as dg

from og_assets.deletions.existence_checks import ExistenceChecker
from og_assets.deletions.open_id_lister import OpenIdLister
from og_assets.extraction.pull import Extractor
from og_assets.lake.lake import Lake
from og_assets.orchestration.dbt_manifest import dbt_cli, dbt_project
from og_assets.orchestration.failures import dagster_failures
from og_assets.settings import load_settings
from og_assets.warehouse.warehouse import Warehouse

# Walks wait for Ordergroove, not for a processor, so more of them run at once than there are cores; pools keep those
# of one object type apart. Steps fork from a process that has loaded the code location already (preload.py).
parallel_executor = dg.multiprocess_executor.configured(
    {
        "max_concurrent": 8,
        "start_method": {
            "forkserver": {
                "preload_modules": ["og_assets.orchestration.preload", "dagster._core.storage.sqlite_storage"]
            }
        },
    },
    name="parallel_executor",
)


@dg.resource(description="Pulls objects from Ordergroove into the lake.")
def extractor_resource(_: dg.InitResourceContext) -> Extractor:
    """Build the extractor of the store that the settings name."""
    with dagster_failures():
        settings = load_settings()
        return Extractor(settings, Lake(settings.data_dir / "lake"))


@dg.resource(description="Lists what is open in Ordergroove.")
def open_id_lister_resource(_: dg.InitResourceContext) -> OpenIdLister:
    """Build the census taker of the store that the settings name."""
    with dagster_failures():
        settings = load_settings()
        return OpenIdLister(settings, Lake(settings.data_dir / "lake"))


@dg.resource(description="Asks Ordergroove about what vanished.")
def existence_checker_resource(_: dg.InitResourceContext) -> ExistenceChecker:
    """Build the deletion checker of the store that the settings name."""
    with dagster_failures():
        settings = load_settings()
        return ExistenceChecker(settings, Lake(settings.data_dir / "lake"))


@dg.resource(description="The lake: raw files under OG_DATA_DIR/lake.")
def lake_resource(_: dg.InitResourceContext) -> Lake:
    """Build the lake that the settings name."""
    return Lake(load_settings().data_dir / "lake")


@dg.resource(description="The warehouse: what dbt builds, and what analysts read.")
def warehouse_resource(_: dg.InitResourceContext) -> Warehouse:
    """Build the warehouse that the settings name."""
    settings = load_settings()
    return Warehouse(settings.data_dir / "warehouse", lock_timeout=settings.og_lock_timeout)


@dg.definitions
def resources() -> dg.Definitions:
    """Bind the resources that assets ask for by name."""
    return dg.Definitions(
        resources={
            "extractor": extractor_resource,
            "open_id_lister": open_id_lister_resource,
            "existence_checker": existence_checker_resource,
            "lake": lake_resource,
            "warehouse": warehouse_resource,
            "dbt": dbt_cli(dbt_project),
        },
        executor=parallel_executor,
    )
