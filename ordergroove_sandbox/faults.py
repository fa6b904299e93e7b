"""Fault settings: which requests and events fail, and how.

Does not belong here: correct responses (`rest`), failing responses (`fault_injection`), delivery (`webhooks`).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal
from zoneinfo import available_timezones

LISTS = frozenset(
    ("customers", "subscriptions", "orders", "items", "addresses", "payments", "products", "product_groups",
     "offer_profiles", "one_time_incentives", "resources", "entitlements", "billing_attempts", "cancel_reasons")
)  # fmt: skip
"""Names of the lists; a test compares them with those of the API."""

_DAY = 86_400.0
_BOUNDS = {
    "retry_after": _DAY,
    "hang_seconds": _DAY,
    "delay": _DAY,
    "slow_seconds": _DAY,
    "stir_hours": 24.0 * 365,
    "clock_skew": 366 * _DAY,
    "late_event_seconds": 366 * _DAY,
    "shuffle_events": 366 * _DAY,
}
"""Upper bound of each number, in the unit of its setting."""

Kind = Literal["hang", "throttle", "busy", "error", "garbage", "cut"]
EventKind = Literal["lost", "doubled", "late", "missigned", "garbage"]


@dataclass(kw_only=True)
class Faults:
    """Current settings. One counter runs over all API requests, and every n-th request is affected (0: none).

    Where several faults would affect the same request, the first in the order of `Kind` does. Text settings name an
    object type ("orders"); `missing` maps an object type to the status that its list answers with. Events have their
    own counter. `stir_hours` pass in the store before each page that a cursor leads to. `clock_skew` (seconds) and
    `show_timezone` change the times that the API shows, not the store's clock. `shuffle_events` delays each event by a
    random number of seconds up to this one, so that events arrive out of order.
    """

    throttle_every: int = 0
    retry_after: float | None = None
    error_every: int = 0
    cut_every: int = 0
    hang_every: int = 0
    hang_seconds: float = 120.0
    busy_every: int = 0
    garbage_every: int = 0
    delay: float = 0.0
    missing: dict[str, int] = field(default_factory=dict)
    repeat_cursor: str | None = None
    foreign_next: str | None = None
    lose_version: str | None = None
    expired_cursor: str | None = None
    slow_every: int = 0
    slow_seconds: float = 20.0
    stir_hours: float = 0.0
    clock_skew: float = 0.0
    show_timezone: str | None = None
    lose_event_every: int = 0
    double_event_every: int = 0
    late_event_every: int = 0
    late_event_seconds: float = 86_400.0
    missign_event_every: int = 0
    garbage_event_every: int = 0
    shuffle_events: float = 0.0

    def set(self, settings: Mapping[str, Any]) -> None:
        """Change some settings; an invalid one raises ValueError and changes nothing."""
        names = {setting.name for setting in fields(self)}
        for name, value in settings.items():
            if name not in names:
                raise ValueError(f"unknown fault: {name}")
            if not _is_possible(name, value):
                raise ValueError(f"{name}: {value!r} is not a valid value")
        for name, value in settings.items():
            setattr(self, name, value)

    def clear(self) -> None:
        """Switch all faults off."""
        self.set(asdict(Faults()))

    def fault_for_request(self, count: int) -> Kind | None:
        """Return the fault of the count-th request (from 1)."""
        every: tuple[tuple[Kind, int], ...] = (
            ("hang", self.hang_every),
            ("throttle", self.throttle_every),
            ("busy", self.busy_every),
            ("error", self.error_every),
            ("garbage", self.garbage_every),
            ("cut", self.cut_every),
        )
        return next((kind for kind, n in every if n and count % n == 0), None)

    def faults_for_event(self, count: int) -> frozenset[EventKind]:
        """Return the faults of the count-th event (from 1); there may be several."""
        every: tuple[tuple[EventKind, int], ...] = (
            ("lost", self.lose_event_every),
            ("doubled", self.double_event_every),
            ("late", self.late_event_every),
            ("missigned", self.missign_event_every),
            ("garbage", self.garbage_event_every),
        )
        return frozenset(kind for kind, n in every if n and count % n == 0)

    def link_host(self, *, object_type: str, requested: str) -> str:
        """Return the host name to put into page links."""
        return "elsewhere.example.com" if self.foreign_next == object_type else requested


def _is_possible(name: str, value: Any) -> bool:
    if name == "missing":
        return isinstance(value, dict) and all(
            list_ in LISTS and _is_whole(status) and 400 <= status <= 599 for list_, status in value.items()
        )
    if name == "show_timezone":
        return value is None or (isinstance(value, str) and value in available_timezones())
    if name in ("repeat_cursor", "foreign_next", "lose_version", "expired_cursor"):
        return value is None or (isinstance(value, str) and value in LISTS)
    if name.endswith("_every"):
        return _is_whole(value) and value >= 0
    if name == "retry_after" and value is None:
        return True
    least = -_BOUNDS[name] if name == "clock_skew" else 0
    # The comparison is false for NaN and for infinity, as required.
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= _BOUNDS[name]


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
