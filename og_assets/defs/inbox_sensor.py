"""The sensor that sees dumps come, and sees to it that what they told of is published.

Belongs here: when `ingest_webhooks` is asked for. Does not belong here: what is in the inbox (`lake/intake.py`), what
the run does (`webhooks.py`). Concept: https://docs.dagster.io/guides/automate/sensors
"""

import hashlib
from datetime import UTC, datetime, timedelta

import dagster as dg

from og_assets.defs.jobs import build_marts, daily_sync, ingest_webhooks
from og_assets.events.inbox import inbox_of
from og_assets.events.scan import InboxScan, scan_inbox
from og_assets.events.store import ingested_files_of
from og_assets.lake.lake import Lake
from og_assets.settings import load_settings

# Marks a run with what it was started for, so that a failed one is known when the same dumps are found again.
INBOX_TAG = "og_assets/inbox"
# The step of the dbt models, by its name in every job.
BUILD_STEP = "dbt_models"
FIRST_RETRY_AFTER = timedelta(minutes=1)
LAST_RETRY_AFTER = timedelta(hours=1)

_UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.SUSPENDED,
    dg.DagsterRunStatus.CANCELING,
]


@dg.sensor(
    name="webhook_inbox_sensor",
    job=ingest_webhooks,
    minimum_interval_seconds=15,
    description="Starts ingest_webhooks when the inbox holds a dump whose content is not in the lake yet.",
    default_status=dg.DefaultSensorStatus.STOPPED,
)
def webhook_inbox_sensor(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Ask for one run for all new dumps, or for what a failed run left behind; wait while one is under way."""
    settings = load_settings()
    lake = Lake(settings.data_dir / "lake")
    found = scan_inbox(inbox_of(settings.data_dir, settle_seconds=settings.og_inbox_settle), lake)
    seen = _what_was_seen(found)
    wanted = _digest(found) if found.new else _unpublished(lake, context.instance)
    if wanted is None:
        return dg.SkipReason(f"{seen} Nothing new.")
    what = "take them in" if found.new else "publish the events that are in the lake"
    for job in (ingest_webhooks, *(() if found.new else (daily_sync, build_marts))):
        running = context.instance.get_runs(dg.RunsFilter(job_name=job.name, statuses=_UNDER_WAY), limit=1)
        if running:
            return dg.SkipReason(f"{seen} Run {running[0].run_id[:8]} is under way; what it leaves is looked at then.")
    earlier = context.instance.get_run_records(dg.RunsFilter(tags={INBOX_TAG: wanted}), limit=20)
    if earlier:
        wait = min(FIRST_RETRY_AFTER * 2 ** (len(earlier) - 1), LAST_RETRY_AFTER)
        ended = datetime.fromtimestamp(earlier[0].end_time or earlier[0].create_timestamp.timestamp(), UTC)
        if datetime.now(UTC) < ended + wait:
            return dg.SkipReason(
                f"{seen} Run {earlier[0].dagster_run.run_id[:8]} did not {what}; the next one starts at "
                f"{ended + wait:%H:%M:%S} UTC. Its failure or its asset checks say why."
            )
    # A run key is remembered for ever: with the number of the attempt, what failed can be tried again.
    return dg.RunRequest(run_key=f"{wanted}-{len(earlier) + 1}", tags={INBOX_TAG: wanted})


def _unpublished(lake: Lake, instance: dg.DagsterInstance) -> str | None:
    """Name the newest events in the lake if no published build has begun after they came; None where all is published.

    A run may fail, or be killed, between taking dumps in and publishing: the dumps are known then, and the marts old.
    """
    newest = ingested_files_of(lake.root).last_event_ingested_at()
    if newest is None:
        return None
    published = instance.get_latest_materialization_event(dg.AssetKey("published_marts"))
    if published is not None and newest.timestamp() <= _build_began(published, instance):
        return None
    return f"since-{newest:%Y%m%dT%H%M%S.%f}"


def _build_began(published: dg.EventLogEntry, instance: dg.DagsterInstance) -> float:
    """When the build that was published began to read the lake, in Unix seconds."""
    starts = instance.get_records_for_run(published.run_id, of_type=dg.DagsterEventType.STEP_START).records
    builds = [each.timestamp for each in starts if each.event_log_entry.step_key == BUILD_STEP]
    return min(builds, default=published.timestamp)


def _what_was_seen(found: InboxScan) -> str:
    parts = [f"{len(found.new):,} new"]
    if found.copies:
        parts.append(f"{found.copies:,} copies of what is in the lake")
    if found.problems:
        parts.append(f"{len(found.problems):,} that cannot be read or listed")
    if found.incomplete:
        parts.append(f"{found.incomplete:,} still being written")
    files = "1 file" if found.listed == 1 else f"{found.listed:,} files"
    return f"Looked at {files} in the inbox: {', '.join(parts)}."


def _digest(found: InboxScan) -> str:
    """What stands for this very set of files."""
    listed = "\n".join(f"{dump.name}/{dump.bytes}/{dump.changed_ns}" for dump in found.new)
    return hashlib.sha256(listed.encode()).hexdigest()[:16]
