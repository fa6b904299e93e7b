"""Webhook events: the asset that takes dumps in, and the sensor that sees them come.

Belongs here: when the intake runs and what the UI shows of it. Does not belong here: how dumps are found, read and put
away (`lake/intake.py`). Concept: https://docs.dagster.io/guides/automate/sensors
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg

from og_assets.defs.failures import explained
from og_assets.defs.jobs import WEBHOOK_EVENTS, build_marts, daily_sync, ingest_webhooks
from og_assets.defs.orphans import end_with_parent
from og_assets.lake.inbox import inbox_of
from og_assets.lake.intake import Intake, Report, Survey, survey
from og_assets.lake.lake import Lake
from og_assets.lake.ledger import Oddities
from og_assets.settings import load_settings

# Marks a run with what it was started for, so that a failed one is known when the same dumps are found again.
INBOX_TAG = "og_assets/inbox"
# The step of the dbt models, by its name in every job.
BUILD_STEP = "dbt_models"
# With a run every few minutes, what only the newest one warned of would be seen by nobody.
RECENT = timedelta(days=7)
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


class IntakeConfig(dg.Config):
    """How much one run takes in. What is left waits for the next, which the sensor starts by itself."""

    max_bytes: int = 8 * 1024**3


@dataclass(frozen=True)
class _Findings:
    """What the checks judge: this run, and what the dumps of the last days held."""

    report: Report
    recent: Oddities
    refused_by_receiver: int


class _Check:
    """A statement about what was taken in that can be false."""

    def __init__(self, name: str, description: str, *, problem: Callable[[_Findings], str | None], error: bool) -> None:
        self.spec = dg.AssetCheckSpec(name, asset=WEBHOOK_EVENTS, description=description)
        self._problem = problem
        self._severity = dg.AssetCheckSeverity.ERROR if error else dg.AssetCheckSeverity.WARN

    def result(self, findings: _Findings) -> dg.AssetCheckResult:
        problem = self._problem(findings)
        return dg.AssetCheckResult(
            check_name=self.spec.name,
            asset_key=WEBHOOK_EVENTS,
            passed=problem is None,
            severity=self._severity,
            description=problem,
        )


def _troubles(findings: _Findings) -> str | None:
    problems = findings.report.problems
    if not problems:
        return None
    more = f" And {len(problems) - 5:,} more." if len(problems) > 5 else ""
    return f"{'; '.join(problems[:5])}.{more} The other dumps were taken in; these are tried again by themselves."


def _quarantined(findings: _Findings) -> str | None:
    parts = []
    if findings.recent.quarantined:
        parts.append(
            f"{findings.recent.quarantined:,} pieces of the dumps of the last {RECENT.days} days are no events; they "
            "stand with dump, place and reason under lake/quarantine/webhook_events/. The rest of each dump is in."
        )
    if findings.refused_by_receiver:
        parts.append(
            f"{findings.refused_by_receiver:,} signed deliveries of the last {RECENT.days} days were no JSON, or torn; "
            "the receiver keeps them under lake/quarantine/webhook_deliveries/."
        )
    return " ".join(parts) or None


def _of_unknown_type(findings: _Findings) -> str | None:
    unknown = findings.recent.unknown_types
    if not unknown:
        return None
    listed = ", ".join(f"{name} ({count:,})" for name, count in sorted(unknown.items()))
    return (
        f"Events of the last {RECENT.days} days of types that Ordergroove's documentation does not name: {listed}. "
        "They are in the lake; add them to ordergroove/events.py once it is known what they mean."
    )


CHECKS = (
    _Check(
        "no_dump_gives_trouble",
        "Every file in the inbox can be listed, read and put away.",
        problem=_troubles,
        error=True,
    ),
    _Check(
        "nothing_quarantined",
        f"Everything that came in the last {RECENT.days} days was an event.",
        problem=_quarantined,
        error=False,
    ),
    _Check(
        "event_types_are_known",
        f"Every event of the last {RECENT.days} days has a type that Ordergroove documents.",
        problem=_of_unknown_type,
        error=False,
    ),
)


@dg.asset(
    key=WEBHOOK_EVENTS,
    description=(
        "Events that Ordergroove sent as webhooks, as the dumps in the inbox hold them: deletions, and the history "
        "that the API does not show. One row per delivery; downstream one per event."
    ),
    group_name="ordergroove",
    kinds={"ordergroove", "parquet"},
    pool="ordergroove_webhook_events",
    check_specs=[check.spec for check in CHECKS],
)
def webhook_events(
    context: dg.AssetExecutionContext, config: IntakeConfig, lake: dg.ResourceParam[Lake]
) -> dg.MaterializeResult:
    """Take in the dumps that lie in the inbox."""
    end_with_parent()
    settings = load_settings()
    intake = Intake(
        inbox=inbox_of(settings.data_dir, settle_seconds=settings.og_inbox_settle),
        lake=lake,
        policy=settings.og_pii,
        taken_dumps=settings.og_taken_dumps,
        run_id=context.run.run_id,
    )
    with explained(context.op_execution_context):
        report = intake.run(max_bytes=config.max_bytes, progress=context.log.info)
        since = datetime.now(UTC) - RECENT
        findings = _Findings(report, lake.ledger.oddities(since=since), lake.refused_deliveries(since=since))
    return dg.MaterializeResult(
        metadata=dict(_metadata(report)), check_results=[check.result(findings) for check in CHECKS]
    )


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
    found = survey(inbox_of(settings.data_dir, settle_seconds=settings.og_inbox_settle), lake)
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
    newest = lake.ledger.newest()
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


def _what_was_seen(found: Survey) -> str:
    parts = [f"{len(found.new):,} new"]
    if found.copies:
        parts.append(f"{found.copies:,} copies of what is in the lake")
    if found.problems:
        parts.append(f"{len(found.problems):,} that cannot be read or listed")
    if found.unfinished:
        parts.append(f"{found.unfinished:,} still being written")
    files = "1 file" if found.looked_at == 1 else f"{found.looked_at:,} files"
    return f"Looked at {files} in the inbox: {', '.join(parts)}."


def _digest(found: Survey) -> str:
    """What stands for this very set of files."""
    listed = "\n".join(f"{dump.name}/{dump.bytes}/{dump.changed_ns}" for dump in found.new)
    return hashlib.sha256(listed.encode(errors="surrogateescape")).hexdigest()[:16]


def _metadata(report: Report) -> Iterator[tuple[str, dg.MetadataValue]]:
    """What the UI shows of an intake."""
    landed = report.landed
    yield "dagster/row_count", dg.MetadataValue.int(landed.events)
    yield "dumps", dg.MetadataValue.int(report.dumps)
    yield "copies of earlier dumps", dg.MetadataValue.int(report.copies)
    yield "quarantined", dg.MetadataValue.int(landed.quarantined)
    yield "dumps left for the next run", dg.MetadataValue.int(report.left + len(report.problems))
    yield "dumps still being written", dg.MetadataValue.int(report.unfinished)
    if landed.oldest_created is not None and landed.newest_created is not None:
        yield "oldest event", dg.MetadataValue.timestamp(float(landed.oldest_created))
        yield "newest event", dg.MetadataValue.timestamp(float(landed.newest_created))
    if landed.types:
        lines = [f"| {name} | {count:,} |" for name, count in landed.types.most_common()]
        yield "event types", dg.MetadataValue.md("\n".join(["| type | deliveries |", "|---|---|", *lines]))
