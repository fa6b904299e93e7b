"""Parse the option values of the command line; an invalid value is a ValueError with a message for people.

Does not belong here: the options (`command`).
"""

import re
from datetime import datetime
from zoneinfo import available_timezones

_YEARS = range(1980, 2200)


def moment_of(text: str | None) -> datetime | None:
    """Parse the wall-clock time at which the history ends; None stays None."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a date and time. Write it as 2026-11-22T14:00:00.") from None
    if moment.tzinfo is not None:
        raise ValueError(f"{text!r} has a UTC offset. Write local time, such as 2026-11-22T14:00:00.")
    if moment.year not in _YEARS:
        raise ValueError(f"{text!r} is not between {_YEARS.start} and {_YEARS.stop}.")
    return moment.replace(microsecond=0)


def timezone_of(text: str) -> str:
    """Check the name of a time zone."""
    if text not in available_timezones():
        raise ValueError(f"{text!r} is not a time zone. Write it as America/New_York.")
    return text


def currencies_of(text: str) -> tuple[str, ...]:
    """Parse currency codes separated by commas; the first is the store's default."""
    codes = tuple(code.strip() for code in text.split(","))
    if not all(re.fullmatch("[A-Z]{3}", code) for code in codes) or len(set(codes)) != len(codes):
        raise ValueError(f"{text!r} is not a list of currency codes. Write it as USD,CAD.")
    return codes
