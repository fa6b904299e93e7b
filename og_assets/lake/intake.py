"""From the inbox to the lake: dumps are found, read once, landed, recorded in the ledger, and put away.

Belongs here: the order in which that happens, so that killed at any moment nothing is lost and nothing counts twice. A
dump whose events have landed but which is not in the ledger yet is read again: its rows are the same, and staging
keeps one of each. Does not belong here: when it runs (`defs/webhooks.py`), what a dump looks like (`dumps.py`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from og_assets.lake.dumps import DumpReader, Unreadable
from og_assets.lake.errors import UnreadableError
from og_assets.lake.events import EventsLanding, LandedEvents
from og_assets.lake.inbox import Dump, Inbox, TakenDumps
from og_assets.lake.lake import Lake, file_stem
from og_assets.lake.ledger import DumpRow
from og_assets.lake.privacy import PiiPolicy
from og_assets.ordergroove.events import looks_like_event

# What lands at once, and what is done again after a crash, at most; one dump is never divided.
BYTES_PER_LANDING = 256 * 1024**2
# A look at the inbox reads this much to tell a copy from news, and leaves the rest to the run.
BYTES_PER_LOOK = 256 * 1024**2


@dataclass(frozen=True, kw_only=True)
class Survey:
    """A look at the inbox: what is new, how many are copies of what is in the lake, how many are being written."""

    looked_at: int
    new: tuple[Dump, ...]
    copies: int
    unfinished: int


@dataclass(kw_only=True)
class Report:
    """What a run of the intake did. `left` waits for the next run; `problems` names dumps that cannot be opened."""

    dumps: int = 0
    copies: int = 0
    left: int = 0
    unfinished: int = 0
    landed: LandedEvents = field(default_factory=LandedEvents)
    problems: list[str] = field(default_factory=list)


class _NotWholeError(Exception):
    """A dump changed while it was read, or ends in the middle of an event and is young."""

    def __init__(self, dump: Dump) -> None:
        self.dump = dump


def survey(inbox: Inbox, lake: Lake) -> Survey:
    """Look at what lies in the inbox. What is known, is known from the lake."""
    contents, known = inbox.contents(), lake.ledger.known()
    new, copies, budget = [], 0, BYTES_PER_LOOK
    for dump in contents.dumps:
        if (dump.name, dump.bytes, dump.changed_ns) in known.files:
            continue
        budget -= dump.bytes
        if budget >= 0 and _sha256_or_none(dump) in known.contents:
            copies += 1
        else:
            new.append(dump)
    looked_at = len(contents.dumps) + contents.unfinished
    return Survey(looked_at=looked_at, new=tuple(new), copies=copies, unfinished=contents.unfinished)


@dataclass(frozen=True, kw_only=True)
class Intake:
    """Takes dumps in. One at a time in a lake; raises `LakeError` where it cannot write."""

    inbox: Inbox
    lake: Lake
    policy: PiiPolicy
    taken_dumps: TakenDumps
    run_id: str

    def run(self, *, max_bytes: int, progress: Callable[[str], None]) -> Report:
        """Take in what lies in the inbox, up to `max_bytes` of it, or one dump if that is more."""
        contents, dumps = self.inbox.contents(), []
        known = self.lake.ledger.known()
        for dump in contents.dumps:
            # One that was taken in and is to be moved still lies there if its run was killed just before.
            if self.taken_dumps != "keep" or (dump.name, dump.bytes, dump.changed_ns) not in known.files:
                dumps.append(dump)
        chosen = _up_to(dumps, max_bytes)
        report = Report(left=len(dumps) - len(chosen), unfinished=contents.unfinished)
        for batch in _batches(chosen):
            self._take_in(batch, report)
            progress(f"{report.dumps:,} dumps, {report.landed.events:,} events")
        return report

    def _take_in(self, batch: Sequence[Dump], report: Report) -> None:
        dumps = self._with_contents(batch, report)
        while True:
            try:
                rows, landed = self._land(dumps)
                break
            except _NotWholeError as error:
                # Nothing of this batch has appeared yet; the others go on without it.
                report.unfinished += 1
                del dumps[error.dump]
        if rows:
            self.lake.ledger.add(rows, stem=file_stem(rows[0].taken_in_at, run_id=self.run_id))
        report.landed += landed
        for (dump, sha256), row in zip(dumps.items(), rows, strict=True):
            report.dumps += not row.is_copy
            report.copies += row.is_copy
            # What could not be read is nowhere else: that dump is never thrown away.
            policy = "move" if self.taken_dumps == "delete" and row.quarantined else self.taken_dumps
            self.inbox.put_away(dump, sha256=sha256, policy=policy)

    def _with_contents(self, batch: Sequence[Dump], report: Report) -> dict[Dump, str]:
        dumps: dict[Dump, str] = {}
        for dump in batch:
            try:
                dumps[dump] = dump.sha256()
            except FileNotFoundError:
                continue
            except OSError as error:
                report.problems.append(f"{dump.path}: {error.strerror or error}")
        return dumps

    def _land(self, dumps: dict[Dump, str]) -> tuple[list[DumpRow], LandedEvents]:
        taken_in_at = datetime.now(UTC)
        landing = self.lake.events_landing(taken_in_at=taken_in_at, run_id=self.run_id, policy=self.policy)
        known = set(self.lake.ledger.known().contents)
        rows = []
        with landing:
            for dump, sha256 in dumps.items():
                before = landing.landed.events, landing.landed.quarantined
                is_copy = sha256 in known
                if not is_copy:
                    self._read(dump, sha256=sha256, landing=landing)
                    known.add(sha256)
                rows.append(
                    DumpRow(
                        sha256=sha256,
                        dump=dump.name,
                        bytes=dump.bytes,
                        changed_ns=dump.changed_ns,
                        events=landing.landed.events - before[0],
                        quarantined=landing.landed.quarantined - before[1],
                        is_copy=is_copy,
                        taken_in_at=taken_in_at,
                        run_id=self.run_id,
                    )
                )
        return rows, landing.landed

    def _read(self, dump: Dump, *, sha256: str, landing: EventsLanding) -> None:
        reader = DumpReader(dump.path, begins_anew=looks_like_event)
        try:
            for position, value in enumerate(reader.values()):
                if isinstance(value, Unreadable) and value.is_end and dump.is_young:
                    raise _NotWholeError(dump)
                landing.add(value, dump=dump.name, position=position, sha256=sha256)
        except FileNotFoundError:
            raise _NotWholeError(dump) from None
        except OSError as error:
            raise UnreadableError(
                f"{dump.path} cannot be read to its end ({error.strerror or error}). Mend the disk, or move the file "
                "out of the inbox; nothing of it has been taken in."
            ) from error
        if not dump.is_unchanged:
            raise _NotWholeError(dump)


def _up_to(dumps: Sequence[Dump], max_bytes: int) -> list[Dump]:
    chosen: list[Dump] = []
    for dump in dumps:
        max_bytes -= dump.bytes
        if chosen and max_bytes < 0:
            break
        chosen.append(dump)
    return chosen


def _batches(dumps: Sequence[Dump]) -> Iterator[list[Dump]]:
    batch: list[Dump] = []
    for dump in dumps:
        batch.append(dump)
        if sum(each.bytes for each in batch) >= BYTES_PER_LANDING:
            yield batch
            batch = []
    if batch:
        yield batch


def _sha256_or_none(dump: Dump) -> str | None:
    try:
        return dump.sha256()
    except OSError:
        return None
