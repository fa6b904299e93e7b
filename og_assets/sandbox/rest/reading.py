"""The body of a request that changes something: one function for each kind of value.

Belongs here: what is refused, and in which words. Not here: what is done with the values (mutations).
"""

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from .filters import BadParameterError

Body = dict[str, Any]

_REQUIRED = "This field is required."


def text(body: Body, name: str) -> str:
    """A text that must be there."""
    value = body.get(name)
    if value is None:
        raise BadParameterError(name, _REQUIRED)
    if not isinstance(value, str):
        raise BadParameterError(name, "Not a valid string.")
    return value


def whole(body: Body, name: str, *, least: int = 1, most: int | None = None) -> int:
    """A whole number that must be there; a text of digits will do."""
    value = body.get(name)
    if value is None:
        raise BadParameterError(name, _REQUIRED)
    if isinstance(value, str) and value.isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadParameterError(name, "A valid integer is required.")
    if value < least or (most is not None and value > most):
        raise BadParameterError(name, f"Ensure this value is between {least} and {most}." if most else "Too small.")
    return value


def day(body: Body, name: str, *form: str) -> date:
    """A day that must be there, in one of some forms."""
    value = text(body, name)
    for form_ in form or ("%Y-%m-%d",):
        try:
            return datetime.strptime(value, form_).date()
        except ValueError:
            continue
    raise BadParameterError(name, "Date has wrong format.")


def day_or_none(body: Body, name: str) -> date | None:
    """A day that may be missing."""
    return None if body.get(name) is None else day(body, name)


def cents(body: Body, name: str) -> int:
    """An amount of money, as text or number."""
    value = body.get(name)
    if value is None:
        raise BadParameterError(name, _REQUIRED)
    try:
        amount = Decimal(str(value)).scaleb(2)
        return _checked(name, amount)
    except InvalidOperation:
        raise BadParameterError(name, "A valid number is required.") from None


def _checked(name: str, amount: Decimal) -> int:
    if not amount.is_finite() or amount < 0 or amount != amount.to_integral_value():
        raise BadParameterError(name, "A valid number is required.")
    return int(amount)
