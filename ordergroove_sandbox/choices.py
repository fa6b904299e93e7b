"""What the documentation leaves open, or says in two ways, as switches of the REST face.

Belongs here: settings, and whether a value is possible. Not here: what goes wrong on purpose (faults), what the state
does (arguments of Store), the shape of events (webhooks.Shape).
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
    """`unauthenticated`: the status without a key. `day_as_end`: what a day means where a moment is the upper end.

    `bad_date`: a date that cannot be read is refused (400) or ignored. `closed_item`: the status of a call about an
    item whose order is no longer open. `bare_lists`: lists that come as a bare array, whole, in version 2.
    """

    unauthenticated: int = 403
    day_as_end: str = "midnight"
    bad_date: str = "refuse"
    closed_item: int = 500
    bare_lists: list[str] = field(default_factory=list)

    def set(self, settings: Mapping[str, Any]) -> None:
        """Change some of the choices; raises ValueError, and changes nothing, where one cannot be."""
        names = {setting.name for setting in fields(self)}
        for name, value in settings.items():
            if name not in names:
                raise ValueError(f"no such choice: {name}")
            if value not in _POSSIBLE[name] if name in _POSSIBLE else not isinstance(value, list):
                raise ValueError(f"{name}: {value!r} is not possible")
        for name, value in settings.items():
            setattr(self, name, value)

    def clear(self) -> None:
        """Choose as this project does."""
        self.set(asdict(Choices()))
