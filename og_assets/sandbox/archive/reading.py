"""Tables, walks and filters over SQLite, in the words of a table in memory.

Belongs here: SQL. Not here: pages and cursors (rest/pages), which work on both kinds of table.
"""

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from threading import local
from typing import NamedTuple

from og_assets.sandbox.rest.filters import Query

from .spec import Condition, Kept

_CHUNK = 128


class ArchivedRow(NamedTuple):
    """A row as far as a page needs it."""

    slot: int
    key: str
    created: datetime
    body: bytes


class Reader:
    """One read-only connection for each thread, with a small cache: memory stays bounded, the rest is the system's."""

    def __init__(self, path: Path) -> None:
        self._uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        self._local = local()

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._uri, uri=True, check_same_thread=False)
            connection.execute("PRAGMA cache_size = -8000")
            self._local.connection = connection
        return connection


class ArchivedTable:
    """A list, or what of it meets some conditions."""

    def __init__(self, reader: Reader, kept: Kept, conditions: list[Condition]) -> None:
        self._reader = reader
        self._name = kept.name
        self._where = "".join(f" AND {sql}" for sql, _ in conditions)
        self._values = [value for _, value in conditions]

    def __len__(self) -> int:
        sql = f"SELECT count(*) FROM {self._name} WHERE 1{self._where}"
        return int(self._reader.connection.execute(sql, self._values).fetchone()[0])

    def get(self, key: str) -> ArchivedRow | None:
        """The row, or None where there is none."""
        found = list(self._rows("t.key = ?", [key], order="t.seq", limit=1))
        return found[0] if found else None

    def slot_of(self, created: datetime, rank: int) -> int:
        """The slot of the `rank`-th row (from 0) created at a second."""
        return self._first_of(created) + rank

    def rank_of(self, row: ArchivedRow) -> int:
        """Which of the rows of its second a row is."""
        return row.slot - self._first_of(row.created)

    def descending(self, below: int | None = None, *, owner: str | None = None) -> Iterator[ArchivedRow]:
        """Newest first, from under a slot; whose rows they are is among the conditions already."""
        del owner
        while chunk := self._chunk("t.seq < ?", below if below is not None else 2**62, order="t.seq DESC"):
            yield from chunk
            below = chunk[-1].slot

    def ascending(self, above: int = -1, *, owner: str | None = None) -> Iterator[ArchivedRow]:
        """Oldest first, from above a slot."""
        del owner
        while chunk := self._chunk("t.seq > ?", above, order="t.seq"):
            yield from chunk
            above = chunk[-1].slot

    def numbered(self, *, offset: int, limit: int, oldest_first: bool) -> list[ArchivedRow]:
        """A page by number."""
        order = "t.seq" if oldest_first else "t.seq DESC"
        return list(self._rows("1", [], order=order, limit=limit, offset=offset))

    def _chunk(self, bound: str, value: int, *, order: str) -> list[ArchivedRow]:
        return list(self._rows(bound, [value], order=order, limit=_CHUNK))

    def _rows(
        self, bound: str, values: list[object], *, order: str, limit: int, offset: int = 0
    ) -> Iterator[ArchivedRow]:
        # The page is found among narrow rows first; only then are its bodies looked up.
        sql = (
            f"SELECT t.seq, t.key, t.created, b.body FROM "
            f"(SELECT seq, key, created, ref FROM {self._name} AS t WHERE {bound}{self._where} "
            f"ORDER BY {order} LIMIT ? OFFSET ?) AS t JOIN {self._name}_bodies AS b ON b.ref = t.ref ORDER BY {order}"
        )
        for seq, key, created, body in self._reader.connection.execute(sql, [*values, *self._values, limit, offset]):
            yield ArchivedRow(seq, key, datetime.fromisoformat(created), body)

    def _first_of(self, created: datetime) -> int:
        # The first entry of the index on `created` is the answer; min(seq) would read all the others too.
        sql = f"SELECT seq FROM {self._name} WHERE created >= ? ORDER BY created, seq LIMIT 1"
        found = self._reader.connection.execute(sql, [str(created)]).fetchone()
        return 2**62 if found is None else int(found[0])


def conditions(kept: Kept, query: Query) -> list[Condition]:
    """What a row must meet; parameters that the list does not know are ignored."""
    return [ask(query, name) for name, ask in kept.asks.items() if name in query]
