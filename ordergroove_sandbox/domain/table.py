"""A table: rows in the order of their creation, found by key.

Slots are never reused, so that a cursor stays valid while rows are added and removed. Does not belong here: filters and
cursors (`rest`).
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Generic, TypeVar

from .records import Row

R = TypeVar("R", bound=Row)


class Table(Generic[R]):
    """Rows by key, slot and owner. A removed row leaves an empty slot; a row's owner never changes."""

    def __init__(self, owner: Callable[[R], str] | None = None) -> None:
        self.by_key: dict[str, R] = {}
        self._owner = owner
        self._by_owner: dict[str, list[R]] = {}
        self._slots: list[R | None] = []
        self._created: list[datetime] = []

    def __len__(self) -> int:
        return len(self.by_key)

    def __iter__(self) -> Iterator[R]:
        return iter(self.by_key.values())

    def __contains__(self, key: str) -> bool:
        return key in self.by_key

    def get(self, key: str) -> R | None:
        """Return the row, or None."""
        return self.by_key.get(key)

    def add(self, row: R) -> R:
        """Append a row. The clock only moves forward, so slots are sorted by creation time."""
        row.slot = len(self._slots)
        self._slots.append(row)
        self._created.append(row.created)
        self.by_key[row.key] = row
        if self._owner is not None:
            self._by_owner.setdefault(self._owner(row), []).append(row)
        return row

    def remove(self, row: R) -> None:
        """Remove a row without a tombstone."""
        del self.by_key[row.key]
        self._slots[row.slot] = None
        if self._owner is not None:
            self._by_owner[self._owner(row)].remove(row)

    def slot_of(self, created: datetime, rank: int) -> int:
        """Return the slot of the `rank`-th row (from 0) created in a second; the row may have been removed."""
        return bisect_left(self._created, created) + rank

    def rank_of(self, row: R) -> int:
        """Return the rank of a row among those created in its second, removed ones included."""
        return row.slot - bisect_left(self._created, row.created)

    def descending(self, below: int | None = None, *, owner: str | None = None) -> Iterator[R]:
        """Iterate from the newest, below a slot; only the rows of an owner, if one is given."""
        if owner is not None:
            yield from (row for row in reversed(self._by_owner.get(owner, ())) if below is None or row.slot < below)
            return
        for slot in range(len(self._slots) if below is None else min(below, len(self._slots)), 0, -1):
            row = self._slots[slot - 1]
            if row is not None:
                yield row

    def ascending(self, above: int = -1, *, owner: str | None = None) -> Iterator[R]:
        """Iterate from the oldest, above a slot; only the rows of an owner, if one is given."""
        if owner is not None:
            yield from (row for row in self._by_owner.get(owner, ()) if row.slot > above)
            return
        for slot in range(above + 1, len(self._slots)):
            row = self._slots[slot]
            if row is not None:
                yield row
