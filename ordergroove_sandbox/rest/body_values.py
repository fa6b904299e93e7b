"""Read values from the JSON body of a mutation: one function for each type.

Belongs here: validation and its error messages. Does not belong here: use of the values (`mutations`).
"""

from datetime import date, datetime, timedelta
from decimal import Decimal, DecimalException
from typing import Any

import orjson

from ordergroove_sandbox.domain.intervals import frequency_days

from .filters import BadParameterError

Body = dict[str, Any]

MOST_AHEAD = timedelta(days=3653)

_REQUIRED = "This field is required."
_LONGEST = 255
_MOST = 10_000
_MOST_CENTS = 100_000_000


def text(body: Body, name: str) -> str:
    """A required string."""
    value = body.get(name)
    if value is None:
        raise BadParameterError(name, _REQUIRED)
    if not isinstance(value, str):
        raise BadParameterError(name, "Not a valid string.")
    return value


def short_text(body: Body, name: str) -> str:
    """A required string of at most 255 characters."""
    value = text(body, name)
    if len(value) > _LONGEST:
        raise BadParameterError(name, f"Ensure this field has no more than {_LONGEST} characters.")
    return value


def mapping_or_none(body: Body, name: str) -> dict[str, Any] | None:
    """An object or null; refused if nested too deeply to be part of a JSON row."""
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, dict):
        raise BadParameterError(name, "Not a valid object.")
    try:
        orjson.dumps([[[[[[[[value]]]]]]]])
    except orjson.JSONEncodeError:
        raise BadParameterError(name, "Nested too deeply.") from None
    return value


def mappings(body: Body, name: str) -> list[dict[str, Any]]:
    """A list of objects."""
    value = body.get(name)
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise BadParameterError(name, "Expected a list of objects.")
    return value


def whole(body: Body, name: str, *, least: int = 1, most: int = _MOST) -> int:
    """A required whole number; a string of digits is accepted."""
    value = body.get(name)
    if value is None:
        raise BadParameterError(name, _REQUIRED)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadParameterError(name, "A valid integer is required.")
    if not least <= value <= most:
        raise BadParameterError(name, f"Ensure this value is between {least} and {most}.")
    return value


def day(body: Body, name: str, *form: str, today: date) -> date:
    """A required date in one of several formats, at most ten years ahead."""
    value = text(body, name)
    for form_ in form or ("%Y-%m-%d",):
        try:
            found = datetime.strptime(value, form_).date()
        except ValueError:
            continue
        if found - today > MOST_AHEAD:
            raise BadParameterError(name, "Ensure this date is at most ten years ahead.")
        return found
    raise BadParameterError(name, "Date has wrong format.")


def day_or_none(body: Body, name: str, *, today: date) -> date | None:
    """An optional date."""
    return None if body.get(name) is None else day(body, name, today=today)


def interval(body: Body) -> tuple[int, int]:
    """`every` and `every_period`: an interval of at most ten years."""
    every, period = whole(body, "every", most=1000), whole(body, "every_period", most=4)
    if frequency_days(every=every, every_period=period) > MOST_AHEAD.days:
        raise BadParameterError("every", "Ensure this interval is at most ten years.")
    return every, period


def cents(body: Body, name: str) -> int:
    """A required amount of money, as string or number; returned in cents."""
    value = body.get(name)
    if value is None:
        raise BadParameterError(name, _REQUIRED)
    try:
        amount = Decimal(str(value)).scaleb(2)
        return _checked(name, amount)
    except DecimalException:
        raise BadParameterError(name, "A valid number is required.") from None


def _checked(name: str, amount: Decimal) -> int:
    if not amount.is_finite() or not 0 <= amount <= _MOST_CENTS or amount != amount.to_integral_value():
        raise BadParameterError(name, "A valid number is required.")
    return int(amount)
