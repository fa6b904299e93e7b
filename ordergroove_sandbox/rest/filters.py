"""Query parameters of lists: each becomes a condition on a row.

Belongs here: parsing values (dates, booleans, ids) and comparing them, inclusive at both ends. Does not belong here:
which list has which parameters (`listings`).
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

Query = Mapping[str, list[str]]
Condition = Callable[[Any], bool]
Filter = Callable[[Query, str], Condition]
Get = Callable[[Any], Any]

_TRUE, _FALSE = {"true", "1"}, {"false", "0"}


class BadParameterError(Exception):
    """An unreadable value: the API responds with 400 and the parameter's name."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(f"{name}: {detail}")
        self.name = name
        self.detail = detail


class BadDateError(BadParameterError):
    """An unreadable date or time."""


def equal(get: Get) -> Filter:
    """Rows whose field equals the text."""

    def build(query: Query, name: str) -> Condition:
        wanted = query[name][-1]
        return lambda row: bool(get(row) == wanted)

    return build


def number(get: Get) -> Filter:
    """Rows whose field equals a whole number."""

    def build(query: Query, name: str) -> Condition:
        try:
            wanted = int(query[name][-1])
        except ValueError:
            raise BadParameterError(name, "Enter a number.") from None
        return lambda row: bool(get(row) == wanted)

    return build


def any_of(get: Get) -> Filter:
    """Rows whose field equals one of the values of a repeatable parameter."""

    def build(query: Query, name: str) -> Condition:
        wanted = set(query[name])
        return lambda row: get(row) in wanted

    return build


def boolean(get: Get) -> Filter:
    """Rows whose field is true or false, in any spelling; a repeated parameter matches either value."""

    def build(query: Query, name: str) -> Condition:
        wanted = {is_true(name, value) for value in query[name]}
        return lambda row: bool(get(row)) in wanted

    return build


def contains(*gets: Get) -> Filter:
    """Rows with the text in one of some fields, ignoring case."""

    def build(query: Query, name: str) -> Condition:
        part = query[name][-1].casefold()
        return lambda row: any(part in get(row).casefold() for get in gets)

    return build


def since(get: Get) -> Filter:
    """Rows at or after a moment; a day means its midnight."""

    def build(query: Query, name: str) -> Condition:
        start = moment(name, query[name][-1])
        return lambda row: bool(get(row) >= start)

    return build


def until(get: Get) -> Filter:
    """Rows at or before a moment; a day means its midnight."""

    def build(query: Query, name: str) -> Condition:
        end = moment(name, query[name][-1])
        return lambda row: bool(get(row) <= end)

    return build


def on_day(get: Get) -> Filter:
    """Rows at any moment of a day."""

    def build(query: Query, name: str) -> Condition:
        wanted = moment(name, query[name][-1]).date()
        return lambda row: bool(get(row).date() == wanted)

    return build


def day(get: Get) -> Filter:
    """Rows whose date field equals a day."""

    def build(query: Query, name: str) -> Condition:
        wanted = _date(name, query[name][-1])
        return lambda row: bool(get(row) == wanted)

    return build


def day_since(get: Get) -> Filter:
    """Rows whose date field is on or after a day."""

    def build(query: Query, name: str) -> Condition:
        start = _date(name, query[name][-1])
        return lambda row: bool(get(row) >= start)

    return build


def day_until(get: Get) -> Filter:
    """Rows whose date field is on or before a day."""

    def build(query: Query, name: str) -> Condition:
        end = _date(name, query[name][-1])
        return lambda row: bool(get(row) <= end)

    return build


def moment(name: str, text: str, *, form: str = "%Y-%m-%dT%H:%M:%S") -> datetime:
    """Parse a naive moment, or a day as its midnight."""
    for form_ in (form, "%Y-%m-%d"):
        try:
            return datetime.strptime(text, form_)
        except ValueError:
            continue
    raise BadDateError(name, "Enter a valid date/time.")


def is_true(name: str, text: str) -> bool:
    """Parse a boolean in any spelling."""
    folded = text.casefold()
    if folded in _TRUE or folded in _FALSE:
        return folded in _TRUE
    raise BadParameterError(name, "Enter a valid boolean.")


def _date(name: str, text: str) -> date:
    return moment(name, text).date()
