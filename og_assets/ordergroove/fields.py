"""Define the types of Ordergroove's fields, with the irregularities of its documentation and of live responses.

A type consists of a pydantic validator (how to read a value) and a privacy marker. `records.py` uses the types; the
lake derives Parquet schemas and privacy rules from them.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, NaiveDatetime


@dataclass(frozen=True)
class Personal:
    """Identifies a person: stored hashed, unchanged, or not at all (`OG_PII`).

    `keys` are the personal keys inside a JSON field; without keys the whole value is personal.
    """

    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Secret:
    """Never stored, whatever `OG_PII` is: card data, payment tokens, and bodies that may contain them."""


@dataclass(frozen=True)
class Nested:
    """JSON by Ordergroove: the fields inside it are judged by their names, like unknown fields."""


def _no_json(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


# Python's default decoder accepts NaN and Infinity; other readers of the lake do not.
_STRICT = json.JSONDecoder(parse_constant=_no_json)
# JSON without content.
EMPTY_JSON = frozenset({"[]", "{}"})
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _json_text(value: Any) -> str | None:
    """Normalise an object, a JSON string or plain text to JSON text."""
    if value is None or value == "":
        return None
    # Most items have no components, most orders no extra data: parsing and writing `[]` cost a sixth of a landing.
    if value == []:
        return "[]"
    if value == {}:
        return "{}"
    if isinstance(value, str) and (value in EMPTY_JSON or _is_json(value)):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _is_json(text: str) -> bool:
    try:
        _STRICT.decode(text)
    except (ValueError, RecursionError):
        return False
    return True


def _prose(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _day(value: Any) -> Any:
    """Return the day of a date or a time. Numbers are refused: pydantic would read them as seconds since 1970."""
    if value is None or isinstance(value, date):
        return value
    if isinstance(value, str) and (day := _DAY.match(value)):
        return day[0]
    raise ValueError("Input should be a day, such as 2024-01-31")


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("Input should be a moment between the years 1 and 9999 in UTC") from None


def _code(value: Any) -> Any:
    """Return the integer of a cancel reason code: `4`, `"4"`, `"4|"` and `"8 | too expensive"` are documented."""
    return value.partition("|")[0].strip() or None if isinstance(value, str) else value


Id = Annotated[str, Field(min_length=1)]
Text = str | None
# The bounds of a 64-bit column: a number beyond them makes one row invalid and does not stop the pull.
Integer = Annotated[int, Field(ge=-(2**63), lt=2**63)] | None
Flag = bool | None
# Two decimals are documented; two more keep an unusual amount out of quarantine.
Money = Annotated[Decimal, Field(max_digits=18, decimal_places=4)] | None
# Naive wall clock of the store, stored unchanged; its time zone is a setting (decision 0021).
WallClock = NaiveDatetime | None
Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)] | None
CalendarDay = Annotated[date | None, BeforeValidator(_day)]
ReasonCode = Annotated[Integer, BeforeValidator(_code)]
# JSON in a string, or plain text.
Prose = Annotated[str | None, BeforeValidator(_prose), Nested()]
JsonText = Annotated[str | None, BeforeValidator(_json_text), Nested()]
# Belongs to the merchant: stored unchanged.
MerchantJson = Annotated[str | None, BeforeValidator(_json_text)]

PersonalText = Annotated[str | None, Personal()]
PersonalNames = Annotated[str | None, BeforeValidator(_json_text), Nested(), Personal(keys=("name",))]
SecretText = Annotated[str | None, BeforeValidator(_prose), Secret()]
