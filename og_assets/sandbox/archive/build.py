"""Making an archive: one part of the store after the other is lived, written and forgotten.

Belongs here: the parts, and the file. Not here: which columns there are (spec).

No customer meets another, so a store of many customers is the sum of parts that share the merchant and the range. Rows
of all parts are numbered anew by their second of creation; the bodies stay where they were written, because sorting
several gigabytes of them would cost more than all the rest.
"""

import gc
import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from og_assets.sandbox.rest.listings import LISTINGS
from og_assets.sandbox.store import Store
from og_assets.sandbox.truth import write_truth

from .spec import KEPT, Kept

CUSTOMERS_PER_PART = 500
_LISTINGS = {listing.name: listing for listing in LISTINGS}


def build_archive(
    folder: Path,
    *,
    seed: int = 7,
    customers: int = 200_000,
    days: int = 1460,
    until: datetime | None = None,
    timezone: str = "America/New_York",
    currencies: tuple[str, ...] = ("USD",),
    with_truth: bool = True,
    on_part: Callable[[int, int], None] = lambda _done, _parts: None,
) -> dict[str, int]:
    """Make an archive in an empty folder; returns how many rows each list has.

    The truth is written beside it, in one file for each table and part: `truth/<table>/part-<n>.parquet`.
    """
    # One moment for all parts: each of them must end where the others do.
    until = (until or datetime.now(ZoneInfo(timezone)).replace(tzinfo=None)).replace(microsecond=0)
    folder.mkdir(parents=True, exist_ok=True)
    hidden, final = folder / ".store.sqlite.tmp", folder / "store.sqlite"
    hidden.unlink(missing_ok=True)
    parts = -(-customers // CUSTOMERS_PER_PART)
    with sqlite3.connect(hidden, isolation_level=None) as file:
        for pragma in ("journal_mode = off", "synchronous = off", "cache_size = -60000", "temp_store = file"):
            file.execute(f"PRAGMA {pragma}")
        for kept in KEPT:
            columns = "".join(f", {name}" for name in kept.columns)
            file.execute(f"CREATE TABLE new_{kept.name} (part, slot, key, created{columns}, ref)")
            file.execute(f"CREATE TABLE {kept.name}_bodies (ref INTEGER PRIMARY KEY, body BLOB)")
        refs = dict.fromkeys((kept.name for kept in KEPT), 0)
        for part in range(parts):
            first = part * CUSTOMERS_PER_PART
            size = min(CUSTOMERS_PER_PART, customers - first)
            store = Store(
                seed=seed,
                customers=size,
                days=days,
                until=until,
                timezone=timezone,
                currencies=currencies,
                part=part,
                first_customer=first,
            )
            file.execute("BEGIN")
            for kept in KEPT:
                refs[kept.name] = _write(file, store, kept, part=part, ref=refs[kept.name])
            file.execute("COMMIT")
            if with_truth:
                _write_truth(store, folder / "truth", part=part)
            del store
            gc.collect()
            on_part(part + 1, parts)
        for kept in KEPT:
            _sort(file, kept)
        about = {
            "seed": seed,
            "customers": customers,
            "days": days,
            "until": str(until),
            "timezone": timezone,
            "currencies": currencies,
        }
        file.execute("CREATE TABLE about (body)")
        file.execute("INSERT INTO about VALUES (?)", (orjson.dumps(about),))
    file.close()
    hidden.rename(final)
    return refs


def _write(file: sqlite3.Connection, store: Store, kept: Kept, *, part: int, ref: int) -> int:
    listing = _LISTINGS[kept.name]
    world, gets = store.world, tuple(kept.columns.values())
    bodies: list[tuple[int, bytes]] = []

    def rows() -> Iterator[tuple[Any, ...]]:
        nonlocal ref
        for row in listing.table(world):
            ref += 1
            bodies.append((ref, orjson.dumps(listing.body(world, row))))
            yield (part, row.slot, row.key, str(row.created), *(get(row) for get in gets), ref)

    marks = ", ".join("?" * (len(gets) + 5))
    file.executemany(f"INSERT INTO new_{kept.name} VALUES ({marks})", rows())
    file.executemany(f"INSERT INTO {kept.name}_bodies VALUES (?, ?)", bodies)
    return ref


def _sort(file: sqlite3.Connection, kept: Kept) -> None:
    columns = "".join(f", {name}" for name in kept.columns)
    file.execute("BEGIN")
    file.execute(f"CREATE TABLE {kept.name} (seq INTEGER PRIMARY KEY, key TEXT, created TEXT{columns}, ref INTEGER)")
    file.execute(
        f"INSERT INTO {kept.name} (key, created{columns}, ref) "
        f"SELECT key, created{columns}, ref FROM new_{kept.name} ORDER BY created, part, slot"
    )
    file.execute(f"DROP TABLE new_{kept.name}")
    for column in ("key", "created", *kept.indexed):
        name = column.strip('"')
        file.execute(f"CREATE INDEX {kept.name}_by_{name} ON {kept.name} ({column})")
    file.execute("COMMIT")


def _write_truth(store: Store, folder: Path, *, part: int) -> None:
    scratch = folder / ".part"
    write_truth(store, scratch)
    for file in scratch.iterdir():
        target = folder / file.stem
        target.mkdir(exist_ok=True)
        file.rename(target / f"part-{part:04d}.parquet")
    scratch.rmdir()
