"""Land webhook events: JSON values to rows of `lake/events/`, one row per delivery, or to quarantine.

Belongs here: the columns of these rows, and writing a landing completely or not at all. Does not belong here: reading
event files (`parse.py`), what an event is (`ordergroove/events.py`), deduplication to one row per event id (staging).
"""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Self

import orjson
import pyarrow as pa
from pydantic import AwareDatetime

from og_assets.events.parse import UnreadablePiece
from og_assets.lake.paired_files import PairedFiles
from og_assets.lake.privacy import PiiPolicy, scrubbed
from og_assets.lake.table import INSTANT, Table, schema_of
from og_assets.ordergroove.events import EVENT_TYPES, NotAnEventError, WebhookEvent, read_event


class EventRow(NamedTuple):
    """One delivery in `lake/events/`, identified by (dump_sha256, position).

    Ingesting the same event file again gives the same rows. A tuple, because there are millions of them.
    """

    event_id: str
    type: str
    # In lower case, as in the event type: order, item, subscription, subscriber, entitlement, workflow.
    object_type: str
    object_id: str | None
    created: AwareDatetime
    # Null if the event file has no envelope with a receive time.
    received_at: AwareDatetime | None
    merchant: str | None
    actor_type: str | None
    actor_id: str | None
    source: str | None
    # JSON, personal data protected by OG_PII: the object, the related rows (null if there are none), and all fields of
    # the event that have no column.
    object: str | None
    snapshot: str | None
    extra: str | None
    # Path of the event file below the inbox, and index of the value in it, from 0.
    dump: str
    position: int
    dump_sha256: str
    # Fingerprint of the verification key that matched the signature; null if no receiver checked it.
    key: str | None


# One value of these for all rows of a landing: the time of ingestion, and the run.
_RUN_COLUMNS = (pa.field("_taken_in_at", INSTANT), pa.field("_run_id", pa.string()))

EVENTS = Table("events", schema_of(EventRow, more=_RUN_COLUMNS))

# A row group is written at either limit. They bound memory, whatever the number and size of events.
ROWS_PER_GROUP = 10_000
CHARACTERS_PER_GROUP = 32 * 1024**2
# A large file that holds no events at all would otherwise fill the disk with quarantine lines.
MAX_QUARANTINE_LINES_PER_FILE = 1_000

_ENVELOPE = frozenset({"received_at", "key", "event"})
_FINGERPRINT = re.compile("[0-9a-f]{12}")


@dataclass(kw_only=True)
class LandedEvents:
    """Counts of landed events. `types` counts deliveries by event type; times are Unix seconds."""

    events: int = 0
    quarantined: int = 0
    types: Counter[str] = field(default_factory=Counter)
    oldest_created: int | None = None
    newest_created: int | None = None

    @property
    def unknown_types(self) -> dict[str, int]:
        """Deliveries by event type, for the types that Ordergroove does not document."""
        return {name: count for name, count in sorted(self.types.items()) if name not in EVENT_TYPES}

    def __iadd__(self, other: "LandedEvents") -> Self:
        self.events += other.events
        self.quarantined += other.quarantined
        self.types += other.types
        times = [time for time in (self.oldest_created, other.oldest_created) if time is not None]
        self.oldest_created = min(times, default=None)
        times = [time for time in (self.newest_created, other.newest_created) if time is not None]
        self.newest_created = max(times, default=None)
        return self


