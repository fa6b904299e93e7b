"""What a list is, and the parameters that several lists share.

Belongs here: the class. Not here: the lists themselves (listings).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ordergroove_sandbox.bodies.values import Body
from ordergroove_sandbox.choices import Choices
from ordergroove_sandbox.domain.state import StoreState
from ordergroove_sandbox.domain.table import Table

from .filters import (
    BadDateError,
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

Render = Callable[[StoreState, Any], Body]
Extra = Callable[[StoreState, Any, Body], Body]
"""Adds to a body, or takes from it."""
Narrow = Callable[[StoreState, str], str | None]
"""The customer whose rows alone can match a value of a parameter."""


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A list, and the single objects under it where `alone` tells how they look.

    `narrow` keeps a question about one customer's rows from looking at all; `orderings` are those of version 1.
    """

    name: str
    path: str
    table: Callable[[StoreState], Table[Any]]
    body: Render
    detail: Render | None = None
    filters: dict[str, Filter] = field(default_factory=dict)
    defaults: dict[str, list[str]] = field(default_factory=dict)
    extras: dict[str, Extra] = field(default_factory=dict)
    narrow: dict[str, Narrow] = field(default_factory=dict)
    orderings: dict[str, Get] = field(default_factory=dict)
    required: str | None = None
    oldest_first: bool = False
    max_page_size: int = 100
    not_found: str = "Unable to find requested asset."

    def conditions(self, query: Query, choices: Choices) -> list[Condition]:
        """What a row must meet; parameters that the list does not know are ignored."""
        if self.required and self.required not in query:
            raise BadParameterError(self.required, "This field is required.")
        asked = {**self.defaults, **query}
        if choices.day_as_end == "last second":
            asked = {name: _to_last_second(name, values) for name, values in asked.items()}
        conditions = []
        for name, build in self.filters.items():
            if name in asked:
                try:
                    conditions.append(build(asked, name))
                except BadDateError:
                    if choices.bad_date == "refuse":
                        raise
        return conditions

    def render(self, query: Query) -> Render:
        """How the rows of this request look."""
        asked = [extra for name, extra in self.extras.items() if name in query and _is_asked(name, query[name][-1])]
        return _composed(self.body, tuple(asked)) if asked else self.body

    def owner(self, state: StoreState, query: Query) -> str | None:
        """Whose rows alone can answer this request, where its parameters tell; "" where they can be nobody's."""
        for name, whose in self.narrow.items():
            if name in query:
                return whose(state, query[name][-1]) or ""
        return None


@cache
def _composed(body: Render, extras: tuple[Extra, ...]) -> Render:
    def render(state: StoreState, row: Any) -> Body:
        shown = body(state, row)
        for extra in extras:
            shown = extra(state, row, shown)
        return shown

    return render


def _is_asked(name: str, value: str) -> bool:
    return value.startswith(("all_with", "only_with")) if name == "offer_profile_category" else is_true(name, value)


def _to_last_second(name: str, values: list[str]) -> list[str]:
    if name.endswith("_end") and not name.startswith("place"):
        return [f"{value}T23:59:59" if len(value) == 10 else value for value in values]
    return values


def moments(name: str, get: Get) -> dict[str, Filter]:
    """The three parameters of a field that is a moment: on a day, from, to."""
    return {name: on_day(get), f"{name}_start": since(get), f"{name}_end": until(get)}


def days(name: str, get: Get) -> dict[str, Filter]:
    """The three parameters of a field that is a day."""
    return {name: day(get), f"{name}_start": day_since(get), f"{name}_end": day_until(get)}
