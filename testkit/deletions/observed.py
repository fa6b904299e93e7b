"""Work out which objects any pull, listing or event ever showed. The marts can know only these, and must know all.

Computed from the store's truth at the times of the syncs and from the delivered events, never from the lake: a fault of
the lake must not hide itself. If time passes during a sync, only objects that did not change in it count as shown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from ordergroove_sandbox import Store

# `order` or `item`, and the id.
Key = tuple[str, str]

# Final statuses of orders: rejected, cancelled, success, unreadable answer, merged.
CLOSED = frozenset((3, 4, 5, 14, 17))

_DELETION_EVENTS = ("order.delete", "item.remove")


@dataclass(frozen=True)
class View:
    """The orders and items of a store at one moment, by id."""

    orders: Mapping[str, Mapping[str, Any]]
    items: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, store: Store) -> "View":
        """Read the truth of a store."""
        with store.lock:
            orders, items = store.truth.table("orders"), store.truth.table("items")
        return cls({row["id"]: row for row in orders}, {row["id"]: row for row in items})

    def updated(self, item: Mapping[str, Any]) -> datetime:
        """Return the update time of an item's order: an item has none of its own."""
        moment: datetime = self.orders[item["order"]]["updated"]
        return moment


@dataclass
class Observed:
    """Everything that was shown so far. Grows with each sync and each delivery.

    `objects` were shown at least once. `reported_deleted` are deletions with a delivered event. `prices()` are the
    prices that the marts may know an item by: of the last sync that listed it, or of the newest events about it.
    """

    objects: set[Key] = field(default_factory=set)
    reported_deleted: set[Key] = field(default_factory=set)
    listed_prices: dict[str, set[Decimal]] = field(default_factory=dict)
    event_prices: dict[str, tuple[int, set[Decimal]]] = field(default_factory=dict)

    def add_pull(self, before: View, after: View, *, start: datetime | None) -> None:
        """Add what a pull of everything updated since `start` (None: ever) showed."""
        self._add_listed(before, after, lambda row: start is None or row["updated"] >= start)

    def add_listing(self, before: View, after: View) -> None:
        """Add what a complete open-ID listing showed."""
        self._add_listed(before, after, lambda row: row["status"] not in CLOSED)

    def _add_listed(self, before: View, after: View, is_requested: Any) -> None:
        requested = {key for key, row in before.orders.items() if is_requested(row)}
        unchanged = {key for key in requested if after.orders.get(key) == before.orders[key]}
        self.objects |= {("order", key) for key in unchanged}
        self.objects |= {
            ("item", key)
            for key, row in before.items.items()
            if row["order"] in unchanged and after.items.get(key) == row
        }

    def add_prices(self, before: View, after: View) -> None:
        """Add the prices of the items that existed during a sync with a pull.

        The price of an item that was created, deleted or changed during the sync may or may not have been shown.
        """
        for key in before.items.keys() | after.items.keys():
            prices = {view.items[key]["total_price"] for view in (before, after) if key in view.items}
            if self._is_unchanged(key, before, after):
                self.listed_prices[key] = prices
            elif key in self.listed_prices:
                self.listed_prices[key] |= prices

    @staticmethod
    def _is_unchanged(item: str, before: View, after: View) -> bool:
        row = before.items.get(item)
        return (
            row is not None
            and row == after.items.get(item)
            and before.orders[row["order"]] == after.orders.get(row["order"])
        )

    def add_events(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Add delivered events, in any order."""
        for event in events:
            kind = str(event["type"]).partition(".")[0]
            if kind not in ("order", "item"):
                continue
            body = event["data"]["object"]
            key = (kind, body["public_id"])
            self.objects.add(key)
            if event["type"] in _DELETION_EVENTS:
                self.reported_deleted.add(key)
            if kind == "item":
                newest, prices = self.event_prices.get(key[1], (0, set()))
                if event["created"] >= newest:
                    kept = prices if event["created"] == newest else set()
                    self.event_prices[key[1]] = (event["created"], kept | {Decimal(body["total_price"])})

    def prices(self, item: str) -> set[Decimal]:
        """Return the prices that the marts may know an item by; empty if no price of it was ever shown."""
        return self.listed_prices.get(item, set()) | self.event_prices.get(item, (0, set()))[1]
