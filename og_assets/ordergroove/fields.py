"""The types that Ordergroove's fields have, with the irregularities that its documentation and live bodies show.

A type here says two things about a field: how to read it (a pydantic validator) and how private it is (a marker).
Records are made of these types in `records.py`; the lake derives its Parquet schema and its privacy from them.
"""

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator, Field, NaiveDatetime


@dataclass(frozen=True)
class Personal:
    """Identifies a person: lands hashed, as it came, or not at all (`OG_PII`).

    `keys` names the personal keys inside a JSON field; without them the whole value is personal.
    """

    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Secret:
    """Never lands, whatever `OG_PII` says: card data, payment tokens, and bodies that may hold them."""


def _json_text(value: Any) -> str | None:
    """Normalise an object, a JSON string or prose to JSON text."""
    if value is None or isinstance(value, str):
        if not value:
            return None
        try:
            json.loads(value)
        except ValueError:
            return json.dumps(value, ensure_ascii=False)
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _prose(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _day(value: Any) -> Any:
    return value[:10] if isinstance(value, str) else value


def _code(value: Any) -> Any:
    """The integer of a cancel reason code: `4`, `"4"`, `"4|"` and `"8 | too expensive"` are documented."""
    return value.partition("|")[0].strip() or None if isinstance(value, str) else value


Id = Annotated[str, Field(min_length=1)]
Text = str | None
# The bounds of a 64-bit column: beyond them a number is a broken field, not a reason to stop.
Integer = Annotated[int, Field(ge=-(2**63), lt=2**63)] | None
Flag = bool | None
# Two decimals are documented; two more cost nothing and keep an odd amount out of quarantine.
Money = Annotated[Decimal, Field(max_digits=18, decimal_places=4)] | None
# Naive wall clock of the store: kept as it came, its zone is a setting (design D11).
WallClock = NaiveDatetime | None
Instant = AwareDatetime | None
CalendarDay = Annotated[date | None, BeforeValidator(_day)]
ReasonCode = Annotated[int | None, BeforeValidator(_code)]
Prose = Annotated[str | None, BeforeValidator(_prose)]
JsonText = Annotated[str | None, BeforeValidator(_json_text)]

PersonalText = Annotated[str | None, Personal()]
PersonalNames = Annotated[str | None, BeforeValidator(_json_text), Personal(keys=("name",))]
SecretText = Annotated[str | None, BeforeValidator(_prose), Secret()]
