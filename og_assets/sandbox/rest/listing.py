"""What a list is, and the parameters that several lists share.

Belongs here: the class. Not here: the lists themselves (listings).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from og_assets.sandbox.world.state import World
from og_assets.sandbox.world.table import Table

from .filters import (
    BadParameterError,
    Condition,
    Filter,
    Get,
    Query,
    day,
    day_since,
    day_until,
    is_true,
    on_day,
    since,
    until,
)
from .shapes import Body

Render = Callable[[World, Any], Body]


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A list, and the single objects under it where `alone` tells how they look."""

    name: str
    path: str
    table: Callable[[World], Table[Any]]
    body: Render
    alone: Render | None = None
    filters: dict[str, Filter] = field(default_factory=dict)
    defaults: dict[str, list[str]] = field(default_factory=dict)
    variants: dict[str, Render] = field(default_factory=dict)
    required: str | None = None
    oldest_first: bool = False
    max_page_size: int = 100
    not_found: str = "Unable to find requested asset."

    def conditions(self, query: Query) -> list[Condition]:
        """What a row must meet; parameters that the list does not know are ignored."""
        if self.required and self.required not in query:
            raise BadParameterError(self.required, "This field is required.")
        asked = {**self.defaults, **query}
        return [build(asked, name) for name, build in self.filters.items() if name in asked]

    def render(self, query: Query) -> Render:
        """How the rows of this request look."""
        for name, variant in self.variants.items():
            if name in query and is_true(name, query[name][-1]):
                return variant
        return self.body


def moments(name: str, get: Get) -> dict[str, Filter]:
    """The three parameters of a field that is a moment: on a day, from, to."""
    return {name: on_day(get), f"{name}_start": since(get), f"{name}_end": until(get)}


def days(name: str, get: Get) -> dict[str, Filter]:
    """The three parameters of a field that is a day."""
    return {name: day(get), f"{name}_start": day_since(get), f"{name}_end": day_until(get)}
