"""Webhook events in the lake: one row per delivery, in Parquet files under `lake/events/`.

Belongs here: the schema of those rows, and landing them whole or not at all (design D4, D5, D12). Does not belong here:
reading dumps (`dumps.py`), what an event is (`ordergroove/events.py`), one row per event (staging).
"""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import orjson
import pyarrow as pa

from og_assets.events.parse import Unreadable
from og_assets.lake.paired_files import PairedFiles
from og_assets.lake.privacy import PiiPolicy, scrubbed
from og_assets.lake.table import Table
from og_assets.ordergroove.events import EVENT_TYPES, NotAnEventError, WebhookEvent, read_event

_INSTANT = pa.timestamp("us", tz="UTC")

# A delivery is known by (dump_sha256, position): the same dump taken in again gives the same rows.
EVENTS_SCHEMA = pa.schema(
    [
        pa.field("event_id", pa.string()),
        pa.field("type", pa.string()),
        # In lower case, as in the event's type: order, item, subscription, subscriber, entitlement, workflow.
        pa.field("object_type", pa.string()),
        pa.field("object_id", pa.string()),
        pa.field("created", _INSTANT),
        # Null where the dump has no envelope that tells.
        pa.field("received_at", _INSTANT),
        pa.field("merchant", pa.string()),
        pa.field("actor_type", pa.string()),
        pa.field("actor_id", pa.string()),
        pa.field("source", pa.string()),
        # JSON, protected by OG_PII: the object, the rows around it (null where there are none), and whatever else the
        # event carried that has no column here.
        pa.field("object", pa.string()),
        pa.field("snapshot", pa.string()),
        pa.field("extra", pa.string()),
        # The dump's path below the inbox, and the event's number in it, from 0.
        pa.field("dump", pa.string()),
        pa.field("position", pa.int64()),
        pa.field("dump_sha256", pa.string()),
        # Fingerprint of the verification key that the signature matched; null where nobody checked.
        pa.field("key", pa.string()),
        pa.field("_taken_in_at", _INSTANT),
        pa.field("_run_id", pa.string()),
    ]
)

EVENTS = Table("events", EVENTS_SCHEMA)

# Memory follows these numbers, not the number of events or their size.
ROWS_PER_GROUP = 10_000
CHARACTERS_PER_GROUP = 32 * 1024**2
# Of a dump that is something else altogether, not every piece needs a line of its own.
PIECES_PER_DUMP = 1_000

_ENVELOPE = frozenset({"received_at", "key", "event"})
_FINGERPRINT = re.compile("[0-9a-f]{12}")

# What differs from row to row; the rest is the same for all rows of a landing.
_PER_ROW = [name for name in EVENTS_SCHEMA.names if not name.startswith("_")]


