"""A simulated store: its state, its clock and methods that change it.

Belongs here: the one object that tests, the server and the command line use. Does not belong here: the rules of the
simulation (`domain`), HTTP (`rest`, `server`). Every method takes the lock, so that threads can share a store.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import RLock
from typing import Any
from zoneinfo import ZoneInfo

from .actions import Actions
from .domain.behaviour import CustomerBehaviour
from .domain.placement import NightlyPlacement
from .domain.records import Order, Subscription
from .domain.reminders import Reminders
from .domain.scheduler import Scheduler
from .domain.state import EmptiedOrders, OrderDiscounts, OutOfStock, Placement, StoreState
from .truth import Truth
from .webhooks import Webhooks

_FARTHEST = timedelta(days=3653)
_LAST_YEAR = 2999
_TOO_FAR = f"time can advance by ten years at once, and up to the year {_LAST_YEAR}"


class Store(Actions):
    """A seeded store with `days` of history up to `until`; `advance` lets time pass.

    The same arguments give the same store, to the byte. Of the `customers`, `imported` sign up in one second on the
    first day, the others one by one. `until` is naive wall-clock time of `timezone` (default: now).
    """

    def __init__(
        self,
        *,
        seed: int = 7,
        customers: int = 300,
        days: int = 365,
        until: datetime | None = None,
        timezone: str = "America/New_York",
        emptied_orders: EmptiedOrders = "keep",
        imported: int = 0,
        out_of_stock: OutOfStock = "silent",
        placement: Placement = "direct",
        order_discounts: OrderDiscounts = "off total",
        currencies: tuple[str, ...] = ("USD",),
        webhooks: Webhooks | None = None,
    ) -> None:
        zone = ZoneInfo(timezone)
        end = (until or datetime.now(zone).replace(tzinfo=None)).replace(microsecond=0)
        self.seed = seed
        self.lock = RLock()
        self.overrides: dict[tuple[str, str], dict[str, Any]] = {}
        self.webhooks: list[Webhooks] = []
        self.finalized: set[tuple[str, str]] = set()
        self.state = StoreState(
            seed=seed,
            start=end - timedelta(days=days),
            zone=zone,
            emptied_orders=emptied_orders,
            out_of_stock=out_of_stock,
            placement=placement,
            order_discounts=order_discounts,
            currencies=currencies,
        )
        if webhooks is not None:
            self.attach_webhooks(webhooks)
        self._scheduler = Scheduler(self.state)
        self._behaviour = CustomerBehaviour(
            self.state, scheduler=self._scheduler, customers=customers, imported=imported, until=end
        )
        Reminders(self.state, scheduler=self._scheduler)
        self._placement = NightlyPlacement(
            self.state, scheduler=self._scheduler, on_rejected=self._behaviour.after_rejection
        )
        with _without_garbage_collection():
            self._scheduler.run(until=end)
        self.truth = Truth(self.state, lock=self.lock)

    @property
    def now(self) -> datetime:
        """The naive wall-clock time of the store."""
        return self.state.now

    @property
    def merchant(self) -> str:
        """The merchant's public id, a required parameter of the entitlements list."""
        return self.state.merchant

    def advance(self, *, days: float = 0, hours: float = 0, seconds: float = 0) -> datetime:
        """Advance simulated time, by ten years at most, and return the new time.

        Raises ValueError where time would run backwards or too far.
        """
        try:
            span = timedelta(days=days, hours=hours, seconds=seconds)
        except OverflowError:
            raise ValueError(_TOO_FAR) from None
        if span < timedelta(0):
            raise ValueError("time cannot run backwards")
        with self.lock:
            if span > _FARTHEST or (self.now + span).year > _LAST_YEAR:
                raise ValueError(_TOO_FAR)
            self._scheduler.run(until=(self.now + span).replace(microsecond=0))
            return self.now

    def attach_webhooks(self, webhooks: Webhooks) -> None:
        """Send all events from now on to these webhooks."""
        with self.lock:
            webhooks.bind(self.state, seed=self.seed)
            self.webhooks.append(webhooks)

    def override(self, object_type: str, key: str, fields: dict[str, Any] | None) -> None:
        """Replace fields of a row in API responses, without changing the row; None removes the override."""
        with self.lock:
            if fields is None:
                self.overrides.pop((object_type, key), None)
            else:
                self.overrides[object_type, key] = fields

    def _on_activated(self, subscription: Subscription) -> None:
        self._behaviour.plan_lifecycle(subscription)

    def _on_outcome(self, order: Order, code: str) -> None:
        self._placement.finalize(order, code=code)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Suspend garbage collection.

    Creating a history leaves no cycles to collect, and the search for them takes half of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
