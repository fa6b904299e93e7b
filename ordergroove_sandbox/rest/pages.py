"""One page of a list, read from the table at this moment.

Belongs here: pagination, envelopes, links. Does not belong here: HTTP (`api`), the token (`cursors`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urlencode

import orjson

from ordergroove_sandbox.domain.records import Row
from ordergroove_sandbox.domain.table import Table

from .cursors import Cursor
from .filters import Condition, Get, Query

DEFAULT_PAGE_SIZE = 10


class InvalidPageError(Exception):
    """The page number is beyond the last page."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """The rows of a page and the queries of the next and previous page; `count` only in version 1."""

    rows: list[Any]
    next: str | None
    previous: str | None
    count: int | None = None

    def envelope(self, rows: Iterable[bytes], *, base: str) -> bytes:
        """Return the body; the rows are JSON already."""
        links: dict[str, Any] = {
            "next": self.next and f"{base}?{self.next}",
            "previous": self.previous and f"{base}?{self.previous}",
        }
        head = links if self.count is None else {"count": self.count, **links}
        return b"".join((orjson.dumps(head)[:-1], b',"results":[', b",".join(rows), b"]}"))


def cursor_page(
    table: Table[Any],
    *,
    query: Query,
    conditions: list[Condition],
    size: int,
    oldest_first: bool = False,
    owner: str | None = None,
) -> Page:
    """Return a page of version 2, starting at the cursor, newest created first."""
    cursor = Cursor.decode(query["cursor"][-1]) if query.get("cursor") else None
    backwards = cursor is not None and cursor.reverse
    ascending = oldest_first != backwards
    found = list(islice(_matching(_rows_from(table, cursor, ascending=ascending, owner=owner), conditions), size + 1))
    has_more, rows = len(found) > size, found[:size]
    if backwards:
        rows.reverse()
    next_at = _cursor_at(table, rows, cursor, last=True)
    previous_at = _cursor_at(table, rows, cursor, last=False)
    has_next, has_previous = (True, has_more) if backwards else (has_more, cursor is not None)
    return Page(
        rows=rows,
        next=link(query, cursor=next_at.encode()) if has_next and next_at else None,
        previous=link(query, cursor=previous_at.encode()) if has_previous and previous_at else None,
    )


def numbered_page(
    table: Table[Any],
    *,
    query: Query,
    conditions: list[Condition],
    size: int,
    oldest_first: bool = False,
    owner: str | None = None,
    order_by: tuple[Get, bool] | None = None,
) -> Page:
    """Return a page of version 1 by number, with a total count; `order_by` is a field, and whether descending."""
    try:
        number = int(query.get("page", ["1"])[-1])
    except ValueError:
        raise InvalidPageError from None
    rows = table.ascending(owner=owner) if oldest_first else table.descending(owner=owner)
    found = list(_matching(rows, conditions))
    if order_by is not None:
        found.sort(key=order_by[0], reverse=order_by[1])
    last = max(-(-len(found) // size), 1)
    if not 1 <= number <= last:
        raise InvalidPageError
    return Page(
        rows=found[(number - 1) * size : number * size],
        next=link(query, page=str(number + 1)) if number < last else None,
        previous=link(query, page=str(number - 1)) if number > 1 else None,
        count=len(found),
    )


def page_size(query: Query, maximum: int) -> int:
    """Return the requested size, limited to the maximum; the default if it is not a positive number."""
    try:
        size = int(query["page_size"][-1])
    except (KeyError, ValueError):
        return DEFAULT_PAGE_SIZE
    return min(size, maximum) if size > 0 else DEFAULT_PAGE_SIZE


def _rows_from(table: Table[Any], cursor: Cursor | None, *, ascending: bool, owner: str | None) -> Iterator[Any]:
    if cursor is None:
        return table.ascending(owner=owner) if ascending else table.descending(owner=owner)
    slot = table.slot_of(cursor.position, cursor.offset)
    return table.ascending(slot, owner=owner) if ascending else table.descending(slot, owner=owner)


def _matching(rows: Iterator[Any], conditions: list[Condition]) -> Iterator[Any]:
    """Return the rows that meet all conditions; the cases of none and one are faster."""
    if not conditions:
        return rows
    if len(conditions) == 1:
        return filter(conditions[0], rows)
    return (row for row in rows if all(met(row) for met in conditions))


def _cursor_at(table: Table[Any], rows: list[Row], given: Cursor | None, *, last: bool) -> Cursor | None:
    if rows:
        row = rows[-1 if last else 0]
        return Cursor(row.created, table.rank_of(row), reverse=not last)
    return given and given._replace(reverse=not last)


def link(query: Query, **changed: str) -> str:
    """Return the same query with changed parameters, sorted by name."""
    kept = {name: values for name, values in query.items() if name not in ("cursor", "page")}
    return urlencode(sorted({**kept, **{name: [value] for name, value in changed.items()}}.items()), doseq=True)