@dataclass(kw_only=True)
class LandedEvents:
    """What landed. `types` counts deliveries by event type; times are Unix seconds."""

    events: int = 0
    quarantined: int = 0
    types: Counter[str] = field(default_factory=Counter)
    oldest_created: int | None = None
    newest_created: int | None = None

    @property
    def unknown_types(self) -> dict[str, int]:
        """Deliveries of types that the documentation does not name."""
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
    """The events of some dumps."""

    def __init__(
        self, *, events_file: Path, quarantine_file: Path, taken_in_at: datetime, run_id: str, policy: PiiPolicy
    ) -> None:
        super().__init__(rows_file=events_file, quarantine_file=quarantine_file, schema=EVENTS_SCHEMA)
        self.landed = LandedEvents()
        self._of_this_dump = LandedEvents()
        self._origin = {"_taken_in_at": taken_in_at, "_run_id": run_id}
        self._policy = policy
        self._rows: list[tuple[Any, ...]] = []
        self._characters = 0

    def add(self, value: Any, *, dump: str, position: int, sha256: str) -> None:
        """Take in one value of a dump: an event, an event in our envelope, or what goes to quarantine."""
        where = (dump, position, sha256)
        if isinstance(value, Unreadable):
            # Only the place: what cannot be read cannot be protected either. The dump itself is kept.
            self._set_aside(value.reason, where, at_byte=value.at, bytes=value.length)
            return
        try:
            received_at, key, content, more = _opened(value)
            event = read_event(content)
            if more:
                event = event._replace(extra={**(event.extra or {}), "envelope": more})
            row = self._row(event, received_at=received_at, key=key, where=where)
        except NotAnEventError as error:
            self._set_aside(str(error), where, record=self._protected_or_none(value))
            return
        except RecursionError:
            self._set_aside("nested too deeply", where)
            return
        self._note(event)
        self._rows.append(row)
        if len(self._rows) >= ROWS_PER_GROUP or self._characters >= CHARACTERS_PER_GROUP:
            self._flush()

    def take_count(self) -> LandedEvents:
        """Return what landed since this was last asked: once for each dump."""
        counted, self._of_this_dump = self._of_this_dump, LandedEvents()
        self.landed += counted
        return counted

    def _row(
        self, event: WebhookEvent, *, received_at: datetime | None, key: str | None, where: tuple[str, int, str]
    ) -> tuple[Any, ...]:
        return (
            *event[:5],
            received_at,
            *event[5:9],
            self._json(event.object),
            self._json(event.snapshot),
            self._json(event.extra),
            *where,
            key,
        )

    def _json(self, value: Any) -> str | None:
        if value is None:
            return None
        clean = scrubbed(value, policy=self._policy)
        try:
            text = orjson.dumps(clean).decode()
        except TypeError:
            # Numbers beyond 64 bits, and halves of characters, which Parquet cannot hold.
            text = _whole_text(json.dumps(clean, ensure_ascii=False))
        self._characters += len(text)
        return text

    def _protected_or_none(self, value: Any) -> Any:
        try:
            return scrubbed(value, policy=self._policy)
        except RecursionError:
            return None

    def _note(self, event: WebhookEvent) -> None:
        landed = self._of_this_dump
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
            name: _column(values, EVENTS_SCHEMA.field(name).type)
            for name, values in zip(_PER_ROW, zip(*rows, strict=True), strict=True)
        }
        for name, value in self._origin.items():
            columns[name] = pa.repeat(pa.scalar(value, EVENTS_SCHEMA.field(name).type), len(rows))
        self._write_rows(pa.table(columns, schema=EVENTS_SCHEMA))

    def _set_aside(self, reason: str, where: tuple[str, int, str], **what: Any) -> None:
        self._of_this_dump.quarantined += 1
        if self._of_this_dump.quarantined > PIECES_PER_DUMP:
            return
        if self._of_this_dump.quarantined == PIECES_PER_DUMP:
            reason = f"{reason}; what follows of this dump is counted and not listed"
        taken_in_at = self._origin["_taken_in_at"].isoformat()  # type: ignore[attr-defined]
        place = dict(zip(("dump", "position", "dump_sha256"), where, strict=True))
        origin = {"_taken_in_at": taken_in_at, "_run_id": self._origin["_run_id"]}
        self._write_aside({"reason": reason, **place, **what, **origin})


def _opened(value: Any) -> tuple[datetime | None, str | None, Any, dict[str, Any] | None]:
    """Take an event out of the envelope that a receiver put around it, if it did: received at, key, event, the rest."""
    if not isinstance(value, dict) or not isinstance(value.get("event"), dict) or "data" in value:
        return None, None, value, None
    key = value.get("key")
    # Only a fingerprint may land: another receiver may write the key itself there.
    fingerprint = key if isinstance(key, str) and _FINGERPRINT.fullmatch(key) else None
    more = None if value.keys() <= _ENVELOPE else {name: value[name] for name in value.keys() - _ENVELOPE}
    return _instant(value.get("received_at")), fingerprint, value["event"], more


def _instant(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def _column(values: tuple[Any, ...], kind: pa.DataType) -> pa.Array:
    if values and isinstance(values[0], int) and pa.types.is_timestamp(kind):
        return pa.array(values, pa.timestamp("s", tz="UTC")).cast(kind)
    try:
        return pa.array(values, kind)
    except UnicodeEncodeError:
        return pa.array([value and _whole_text(value) for value in values], kind)


def _whole_text(text: str) -> str:
    return text.encode(errors="replace").decode()
