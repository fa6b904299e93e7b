"""Raw assets, one for each object in `ordergroove/objects.py`.

Windowed objects are partitioned by extraction window, and a range of windows is pulled in one run. Reference objects
are snapshots of the present. Pools of one slot allow one listing of an object type at a time.
"""

from collections.abc import Iterator, Mapping, Sequence

import dagster as dg

from og_assets.defs.checks import check_results, check_specs
from og_assets.defs.partitions import windows_of
from og_assets.defs.resources import OrdergrooveResource
from og_assets.deletions.open_id_lister import LISTED_OBJECTS
from og_assets.deletions.open_id_listings import census_name
from og_assets.extraction.pull import Progress, Window
from og_assets.lake.lake import Lake
from og_assets.lake.manifest import Pull
from og_assets.lake.row_counts import count_rows, count_rows_by_bounds
from og_assets.orchestration.failures import RETRIES, InterruptedFailure, dagster_failures
from og_assets.ordergroove.objects import BY_NAME, OBJECTS, ApiObject

# Snapshots of some pages share one step: a process for each costs more than the pull. Payments and entitlements have
# a row for each customer, so they keep a step of their own beside the others.
REFERENCE_SNAPSHOTS = ("products", "product_groups", "offer_profiles", "resources", "cancel_reasons")
# One slot for the whole step. No other step lists these objects, so one listing per object type at a time still holds.
REFERENCE_POOL = "ordergroove_reference"


def build_raw_assets(partitions: dg.TimeWindowPartitionsDefinition) -> list[dg.AssetsDefinition]:
    """Build the raw assets of all objects."""
    alone = [api_object for api_object in OBJECTS if api_object.name not in REFERENCE_SNAPSHOTS]
    return [*(build_raw_asset(api_object, partitions=partitions) for api_object in alone), reference_snapshots]


def raw_key(api_object: ApiObject) -> dg.AssetKey:
    """Return the asset key of an object."""
    return dg.AssetKey(["ordergroove", api_object.name])


def _description(api_object: ApiObject) -> str:
    return f"{api_object.description}\n\nPulled from `GET {api_object.path}`."


def build_raw_asset(api_object: ApiObject, *, partitions: dg.TimeWindowPartitionsDefinition) -> dg.AssetsDefinition:
    """Build the asset of one object: windowed if its list can be filtered by time, else a snapshot."""
    key = raw_key(api_object)

    @dg.asset(
        key=key,
        description=_description(api_object),
        group_name="ordergroove",
        kinds={"ordergroove", "parquet"},
        partitions_def=partitions if api_object.window else None,
        backfill_policy=dg.BackfillPolicy.single_run() if api_object.window else None,
        pool=f"ordergroove_{api_object.name}",
        retry_policy=RETRIES,
        check_specs=check_specs(api_object, key=key),
    )
    def raw_asset(context: dg.AssetExecutionContext, ordergroove: OrdergrooveResource) -> dg.MaterializeResult:
        if not api_object.window:
            return _snapshot(api_object, context, ordergroove)
        windows = windows_of(context.partition_keys, partitions=partitions)
        with dagster_failures():
            done = list(
                ordergroove.extractor().pull_windows(
                    api_object, windows, run_id=context.run.run_id, progress=_progress(api_object, context)
                )
            )
            counts = _partition_counts(api_object, done, windows, lake=ordergroove.lake)
        for window in windows:
            context.add_asset_metadata(
                {
                    "window": _window_text(window),
                    **({"dagster/partition_row_count": counts[window.key]} if window.key in counts else {}),
                },
                partition_key=window.key,
            )
        return _result(api_object, done, context, lake=ordergroove.lake)

    return raw_asset


@dg.multi_asset(
    name="reference_snapshots",
    specs=[
        dg.AssetSpec(
            raw_key(BY_NAME[name]),
            description=_description(BY_NAME[name]),
            group_name="ordergroove",
            kinds={"ordergroove", "parquet"},
        )
        for name in REFERENCE_SNAPSHOTS
    ],
    check_specs=[
        spec for name in REFERENCE_SNAPSHOTS for spec in check_specs(BY_NAME[name], key=raw_key(BY_NAME[name]))
    ],
    can_subset=True,
    pool=REFERENCE_POOL,
    retry_policy=RETRIES,
)
def reference_snapshots(
    context: dg.AssetExecutionContext, ordergroove: OrdergrooveResource
) -> Iterator[dg.MaterializeResult]:
    """List the small reference objects, one after the other. One that fails does not stop the others."""
    failures: dict[str, dg.Failure] = {}
    for name in REFERENCE_SNAPSHOTS:
        if raw_key(BY_NAME[name]) not in context.selected_asset_keys:
            continue
        try:
            result = _snapshot(BY_NAME[name], context, ordergroove)
        except InterruptedFailure:
            raise
        except dg.Failure as failure:
            failures[name] = failure
        else:
            yield result
    if failures:
        raise dg.Failure(
            description=_by_message({name: failure.description or "failed" for name, failure in failures.items()}),
            metadata={
                f"{name}/{label}": value
                for name, failure in failures.items()
                for label, value in failure.metadata.items()
            },
            allow_retries=any(failure.allow_retries for failure in failures.values()),
        )


