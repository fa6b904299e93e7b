"""Webhook events: the asset that ingests event files from the inbox, and its checks.

Belongs here: what the Dagster UI shows of an ingestion. Does not belong here: finding, reading and archiving files
(`events/`), when it runs (`inbox_sensor.py`, `jobs.py`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg

from og_assets.defs.checks import Check, Verdict
from og_assets.defs.jobs import WEBHOOK_EVENTS
from og_assets.defs.resources import InboxResource
from og_assets.events.ingest import IngestReport
from og_assets.events.ingested_files import RecentAnomalies
from og_assets.events.store import count_refused_deliveries, ingested_files_of
from og_assets.lake.lake import Lake
from og_assets.lake.row_counts import count_rows
from og_assets.orchestration.failures import dagster_failures

# The sensor starts a run every few minutes: a warning about the newest run alone would be overwritten unread.
RECENT = timedelta(days=7)


class IngestConfig(dg.Config):
    """How many bytes of event files one run ingests. The sensor starts another run for the rest."""

    max_bytes: int = 8 * 1024**3


@dataclass(frozen=True)
class _Findings:
    """The input of the checks: this run's report, and the anomalies of the last days."""

    report: IngestReport
    recent: RecentAnomalies
    refused_by_receiver: int


def _event_files_are_readable(findings: _Findings) -> Verdict:
    problems = findings.report.problems
    if not problems:
        return Verdict(None)
    more = f" And {len(problems) - 5:,} more." if len(problems) > 5 else ""
    return Verdict(
        f"{'; '.join(problems[:5])}.{more} All other event files were ingested. The next run tries these again; if "
        "they stay unreadable, correct their permissions or move them out of the inbox."
    )


def _nothing_quarantined(findings: _Findings) -> Verdict:
    parts = []
    if findings.recent.quarantined:
        parts.append(
            f"{findings.recent.quarantined:,} parts of event files of the last {RECENT.days} days are not events. They "
            "are kept with file, position and reason under lake/quarantine/webhook_events/; the rest of each file was "
            "ingested. Compare them with the files in the archive."
        )
    if findings.refused_by_receiver:
        parts.append(
            f"{findings.refused_by_receiver:,} signed deliveries of the last {RECENT.days} days were not valid JSON. "
            "They are kept under lake/quarantine/webhook_deliveries/. Ask Ordergroove to send them again."
        )
    return Verdict(" ".join(parts) or None)


def _event_types_are_known(findings: _Findings) -> Verdict:
    unknown = findings.recent.unknown_types
    if not unknown:
        return Verdict(None)
    listed = ", ".join(f"{name} ({count:,})" for name, count in sorted(unknown.items()))
    return Verdict(
        f"Events of the last {RECENT.days} days have types that Ordergroove's documentation does not name: {listed}. "
        "They are in the lake, and no mart uses them. Add the types to ordergroove/events.py."
    )


CHECKS = (
    Check(
        name="event_files_are_readable",
        description="Each file in the inbox can be listed, read and archived.",
        judge=_event_files_are_readable,
        severity=dg.AssetCheckSeverity.ERROR,
    ),
    Check(
        name="nothing_quarantined",
        description=f"All content that arrived in the last {RECENT.days} days was events.",
        judge=_nothing_quarantined,
    ),
    Check(
        name="event_types_are_known",
        description=f"Each event of the last {RECENT.days} days has a type that Ordergroove documents.",
        judge=_event_types_are_known,
    ),
)


@dg.asset(
    key=WEBHOOK_EVENTS,
    description=(
        "Events that Ordergroove sent as webhooks, from the event files in the inbox: deletions, and history that the "
        "API does not show. One row per delivery; staging keeps one row per event."
    ),
    group_name="ordergroove",
    kinds={"ordergroove", "parquet"},
    pool="ordergroove_webhook_events",
    check_specs=[check.spec(WEBHOOK_EVENTS) for check in CHECKS],
)
def webhook_events(
    context: dg.AssetExecutionContext, config: IngestConfig, inbox: InboxResource
) -> dg.MaterializeResult:
    """Ingest the event files in the inbox."""
    lake = inbox.lake
    with dagster_failures():
        report = inbox.ingestion(run_id=context.run.run_id).run(max_bytes=config.max_bytes, progress=context.log.info)
        since = datetime.now(UTC) - RECENT
        findings = _Findings(
            report,
            ingested_files_of(lake.root).recent_anomalies(since=since),
            count_refused_deliveries(lake.root, since=since),
        )
        metadata = dict(_metadata(report, lake))
    return dg.MaterializeResult(
        metadata=metadata, check_results=[check.result(findings, key=WEBHOOK_EVENTS) for check in CHECKS]
    )


def _metadata(report: IngestReport, lake: Lake) -> Iterator[tuple[str, dg.MetadataValue]]:
    landed = report.landed
    yield "dagster/row_count", dg.MetadataValue.int(count_rows(lake.root / "events"))
    yield "ingested/events", dg.MetadataValue.int(landed.events)
    yield "ingested/files", dg.MetadataValue.int(report.files)
    yield "ingested/copies of earlier files", dg.MetadataValue.int(report.copies)
    yield "ingested/quarantined", dg.MetadataValue.int(landed.quarantined)
    yield "files left for the next run", dg.MetadataValue.int(report.remaining + len(report.problems))
    yield "files still being written", dg.MetadataValue.int(report.incomplete)
    if landed.oldest_created is not None and landed.newest_created is not None:
        yield "ingested/oldest event", dg.MetadataValue.timestamp(float(landed.oldest_created))
        yield "ingested/newest event", dg.MetadataValue.timestamp(float(landed.newest_created))
    if landed.types:
        lines = [f"| {name} | {count:,} |" for name, count in landed.types.most_common()]
        yield "ingested/event types", dg.MetadataValue.md("\n".join(["| type | deliveries |", "|---|---|", *lines]))
