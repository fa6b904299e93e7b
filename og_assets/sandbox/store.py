"""A store to run: the world, its clock, and the calls that change it by hand.

Belongs here: the one object that tests, the server and the command line hold. Not here: the rules of the world (world),
HTTP (rest, server). Every method takes the lock, so a store can live on while it is being read.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from threading import RLock
from typing import Any
from zoneinfo import ZoneInfo

from .truth import Truth
from .webhooks import Webhooks
from .world import merchant, orders, subscriptions
from .world.behaviour import Life
from .world.checkout import new_address, new_payment
from .world.placement import Nights
from .world.records import Item, Order, Product, Subscription
from .world.reminders import Reminders
from .world.state import EmptiedOrders, OutOfStock, Placement, World
from .world.timeline import Timeline


class Store:
    """A seeded store that has lived for `days` up to `until`, and lives on when told to.

    The same arguments give the same store, to the byte. Of the `customers`, `imported` came in one second on the first
    day, the others one by one. `until` is wall-clock time of `timezone` (naive; default: now).
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
        currencies: tuple[str, ...] = ("USD",),
        webhooks: Webhooks | None = None,
    ) -> None:
        zone = ZoneInfo(timezone)
        end = (until or datetime.now(zone).replace(tzinfo=None)).replace(microsecond=0)
        self.seed = seed
        self.lock = RLock()
        self.overrides: dict[tuple[str, str], dict[str, Any]] = {}
        self.world = World(
            seed=seed,
            start=end - timedelta(days=days),
            zone=zone,
            emptied_orders=emptied_orders,
            out_of_stock=out_of_stock,
            placement=placement,
            currencies=currencies,
        )
        if webhooks is not None:
            self.tell(webhooks)
        self._timeline = Timeline(self.world)
        self._life = Life(self.world, timeline=self._timeline, customers=customers, imported=imported, until=end)
        Reminders(self.world, timeline=self._timeline)
        Nights(self.world, timeline=self._timeline, on_rejected=self._life.after_rejection)
        with _without_collection():
            self._timeline.run(until=end)
        self.truth = Truth(self.world, lock=self.lock)

    @property
    def now(self) -> datetime:
        """The naive wall-clock time of the store."""
        return self.world.now

    @property
    def merchant(self) -> str:
        """The merchant's public id, which the list of entitlements asks for."""
        return self.world.merchant

    def advance(self, *, days: float = 0, hours: float = 0, seconds: float = 0) -> datetime:
        """Let time pass, with all that happens in it; returns the new time."""
        with self.lock:
            span = timedelta(days=days, hours=hours, seconds=seconds)
            self._timeline.run(until=(self.now + span).replace(microsecond=0))
            return self.now

    def tell(self, webhooks: Webhooks) -> None:
        """Tell these webhooks of everything that happens from now on."""
        with self.lock:
            webhooks.bind(self.world, seed=self.seed)

    def override(self, object_type: str, key: str, fields: dict[str, Any] | None) -> None:
        """Change what the API shows of a row (merged over its body), not what is true; None takes it back."""
        with self.lock:
            if fields is None:
                self.overrides.pop((object_type, key), None)
            else:
                self.overrides[object_type, key] = fields

    def cancel(self, subscription_id: str, *, reason: str = "1|Other") -> None:
        """Cancel a subscription: its upcoming item goes, and the order with it where it was the last."""
        with self.lock:
            subscriptions.cancel(self.world, subscription=self._subscription(subscription_id), reason=reason)

    def reactivate(
        self,
        subscription_id: str,
        *,
        every: int | None = None,
        every_period: int | None = None,
        next_order_date: date | None = None,
    ) -> None:
        """Bring a cancelled subscription back; its next order comes one interval from today, or on a given day."""
        with self.lock:
            subscription = self._subscription(subscription_id)
            subscriptions.reactivate(
                self.world,
                subscription=subscription,
                every=every,
                every_period=every_period,
                next_order_date=next_order_date,
            )
            self._life.follow(subscription)

    def skip(self, subscription_id: str) -> None:
        """Move the upcoming item one calendar interval on."""
        with self.lock:
            subscriptions.skip(self.world, subscription=self._subscription(subscription_id))

    def change_next_order_date(self, subscription_id: str, *, day: date) -> None:
        """Move the upcoming item to a day."""
        with self.lock:
            subscription = self._subscription(subscription_id)
            subscriptions.change_next_order_date(self.world, subscription=subscription, day=day)

    def change_quantity(self, subscription_id: str, *, quantity: int) -> None:
        """Change the quantity of a subscription and of its upcoming item."""
        with self.lock:
            subscription = self._subscription(subscription_id)
            subscriptions.change_quantity(self.world, subscription=subscription, quantity=quantity)

    def change_product(self, subscription_id: str, *, product_id: str) -> None:
        """Swap the product of a subscription and of its upcoming item."""
        with self.lock:
            subscription, product = self._subscription(subscription_id), self._product(product_id)
            subscriptions.change_product(self.world, subscription=subscription, product=product)

    def change_frequency(self, subscription_id: str, *, every: int, every_period: int) -> None:
        """Change the interval; the upcoming order keeps its day."""
        with self.lock:
            subscription = self._subscription(subscription_id)
            subscriptions.change_frequency(
                self.world, subscription=subscription, every=every, every_period=every_period
            )

    def change_shipping(self, subscription_id: str) -> str:
        """Give a subscription a new address; returns its id."""
        with self.lock:
            subscription = self._subscription(subscription_id)
            address = new_address(self.world, customer=subscription.customer)
            subscriptions.change_shipping(self.world, subscriptions=[subscription], address=address)
            return address.key

    def change_payment(self, subscription_id: str) -> str:
        """Give a subscription a new payment; returns its id."""
        with self.lock:
            subscription = self._subscription(subscription_id)
            payment = new_payment(
                self.world, customer=subscription.customer, billing_address=subscription.shipping_address
            )
            subscriptions.change_payment(self.world, subscriptions=[subscription], payment=payment)
            return payment.key

    def remove_item(self, item_id: str) -> str | None:
        """Delete an item of an open order; returns the id of the one that a live subscription gets instead."""
        with self.lock:
            item = subscriptions.delete_item(self.world, item=self._item(item_id))
            return item.key if item else None

    def add_one_time_item(self, order_id: str, *, product_id: str, quantity: int = 1) -> str:
        """Add a one-time item to an open order; returns its id."""
        with self.lock:
            order, product = self._order(order_id), self._product(product_id)
            return orders.one_time_item(self.world, order=order, product=product, quantity=quantity).key

    def discount_order(self, order_id: str, *, percent: int) -> str:
        """Give an open order a one-time incentive; returns the id of that."""
        with self.lock:
            return merchant.discount_order(self.world, order=self._order(order_id), percent=percent).key

    def discount_item(self, item_id: str, *, percent: int) -> str:
        """Give an item of an open order a one-time incentive; returns the id of that."""
        with self.lock:
            return merchant.discount_item(self.world, item=self._item(item_id), percent=percent).key

    def send_now(self, order_id: str) -> None:
        """Have an open order placed in the coming night."""
        with self.lock:
            orders.send_now(self.world, order=self._order(order_id))

    def change_place_date(self, order_id: str, *, day: date) -> None:
        """Move an open order to a day; where one is open there already, it is merged into that (status 17)."""
        with self.lock:
            orders.change_place_date(self.world, order=self._order(order_id), day=day)

    def cancel_order(self, order_id: str) -> None:
        """Cancel an open order; the one after it is created."""
        with self.lock:
            subscriptions.cancel_order(self.world, order=self._order(order_id))

    def change_price(self, product_id: str, *, cents: int) -> None:
        """Change the price of a product and of the open items of it."""
        with self.lock:
            merchant.change_price(self.world, product=self._product(product_id), price=cents)

    def _subscription(self, key: str) -> Subscription:
        return self.world.subscriptions.by_key[key]

    def _order(self, key: str) -> Order:
        return self.world.orders.by_key[key]

    def _item(self, key: str) -> Item:
        return self.world.items.by_key[key]

    def _product(self, key: str) -> Product:
        return self.world.products.by_key[key]


@contextmanager
def _without_collection() -> Iterator[None]:
    """A past that is being made leaves no garbage, and looking for it costs half the time (30,000 customers)."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
