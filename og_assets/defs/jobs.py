"""Jobs are verbs of the business: bring in a day, take in webhooks, or build the marts from what is there (D8)."""

import dagster as dg

WEBHOOK_EVENTS = dg.AssetKey(["ordergroove", "webhook_events"])

# Always all of dbt, never only what lies downstream of something: a whole build tests the marts against each other, and
# only what passed a whole build is published.
_MARTS = dg.AssetSelection.groups("seeds", "staging", "intermediate", "marts", "published")

daily_sync = dg.define_asset_job(
    "daily_sync",
    selection=dg.AssetSelection.all(),
    description="One window, end to end: raw pulls, reference snapshots, webhook events, dbt, publish.",
)

ingest_webhooks = dg.define_asset_job(
    "ingest_webhooks",
    selection=dg.AssetSelection.assets(WEBHOOK_EVENTS) | _MARTS,
    description="From the dumps in the inbox to the published marts. Asks Ordergroove nothing.",
)

build_marts = dg.define_asset_job(
    "build_marts",
    selection=_MARTS,
    description="Build, test and publish the marts from what the lake holds. Asks Ordergroove nothing.",
)
