"""Formats of single values in JSON bodies.

Belongs here: money, time, and the irregular formats that the real API shows. The row's id decides which format a value
gets, so that every request returns the same. Does not belong here: the fields of a body (`customer_bodies`).
"""

from datetime import UTC, datetime
from json import dumps
from typing import Any
from zoneinfo import ZoneInfo

from ordergroove_sandbox.domain.records import Order, Subscription

Body = dict[str, Any]


def one_in(count: int, key: str) -> bool:
    """Whether a row shows the rarer format."""
    return int(key[-6:], 16) % count == 0


def money(cents: int) -> str:
    """Format cents as decimal text."""
    return f"{cents // 100}.{cents % 100:02d}"


def instant(moment: datetime | None) -> str | None:
    """Format wall-clock time with a space, to the second."""
    return None if moment is None else moment.isoformat(" ")


def utc(moment: datetime, zone: ZoneInfo) -> str:
    """Format the moment in UTC with a Z; the fraction is invented."""
    return f"{moment.replace(tzinfo=zone).astimezone(UTC):%Y-%m-%dT%H:%M:%S.04Z}"


def with_currency(body: Body, currency_code: str | None) -> Body:
    """Add the currency; old rows lack the field."""
    if currency_code is not None:
        body["currency_code"] = currency_code
    return body


def extra_data(key: str, value: dict[str, Any] | None) -> dict[str, Any] | str | None:
    """Return an object, the same as JSON text, an empty text, or null."""
    if value is None:
        return "" if one_in(5, key) else None
    return dumps(value, ensure_ascii=False) if value and one_in(2, key) else value


def is_code(text: str) -> bool:
    """Whether a text can be a cancel reason code."""
    return text.isascii() and text.isdigit() and len(text) < 10


def reason_code(row: Subscription) -> int | str | None:
    """Return the number before the bar; some rows show it as text, some with the bar."""
    code = (row.cancel_reason or "").partition("|")[0].strip()
    if not is_code(code):
        return None
    if one_in(12, row.key):
        return f"{code}|"
    return code if one_in(11, row.key) else int(code)


def rejected_message(row: Order) -> str | None:
    """Return JSON as text with keys in any order, or prose."""
    message = row.rejected_message
    if not isinstance(message, dict):
        return message
    return dumps(message, sort_keys=one_in(2, row.key))
