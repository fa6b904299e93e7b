"""Definition of a list, and parameters that several lists share.

Does not belong here: the lists (`listings`).
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
"""Adds or removes fields of a body."""
Narrow = Callable[[StoreState, str], str | None]
"""Returns the only customer whose rows can match a parameter's value."""


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A list, and its single objects if `detail` is set.

    `narrow` limits a request about one customer to that customer's rows, for speed; `orderings` apply to version 1.
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
        """Return the conditions of a request; unknown parameters are ignored."""
        if self.required and self.required not in query:
            raise BadParameterError(self.required, "This field is required.")
        values = {**self.defaults, **query}
        if choices.day_as_end == "last second":
            values = {name: _to_last_second(name, given) for name, given in values.items()}
        conditions = []
        for name, build in self.filters.items():
            if name in values:
                try:
                    conditions.append(build(values, name))
                except BadDateError:
                    if choices.bad_date == "refuse":
                        raise
        return conditions

    def render(self, query: Query) -> Render:
        """Return the function that renders the rows of a request."""
        requested = [
            extra for name, extra in self.extras.items() if name in query and _is_requested(name, query[name][-1])
        ]
        return _composed(self.body, tuple(requested)) if requested else self.body

    def owner(self, state: StoreState, query: Query) -> str | None:
        """Return the only customer whose rows can match; "" if no row can, None if there is no such limit."""
        for name, find_customer in self.narrow.items():
            if name in query:
                return find_customer(state, query[name][-1]) or ""
        return None


@cache
def _composed(body: Render, extras: tuple[Extra, ...]) -> Render:
    def render(state: StoreState, row: Any) -> Body:
        result = body(state, row)
        for extra in extras:
            result = extra(state, row, result)
        return result

    return render


def _is_requested(name: str, value: str) -> bool:
    return value.startswith(("all_with", "only_with")) if name == "offer_profile_category" else is_true(name, value)


def _to_last_second(name: str, values: list[str]) -> list[str]:
    if name.endswith("_end") and not name.startswith("place"):
        return [f"{value}T23:59:59" if len(value) == 10 else value for value in values]
    return values


def moments(name: str, get: Get) -> dict[str, Filter]:
    """The three filters of a time field: on a day, from, to."""
    return {name: on_day(get), f"{name}_start": since(get), f"{name}_end": until(get)}


def days(name: str, get: Get) -> dict[str, Filter]:
    """The three filters of a date field: on a day, from, to."""
    return {name: day(get), f"{name}_start": day_since(get), f"{name}_end": day_until(get)}
