"""The arguments of a store as one writes them on a command line.

Belongs here: reading texts, and saying in a sentence (ValueError) why one cannot be. Not here: options (cli).
"""

import re
from datetime import datetime
from zoneinfo import available_timezones

_YEARS = range(1980, 2200)


def moment_of(text: str | None) -> datetime | None:
    """The wall-clock moment at which a past ends; None stays None."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no moment. Write it as 2026-11-22T14:00:00.") from None
    if moment.tzinfo is not None:
        raise ValueError(f"{text!r} has an offset. Write the time on the wall, such as 2026-11-22T14:00:00.")
    if moment.year not in _YEARS:
        raise ValueError(f"{text!r} is not between {_YEARS.start} and {_YEARS.stop}.")
    return moment.replace(microsecond=0)


def timezone_of(text: str) -> str:
    """The name of a time zone."""
    if text not in available_timezones():
        raise ValueError(f"{text!r} is no time zone. Write it as America/New_York.")
    return text


def currencies_of(text: str) -> tuple[str, ...]:
    """Some currencies, the codes separated by commas; the first is the store's own."""
    codes = tuple(code.strip() for code in text.split(","))
    if not all(re.fullmatch("[A-Z]{3}", code) for code in codes) or len(set(codes)) != len(codes):
        raise ValueError(f"{text!r} are no currencies. Write them as USD,CAD.")
    return codes
