"""Run one ingestion: list, read, land, record and move the event files of the inbox.

Belongs here: the order of these steps, so that a kill at any moment loses no event and duplicates none downstream. A
file that has landed but is not in the log is ingested again; its rows are identical and staging deduplicates them. A
problem with one file is reported, and the other files are ingested. Does not belong here: when a run starts
(`defs/events.py`), the formats of event files (`parse.py`).
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from og_assets.events.inbox import EventFile, Inbox, IngestedFilePolicy, printable
from og_assets.events.ingested_files import IngestedFileIndex, IngestedFileRow
from og_assets.events.land import EventsLanding, LandedEvents
from og_assets.events.parse import EventFileReader, UnreadablePiece
from og_assets.events.store import ingested_files_of, open_events_landing
from og_assets.lake.errors import LakeError, UnreadableError
from og_assets.lake.lake import Lake, file_stem
from og_assets.lake.privacy import PiiPolicy
from og_assets.ordergroove.events import looks_like_event

# Files of about this size together become one Parquet file. A killed run repeats at most this much.
BYTES_PER_LANDING = 256 * 1024**2


@dataclass(kw_only=True)
class IngestReport:
    """What one ingestion run did.

    `files` and `copies` were ingested, `remaining` exceeded the limit of this run, `incomplete` are still being
    written. `problems` has one sentence per file that could not be ingested or moved.
    """

    files: int = 0
    copies: int = 0
    remaining: int = 0
    incomplete: int = 0
    landed: LandedEvents = field(default_factory=LandedEvents)
    problems: list[str] = field(default_factory=list)


class _SkipFilesError(Exception):
    """These files cannot be ingested now: they are incomplete, or have the problem given."""

    def __init__(self, files: Sequence[EventFile], *, problem: str | None = None) -> None:
        self.files = files
        self.problem = problem


@dataclass(frozen=True, kw_only=True)
class EventIngestion:
    """Ingests event files. One run at a time per lake; raises `LakeError` if the lake cannot be written."""

    inbox: Inbox
    lake: Lake
    policy: PiiPolicy
    ingested_file_policy: IngestedFilePolicy
    run_id: str

    def run(self, *, max_bytes: int, progress: Callable[[str], None]) -> IngestReport:
        """Ingest files of at most `max_bytes` together, but at least one file."""
        contents, ingested = self.inbox.contents(), ingested_files_of(self.lake.root).index()
        # An ingested file is still in the inbox if its run was killed, or if it may have had a writer. With "move" and
        # "delete" it is selected again, so that it leaves the inbox.
        candidates = [
            file
            for file in contents.event_files
            if self.ingested_file_policy != "keep" or file.identity not in ingested.identities
        ]
        selected = _up_to(candidates, max_bytes)
        report = IngestReport(
            remaining=len(candidates) - len(selected),
            incomplete=contents.incomplete,
            problems=list(contents.problems),
        )
        for batch in _batches(selected):
            self._ingest_batch(batch, report)
            progress(f"{report.files:,} event files ingested, {report.landed.events:,} events")
        report.problems = [printable(problem) for problem in report.problems]
        return report

    def _ingest_batch(self, batch: Sequence[EventFile], report: IngestReport) -> None:
        ingested = ingested_files_of(self.lake.root).index()
        digests = self._digests(batch, report)
        while True:
            try:
                rows, landed = self._land(digests, ingested)
                break
            except _SkipFilesError as error:
                # The landing was abandoned, so nothing of this batch is visible. Repeat it without these files.
                for file in error.files:
                    del digests[file]
                if error.problem is None:
                    report.incomplete += len(error.files)
                else:
                    report.problems.append(error.problem)
        new = [row for row in rows if row.identity not in ingested.identities]
        if new:
            ingested_files_of(self.lake.root).add(new, stem=file_stem(new[0].taken_in_at, run_id=self.run_id))
            report.files += sum(not row.is_copy for row in new)
            report.copies += sum(row.is_copy for row in new)
        report.landed += landed
        damaged = ingested.damaged_digests | {row.sha256 for row in rows if row.quarantined}
        for file, sha256 in digests.items():
            # Unreadable pieces exist only in the event file, so a damaged file is moved and never deleted.
            is_kept = self.ingested_file_policy == "delete" and sha256 in damaged
            policy = "move" if is_kept else self.ingested_file_policy
            try:
                self.inbox.move_or_delete(file, sha256=sha256, policy=policy)
            except LakeError as error:
                report.problems.append(f"{file.path} was ingested, but cannot be moved or deleted. {error}")

    def _digests(self, batch: Sequence[EventFile], report: IngestReport) -> dict[EventFile, str]:
        digests: dict[EventFile, str] = {}
        for file in batch:
            try:
                digests[file] = file.sha256()
            except FileNotFoundError:
                continue
            except OSError as error:
                report.problems.append(f"{file.path} cannot be read ({error.strerror or error})")
        return digests

    def _land(
        self, digests: dict[EventFile, str], ingested: IngestedFileIndex
    ) -> tuple[list[IngestedFileRow], LandedEvents]:
        ingested_at = datetime.now(UTC)
        landing = open_events_landing(self.lake.root, taken_in_at=ingested_at, run_id=self.run_id, policy=self.policy)
        known_digests, rows = set(ingested.digests), []
        with landing:
            for number, (file, sha256) in enumerate(digests.items()):
                is_copy = sha256 in known_digests
                if not is_copy:
                    known_digests.add(sha256)
                    try:
                        _land_file(file, sha256=sha256, landing=landing)
                    except _SkipFilesError as error:
                        raise _SkipFilesError([*error.files, *_cut_off(list(digests)[number + 1 :])]) from None
                    except UnreadableError as error:
                        raise _SkipFilesError([file], problem=str(error)) from error
                landed = landing.finish_file()
                rows.append(
                    IngestedFileRow(
                        sha256=sha256,
                        dump=file.name,
                        bytes=file.bytes,
                        changed_ns=file.changed_ns,
                        events=landed.events,
                        quarantined=landed.quarantined,
                        unknown_types=json.dumps(landed.unknown_types),
                        is_copy=is_copy,
                        taken_in_at=ingested_at,
                        run_id=self.run_id,
                    )
                )
        return rows, landing.landed


def _land_file(file: EventFile, *, sha256: str, landing: EventsLanding) -> None:
    reader = EventFileReader(file.path, is_event=looks_like_event)
    for position, value in enumerate(reader.values()):
        if isinstance(value, UnreadablePiece) and value.is_end_of_file and file.changed_recently:
            raise _SkipFilesError([file])
        landing.add(value, dump=file.name, position=position, sha256=sha256)
    if not file.is_unchanged:
        raise _SkipFilesError([file])


def _cut_off(files: Sequence[EventFile]) -> Iterator[EventFile]:
    """Yield the files that end inside an event. Found together, they cost the batch one repetition instead of many."""
    for file in files:
        try:
            values = EventFileReader(file.path, is_event=looks_like_event).values()
            if file.changed_recently and any(
                isinstance(value, UnreadablePiece) and value.is_end_of_file for value in values
            ):
                yield file
        except UnreadableError:
            # The repetition of the batch reports it.
            continue


def _up_to(files: Sequence[EventFile], max_bytes: int) -> list[EventFile]:
    selected: list[EventFile] = []
    for file in files:
        max_bytes -= file.bytes
        if selected and max_bytes < 0:
            break
        selected.append(file)
    return selected


def _batches(files: Sequence[EventFile]) -> Iterator[list[EventFile]]:
    batch: list[EventFile] = []
    size = 0
    for file in files:
        batch.append(file)
        size += file.bytes
        if size >= BYTES_PER_LANDING:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
