"""Columns of the truth tables: one class for each table.

Does not belong here: how the rows are built (`tables`).
"""

from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple


class CustomerRow(NamedTuple):
    """One row per customer."""

    id: str
    live: bool
    subscriptions: int
    live_subscriptions: int
    created: datetime
    last_updated: datetime


class SubscriptionRow(NamedTuple):
    """One row per subscription, in its current state; `lives` counts its activations."""

    id: str
    customer: str
    product: str
    quantity: int
    every: int
    every_period: int
    price: Decimal | None
    live: bool
    lives: int
    created: datetime
    updated: datetime
    start_date: date
    cancelled: datetime | None
    cancel_reason: str | None
    upcoming_item: str | None
    next_order_date: date | None
    currency_code: str
    prepaid_remaining: int | None
    renewal_behavior: str | None
    in_free_trial: bool


class PeriodRow(NamedTuple):
    """One row per subscription and period without a change, [started, ended); the last period has no end."""

    subscription: str
    started: datetime
    ended: datetime | None
    state: str
    product: str
    quantity: int
    every: int
    every_period: int


class OrderRow(NamedTuple):
    """One row per existing order, orders without items included."""

    id: str
    customer: str
    status: int
    place: date
    items: int
    tries: int
    sub_total: Decimal
    shipping_total: Decimal
    discount_total: Decimal
    total: Decimal
    created: datetime
    updated: datetime
    currency_code: str


class StatusRow(NamedTuple):
    """One row per status that an order has had, from the first one; deleted orders included."""

    order: str
    at: datetime
    status: int


class ItemRow(NamedTuple):
    """One row per existing item."""

    id: str
    order: str
    order_status: int
    place: date
    subscription: str | None
    product: str
    quantity: int
    unit_price: Decimal
    total_price: Decimal
    one_time: bool
    created: datetime
    first_placed: datetime | None
    frozen: bool
    out_of_stock_tries: int


class DeletedOrderRow(NamedTuple):
    """One row per deleted order, with its values before the deletion."""

    id: str
    at: datetime
    cause: str
    customer: str
    place: date
    sub_total: Decimal
    total: Decimal


class DeletedItemRow(NamedTuple):
    """One row per deleted item, with its values before the deletion; `order` is the last one that it was in."""

    id: str
    at: datetime
    cause: str
    order: str
    subscription: str | None
    product: str
    quantity: int
    total_price: Decimal


class MoveRow(NamedTuple):
    """One row per move of an item to another order."""

    item: str
    at: datetime
    cause: str
    from_order: str
    to_order: str
    from_place: date
    to_place: date


class AttemptRow(NamedTuple):
    """One row per attempt to place an order."""

    id: str
    order: str
    attempt: int
    at: datetime
    response_code: str
    status_after: int


class EventRow(NamedTuple):
    """One row per event, numbered in the order in which they happened."""

    number: int
    at: datetime
    type: str
    object_type: str
    object_id: str
    customer: str
    actor: str


class DayRow(NamedTuple):
    """One row per day: numbers of created, reactivated and cancelled subscriptions, and of live ones at the end."""

    day: date
    created: int
    reactivated: int
    cancelled: int
    live_end: int


class EntitlementRow(NamedTuple):
    """One row per entitlement of a customer to a resource."""

    id: str
    customer: str
    resource: str
    live: bool
    granted: datetime
    expiration: datetime


class RevenueRow(NamedTuple):
    """One row per day and currency with placed orders; `total` includes shipping and order-level incentives."""

    day: date
    orders: int
    items: int
    list_price: Decimal
    recurring: Decimal
    one_time: Decimal
    sub_total: Decimal
    total: Decimal
    currency_code: str
