"""Render rows as JSON bytes, once per version of a row.

Belongs here: the cache, and overrides of a store. Does not belong here: the content of bodies (`bodies`).
"""

from typing import Any

import orjson

from ordergroove_sandbox.domain.records import Row
from ordergroove_sandbox.store import Store

from .displayed_clock import DisplayedClock
from .listing import Render


class Renderer:
    """Renders the rows of a store; an unchanged row is not rendered again."""

    def __init__(self, store: Store, clock: DisplayedClock) -> None:
        self._store = store
        self._clock = clock
        self._cache: dict[Render, dict[str, tuple[int, bytes]]] = {}

    def rows(self, rows: list[Any], *, name: str, render: Render) -> list[bytes]:
        """Render the rows of a page."""
        return [self.row(row, name=name, render=render) for row in rows]

    def row(self, row: Row, *, name: str, render: Render) -> bytes:
        """Render one row."""
        if not self._clock.is_exact:
            return orjson.dumps(self._clock.shift_body(render(self._store.state, row)))
        override = self._store.overrides.get((name, row.key)) if self._store.overrides else None
        if override is not None:
            return orjson.dumps({**render(self._store.state, row), **override})
        cached = self._cache.setdefault(render, {})
        known = cached.get(row.key)
        if known is not None and known[0] == row.version:
            return known[1]
        # Copied, because orjson's own buffer is larger: kept as it is, each row would take five times the memory.
        body = bytes(memoryview(orjson.dumps(render(self._store.state, row))))
        cached[row.key] = (row.version, body)
        return body
