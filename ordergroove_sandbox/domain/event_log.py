"""What happened, in the order in which it happened: append-only, and never read by the REST face.

Belongs here: events, moves, deletions, state periods. Not here: the present (tables), the tables of truth made of both
(truth). `listeners` is where webhooks hook in: each is called with the event and the row as it is at that moment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from .records import Item, Order, Row, Subscription


class Event(NamedTuple):
    """A thing that happened, named as the webhook that tells of it.

    `number` counts all events of a store from 1; `actor` is who did it; `details` is what its row does not tell.
    """

    number: int
    at: datetime
    type: str
    object_id: str
    customer: str
    actor: str
    details: Mapping[str, Any] | None = None


class Move(NamedTuple):
    """An item went from one order to another and kept its id."""

    at: datetime
    item: str
    from_order: str
    to_order: str
    from_place: date
    to_place: date
    cause: str


class StatusChange(NamedTuple):
    """An order got another status, or its first."""

    at: datetime
    order: str
    status: int


class DeletedItem(NamedTuple):
    """An item as it was when it vanished."""

    at: datetime
    item: str
    order: str
    subscription: str | None
    product: str
    quantity: int
    total_price: int
    cause: str


class DeletedOrder(NamedTuple):
    """An order as it was when it vanished, items included."""

    at: datetime
    order: str
    customer: str
    place: date
    sub_total: int
    total: int
    cause: str


@dataclass(slots=True)
class Period:
    """An uninterrupted state of a subscription, [started, ended)."""

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
    """The whole past of a state."""

    events: list[Event] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    statuses: list[StatusChange] = field(default_factory=list)
    deleted_items: list[DeletedItem] = field(default_factory=list)
    deleted_orders: list[DeletedOrder] = field(default_factory=list)
    periods: dict[str, list[Period]] = field(default_factory=dict)
    listeners: list[Callable[[Event, Row], None]] = field(default_factory=list)

    def record(self, event: Event, *, row: Row) -> None:
        """Record an event and let the listeners know."""
        self.events.append(event)
        for listener in self.listeners:
            listener(event, row)

    def status_changed(self, order: Order, *, at: datetime) -> None:
        """Record the status that an order has now."""
        self.statuses.append(StatusChange(at, order.key, order.status))

    def item_moved(self, item: Item, *, to: Order, cause: str, at: datetime) -> None:
        """Record a move; the item is still in the order that it leaves."""
        source = item.order
        self.moves.append(Move(at, item.key, source.key, to.key, source.place, to.place, cause))

    def item_deleted(self, item: Item, *, cause: str, at: datetime) -> None:
        """Record an item that is about to vanish."""
        subscription = item.subscription.key if item.subscription else None
        order, product = item.order.key, item.product.key
        self.deleted_items.append(
            DeletedItem(at, item.key, order, subscription, product, item.quantity, item.total_price, cause)
        )

    def order_deleted(self, order: Order, *, cause: str, at: datetime) -> None:
        """Record an order that is about to vanish."""
        self.deleted_orders.append(
            DeletedOrder(at, order.key, order.customer.key, order.place, order.sub_total, order.total, cause)
        )

    def state_changed(self, subscription: Subscription, *, at: datetime) -> None:
        """Close the open period and begin the next; within one second only the last state counts."""
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
