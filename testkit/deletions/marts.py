"""Build the deletion marts from a lake with dbt, run their tests, and read them.

Belongs here: the columns that the comparison needs. Does not belong here: the comparison (`comparison.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

MODELS = ("fct_deletions", "fct_item_moves", "fct_orders", "fct_order_items", "rpt_deleted_value")


class Deletion(NamedTuple):
    """A row of `fct_deletions`."""

    object_type: str
    object_id: str
    deleted_at: datetime
    not_before_at: datetime | None
    not_after_at: datetime
    precision: str
    evidence: str
    cause: str
    undeleted_at: datetime | None
    value_lost: Decimal | None


class Move(NamedTuple):
    """A row of `fct_item_moves`."""

    order_item_id: str
    from_order_id: str
    to_order_id: str
    moved_at: datetime
    not_before_at: datetime | None
    precision: str
    cause: str


class Order(NamedTuple):
    """A row of `fct_orders`."""

    order_id: str
    outcome: str
    deleted_at: datetime | None


class Item(NamedTuple):
    """A row of `fct_order_items`."""

    order_item_id: str
    order_id: str | None
    first_order_id: str | None
    moves: int
    outcome: str
    deleted_at: datetime | None
    total_price: Decimal | None


@dataclass(frozen=True)
class Marts:
    """The rows of all marts that are compared."""

    deletions: Sequence[Deletion]
    moves: Sequence[Move]
    orders: Sequence[Order]
    items: Sequence[Item]


class Warehouse(Protocol):
    """What `build` needs of a warehouse; `testkit.dbt.store.Warehouse` is one."""

    def run(self, *arguments: str) -> Any:
        """Run a dbt command; raises if it fails."""

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""


def build(warehouse: Warehouse) -> Marts:
    """Build and test the marts and everything they depend on, and read them."""
    selected = [f"+{name}" for name in MODELS]
    warehouse.run("seed")
    warehouse.run("run", "--select", *selected)
    warehouse.run("test", "--select", *MODELS, "--exclude-resource-type", "unit_test")
    return Marts(
        deletions=[Deletion(*row) for row in _read(warehouse, Deletion, "fct_deletions")],
        moves=[Move(*row) for row in _read(warehouse, Move, "fct_item_moves")],
        orders=[Order(*row) for row in _read(warehouse, Order, "fct_orders")],
        items=[Item(*row) for row in _read(warehouse, Item, "fct_order_items")],
    )


def _read(warehouse: Warehouse, row: type[Any], mart: str) -> list[tuple[Any, ...]]:
    return warehouse.rows(f"select {', '.join(row._fields)} from marts.{mart}")
