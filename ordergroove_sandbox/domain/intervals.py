"""Calendar arithmetic of order intervals.

Belongs here: every / every_period. Does not belong here: what happens on a day (`scheduler`, `placement`).
"""

from calendar import monthrange
from datetime import date, timedelta

DAYS, WEEKS, MONTHS, YEARS = 1, 2, 3, 4

_NOMINAL_DAYS = {DAYS: 1, WEEKS: 7, MONTHS: 30, YEARS: 365}


def add_interval(day: date, *, every: int, every_period: int) -> date:
    """Return the day one interval later: calendar months and years, clamped to the end of a shorter month."""
    if every_period in (DAYS, WEEKS):
        try:
            return day + timedelta(days=every if every_period == DAYS else every * 7)
        except OverflowError as error:
            raise ValueError(str(error)) from None
    months = day.year * 12 + day.month - 1 + (every if every_period == MONTHS else every * 12)
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def frequency_days(*, every: int, every_period: int) -> int:
    """Return the derived `frequency_days`: a month counts 30 days (12 months are 360), a week 7."""
    return every * _NOMINAL_DAYS[every_period]
