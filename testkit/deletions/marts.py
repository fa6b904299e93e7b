"""What the warehouse says in the end: dbt builds the marts of deletions from a lake, tests them, and they are read.

Belongs here: the columns that a verdict looks at. Not here: the verdict (verdict).
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
    """All that is looked at."""

    deletions: Sequence[Deletion]
    moves: Sequence[Move]
    orders: Sequence[Order]
    items: Sequence[Item]


class Warehouse(Protocol):
    """What builds and answers; tests/dbt_project/store.py has one."""

    def run(self, *arguments: str) -> Any:
        """Run a dbt command that must end well."""

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the warehouse."""


def build(warehouse: Warehouse) -> Marts:
    """Build and test what the deletions rest on, and read it."""
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
