"""Webhook events: the asset that takes dumps in, and the sensor that sees them come.

Belongs here: when the intake runs and what the UI shows of it. Does not belong here: how dumps are found, read and put
away (`lake/intake.py`). Concept: https://docs.dagster.io/guides/automate/sensors
"""

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg

from og_assets.defs.failures import explained
from og_assets.defs.jobs import WEBHOOK_EVENTS, ingest_webhooks
from og_assets.defs.orphans import end_with_parent
from og_assets.lake.inbox import inbox_of
from og_assets.lake.intake import Intake, Report, Survey, survey
from og_assets.lake.lake import Lake
from og_assets.settings import load_settings

# Marks a run with what it was started for, so that a failed one is known when the same dumps are found again.
INBOX_TAG = "og_assets/inbox"
FIRST_RETRY_AFTER = timedelta(minutes=1)
LAST_RETRY_AFTER = timedelta(hours=1)

_UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


class IntakeConfig(dg.Config):
    """How much one run takes in. What is left waits for the next, which the sensor starts by itself."""

    max_bytes: int = 8 * 1024**3


class _Check:
    """A statement about what a run took in that can be false."""

    def __init__(self, name: str, description: str, *, problem: Callable[[Report], str | None], error: bool) -> None:
        self.spec = dg.AssetCheckSpec(name, asset=WEBHOOK_EVENTS, description=description)
        self._problem = problem
        self._severity = dg.AssetCheckSeverity.ERROR if error else dg.AssetCheckSeverity.WARN

    def result(self, report: Report) -> dg.AssetCheckResult:
        problem = self._problem(report)
        return dg.AssetCheckResult(
            check_name=self.spec.name,
            asset_key=WEBHOOK_EVENTS,
            passed=problem is None,
            severity=self._severity,
            description=problem,
        )


def _cannot_be_opened(report: Report) -> str | None:
    if not report.problems:
        return None
    return (
        f"{len(report.problems)} dumps cannot be opened: {'; '.join(report.problems[:5])}. Let this user read them; "
        "they are tried again by themselves."
    )


def _quarantined(report: Report) -> str | None:
    if not report.landed.quarantined:
        return None
    return (
        f"{report.landed.quarantined} pieces of the dumps are no events; they stand with dump, place and reason under "
        "lake/quarantine/webhook_events/. The rest of each dump is in."
    )


def _of_unknown_type(report: Report) -> str | None:
    unknown = report.landed.unknown_types
    if not unknown:
        return None
    listed = ", ".join(f"{name} ({count})" for name, count in unknown.items())
    return (
        f"Events of types that Ordergroove's documentation does not name: {listed}. They are in the lake; add them to "
        "ordergroove/events.py once it is known what they mean."
    )


CHECKS = (
    _Check(
        "every_dump_could_be_opened",
        "Every file in the inbox could be read by this user.",
        problem=_cannot_be_opened,
        error=True,
    ),
    _Check(
        "nothing_quarantined",
        "Everything in the dumps was an event.",
        problem=_quarantined,
        error=False,
    ),
    _Check(
        "event_types_are_known",
        "Every event has a type that Ordergroove documents.",
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
    return dg.MaterializeResult(
        metadata=dict(_metadata(report)), check_results=[check.result(report) for check in CHECKS]
    )


@dg.sensor(
    name="webhook_inbox_sensor",
    job=ingest_webhooks,
    minimum_interval_seconds=15,
    description="Starts ingest_webhooks when the inbox holds a dump whose content is not in the lake yet.",
    default_status=dg.DefaultSensorStatus.STOPPED,
)
def webhook_inbox_sensor(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Ask for one run for all new dumps; wait while one is under way, and longer each time that one brought nothing."""
    settings = load_settings()
    inbox = inbox_of(settings.data_dir, settle_seconds=settings.og_inbox_settle)
    found = survey(inbox, Lake(settings.data_dir / "lake"))
    seen = _what_was_seen(found)
    if not found.new:
        return dg.SkipReason(f"{seen} Nothing new.")
    running = context.instance.get_runs(dg.RunsFilter(job_name=ingest_webhooks.name, statuses=_UNDER_WAY), limit=1)
    if running:
        return dg.SkipReason(f"{seen} Run {running[0].run_id[:8]} is under way; what it leaves is looked at after it.")
    digest = _digest(found)
    earlier = context.instance.get_run_records(dg.RunsFilter(tags={INBOX_TAG: digest}), limit=20)
    if earlier:
        wait = min(FIRST_RETRY_AFTER * 2 ** (len(earlier) - 1), LAST_RETRY_AFTER)
        ended = datetime.fromtimestamp(earlier[0].end_time or earlier[0].create_timestamp.timestamp(), UTC)
        if datetime.now(UTC) < ended + wait:
            return dg.SkipReason(
                f"{seen} Run {earlier[0].dagster_run.run_id[:8]} did not take them in; the next one starts at "
                f"{ended + wait:%H:%M:%S} UTC. Its failure or its asset checks say why."
            )
    # A run key is remembered for ever: with the number of the attempt, what failed can be tried again.
    return dg.RunRequest(run_key=f"{digest}-{len(earlier) + 1}", tags={INBOX_TAG: digest})


def _what_was_seen(found: Survey) -> str:
    parts = [f"{len(found.new):,} new"]
    if found.copies:
        parts.append(f"{found.copies:,} copies of what is in the lake")
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
