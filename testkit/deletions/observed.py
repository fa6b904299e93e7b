"""What any pull, census or delivered event ever showed: only that can be known, and all of that must be.

Worked out from the store's truth at the moments of the syncs and from the bytes of the events that were delivered,
never from the lake: what the lake forgot would otherwise be forgiven. Where time passes during a sync, only what did
not change in it is surely shown; the rest is not counted as knowable.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from ordergroove_sandbox import Store

Key = tuple[str, str]
"""`order` or `item`, and its id."""

CLOSED = frozenset((3, 4, 5, 14, 17))
"""Statuses of orders that nothing can happen to any more: rejected, cancelled, success, unreadable answer, merged."""

_GONE = ("order.delete", "item.remove")


@dataclass(frozen=True)
class View:
    """The orders and items of a store at one moment, by id; and the moments at which orders were touched last."""

    orders: Mapping[str, Mapping[str, Any]]
    items: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, store: Store) -> "View":
        """Look at a store."""
        with store.lock:
            orders, items = store.truth.table("orders"), store.truth.table("items")
        return cls({row["id"]: row for row in orders}, {row["id"]: row for row in items})

    def updated(self, item: Mapping[str, Any]) -> datetime:
        """An item has no time of its own, only its order's."""
        moment: datetime = self.orders[item["order"]]["updated"]
        return moment


@dataclass
class Shown:
    """Grows with each sync and each delivery.

    `gone` are the deletions that were told; `prices` are those that an item may be known with: by the last sync that it
    was there for, or by the newest events about it.
    """

    objects: set[Key] = field(default_factory=set)
    gone: set[Key] = field(default_factory=set)
    listed_prices: dict[str, set[Decimal]] = field(default_factory=dict)
    told_prices: dict[str, tuple[int, set[Decimal]]] = field(default_factory=dict)

    def pull(self, before: View, after: View, *, start: datetime | None) -> None:
        """Take in what a pull of everything that changed since `start` (None: ever) showed."""
        self._list(before, after, lambda row: start is None or row["updated"] >= start)

    def census(self, before: View, after: View) -> None:
        """Take in what a complete list of all that is open showed."""
        self._list(before, after, lambda row: row["status"] not in CLOSED)

    def _list(self, before: View, after: View, is_asked_for: Any) -> None:
        asked = {key for key, row in before.orders.items() if is_asked_for(row)}
        still = {key for key in asked if after.orders.get(key) == before.orders[key]}
        self.objects |= {("order", key) for key in still}
        self.objects |= {
            ("item", key) for key, row in before.items.items() if row["order"] in still and after.items.get(key) == row
        }

    def sync(self, before: View, after: View) -> None:
        """Remember what the items cost that were there for a sync: what changed since the last one was pulled anew.

        Of what came, went or was touched during it, that may have been shown.
        """
        for key in before.items.keys() | after.items.keys():
            prices = {view.items[key]["total_price"] for view in (before, after) if key in view.items}
            if self._is_still(key, before, after):
                self.listed_prices[key] = prices
            elif key in self.listed_prices:
                self.listed_prices[key] |= prices

    @staticmethod
    def _is_still(item: str, before: View, after: View) -> bool:
        row = before.items.get(item)
        return (
            row is not None
            and row == after.items.get(item)
            and before.orders[row["order"]] == after.orders.get(row["order"])
        )

    def deliver(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Take in events that arrived, in whatever order."""
        for event in events:
            kind = str(event["type"]).partition(".")[0]
            if kind not in ("order", "item"):
                continue
            told = event["data"]["object"]
            key = (kind, told["public_id"])
            self.objects.add(key)
            if event["type"] in _GONE:
                self.gone.add(key)
            if kind == "item":
                newest, prices = self.told_prices.get(key[1], (0, set()))
                if event["created"] >= newest:
                    kept = prices if event["created"] == newest else set()
                    self.told_prices[key[1]] = (event["created"], kept | {Decimal(told["total_price"])})

    def prices(self, item: str) -> set[Decimal]:
        """What an item may be known to cost, by the newest that was shown; nothing where no body of it was."""
        return self.listed_prices.get(item, set()) | self.told_prices.get(item, (0, set()))[1]
