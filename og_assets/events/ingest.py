"""From the inbox to the lake: dumps are found, read once, landed, recorded in the ledger, and put away.

Belongs here: the order in which that happens, so that killed at any moment nothing is lost and nothing counts twice. A
dump whose events have landed but which is not recorded as ingested yet is read again: its rows are
the same, and staging keeps one of each. One dump that gives trouble is named, and the others go on. Does not belong
here: when it runs (`defs/events.py`), what a dump looks like (`parse.py`).
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from og_assets.events.inbox import EventFile, Inbox, TakenDumps
from og_assets.events.ingested_files import IngestedFileRow, KnownFiles
from og_assets.events.land import EventsLanding, LandedEvents
from og_assets.events.parse import EventFileReader, Unreadable
from og_assets.lake.errors import LakeError, UnreadableError
from og_assets.lake.lake import Lake, file_stem
from og_assets.lake.privacy import PiiPolicy
from og_assets.ordergroove.events import looks_like_event

# What lands at once, and what is done again after a crash, at most; one dump is never divided.
BYTES_PER_LANDING = 256 * 1024**2
# A look at the inbox reads this much to tell a copy from news, and leaves the rest to the run.
BYTES_PER_LOOK = 256 * 1024**2


@dataclass(frozen=True, kw_only=True)
class InboxScan:
    """A look at the inbox: what is new, how many are copies of what is in the lake, how many are being written."""

    looked_at: int
    new: tuple[EventFile, ...]
    copies: int
    unfinished: int
    problems: tuple[str, ...]


@dataclass(kw_only=True)
class IngestReport:
    """What a run of the intake did. `left` waits for the next run; `problems` are sentences about single dumps."""

    dumps: int = 0
    copies: int = 0
    left: int = 0
    unfinished: int = 0
    landed: LandedEvents = field(default_factory=LandedEvents)
    problems: list[str] = field(default_factory=list)


class _UnfitError(Exception):
    """These dumps cannot be taken in now: they are not whole, or there is a problem with one of them."""

    def __init__(self, dumps: Sequence[EventFile], *, problem: str | None = None) -> None:
        self.dumps = dumps
        self.problem = problem


def scan_inbox(inbox: Inbox, lake: Lake) -> InboxScan:
    """Look at what lies in the inbox. What is known, is known from the lake."""
    contents, known = inbox.contents(), ingested_files_of(lake.root).known()
    new, copies, budget = [], 0, BYTES_PER_LOOK
    for dump in contents.dumps:
        if _id(dump) in known.files:
            continue
        budget -= dump.bytes
        if budget >= 0 and _sha256_or_none(dump) in known.contents:
            copies += 1
        else:
            new.append(dump)
    return InboxScan(
        looked_at=len(contents.dumps) + contents.unfinished,
        new=tuple(new),
        copies=copies,
        unfinished=contents.unfinished,
        problems=tuple(_printable(problem) for problem in contents.problems),
    )


@dataclass(frozen=True, kw_only=True)
class EventIngestion:
    """Takes dumps in. One at a time in a lake; raises `LakeError` where the lake cannot be written."""

    inbox: Inbox
    lake: Lake
    policy: PiiPolicy
    taken_dumps: TakenDumps
    run_id: str

    def run(self, *, max_bytes: int, progress: Callable[[str], None]) -> IngestReport:
        """Take in what lies in the inbox, up to `max_bytes` of it, or one dump if that is more."""
        contents, known = self.inbox.contents(), ingested_files_of(self.lake.root).known()
        # One that was taken in and is to be moved still lies there if its run was killed, or if it may have a writer.
        dumps = [dump for dump in contents.dumps if self.taken_dumps != "keep" or _id(dump) not in known.files]
        chosen = _up_to(dumps, max_bytes)
        report = IngestReport(
            left=len(dumps) - len(chosen), unfinished=contents.unfinished, problems=list(contents.problems)
        )
        for batch in _batches(chosen):
            self._take_in(batch, report)
            progress(f"{report.dumps:,} dumps, {report.landed.events:,} events")
        report.problems = [_printable(problem) for problem in report.problems]
        return report

    def _take_in(self, batch: Sequence[EventFile], report: IngestReport) -> None:
        known = ingested_files_of(self.lake.root).known()
        dumps = self._with_contents(batch, report)
        while True:
            try:
                rows, landed = self._land(dumps, known)
                break
            except _UnfitError as error:
                # Nothing of this batch has appeared yet; the others go on without them.
                for dump in error.dumps:
                    del dumps[dump]
                if error.problem is None:
                    report.unfinished += len(error.dumps)
                else:
                    report.problems.append(error.problem)
        new = [row for row in rows if (row.dump, row.bytes, row.changed_ns) not in known.files]
        if new:
            ingested_files_of(self.lake.root).add(new, stem=file_stem(new[0].taken_in_at, run_id=self.run_id))
            report.dumps += sum(not row.is_copy for row in new)
            report.copies += sum(row.is_copy for row in new)
        report.landed += landed
        torn = known.torn | {row.sha256 for row in rows if row.quarantined}
        for dump, sha256 in dumps.items():
            # What could not be read is nowhere else: that dump is never thrown away.
            policy = "move" if self.taken_dumps == "delete" and sha256 in torn else self.taken_dumps
            try:
                self.inbox.put_away(dump, sha256=sha256, policy=policy)
            except LakeError as error:
                report.problems.append(f"{dump.path} is in the lake, and cannot be put away. {error}")

    def _with_contents(self, batch: Sequence[EventFile], report: IngestReport) -> dict[EventFile, str]:
        dumps: dict[EventFile, str] = {}
        for dump in batch:
            try:
                dumps[dump] = dump.sha256()
            except FileNotFoundError:
                continue
            except OSError as error:
                report.problems.append(f"{dump.path} cannot be read ({error.strerror or error})")
        return dumps

    def _land(self, dumps: dict[EventFile, str], known: KnownFiles) -> tuple[list[IngestedFileRow], LandedEvents]:
        taken_in_at = datetime.now(UTC)
        landing = open_events_landing(self.lake.root, taken_in_at=taken_in_at, run_id=self.run_id, policy=self.policy)
        contents, rows = set(known.contents), []
        with landing:
            for number, (dump, sha256) in enumerate(dumps.items()):
                is_copy = sha256 in contents
                if not is_copy:
                    contents.add(sha256)
                    try:
                        _read(dump, sha256=sha256, landing=landing)
                    except _UnfitError as error:
                        raise _UnfitError([*error.dumps, *_torn(list(dumps)[number + 1 :])]) from None
                    except UnreadableError as error:
                        raise _UnfitError([dump], problem=str(error)) from error
                landed = landing.take_count()
                rows.append(
                    IngestedFileRow(
                        sha256=sha256,
                        dump=dump.name,
                        bytes=dump.bytes,
                        changed_ns=dump.changed_ns,
                        events=landed.events,
                        quarantined=landed.quarantined,
                        unknown_types=json.dumps(landed.unknown_types),
                        is_copy=is_copy,
                        taken_in_at=taken_in_at,
                        run_id=self.run_id,
                    )
                )
        return rows, landing.landed


def _read(dump: EventFile, *, sha256: str, landing: EventsLanding) -> None:
    reader = EventFileReader(dump.path, begins_anew=looks_like_event)
    for position, value in enumerate(reader.values()):
        if isinstance(value, Unreadable) and value.is_end and dump.is_young:
            raise _UnfitError([dump])
        landing.add(value, dump=dump.name, position=position, sha256=sha256)
    if not dump.is_unchanged:
        raise _UnfitError([dump])


def _torn(dumps: Sequence[EventFile]) -> Iterator[EventFile]:
    """Those that end in the middle of an event, found without landing anything: one was found, and more may follow."""
    for dump in dumps:
        try:
            values = EventFileReader(dump.path, begins_anew=looks_like_event).values()
            if dump.is_young and any(isinstance(value, Unreadable) and value.is_end for value in values):
                yield dump
        except UnreadableError:
            # WebhookCoverage when it is its turn.
            continue


def _id(dump: EventFile) -> tuple[str, int, int]:
    return dump.name, dump.bytes, dump.changed_ns


def _up_to(dumps: Sequence[EventFile], max_bytes: int) -> list[EventFile]:
    chosen: list[EventFile] = []
    for dump in dumps:
        max_bytes -= dump.bytes
        if chosen and max_bytes < 0:
            break
        chosen.append(dump)
    return chosen


def _batches(dumps: Sequence[EventFile]) -> Iterator[list[EventFile]]:
    batch: list[EventFile] = []
    size = 0
    for dump in dumps:
        batch.append(dump)
        size += dump.bytes
        if size >= BYTES_PER_LANDING:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _printable(sentence: str) -> str:
    # A file's name need not be text.
    return sentence.encode(errors="backslashreplace").decode()


def _sha256_or_none(dump: EventFile) -> str | None:
    try:
        return _sha256(dump)
    except OSError:
        return None


@lru_cache(maxsize=100_000)
def _sha256(dump: EventFile) -> str:
    # A copy that stays in the inbox is met at every look; it is read once.
    return dump.sha256()
