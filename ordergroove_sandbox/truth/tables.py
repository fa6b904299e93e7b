"""Build the truth tables from the state of a store.

Does not belong here: their columns (`rows`), Parquet (`files`).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from threading import RLock
from typing import Any, NamedTuple

from ordergroove_sandbox.domain.records import SUCCESS, Order
from ordergroove_sandbox.domain.state import StoreState

from .files import write_rows
from .rows import (
    AttemptRow,
    CustomerRow,
    DayRow,
    DeletedItemRow,
    DeletedOrderRow,
    EntitlementRow,
    EventRow,
    ItemRow,
    MoveRow,
    OrderRow,
    PeriodRow,
    RevenueRow,
    StatusRow,
    SubscriptionRow,
)


class Truth:
    """The tables of a store, built on each call."""

    def __init__(self, state: StoreState, *, lock: RLock) -> None:
        self._state = state
        self._lock = lock

    def names(self) -> list[str]:
        """Return the names of the tables."""
        return list(TABLES)

    def table(self, name: str) -> list[dict[str, Any]]:
        """Build one table; raises KeyError for an unknown name."""
        _, build = TABLES[name]
        with self._lock:
            return [row._asdict() for row in build(self._state)]

    def deletions(self) -> list[dict[str, Any]]:
        """Return every deleted order and item with its cause, in the order of deletion; `kind` tells them apart."""
        with self._lock:
            deleted = [
                {"kind": kind, **{name: row[name] for name in ("id", "at", "cause")}}
                for kind, name_ in (("item", "deleted_items"), ("order", "deleted_orders"))
                for row in self.table(name_)
            ]
        return sorted(deleted, key=lambda row: row["at"])

    def write(self, folder: Path) -> None:
        """Write all tables, as of one moment, to `<folder>/<table>.parquet`."""
        folder.mkdir(parents=True, exist_ok=True)
        with self._lock:
            for name, (row, build) in TABLES.items():
                write_rows(build(self._state), row, folder / f"{name}.parquet")

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Build all tables, as of one moment."""
        with self._lock:
            return {name: self.table(name) for name in TABLES}


def _customers(state: StoreState) -> Iterator[CustomerRow]:
    for row in state.customers:
        live = sum(subscription.live for subscription in row.subscriptions)
        yield CustomerRow(row.key, row.live, len(row.subscriptions), live, row.created, row.last_updated)


def _subscriptions(state: StoreState) -> Iterator[SubscriptionRow]:
    for row in state.subscriptions:
        yield SubscriptionRow(
            id=row.key,
            customer=row.customer.key,
            product=row.product.key,
            quantity=row.quantity,
            every=row.every,
            every_period=row.every_period,
            price=None if row.price is None else _money(row.price),
            live=row.live,
            lives=row.activations,
            created=row.created,
            updated=row.updated,
            start_date=row.start_date,
            cancelled=row.cancelled,
            cancel_reason=row.cancel_reason,
            upcoming_item=row.upcoming.key if row.upcoming else None,
            next_order_date=row.upcoming.order.place if row.upcoming else None,
            currency_code=row.customer.currency,
            prepaid_remaining=row.prepaid.orders_remaining if row.prepaid else None,
            renewal_behavior=row.prepaid.renewal_behavior if row.prepaid else None,
            in_free_trial=row.free_trial is not None and row.free_trial.is_in_free_trial,
        )


def _periods(state: StoreState) -> Iterator[PeriodRow]:
    for periods in state.event_log.periods.values():
        for row in periods:
            status = "live" if row.live else "cancelled"
            shape = (row.product, row.quantity, row.every, row.every_period)
            yield PeriodRow(row.subscription, row.started, row.ended, status, *shape)


def _orders(state: StoreState) -> Iterator[OrderRow]:
    for row in state.orders:
        yield OrderRow(
            id=row.key,
            customer=row.customer.key,
            status=row.status,
            place=row.place,
            items=len(row.items),
            tries=row.tries,
            sub_total=_money(row.sub_total),
            shipping_total=_money(row.shipping_total),
            discount_total=_money(row.discount_total),
            total=_money(row.total),
            created=row.created,
            updated=row.updated,
            currency_code=row.customer.currency,
        )


def _statuses(state: StoreState) -> Iterator[StatusRow]:
    for row in state.event_log.statuses:
        yield StatusRow(row.order, row.at, row.status)


