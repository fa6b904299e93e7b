"""The query parameters of a list: each becomes a condition on a row.

Belongs here: how values are read (dates, booleans, ids) and compared, inclusive at both ends. Not here: which list
knows which parameters (listings).
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
    """A value that cannot be read: the API answers 400 with the parameter's name."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(f"{name}: {detail}")
        self.name = name
        self.detail = detail


class BadDateError(BadParameterError):
    """A date or time that cannot be read."""


def equal(get: Get) -> Filter:
    """The text of a field, as it is."""

    def build(query: Query, name: str) -> Condition:
        wanted = query[name][-1]
        return lambda row: bool(get(row) == wanted)

    return build


def number(get: Get) -> Filter:
    """A whole number."""

    def build(query: Query, name: str) -> Condition:
        try:
            wanted = int(query[name][-1])
        except ValueError:
            raise BadParameterError(name, "Enter a number.") from None
        return lambda row: bool(get(row) == wanted)

    return build


def any_of(get: Get) -> Filter:
    """One of the values of a repeatable parameter."""

    def build(query: Query, name: str) -> Condition:
        wanted = set(query[name])
        return lambda row: get(row) in wanted

    return build


def boolean(get: Get) -> Filter:
    """True or false in any spelling; repeated, either."""

    def build(query: Query, name: str) -> Condition:
        wanted = {is_true(name, value) for value in query[name]}
        return lambda row: bool(get(row)) in wanted

    return build


def contains(*gets: Get) -> Filter:
    """A part of one of some fields, in any case."""

    def build(query: Query, name: str) -> Condition:
        part = query[name][-1].casefold()
        return lambda row: any(part in get(row).casefold() for get in gets)

    return build


def since(get: Get) -> Filter:
    """At or after a moment; a day means its midnight."""

    def build(query: Query, name: str) -> Condition:
        start = moment(name, query[name][-1])
        return lambda row: bool(get(row) >= start)

    return build


def until(get: Get) -> Filter:
    """At or before a moment; a day means its midnight."""

    def build(query: Query, name: str) -> Condition:
        end = moment(name, query[name][-1])
        return lambda row: bool(get(row) <= end)

    return build


def on_day(get: Get) -> Filter:
    """At any moment of a day."""

    def build(query: Query, name: str) -> Condition:
        wanted = moment(name, query[name][-1]).date()
        return lambda row: bool(get(row).date() == wanted)

    return build


def day(get: Get) -> Filter:
    """A field that is a day."""

    def build(query: Query, name: str) -> Condition:
        wanted = _date(name, query[name][-1])
        return lambda row: bool(get(row) == wanted)

    return build


def day_since(get: Get) -> Filter:
    """A field that is a day, on or after."""

    def build(query: Query, name: str) -> Condition:
        start = _date(name, query[name][-1])
        return lambda row: bool(get(row) >= start)

    return build


def day_until(get: Get) -> Filter:
    """A field that is a day, on or before."""

    def build(query: Query, name: str) -> Condition:
        end = _date(name, query[name][-1])
        return lambda row: bool(get(row) <= end)

    return build


def moment(name: str, text: str, *, form: str = "%Y-%m-%dT%H:%M:%S") -> datetime:
    """A naive moment, or the midnight of a day."""
    for form_ in (form, "%Y-%m-%d"):
        try:
            return datetime.strptime(text, form_)
        except ValueError:
            continue
    raise BadDateError(name, "Enter a valid date/time.")


def is_true(name: str, text: str) -> bool:
    """A boolean as clients write it."""
    folded = text.casefold()
    if folded in _TRUE or folded in _FALSE:
        return folded in _TRUE
    raise BadParameterError(name, "Enter a valid boolean.")


def _date(name: str, text: str) -> date:
    return moment(name, text).date()
