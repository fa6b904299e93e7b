"""Append-only log of everything that happened in a store; the REST API never reads it.

Belongs here: events, moves, deletions, periods. Does not belong here: the current rows (`table`), the truth tables
(`truth`). `listeners` are called with each event and its row at that moment: webhooks use them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from .records import Item, Order, Row, Subscription


class Event(NamedTuple):
    """An event under the type name of its webhook.

    `number` counts all events of a store from 1; `actor` is the type of the actor; `details` are values that are not in
    the row.
    """

    number: int
    at: datetime
    type: str
    object_id: str
    customer: str
    actor: str
    details: Mapping[str, Any] | None = None


class Move(NamedTuple):
    """A move of an item to another order; the item keeps its id."""

    at: datetime
    item: str
    from_order: str
    to_order: str
    from_place: date
    to_place: date
    cause: str


class StatusChange(NamedTuple):
    """A status that an order got, its first one included."""

    at: datetime
    order: str
    status: int


class DeletedItem(NamedTuple):
    """An item with its values before the deletion."""

    at: datetime
    item: str
    order: str
    subscription: str | None
    product: str
    quantity: int
    total_price: int
    cause: str


class DeletedOrder(NamedTuple):
    """An order with its values before the deletion, items included in the totals."""

    at: datetime
    order: str
    customer: str
    place: date
    sub_total: int
    total: int
    cause: str


@dataclass(slots=True)
class Period:
    """A period of a subscription without a change, [started, ended)."""

    subscription: str
    started: datetime
    live: bool
    product: str
    quantity: int
    every: int
    every_period: int
    ended: datetime | None = None


@dataclass
class EventLog:
    """The history of a store."""

    events: list[Event] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    statuses: list[StatusChange] = field(default_factory=list)
    deleted_items: list[DeletedItem] = field(default_factory=list)
    deleted_orders: list[DeletedOrder] = field(default_factory=list)
    periods: dict[str, list[Period]] = field(default_factory=dict)
    listeners: list[Callable[[Event, Row], None]] = field(default_factory=list)

    def record(self, event: Event, *, row: Row) -> None:
        """Append an event and call the listeners."""
        self.events.append(event)
        for listener in self.listeners:
            listener(event, row)

    def status_changed(self, order: Order, *, at: datetime) -> None:
        """Record the current status of an order."""
        self.statuses.append(StatusChange(at, order.key, order.status))

    def item_moved(self, item: Item, *, to: Order, cause: str, at: datetime) -> None:
        """Record a move; call it while the item is still in the order that it leaves."""
        source = item.order
        self.moves.append(Move(at, item.key, source.key, to.key, source.place, to.place, cause))

    def item_deleted(self, item: Item, *, cause: str, at: datetime) -> None:
        """Record the deletion of an item; call it before the deletion."""
        subscription = item.subscription.key if item.subscription else None
        order, product = item.order.key, item.product.key
        self.deleted_items.append(
            DeletedItem(at, item.key, order, subscription, product, item.quantity, item.total_price, cause)
        )

    def order_deleted(self, order: Order, *, cause: str, at: datetime) -> None:
        """Record the deletion of an order; call it before the deletion."""
        self.deleted_orders.append(
            DeletedOrder(at, order.key, order.customer.key, order.place, order.sub_total, order.total, cause)
        )

    def state_changed(self, subscription: Subscription, *, at: datetime) -> None:
        """End the current period and start the next; of several changes in one second only the last counts."""
        periods = self.periods.setdefault(subscription.key, [])
        state = (
            subscription.live,
            subscription.product.key,
            subscription.quantity,
            subscription.every,
            subscription.every_period,
        )
        if periods and periods[-1].started == at:
            periods.pop()
        if periods:
            last = periods[-1]
            last.ended = None
            if (last.live, last.product, last.quantity, last.every, last.every_period) == state:
                return
            last.ended = at
        periods.append(Period(subscription.key, at, *state))
