"""A table: rows in the order in which they were created, found by key.

Belongs here: places that are never handed out twice, so that a position in a walk stays true while rows come and go.
Not here: filters and cursors (rest).
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Generic, TypeVar

from .records import Row

R = TypeVar("R", bound=Row)


class Table(Generic[R]):
    """Rows by key, by slot and by owner. A removed row leaves its slot empty for ever; an owner never changes."""

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
        """The row, or None where it never was or is gone."""
        return self.by_key.get(key)

    def add(self, row: R) -> R:
        """Append a row; time only moves forward, so slots are sorted by creation."""
        row.slot = len(self._slots)
        self._slots.append(row)
        self._created.append(row.created)
        self.by_key[row.key] = row
        if self._owner is not None:
            self._by_owner.setdefault(self._owner(row), []).append(row)
        return row

    def remove(self, row: R) -> None:
        """Take a row out of sight; no tombstone stays."""
        del self.by_key[row.key]
        self._slots[row.slot] = None
        if self._owner is not None:
            self._by_owner[self._owner(row)].remove(row)

    def slot_of(self, created: datetime, rank: int) -> int:
        """The slot of the `rank`-th row (from 0) created at a second; the row itself may be gone."""
        return bisect_left(self._created, created) + rank

    def rank_of(self, row: R) -> int:
        """Which of the rows of its second a row is, counting the ones that are gone."""
        return row.slot - bisect_left(self._created, row.created)

    def descending(self, below: int | None = None, *, owner: str | None = None) -> Iterator[R]:
        """Newest first, from under a slot; only those of an owner, if there is one."""
        if owner is not None:
            yield from (row for row in reversed(self._by_owner.get(owner, ())) if below is None or row.slot < below)
            return
        for slot in range(len(self._slots) if below is None else min(below, len(self._slots)), 0, -1):
            row = self._slots[slot - 1]
            if row is not None:
                yield row

    def ascending(self, above: int = -1, *, owner: str | None = None) -> Iterator[R]:
        """Oldest first, from above a slot; only those of an owner, if there is one."""
        if owner is not None:
            yield from (row for row in self._by_owner.get(owner, ()) if row.slot > above)
            return
        for slot in range(above + 1, len(self._slots)):
            row = self._slots[slot]
            if row is not None:
                yield row
