"""Faults of the clock: shift the times in bodies, and shift those in filters back.

Belongs here: the shift. Does not belong here: its settings (`faults`), the real time (`domain`). Days (`place`,
`start_date`) and times in UTC (entitlements, webhooks) are not shifted; neither are filters by one exact day.
"""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ordergroove_sandbox.faults import Faults

from .filters import Query

_BODY_FIELDS = frozenset(
    ("created", "updated", "last_updated", "last_update", "cancelled", "order_updated", "first_placed", "last_login",
     "applied_at", "expires")
)  # fmt: skip
_FORMS = {"start_date": "%Y-%m-%d %H:%M:%S", "end_date": "%Y-%m-%d %H:%M:%S"}
_QUERY_FIELDS = tuple(
    f"{name}_{end}" for name in ("created", "updated", "last_updated", "order_updated", "applied_at")
    for end in ("start", "end")
)  # fmt: skip


class DisplayedClock:
    """The clock that the API shows, for a store in a time zone."""

    def __init__(self, faults: Faults, zone: ZoneInfo) -> None:
        self._faults = faults
        self._zone = zone

    @property
    def is_exact(self) -> bool:
        """Whether no shift applies."""
        return not self._faults.clock_skew and self._faults.show_timezone is None

    def shift_body(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return a body with shifted times."""
        return {
            name: self._outward(value)
            if name in _BODY_FIELDS and isinstance(value, str) and len(value) == 19
            else value
            for name, value in body.items()
        }

    def shift_query(self, query: Query) -> Query:
        """Return query parameters with their times shifted back; unreadable values stay and are refused later."""
        moved = dict(query)
        for name in (*_QUERY_FIELDS, *_FORMS):
            if name in moved:
                moved[name] = [self._inward(value, _FORMS.get(name, "%Y-%m-%dT%H:%M:%S")) for value in moved[name]]
        return moved

    def _outward(self, text: str) -> str:
        moment = datetime.fromisoformat(text)
        if self._faults.show_timezone is not None:
            moment = _convert(moment, self._zone, ZoneInfo(self._faults.show_timezone))
        return (moment + timedelta(seconds=self._faults.clock_skew)).isoformat(" ")

    def _inward(self, text: str, form: str) -> str:
        for form_ in (form, "%Y-%m-%d"):
            try:
                moment = datetime.strptime(text, form_) - timedelta(seconds=self._faults.clock_skew)
            except ValueError:
                continue
            if self._faults.show_timezone is not None:
                moment = _convert(moment, ZoneInfo(self._faults.show_timezone), self._zone)
            return moment.strftime(form)
        return text


def _convert(moment: datetime, source: ZoneInfo, target: ZoneInfo) -> datetime:
    return moment.replace(tzinfo=source).astimezone(target).replace(tzinfo=None)
