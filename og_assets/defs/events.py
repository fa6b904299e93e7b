"""Webhook events: the asset that takes dumps in, and its checks.

Belongs here: what the UI shows of an intake. Does not belong here: how dumps are found, read and put away
(`lake/intake.py`), when it runs (`inbox_sensor.py`, `jobs.py`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg

from og_assets.defs.checks import Check, Verdict
from og_assets.defs.jobs import WEBHOOK_EVENTS
from og_assets.events.inbox import inbox_of
from og_assets.events.ingest import EventIngestion, IngestReport
from og_assets.events.ingested_files import RecentAnomalies
from og_assets.events.store import count_refused_deliveries, ingested_files_of
from og_assets.lake.lake import Lake
from og_assets.orchestration.failures import dagster_failures
from og_assets.orchestration.orphan_exit import exit_with_parent
from og_assets.settings import load_settings

# With a run every few minutes, what only the newest one warned of would be seen by nobody.
RECENT = timedelta(days=7)


class IngestConfig(dg.Config):
    """How much one run takes in. What is left waits for the next, which the sensor starts by itself."""

    max_bytes: int = 8 * 1024**3


@dataclass(frozen=True)
class _Findings:
    """What the checks judge: this run, and what the dumps of the last days held."""

    report: IngestReport
    recent: RecentAnomalies
    refused_by_receiver: int


def _troubles(findings: _Findings) -> Verdict:
    problems = findings.report.problems
    if not problems:
        return Verdict(None)
    more = f" And {len(problems) - 5:,} more." if len(problems) > 5 else ""
    return Verdict(
        f"{'; '.join(problems[:5])}.{more} The other dumps were taken in; these are tried again by themselves."
    )


def _quarantined(findings: _Findings) -> Verdict:
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
    return Verdict(" ".join(parts) or None)


def _of_unknown_type(findings: _Findings) -> Verdict:
    unknown = findings.recent.unknown_types
    if not unknown:
        return Verdict(None)
    listed = ", ".join(f"{name} ({count:,})" for name, count in sorted(unknown.items()))
    return Verdict(
        f"Events of the last {RECENT.days} days of types that Ordergroove's documentation does not name: {listed}. "
        "They are in the lake; add them to ordergroove/events.py once it is known what they mean."
    )


CHECKS = (
    Check(
        name="no_dump_gives_trouble",
        description="Every file in the inbox can be listed, read and put away.",
        judge=_troubles,
        severity=dg.AssetCheckSeverity.ERROR,
    ),
    Check(
        name="nothing_quarantined",
        description=f"Everything that came in the last {RECENT.days} days was an event.",
        judge=_quarantined,
    ),
    Check(
        name="event_types_are_known",
        description=f"Every event of the last {RECENT.days} days has a type that Ordergroove documents.",
        judge=_of_unknown_type,
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
    check_specs=[check.spec(WEBHOOK_EVENTS) for check in CHECKS],
)
def webhook_events(
    context: dg.AssetExecutionContext, config: IngestConfig, lake: dg.ResourceParam[Lake]
) -> dg.MaterializeResult:
    """Take in the dumps that lie in the inbox."""
    exit_with_parent()
    settings = load_settings()
    intake = EventIngestion(
        inbox=inbox_of(settings.data_dir, settle_seconds=settings.og_inbox_settle),
        lake=lake,
        policy=settings.og_pii,
        ingested_file_policy=settings.og_taken_dumps,
        run_id=context.run.run_id,
    )
    with dagster_failures(context.op_execution_context):
        report = intake.run(max_bytes=config.max_bytes, progress=context.log.info)
        since = datetime.now(UTC) - RECENT
        findings = _Findings(
            report,
            ingested_files_of(lake.root).recent_anomalies(since=since),
            count_refused_deliveries(lake.root, since=since),
        )
    return dg.MaterializeResult(
        metadata=dict(_metadata(report)),
        check_results=[check.result(findings, key=WEBHOOK_EVENTS) for check in CHECKS],
    )


def _metadata(report: IngestReport) -> Iterator[tuple[str, dg.MetadataValue]]:
    """What the UI shows of an intake."""
    landed = report.landed
    yield "dagster/row_count", dg.MetadataValue.int(landed.events)
    yield "dumps", dg.MetadataValue.int(report.files)
    yield "copies of earlier dumps", dg.MetadataValue.int(report.copies)
    yield "quarantined", dg.MetadataValue.int(landed.quarantined)
    yield "dumps left for the next run", dg.MetadataValue.int(report.remaining + len(report.problems))
    yield "dumps still being written", dg.MetadataValue.int(report.incomplete)
    if landed.oldest_created is not None and landed.newest_created is not None:
        yield "oldest event", dg.MetadataValue.timestamp(float(landed.oldest_created))
        yield "newest event", dg.MetadataValue.timestamp(float(landed.newest_created))
    if landed.types:
        lines = [f"| {name} | {count:,} |" for name, count in landed.types.most_common()]
        yield "event types", dg.MetadataValue.md("\n".join(["| type | deliveries |", "|---|---|", *lines]))
