"""What `og-assets sync` and `og-assets ingest` do around a run, and what they say.

Belongs here: the order of steps, and words for people. Does not belong here: arguments and exit codes (`cli.py`), the
run itself (`defs/local_run.py`).
"""

from og_assets.cli.progress import console, errors, print_message, reporting, summary
from og_assets.events.inbox import inbox_of
from og_assets.events.scan import scan_inbox
from og_assets.extraction.pull import Extractor
from og_assets.lake.lake import Lake
from og_assets.orchestration import local_runs as local_run
from og_assets.orchestration.dagster_home import prepare_dagster_home
from og_assets.orchestration.local_runs import RunOutcome
from og_assets.settings import Settings


def run_sync(settings: Settings, *, first: str | None, last: str | None) -> bool:
    """Pull, build and publish a range of windows; returns whether that succeeded."""
    prepare_dagster_home(settings)
    # One request now, so that a wrong key is one error and not one for each object.
    Extractor(settings, Lake(settings.data_dir / "lake")).check_access()
    first_key, last_key = local_run.window_keys(settings, first=first, last=last)
    console.print(f"Windows {first_key} to {last_key}, into {settings.data_dir}")
    never_pulled = local_run.windows_never_pulled(settings, before=first_key)
    if never_pulled:
        print_message(
            "warning",
            f"{len(never_pulled):,} windows before these were never pulled whole, from "
            f"{never_pulled[0]} to {never_pulled[-1]}. Run og-assets sync --from {never_pulled[0][:10]} to fill them.",
        )
    job = local_run.daily_sync_job()
    with reporting(job.name, total=local_run.step_count(job)) as report:
        outcome = local_run.sync(first=first_key, last=last_key, report=report)
    if not _succeeded(outcome):
        return False
    console.print(summary(settings.data_dir / "lake", settings.data_dir / "warehouse" / "analytics.duckdb"))
    console.print(f"Published: {settings.data_dir / 'warehouse' / 'analytics.duckdb'}")
    return True


def run_ingest(settings: Settings) -> bool:
    """Take in what lies in the inbox, build and publish; returns whether all of it was taken in and published."""
    prepare_dagster_home(settings)
    inbox = inbox_of(settings.data_dir, settle_seconds=settings.og_inbox_settle)
    lake = Lake(settings.data_dir / "lake")
    console.print(f"{len(inbox.settled_contents().event_files):,} dumps lie in {inbox.folder}")
    job = local_run.ingest_webhooks_job()
    with reporting(job.name, total=local_run.step_count(job)) as report:
        outcome = local_run.ingest(report=report)
    if not _succeeded(outcome):
        return False
    console.print(f"Published: {settings.data_dir / 'warehouse' / 'analytics.duckdb'}")
    found = scan_inbox(inbox, lake)
    for problem in found.problems:
        print_message("warning", f"{problem}.")
    if found.new or found.incomplete:
        print_message(
            "warning",
            f"{len(found.new) + found.incomplete:,} files in the inbox were not taken in: "
            f"{found.incomplete:,} are still being written, and {len(found.new):,} end in the middle of an event, came "
            "just now, or gave trouble. Run og-assets ingest again when they are whole.",
        )
    return not (found.problems or found.new or found.incomplete)


def _succeeded(outcome: RunOutcome) -> bool:
    if not outcome.success:
        for failure in outcome.failures:
            print_message("failed", failure)
        errors.print(
            f"It did not succeed; analysts keep what they have. Run {outcome.run_id[:8]} in the UI tells more."
        )
    return outcome.success