def _entitlements(state: StoreState) -> Iterator[EntitlementRow]:
    for row in state.entitlements:
        yield EntitlementRow(row.key, row.customer.key, row.resource.name, row.live, row.created, row.expiration)


def _items(state: StoreState) -> Iterator[ItemRow]:
    for row in state.items:
        yield ItemRow(
            id=row.key,
            order=row.order.key,
            order_status=row.order.status,
            place=row.order.place,
            subscription=row.subscription.key if row.subscription else None,
            product=row.product.key,
            quantity=row.quantity,
            unit_price=_money(row.price),
            total_price=_money(row.total_price),
            one_time=row.subscription is None,
            created=row.created,
            first_placed=row.first_placed,
            frozen=row.frozen,
            out_of_stock_tries=row.out_of_stock_tries,
        )


def _deleted_orders(state: StoreState) -> Iterator[DeletedOrderRow]:
    for row in state.event_log.deleted_orders:
        totals = (_money(row.sub_total), _money(row.total))
        yield DeletedOrderRow(row.order, row.at, row.cause, row.customer, row.place, *totals)


def _deleted_items(state: StoreState) -> Iterator[DeletedItemRow]:
    for row in state.event_log.deleted_items:
        what = (row.order, row.subscription, row.product, row.quantity, _money(row.total_price))
        yield DeletedItemRow(row.item, row.at, row.cause, *what)


def _moves(state: StoreState) -> Iterator[MoveRow]:
    for row in state.event_log.moves:
        yield MoveRow(**row._asdict())


def _attempts(state: StoreState) -> Iterator[AttemptRow]:
    attempts: Counter[str] = Counter()
    for row in state.responses:
        attempts[row.order.key] += 1
        yield AttemptRow(
            id=row.key,
            order=row.order.key,
            attempt=attempts[row.order.key],
            at=row.created,
            response_code=row.response_code,
            status_after=row.result,
        )


def _events(state: StoreState) -> Iterator[EventRow]:
    for event in state.event_log.events:
        object_type = event.type.partition(".")[0]
        yield EventRow(event.number, event.at, event.type, object_type, event.object_id, event.customer, event.actor)


def _daily(state: StoreState) -> Iterator[DayRow]:
    counts: defaultdict[date, Counter[str]] = defaultdict(Counter)
    for event in state.event_log.events:
        counts[event.at.date()][event.type] += 1
    day, live = state.start.date(), 0
    while day <= state.today:
        kinds = ("subscription.create", "subscription.reactivate", "subscription.cancel")
        created, reactivated, cancelled = (counts[day][kind] for kind in kinds)
        live += created + reactivated - cancelled
        yield DayRow(day, created, reactivated, cancelled, live)
        day += timedelta(days=1)


def _revenue_daily(state: StoreState) -> Iterator[RevenueRow]:
    placed: defaultdict[tuple[date, str], list[Order]] = defaultdict(list)
    for order in state.orders:
        if order.status == SUCCESS:
            # Nothing changes an order after its placement, so `updated` is the time of placement.
            placed[order.updated.date(), order.customer.currency].append(order)
    for (day, currency), orders in sorted(placed.items()):
        items = [item for order in orders for item in order.items.values()]
        yield RevenueRow(
            day=day,
            orders=len(orders),
            items=len(items),
            list_price=_money(sum(item.price * item.quantity for item in items)),
            recurring=_money(sum(item.total_price for item in items if item.subscription)),
            one_time=_money(sum(item.total_price for item in items if not item.subscription)),
            sub_total=_money(sum(order.sub_total for order in orders)),
            total=_money(sum(order.total for order in orders)),
            currency_code=currency,
        )


def _money(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


TABLES: dict[str, tuple[type[NamedTuple], Callable[[StoreState], Iterator[Any]]]] = {
    "customers": (CustomerRow, _customers),
    "subscriptions": (SubscriptionRow, _subscriptions),
    "subscription_periods": (PeriodRow, _periods),
    "orders": (OrderRow, _orders),
    "order_statuses": (StatusRow, _statuses),
    "items": (ItemRow, _items),
    "deleted_orders": (DeletedOrderRow, _deleted_orders),
    "deleted_items": (DeletedItemRow, _deleted_items),
    "moves": (MoveRow, _moves),
    "placement_attempts": (AttemptRow, _attempts),
    "entitlements": (EntitlementRow, _entitlements),
    "events": (EventRow, _events),
    "daily": (DayRow, _daily),
    "revenue_daily": (RevenueRow, _revenue_daily),
}