def _by_message(messages: Mapping[str, str]) -> str:
    """Say each message once, with the objects that it is about."""
    return " ".join(
        f"{', '.join(name for name in messages if messages[name] == message)}: {message}"
        for message in dict.fromkeys(messages.values())
    )


# Each pull writes a row into the lake's manifest. dbt reads the manifest, so lineage passes through it.
pulls = dg.AssetSpec(
    ["lake", "pulls"],
    description="The manifest: one row for each object, window and pull, with its requests, rows and duration.",
    group_name="ordergroove",
    kinds={"parquet"},
    deps=[
        *(raw_key(api_object) for api_object in OBJECTS),
        *(dg.AssetKey(["ordergroove", census_name(BY_NAME[name])]) for name in LISTED_OBJECTS),
    ],
)


def _snapshot(
    api_object: ApiObject, context: dg.AssetExecutionContext, ordergroove: OrdergrooveResource
) -> dg.MaterializeResult:
    with dagster_failures():
        done = list(
            ordergroove.extractor().pull_snapshot(
                api_object, run_id=context.run.run_id, progress=_progress(api_object, context)
            )
        )
        return _result(api_object, done, context, lake=ordergroove.lake)


def _result(
    api_object: ApiObject, done: Sequence[Pull], context: dg.AssetExecutionContext, *, lake: Lake
) -> dg.MaterializeResult:
    for note in {pull.note for pull in done if pull.note}:
        context.log.warning("%s: %s", api_object.name, note)
    key = raw_key(api_object)
    with dagster_failures():
        table_rows = count_rows(lake.raw_folder(api_object))
    return dg.MaterializeResult(
        asset_key=key,
        metadata={"dagster/row_count": dg.MetadataValue.int(table_rows), **_pull_metadata(done)},
        check_results=check_results(api_object, done, key=key),
    )


def _pull_metadata(done: Sequence[Pull]) -> dict[str, dg.MetadataValue]:
    """Describe the whole pull. A pull of several windows shows the same numbers on each of them, so all say `pull/`."""
    metadata: dict[str, dg.MetadataValue] = {
        **{
            f"pull/{name}": dg.MetadataValue.int(sum(getattr(pull, name) for pull in done))
            for name in ("rows", "pages", "requests", "retries", "bytes", "quarantined")
        },
        "pull/segments": dg.MetadataValue.int(len(done)),
        "pull/seconds": dg.MetadataValue.float(round(sum(pull.seconds for pull in done), 3)),
    }
    newest = [pull.newest_updated for pull in done if pull.newest_updated]
    if newest:
        metadata["pull/newest updated"] = dg.MetadataValue.text(f"{max(newest)} (store's wall clock)")
    if done and done[0].last_window:
        first, last = done[0], done[-1]
        metadata["pull/windows"] = dg.MetadataValue.text(f"{first.first_window} to {last.last_window}")
        metadata["pull/requested"] = dg.MetadataValue.text(f"{first.asked_from or 'no lower bound'} to {last.asked_to}")
    notes = {pull.note for pull in done if pull.note}
    if notes:
        metadata["note"] = dg.MetadataValue.text("; ".join(sorted(notes)))
    return metadata


def _partition_counts(
    api_object: ApiObject, done: Sequence[Pull], windows: Sequence[Window], *, lake: Lake
) -> dict[str, int]:
    """Count the rows of each window by their update time. Objects whose rows show no update time have no counts.

    Each segment counts its own windows only: the overlap brings rows of the window before once more.
    """
    if api_object.updated is None:
        return {}
    counts: dict[str, int] = {}
    for pull in done:
        bounds = {
            window.key: (
                window.start.replace(tzinfo=None) if window.start else None,
                window.end.replace(tzinfo=None),
            )
            for window in windows
            if (pull.first_window or "") <= window.key <= (pull.last_window or "")
        }
        counts |= count_rows_by_bounds(lake.raw_file(api_object, pull), column=api_object.updated, bounds=bounds)
    return counts


def _progress(api_object: ApiObject, context: dg.AssetExecutionContext) -> Progress:
    return lambda message: context.log.info("%s: %s", api_object.name, message)


def _window_text(window: Window) -> str:
    return f"{window.start or 'no lower bound'} to {window.end}"
