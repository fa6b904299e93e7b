"""The code location: assembles the definitions of `defs/` for one set of settings.

Belongs here: what is part of the code location, and attributes that every asset has. Everything else is in `defs/`.
"""

import warnings
from collections.abc import Sequence
from functools import cache
from typing import Any

import dagster as dg

from og_assets.defs.deletions import census_assets, deletion_checks
from og_assets.defs.events import webhook_events
from og_assets.defs.inbox_sensor import webhook_inbox_sensor
from og_assets.defs.jobs import build_marts, daily_sync, ingest_webhooks
from og_assets.defs.models import build_dbt_models
from og_assets.defs.partitions import make_raw_windows
from og_assets.defs.publishing import build_published_marts
from og_assets.defs.raw import build_raw_assets, pulls
from og_assets.defs.resources import build_resources
from og_assets.defs.schedules import daily_sync_schedule
from og_assets.orchestration.dbt_manifest import prepared_project
from og_assets.orchestration.executor import parallel_executor
from og_assets.settings import Settings, load_settings

OWNERS = ["team:data-engineering"]

# Backfills as one run, and links from assets to their code.
_BETA_FEATURES = ".*(backfill_policy|code_references|CodeReference).*"


def build_definitions(settings: Settings) -> dg.Definitions:
    """Build the code location for one store. Parses the dbt project first if its manifest is not current."""
    warnings.filterwarnings(
        "ignore", category=dg.BetaWarning, message=".*(backfill_policy|code_references|CodeReference).*"
    )
    dbt_models = build_dbt_models(prepared_project())
    assets: list[Any] = [
        *build_raw_assets(make_raw_windows(settings)),
        *census_assets,
        deletion_checks,
        webhook_events,
        dbt_models,
        build_published_marts(dbt_models),
        pulls,
    ]
    linked: Sequence[Any] = dg.with_source_code_references(assets)
    return dg.Definitions(
        assets=dg.map_asset_specs(
            lambda spec: spec.replace_attributes(owners=[*spec.owners, *OWNERS]),
            linked,
        ),
        jobs=[daily_sync, ingest_webhooks, build_marts],
        schedules=[daily_sync_schedule],
        sensors=[webhook_inbox_sensor],
        resources=build_resources(settings),
        executor=parallel_executor,
    )


@dg.definitions
@cache
def defs() -> dg.Definitions:
    """Load the code location that the environment describes. Raises `SettingsError` before anything else."""
    return build_definitions(load_settings())


def daily_sync_job() -> dg.JobDefinition:
    """Return the job `daily_sync`; `dg.reconstructable` accepts this function."""
    return defs().resolve_job_def(daily_sync.name)


def ingest_webhooks_job() -> dg.JobDefinition:
    """Return the job `ingest_webhooks`; `dg.reconstructable` accepts this function."""
    return defs().resolve_job_def(ingest_webhooks.name)


def build_marts_job() -> dg.JobDefinition:
    """Return the job `build_marts`; `dg.reconstructable` accepts this function."""
    return defs().resolve_job_def(build_marts.name)