class EventsLanding(PairedFiles):
    """Writes the events of one or more event files to one Parquet file."""

    def __init__(
        self, *, events_file: Path, quarantine_file: Path, taken_in_at: datetime, run_id: str, policy: PiiPolicy
    ) -> None:
        super().__init__(rows_file=events_file, quarantine_file=quarantine_file, schema=EVENTS.schema)
        self.landed = LandedEvents()
        self._current_file = LandedEvents()
        self._run_columns = {"_taken_in_at": taken_in_at, "_run_id": run_id}
        self._policy = policy
        self._rows: list[EventRow] = []
        self._characters = 0

    def add(self, value: Any, *, dump: str, position: int, sha256: str) -> None:
        """Add one value of an event file: an event, an event in an envelope, or a value for quarantine."""
        origin = (dump, position, sha256)
        if isinstance(value, UnreadablePiece):
            # Personal data cannot be found in unreadable bytes. Quarantine records their position; the file is kept.
            self._reject(value.reason, origin, at_byte=value.at, bytes=value.length)
            return
        try:
            received_at, key, content, envelope = _unwrap(value)
            event = read_event(content)
            if envelope:
                event = event._replace(extra={**(event.extra or {}), "envelope": envelope})
            row = self._row(event, received_at=received_at, key=key, origin=origin)
        except NotAnEventError as error:
            self._reject(str(error), origin, record=self._scrubbed_or_none(value))
            return
        except RecursionError:
            self._reject("nested too deeply", origin)
            return
        self._count(event)
        self._rows.append(row)
        if len(self._rows) >= ROWS_PER_GROUP or self._characters >= CHARACTERS_PER_GROUP:
            self._flush()

    def finish_file(self) -> LandedEvents:
        """Return the counts of the current event file, and start counting the next one."""
        counted, self._current_file = self._current_file, LandedEvents()
        self.landed += counted
        return counted

    def _row(
        self, event: WebhookEvent, *, received_at: datetime | None, key: str | None, origin: tuple[str, int, str]
    ) -> EventRow:
        return EventRow(
            *event[:4],
            datetime.fromtimestamp(event.created, UTC),
            received_at,
            *event[5:9],
            self._json(event.object),
            self._json(event.snapshot),
            self._json(event.extra),
            *origin,
            key,
        )

    def _json(self, value: Any) -> str | None:
        if value is None:
            return None
        clean = scrubbed(value, policy=self._policy)
        try:
            text = orjson.dumps(clean).decode()
        except TypeError:
            # orjson refuses integers beyond 64 bits and lone surrogates. Parquet cannot hold lone surrogates.
            text = _replace_surrogates(json.dumps(clean, ensure_ascii=False))
        self._characters += len(text)
        return text

    def _scrubbed_or_none(self, value: Any) -> Any:
        try:
            return scrubbed(value, policy=self._policy)
        except RecursionError:
            return None

    def _count(self, event: WebhookEvent) -> None:
        landed = self._current_file
        landed.events += 1
        landed.types[event.type] += 1
        if landed.oldest_created is None or event.created < landed.oldest_created:
            landed.oldest_created = event.created
        if landed.newest_created is None or event.created > landed.newest_created:
            landed.newest_created = event.created

    def _flush(self) -> None:
        rows, self._rows, self._characters = self._rows, [], 0
        if not rows:
            return
        columns = {
            name: _column(values, EVENTS.schema.field(name).type)
            for name, values in zip(EventRow._fields, zip(*rows, strict=True), strict=True)
        }
        for name, value in self._run_columns.items():
            columns[name] = pa.repeat(pa.scalar(value, EVENTS.schema.field(name).type), len(rows))
        self._write_rows(pa.table(columns, schema=EVENTS.schema))

    def _reject(self, reason: str, origin: tuple[str, int, str], **details: Any) -> None:
        self._current_file.quarantined += 1
        if self._current_file.quarantined > MAX_QUARANTINE_LINES_PER_FILE:
            return
        if self._current_file.quarantined == MAX_QUARANTINE_LINES_PER_FILE:
            reason = f"{reason}; further pieces of this file are counted and not listed"
        taken_in_at = self._run_columns["_taken_in_at"].isoformat()  # type: ignore[attr-defined]
        source = dict(zip(("dump", "position", "dump_sha256"), origin, strict=True))
        run = {"_taken_in_at": taken_in_at, "_run_id": self._run_columns["_run_id"]}
        self._write_aside({"reason": reason, **source, **details, **run})


def _unwrap(value: Any) -> tuple[datetime | None, str | None, Any, dict[str, Any] | None]:
    """Remove a receiver's envelope, if any; return received at, key, event, and the envelope's other fields."""
    if not isinstance(value, dict) or not isinstance(value.get("event"), dict) or "data" in value:
        return None, None, value, None
    key = value.get("key")
    # Another receiver may write the key itself here. Only a fingerprint may land.
    fingerprint = key if isinstance(key, str) and _FINGERPRINT.fullmatch(key) else None
    others = None if value.keys() <= _ENVELOPE else {name: value[name] for name in value.keys() - _ENVELOPE}
    return _instant(value.get("received_at")), fingerprint, value["event"], others


def _instant(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def _column(values: tuple[Any, ...], kind: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, kind)
    except UnicodeEncodeError:
        return pa.array([value and _replace_surrogates(value) for value in values], kind)


def _replace_surrogates(text: str) -> str:
    return text.encode(errors="replace").decode()
