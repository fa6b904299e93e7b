"""The sensor that starts `ingest_webhooks` for new event files, and for ingested events that are not published yet.

Belongs here: when a run is requested. Does not belong here: what the inbox holds (`events/`), what the run does
(`events.py`). Concept: https://docs.dagster.io/guides/automate/sensors
"""

import hashlib
from datetime import UTC, datetime, timedelta

import dagster as dg

from og_assets.defs.jobs import PUBLISHED_MARTS, build_marts, daily_sync, ingest_webhooks
from og_assets.defs.publishing import BUILD_STARTED
from og_assets.defs.resources import InboxResource
from og_assets.events.scan import InboxScan
from og_assets.events.store import ingested_files_of
from og_assets.lake.lake import Lake

# Marks a run with the files it was started for, so that the sensor finds earlier attempts at the same files.
INBOX_TAG = "og_assets/inbox"
FIRST_RETRY_AFTER = timedelta(minutes=1)
LAST_RETRY_AFTER = timedelta(hours=1)

UNFINISHED = [
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
    description="Starts ingest_webhooks when the inbox holds an event file whose content is not in the lake yet.",
    default_status=dg.DefaultSensorStatus.STOPPED,
)
def webhook_inbox_sensor(context: dg.SensorEvaluationContext, inbox: InboxResource) -> dg.RunRequest | dg.SkipReason:
    """Request one run for all new files or unpublished events. Skip while an earlier run is unfinished."""
    found = inbox.scan()
    scanned = _describe(found)
    wanted = _digest(found) if found.new else _unpublished(inbox.lake, context.instance)
    if wanted is None:
        return dg.SkipReason(f"{scanned} Nothing new.")
    purpose = "ingest them" if found.new else "publish the events that are in the lake"
    for job in (ingest_webhooks, *(() if found.new else (daily_sync, build_marts))):
        running = context.instance.get_runs(dg.RunsFilter(job_name=job.name, statuses=UNFINISHED), limit=1)
        if running:
            return dg.SkipReason(f"{scanned} Waiting for run {running[0].run_id[:8]} of {job.name} to end.")
    earlier = context.instance.get_run_records(dg.RunsFilter(tags={INBOX_TAG: wanted}), limit=20)
    if earlier:
        wait = min(FIRST_RETRY_AFTER * 2 ** (len(earlier) - 1), LAST_RETRY_AFTER)
        ended = datetime.fromtimestamp(earlier[0].end_time or earlier[0].create_timestamp.timestamp(), UTC)
        if datetime.now(UTC) < ended + wait:
            return dg.SkipReason(
                f"{scanned} Run {earlier[0].dagster_run.run_id[:8]} did not {purpose}; the next run starts at "
                f"{ended + wait:%H:%M:%S} UTC. See the failure or the asset checks of that run."
            )
    # Dagster never starts two runs with one key, so the key counts the attempts: a failed run can be repeated.
    return dg.RunRequest(run_key=f"{wanted}-{len(earlier) + 1}", tags={INBOX_TAG: wanted})


def _unpublished(lake: Lake, instance: dg.DagsterInstance) -> str | None:
    """Name the newest ingested events if the published build started before they were ingested; else None.

    A run that fails between ingesting and publishing leaves known files and old marts.
    """
    newest = ingested_files_of(lake.root).last_event_ingested_at()
    if newest is None or newest.timestamp() <= _published_build_started(instance):
        return None
    return f"since-{newest:%Y%m%dT%H%M%S.%f}"


def _published_build_started(instance: dg.DagsterInstance) -> float:
    """Return when the published build started to read the lake, in Unix seconds; 0 where nothing is published."""
    event = instance.get_latest_materialization_event(PUBLISHED_MARTS)
    materialization = event.asset_materialization if event else None
    started = materialization.metadata.get(BUILD_STARTED) if materialization else None
    return started.value if isinstance(started, dg.TimestampMetadataValue) else 0.0


def _describe(found: InboxScan) -> str:
    parts = [f"{len(found.new):,} new"]
    if found.copies:
        parts.append(f"{found.copies:,} with content that is in the lake already")
    if found.problems:
        parts.append(f"{len(found.problems):,} that cannot be read or listed")
    if found.incomplete:
        parts.append(f"{found.incomplete:,} still being written")
    files = "1 file" if found.listed == 1 else f"{found.listed:,} files"
    return f"{files} in the inbox: {', '.join(parts)}."


def _digest(found: InboxScan) -> str:
    """Return one name for this set of files."""
    listed = "\n".join(f"{dump.name}/{dump.bytes}/{dump.changed_ns}" for dump in found.new)
    return hashlib.sha256(listed.encode()).hexdigest()[:16]
