"""Jobs are verbs of the business: bring in a day, or build the marts from what is there (design D8)."""

import dagster as dg

daily_sync = dg.define_asset_job(
    "daily_sync",
    selection=dg.AssetSelection.all(),
    description="One window, end to end: raw pulls, reference snapshots, dbt, publish.",
)

build_marts = dg.define_asset_job(
    "build_marts",
    selection=dg.AssetSelection.groups("seeds", "staging", "intermediate", "marts", "published"),
    description="Build, test and publish the marts from what the lake holds. Asks Ordergroove nothing.",
)
