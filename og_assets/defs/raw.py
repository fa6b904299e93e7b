"""Raw assets: one for each API object, made from `ordergroove/objects.py` by one factory.

Windowed objects are partitioned by `raw_windows` and backfilled as one run over a range; reference objects are
snapshots of the present. Pools of one slot keep the walks of an object type apart (design D3).
"""

from collections.abc import Sequence

import dagster as dg

from og_assets.defs.checks import RAW_CHECKS, check_results
from og_assets.defs.partitions import raw_windows, windows_of
from og_assets.deletions.open_id_lister import LISTED_OBJECTS
from og_assets.deletions.open_id_listings import census_name
from og_assets.extraction.pull import Extractor, Walk
from og_assets.orchestration.failures import dagster_failures
from og_assets.orchestration.orphan_exit import exit_with_parent
from og_assets.ordergroove.objects import BY_NAME, OBJECTS, ApiObject


def make_raw_asset(
    api_object: ApiObject, *, partitions: dg.TimeWindowPartitionsDefinition = raw_windows
) -> dg.AssetsDefinition:
    """Build the asset of one API object."""
    key = dg.AssetKey(["ordergroove", api_object.name])

    @dg.asset(
        key=key,
        description=f"{api_object.description}\n\nPulled from `GET {api_object.path}`.",
        group_name="ordergroove",
        kinds={"ordergroove", "parquet"},
        partitions_def=partitions if api_object.window else None,
        backfill_policy=dg.BackfillPolicy.single_run() if api_object.window else None,
        pool=f"ordergroove_{api_object.name}",
        check_specs=[check.spec(key) for check in RAW_CHECKS if check.applies_to(api_object)],
    )
    def raw_asset(context: dg.AssetExecutionContext, extractor: dg.ResourceParam[Extractor]) -> dg.MaterializeResult:
        def progress(message: str) -> None:
            context.log.info(f"{api_object.name}: {message}")

        exit_with_parent()
        with dagster_failures(context.op_execution_context):
            if api_object.window:
                windows = windows_of(context.partition_keys, partitions=partitions)
                walks = extractor.pull_windows(api_object, windows, run_id=context.run.run_id, progress=progress)
            else:
                walks = extractor.pull_snapshot(api_object, run_id=context.run.run_id, progress=progress)
            done = list(walks)
        for note in {walk.pull.note for walk in done if walk.pull.note}:
            context.log.warning(f"{api_object.name}: {note}")
        return dg.MaterializeResult(metadata=_metadata(done), check_results=check_results(api_object, done, key=key))

    return raw_asset


def _metadata(walks: Sequence[Walk]) -> dict[str, dg.MetadataValue]:
    """What the UI shows of a pull, summed over its segments."""
    metadata: dict[str, dg.MetadataValue] = {
        "dagster/row_count": dg.MetadataValue.int(sum(walk.pull.rows for walk in walks)),
        **{
            name: dg.MetadataValue.int(sum(getattr(walk.pull, name) for walk in walks))
            for name in ("pages", "requests", "retries", "bytes", "quarantined")
        },
        "segments": dg.MetadataValue.int(len(walks)),
        "seconds": dg.MetadataValue.float(round(sum(walk.pull.seconds for walk in walks), 3)),
    }
    newest = [walk.landed.newest_updated for walk in walks if walk.landed.newest_updated]
    if newest:
        metadata["newest updated"] = dg.MetadataValue.text(f"{max(newest)} (store's wall clock)")
    if walks and walks[0].pull.last_window:
        asked_from, asked_to = walks[0].asked_from, walks[-1].asked_to
        metadata["window"] = dg.MetadataValue.text(f"{asked_from or 'the beginning'} to {asked_to}")
        metadata["overlap hours"] = dg.MetadataValue.float(walks[-1].overlap.total_seconds() / 3600)
    notes = {walk.pull.note for walk in walks if walk.pull.note}
    if notes:
        metadata["note"] = dg.MetadataValue.text("; ".join(sorted(notes)))
    return metadata


raw_assets = [make_raw_asset(api_object) for api_object in OBJECTS]

# Each pull leaves a row in the lake's manifest; dbt reads it, so the lineage has to pass through it.
pulls = dg.AssetSpec(
    ["lake", "pulls"],
    description="The manifest: one row for each object, window and pull, with what it cost and what it brought.",
    group_name="ordergroove",
    kinds={"parquet"},
    deps=[
        *(asset.key for asset in raw_assets),
        *(dg.AssetKey(["ordergroove", census_name(BY_NAME[name])]) for name in LISTED_OBJECTS),
    ],
)
