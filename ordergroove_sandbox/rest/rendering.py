"""Rows as JSON bytes, made once for each version of a row.

Belongs here: the cache, and what a store shows other than it is (overrides). Not here: what is in a body (bodies).
"""

from typing import Any

import orjson

from ordergroove_sandbox.domain.records import Row
from ordergroove_sandbox.store import Store

from .displayed_clock import DisplayedClock
from .listing import Render


class Renderer:
    """Renders the rows of a store; a row that did not change is not rendered again."""

    def __init__(self, store: Store, clock: DisplayedClock) -> None:
        self._store = store
        self._clock = clock
        self._made: dict[Render, dict[str, tuple[int, bytes]]] = {}

    def rows(self, rows: list[Any], *, name: str, render: Render) -> list[bytes]:
        """The rows of a page."""
        return [self.row(row, name=name, render=render) for row in rows]

    def row(self, row: Row, *, name: str, render: Render) -> bytes:
        """One row."""
        if not self._clock.is_right:
            return orjson.dumps(self._clock.show(render(self._store.state, row)))
        override = self._store.overrides.get((name, row.key)) if self._store.overrides else None
        if override is not None:
            return orjson.dumps({**render(self._store.state, row), **override})
        made = self._made.setdefault(render, {})
        known = made.get(row.key)
        if known is not None and known[0] == row.version:
            return known[1]
        # The copy has the exact size; kept as they come, the writer's larger buffers make each row five times dearer.
        body = bytes(memoryview(orjson.dumps(render(self._store.state, row))))
        made[row.key] = (row.version, body)
        return body
