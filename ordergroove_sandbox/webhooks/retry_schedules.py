"""When a delivery without acknowledgement is retried. Three pages of the documentation give three schedules.

Does not belong here: sending (`delivery`).

    newest       overview of 2026: first after a minute, at most ten minutes apart, 60 attempts in nine to ten hours
    server       page on configuring a server: after 1, 3, 10, 30 minutes, five attempts
    legacy       page on the older API: a minute, doubled each time, for three days; then the target is disabled
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Literal

ScheduleName = Literal["newest", "server", "legacy"]

LEGACY_LIMIT = timedelta(days=3)
TIMEOUT_SECONDS = 5.0

Schedule = Callable[[int, timedelta], timedelta | None]
"""Wait after the n-th attempt (from 1), given the time since the first one; None: no further attempt."""


def _newest(attempts: int, _since_first: timedelta) -> timedelta | None:
    return timedelta(minutes=min(2.0 ** (attempts - 1), 10)) if attempts < 60 else None


def _server(attempts: int, _since_first: timedelta) -> timedelta | None:
    waits = (1, 3, 10, 30)
    return timedelta(minutes=waits[attempts - 1]) if attempts <= len(waits) else None


def _legacy(attempts: int, since_first: timedelta) -> timedelta | None:
    wait = timedelta(minutes=2.0 ** (attempts - 1))
    return wait if since_first + wait <= LEGACY_LIMIT else None


SCHEDULES: dict[ScheduleName, Schedule] = {"newest": _newest, "server": _server, "legacy": _legacy}
