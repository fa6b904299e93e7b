"""State of a store: tables, clock, random number generators.

Belongs here: what all rules read and write, and how a row gets its id and its `updated`. Does not belong here: the
rules (`subscriptions`, `orders`, `placement`), the schedule (`scheduler`, `behaviour`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Literal
from zoneinfo import ZoneInfo

from .catalogue import build_catalogue
from .event_log import Event, EventLog
from .records import (
    Address,
    Customer,
    Entitlement,
    Incentive,
    Item,
    Order,
    Payment,
    Product,
    Reference,
    Resource,
    Response,
    Row,
    Subscription,
)
from .table import Table

EmptiedOrders = Literal["keep", "delete"]
OutOfStock = Literal["silent", "event"]
Placement = Literal["direct", "batch"]
OrderDiscounts = Literal["off total", "off sub_total"]

CUSTOMER, API_KEY, USER, PROCESS = "customer", "apikey", "user", "og-system-process"
"""Types of an event's actor."""


class StoreState:
    """All rows at `now`: naive wall-clock time of `zone`, to the second."""

    def __init__(
        self,
        *,
        seed: int,
        start: datetime,
        zone: ZoneInfo,
        emptied_orders: EmptiedOrders,
        out_of_stock: OutOfStock = "silent",
        placement: Placement = "direct",
        order_discounts: OrderDiscounts = "off total",
        currencies: tuple[str, ...] = ("USD",),
    ) -> None:
        self.start = start
        self.now = start
        self.zone = zone
        self.emptied_orders = emptied_orders
        self.out_of_stock = out_of_stock
        self.placement = placement
        self.order_discounts = order_discounts
        self.currencies = currencies
        self.actor = API_KEY
        self.rng = Random(f"{seed}/life/0")
        # Separate random streams: the merchant's changes do not depend on customers, and an additional id does not
        # change what customers do.
        self.merchant_rng = Random(f"{seed}/merchant")
        self._ids = Random(f"{seed}/ids/0")
        self.merchant = f"{self.merchant_rng.getrandbits(128):032x}"
        self.currency_since = start + timedelta(days=30)
        self.event_log = EventLog()

        self.customers: Table[Customer] = Table()
        self.subscriptions: Table[Subscription] = Table(owner=lambda row: row.customer.key)
        self.orders: Table[Order] = Table(owner=lambda row: row.customer.key)
        self.items: Table[Item] = Table(owner=lambda row: row.order.customer.key)
        self.addresses: Table[Address] = Table(owner=lambda row: row.customer.key)
        self.payments: Table[Payment] = Table(owner=lambda row: row.customer.key)
        self.products: Table[Product] = Table()
        self.product_groups: Table[Reference] = Table()
        self.offer_profiles: Table[Reference] = Table()
        self.one_time_incentives: Table[Incentive] = Table(owner=lambda row: row.customer.key)
        self.resources: Table[Resource] = Table()
        self.entitlements: Table[Entitlement] = Table(owner=lambda row: row.customer.key)
        self.responses: Table[Response] = Table()
        self.cancel_reasons: Table[Reference] = Table()

        self.open_orders: dict[tuple[str, str, str, date], Order] = {}
        self.entitled: dict[tuple[str, str], Entitlement] = {}
        self.due: defaultdict[date, list[Order]] = defaultdict(list)

        catalogue = build_catalogue(Random(f"{seed}/catalogue"), start=start)
        self.discounts = catalogue.discounts
        self.offers = list(catalogue.discounts)
        self.retiring = catalogue.retiring
        self.relationships = catalogue.relationships
        for product in catalogue.products:
            self.products.add(product)
        for table, rows in (
            (self.product_groups, catalogue.groups),
            (self.offer_profiles, catalogue.offer_profiles),
            (self.cancel_reasons, catalogue.cancel_reasons),
        ):
            for row in rows:
                table.add(row)
        for resource in catalogue.resources:
            self.resources.add(resource)

    @property
    def today(self) -> date:
        """The current date of the store."""
        return self.now.date()

    def currency_of(self, customer: Customer) -> str | None:
        """Return the currency of a customer's new row; the oldest rows in the default currency have none."""
        is_known = self.now >= self.currency_since or customer.currency != self.currencies[0]
        return customer.currency if is_known else None

    def component(self, key: str) -> dict[str, Any] | None:
        """Find a component of a bundle by its own id."""
        for subscription in self.subscriptions:
            for component in subscription.components:
                if component.get("public_id") == key:
                    return component
        return None

    def new_id(self) -> str:
        """Return 32 hex digits that were not used before."""
        return f"{self._ids.getrandbits(128):032x}"

    def emit(self, event: str, *, row: Row, customer: Customer, details: Mapping[str, Any] | None = None) -> None:
        """Log an event under the type name of its webhook."""
        number = len(self.event_log.events) + 1
        self.event_log.record(Event(number, self.now, event, row.key, customer.key, self.actor, details), row=row)

    def touch(self, row: Subscription | Order | Address) -> None:
        """Set `updated` to now. An order marks its items as changed too, because their bodies show its time."""
        row.updated = self.now
        row.version += 1
        if isinstance(row, Order):
            for item in row.items.values():
                item.version += 1

    def touch_customer(self, customer: Customer) -> None:
        """Derive `live` from the subscriptions; set `last_updated` only if it changed."""
        live = any(subscription.live for subscription in customer.subscriptions)
        if live != customer.live:
            customer.live = live
            customer.last_updated = self.now
            customer.version += 1
