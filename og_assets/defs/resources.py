"""Resources: the store, the lake, the inbox, the warehouse and dbt, each made from the settings."""

import json
from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliInvocation

from og_assets.deletions.existence_checks import ExistenceChecker
from og_assets.deletions.open_id_lister import OpenIdLister
from og_assets.events.inbox import inbox_of
from og_assets.events.ingest import EventIngestion
from og_assets.events.scan import InboxScan, scan_inbox
from og_assets.extraction.pull import Extractor
from og_assets.lake.lake import Lake
from og_assets.orchestration.dbt_manifest import dbt_cli
from og_assets.orchestration.orphan_exit import exit_with_parent
from og_assets.settings import Settings
from og_assets.warehouse.warehouse import Warehouse


class ProjectResource(dg.ConfigurableResource):
    """Base of the project's resources. Each asset needs one, so each step ends when its run's process ends."""

    settings: dg.ResourceDependency[Settings]

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002
        """Tie the step's process to the process that started it."""
        exit_with_parent()

    @property
    def values(self) -> Settings:
        """The settings, typed as a step sees them."""
        return self.settings

    @property
    def lake(self) -> Lake:
        """The lake under `OG_DATA_DIR`."""
        return Lake(self.values.data_dir / "lake")


class OrdergrooveResource(ProjectResource):
    """The store behind the API, and what can be asked of it."""

    def extractor(self) -> Extractor:
        """Pulls objects into the lake."""
        return Extractor(self.values, self.lake)

    def open_id_lister(self) -> OpenIdLister:
        """Lists the ids of open orders and items."""
        return OpenIdLister(self.values, self.lake)

    def existence_checker(self) -> ExistenceChecker:
        """Checks whether suspected deletions still exist."""
        return ExistenceChecker(self.values, self.lake)


class InboxResource(ProjectResource):
    """The folder into which the receiver, or a dump of Ordergroove's, puts webhook event files."""

    def scan(self) -> InboxScan:
        """List the files in the inbox, and which of them are new."""
        return scan_inbox(inbox_of(self.values.data_dir, settle_seconds=self.values.og_inbox_settle), self.lake)

    def ingestion(self, *, run_id: str) -> EventIngestion:
        """Return the ingestion of one run."""
        return EventIngestion(
            inbox=inbox_of(self.values.data_dir, settle_seconds=self.values.og_inbox_settle),
            lake=self.lake,
            policy=self.values.og_pii,
            ingested_file_policy=self.values.og_taken_dumps,
            run_id=run_id,
        )


class WarehouseResource(ProjectResource):
    """The file that dbt builds and the file that analysts read."""

    @property
    def warehouse(self) -> Warehouse:
        """The warehouse under `OG_DATA_DIR`."""
        return Warehouse(self.values.data_dir / "warehouse", lock_timeout=self.values.og_lock_timeout)


class DbtResource(WarehouseResource):
    """dbt on the project's models."""

    def build(self, context: dg.AssetExecutionContext) -> DbtCliInvocation:
        """Start `dbt build` of the selected models and their tests."""
        variables = {
            "data_dir": str(self.values.data_dir),
            "store_timezone": self.values.ordergroove_timezone,
        }
        return dbt_cli().cli(
            [
                "build",
                # Unit tests test code, not data: they run before a release.
                *("--exclude-resource-type", "unit_test"),
                *("--vars", json.dumps(variables)),
                # A log of each statement takes a sixth of the time of a small build; target/run/ has the statements.
                *("--log-level-file", "info"),
            ],
            context=context,
            # One folder for all runs: by default each run would leave one of its own.
            target_path=self.warehouse.folder / "dbt",
        )


def build_resources(settings: Settings) -> Mapping[str, Any]:
    """Make the resources by the names under which assets ask for them."""
    return {
        "ordergroove": OrdergrooveResource(settings=settings),
        "inbox": InboxResource(settings=settings),
        "warehouse": WarehouseResource(settings=settings),
        "dbt": DbtResource(settings=settings),
    }
