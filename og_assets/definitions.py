"""The code location: loads what lies in `defs/`, then applies the policy that holds for every asset, once.

Belongs here: nothing else. Assets, jobs, schedules and resources live in `defs/`.
"""

import warnings
from functools import cache
from pathlib import Path

import dagster as dg

from og_assets.settings import load_settings

OWNERS = ["team:data-engineering"]


@dg.definitions
@cache
def defs() -> dg.Definitions:
    """Load the project's assets, checks, jobs, schedules and resources. Raises `SettingsError` before anything else."""
    load_settings()
    # Backfills as one run are beta by Dagster's word, and what the design rests on (D3).
    warnings.filterwarnings("ignore", category=dg.BetaWarning, message=".*backfill_policy.*")
    loaded = dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
    return loaded.permissive_map_resolved_asset_specs(
        func=lambda spec: spec.replace_attributes(owners=[*spec.owners, *OWNERS]), selection=None
    )
