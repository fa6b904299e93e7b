"""Jobs: sync a window, ingest webhook events, or build the marts from the lake. No run starts another run."""

import dagster as dg

WEBHOOK_EVENTS = dg.AssetKey(["ordergroove", "webhook_events"])
PUBLISHED_MARTS = dg.AssetKey("published_marts")

# Every job builds all of dbt: only a whole build tests the marts against each other, and only that is published.
_MARTS = dg.AssetSelection.groups("seeds", "staging", "intermediate", "marts", "published")

daily_sync = dg.define_asset_job(
    "daily_sync",
    selection=dg.AssetSelection.all(),
    description="One window, end to end: raw pulls, reference snapshots, webhook events, dbt, publish.",
)

ingest_webhooks = dg.define_asset_job(
    "ingest_webhooks",
    selection=dg.AssetSelection.assets(WEBHOOK_EVENTS) | _MARTS,
    description="From the event files in the inbox to the published marts. Sends Ordergroove no request.",
)

build_marts = dg.define_asset_job(
    "build_marts",
    selection=_MARTS,
    description="Build, test and publish the marts from the lake. Sends Ordergroove no request.",
)
