"""A clock that is wrong, or in another zone than the store says: moved on the way out, and back on the way in.

Belongs here: shifting times in bodies and in filters. Not here: whether it is wrong (faults), what time it is (state).
Days (`place`, `start_date`) and times in UTC (entitlements, webhooks) stay as they are; so do filters by one exact day.
"""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ordergroove_sandbox.faults import Faults

from .filters import Query

_SHOWN = frozenset(
    ("created", "updated", "last_updated", "last_update", "cancelled", "order_updated", "first_placed", "last_login",
     "applied_at", "expires")
)  # fmt: skip
_FORMS = {"start_date": "%Y-%m-%d %H:%M:%S", "end_date": "%Y-%m-%d %H:%M:%S"}
_ASKED = tuple(
    f"{name}_{end}" for name in ("created", "updated", "last_updated", "order_updated", "applied_at")
    for end in ("start", "end")
)  # fmt: skip


class DisplayedClock:
    """What the API's clock shows, for a store in a zone."""

    def __init__(self, faults: Faults, zone: ZoneInfo) -> None:
        self._faults = faults
        self._zone = zone

    @property
    def is_right(self) -> bool:
        """Whether nothing has to be moved."""
        return not self._faults.clock_skew and self._faults.show_timezone is None

    def show(self, body: dict[str, Any]) -> dict[str, Any]:
        """A body with its times moved."""
        return {
            name: self._outward(value) if name in _SHOWN and isinstance(value, str) and len(value) == 19 else value
            for name, value in body.items()
        }

    def ask(self, query: Query) -> Query:
        """Parameters with their times moved back to the store's; what cannot be read stays, and is refused later."""
        moved = dict(query)
        for name in (*_ASKED, *_FORMS):
            if name in moved:
                moved[name] = [self._inward(value, _FORMS.get(name, "%Y-%m-%dT%H:%M:%S")) for value in moved[name]]
        return moved

    def _outward(self, text: str) -> str:
        moment = datetime.fromisoformat(text)
        if self._faults.show_timezone is not None:
            moment = _changed(moment, self._zone, ZoneInfo(self._faults.show_timezone))
        return (moment + timedelta(seconds=self._faults.clock_skew)).isoformat(" ")

    def _inward(self, text: str, form: str) -> str:
        for form_ in (form, "%Y-%m-%d"):
            try:
                moment = datetime.strptime(text, form_) - timedelta(seconds=self._faults.clock_skew)
            except ValueError:
                continue
            if self._faults.show_timezone is not None:
                moment = _changed(moment, ZoneInfo(self._faults.show_timezone), self._zone)
            return moment.strftime(form)
        return text


def _changed(moment: datetime, source: ZoneInfo, target: ZoneInfo) -> datetime:
    return moment.replace(tzinfo=source).astimezone(target).replace(tzinfo=None)
