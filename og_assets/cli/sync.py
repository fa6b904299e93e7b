"""`og-assets sync` and `og-assets ingest`: one run each, with what is said before and after it."""

import sys
from typing import Annotated

import typer

from og_assets.cli.console import errors, errors_as_sentences, exit_unless, output, print_message
from og_assets.cli.stopping import before_exit, stop_signal
from og_assets.cli.windows import chosen_windows, parse_day
from og_assets.settings import Settings, load_settings


def sync(
    first: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="First window, such as 2026-11-01.")
    ] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last window, included.")] = None,
) -> None:
    """Pull a range of windows, build the marts and publish them, in this process. Without days: the newest window."""
    with errors_as_sentences():
        exit_unless(run_sync(load_settings(), first=parse_day(first), last=parse_day(last)))


def ingest() -> None:
    """Ingest the webhook event files in the inbox, build the marts and publish them, in this process."""
    with errors_as_sentences():
        exit_unless(run_ingest(load_settings()))


def run_sync(settings: Settings, *, first: str | None, last: str | None) -> bool:
    """Pull, build and publish a range of windows; returns whether that succeeded."""
    from og_assets.extraction.pull import Extractor
    from og_assets.lake.lake import Lake
    from og_assets.orchestration.dagster_home import prepare_dagster_home

    prepare_dagster_home(settings)
    # One request now, so that a wrong key is one error and not one for each object.
    Extractor(settings, Lake(settings.data_dir / "lake")).check_access()
    output().print("Loading the asset definitions …")
    # Dagster takes seconds to import: a wrong setting or key is reported before.
    from og_assets.cli.progress import reporting
    from og_assets.cli.pull_times import pulls_are_short
    from og_assets.cli.summary import summary
    from og_assets.definitions import daily_sync_job
    from og_assets.defs.partitions import make_raw_windows
    from og_assets.orchestration.local_runs import run_job

    ended = list(make_raw_windows(settings).get_partition_keys())
    keys = chosen_windows(ended, first=first, last=last)
    output().print(f"Windows {keys[0]} to {keys[-1]}, into {settings.data_dir}")
    _warn_of_gaps([key for key in ended if key < keys[0]])
    tags = {"dagster/asset_partition_range_start": keys[0], "dagster/asset_partition_range_end": keys[-1]}
    job = daily_sync_job()
    with reporting(job.name, steps=[node.name for node in job.all_node_defs]) as report:
        outcome = run_job(
            daily_sync_job,
            report=report,
            one_process=len(keys) == 1 and pulls_are_short(settings.data_dir / "lake"),
            tags=tags if len(keys) > 1 else {"dagster/partition": keys[0]},
            before_exit=before_exit,
        )
    if not print_failures(outcome.run_id, outcome.failures, success=outcome.success):
        return False
    published = settings.data_dir / "warehouse" / "analytics.duckdb"
    output().print(summary(settings.data_dir / "lake", published))
    output().print(f"Published: {published}")
    return True


def run_ingest(settings: Settings) -> bool:
    """Ingest the event files in the inbox, build and publish; returns whether every file was ingested and published."""
    from og_assets.events.inbox import inbox_of
    from og_assets.events.scan import scan_inbox
    from og_assets.lake.lake import Lake
    from og_assets.orchestration.dagster_home import prepare_dagster_home

    prepare_dagster_home(settings)
    inbox = inbox_of(settings.data_dir, settle_seconds=settings.og_inbox_settle)
    lake = Lake(settings.data_dir / "lake")
    output().print(f"{len(inbox.settled_contents().event_files):,} event files are in {inbox.folder}")
    from og_assets.cli.progress import reporting
    from og_assets.definitions import ingest_webhooks_job
    from og_assets.orchestration.local_runs import run_job

    whole_inbox = {"ops": {"ordergroove__webhook_events": {"config": {"max_bytes": sys.maxsize}}}}
    job = ingest_webhooks_job()
    with reporting(job.name, steps=[node.name for node in job.all_node_defs]) as report:
        outcome = run_job(
            ingest_webhooks_job, report=report, one_process=True, run_config=whole_inbox, before_exit=before_exit
        )
    if not print_failures(outcome.run_id, outcome.failures, success=outcome.success):
        return False
    output().print(f"Published: {settings.data_dir / 'warehouse' / 'analytics.duckdb'}")
    found = scan_inbox(inbox, lake)
    for problem in found.problems:
        print_message("warning", f"{problem}.")
    if found.new or found.incomplete:
        print_message(
            "warning",
            f"{len(found.new) + found.incomplete:,} files in the inbox were not ingested: {found.incomplete:,} are "
            f"still being written, and {len(found.new):,} end in the middle of an event, arrived during the run, or "
            "cannot be read. Run og-assets ingest again when they are complete.",
        )
    return not (found.problems or found.new or found.incomplete)


def _warn_of_gaps(earlier: list[str]) -> None:
    from og_assets.orchestration.local_runs import never_materialized
    from og_assets.ordergroove.objects import OBJECTS

    windowed = [["ordergroove", api_object.name] for api_object in OBJECTS if api_object.window]
    missing = never_materialized(windowed, partition_keys=earlier)
    if missing:
        print_message(
            "warning",
            f"{len(missing):,} earlier windows were never pulled completely, from {missing[0]} to {missing[-1]}. Run "
            f"og-assets sync --from {missing[0][:10]} to pull them.",
        )


def print_failures(run_id: str, failures: tuple[str, ...], *, success: bool) -> bool:
    """Print why a run failed, and return whether it succeeded."""
    # A stopped run fails too, by the interrupt of its step.
    if not success and stop_signal() is None:
        for failure in failures:
            print_message("failed", failure)
        errors().print(f"The run failed; analysts keep the last published tables. Details: run {run_id[:8]} in the UI.")
    return success
