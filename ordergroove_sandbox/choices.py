"""Switches of the REST API for behaviour that the documentation leaves open or describes in two ways.

Does not belong here: faults (`faults`), the behaviour of customers and of the store (arguments of `Store`), the shape
of events (`webhooks.Shape`).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

_POSSIBLE: dict[str, tuple[Any, ...]] = {
    "unauthenticated": (403, 401),
    "day_as_end": ("midnight", "last second"),
    "bad_date": ("refuse", "ignore"),
    "closed_item": (500, 400),
}


@dataclass(kw_only=True)
class Choices:
    """Current values of the switches.

    `unauthenticated`: status of a request without a valid key. `day_as_end`: meaning of a day as the upper bound of a
    time filter. `bad_date`: an unreadable date is refused (400) or ignored. `closed_item`: status of a call on an item
    whose order is no longer open. `bare_lists`: lists that version 2 returns as a bare array, without pages.
    """

    unauthenticated: int = 403
    day_as_end: str = "midnight"
    bad_date: str = "refuse"
    closed_item: int = 500
    bare_lists: list[str] = field(default_factory=list)

    def set(self, settings: Mapping[str, Any]) -> None:
        """Change some switches; an invalid one raises ValueError and changes nothing."""
        names = {setting.name for setting in fields(self)}
        for name, value in settings.items():
            if name not in names:
                raise ValueError(f"no such choice: {name}")
            if value not in _POSSIBLE[name] if name in _POSSIBLE else not isinstance(value, list):
                raise ValueError(f"{name}: {value!r} is not possible")
        for name, value in settings.items():
            setattr(self, name, value)

    def clear(self) -> None:
        """Reset all switches to their defaults."""
        self.set(asdict(Choices()))
