"""What is kept of a row besides its body, and which parameter of a list asks for what.

Belongs here: columns and conditions, one entry for each list that can be large. Not here: reading them (reading). The
lists of the merchant's own set-up are small and stay in memory.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from og_assets.sandbox.rest.filters import BadParameterError, Query, is_true, moment

Get = Callable[[Any], Any]
Condition = tuple[str, Any]
"""A piece of SQL with one question mark, and what stands for it."""

Ask = Callable[[Query, str], Condition]


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A list in an archive: `columns` are those that are asked for, `asks` the parameters, `indexed` a subset."""

    name: str
    columns: dict[str, Get]
    asks: dict[str, Ask]
    indexed: tuple[str, ...] = ()


def text(moment_: datetime | date | None) -> str | None:
    """A time as it is kept: texts sort as the times do."""
    return None if moment_ is None else str(moment_)


def _equal(column: str) -> Ask:
    return lambda query, name: (f"{column} = ?", query[name][-1])


def _number(column: str) -> Ask:
    def ask(query: Query, name: str) -> Condition:
        try:
            return f"{column} = ?", int(query[name][-1])
        except ValueError:
            raise BadParameterError(name, "Enter a number.") from None

    return ask


def _flag(column: str) -> Ask:
    def ask(query: Query, name: str) -> Condition:
        wanted = {is_true(name, value) for value in query[name]}
        return (f"{column} = ?", int(wanted.pop())) if len(wanted) == 1 else ("1 = ?", 1)

    return ask


def _compared(column: str, operator: str, *, form: str = "%Y-%m-%dT%H:%M:%S") -> Ask:
    return lambda query, name: (f"{column} {operator} ?", str(moment(name, query[name][-1], form=form)))


def _on_day(column: str) -> Ask:
    return lambda query, name: (f"substr({column}, 1, 10) = ?", str(moment(name, query[name][-1]).date()))


def _moments(name: str, column: str) -> dict[str, Ask]:
    bounds = {f"{name}_start": _compared(column, ">="), f"{name}_end": _compared(column, "<=")}
    return {name: _on_day(column), **bounds}


def _day(column: str, operator: str) -> Ask:
    return lambda query, name: (f"{column} {operator} ?", str(moment(name, query[name][-1]).date()))


def _days(name: str, column: str) -> dict[str, Ask]:
    return {
        name: _day(column, "="), f"{name}_start": _day(column, ">="), f"{name}_end": _day(column, "<=")
    }  # fmt: skip


_SPACE = "%Y-%m-%d %H:%M:%S"
_CUSTOMER: dict[str, Get] = {"customer": lambda row: row.customer.key}
_UPDATED: dict[str, Get] = {"updated": lambda row: text(row.updated)}

KEPT = (
    Kept(
        name="customers",
        columns={
            "live": lambda row: row.live,
            "email": lambda row: row.email,
            "updated": lambda row: text(row.last_updated),
        },
        asks={
            "live": _flag("live"),
            "email": _equal("email"),
            **_moments("created", "created"),
            **_moments("updated", "updated"),
        },
        indexed=("email",),
    ),
    Kept(
        name="subscriptions",
        columns={
            **_CUSTOMER,
            **_UPDATED,
            "live": lambda row: row.live,
            "product": lambda row: row.product.key,
            "shipping_address": lambda row: row.shipping_address.key,
        },
        asks={
            "live": _flag("live"),
            "product": _equal("product"),
            "shipping_address": _equal("shipping_address"),
            "customer": _equal("customer"),
            **_moments("created", "created"),
            **_moments("updated", "updated"),
        },
        indexed=("customer", "shipping_address"),
    ),
    Kept(
        name="orders",
        columns={
            **_CUSTOMER,
            **_UPDATED,
            "status": lambda row: row.status,
            "place": lambda row: text(row.place),
        },
        asks={
            "status": _number("status"),
            "customer": _equal("customer"),
            "subscription": lambda query, name: (
                'key IN (SELECT "order" FROM items WHERE subscription = ?)',
                query[name][-1],
            ),
            **_days("place", "place"),
            **_moments("created", "created"),
            **_moments("updated", "updated"),
        },
        indexed=("customer",),
    ),
    Kept(
        name="items",
        columns={
            '"order"': lambda row: row.order.key,
            "offer": lambda row: row.offer,
            "subscription": lambda row: row.subscription and row.subscription.key,
            "product": lambda row: row.product.key,
            "one_time": lambda row: row.subscription is None,
            "status": lambda row: row.order.status,
            "place": lambda row: text(row.order.place),
            "updated": lambda row: text(row.order.updated),
        },
        asks={
            "order": _equal('"order"'),
            "offer": _equal("offer"),
            "subscription": _equal("subscription"),
            "product": _equal("product"),
            "one_time": _flag("one_time"),
            "status": _number("status"),
            **_days("place", "place"),
            **_moments("order_updated", "updated"),
        },
        indexed=('"order"', "subscription"),
    ),
    Kept(
        name="addresses",
        columns={**_CUSTOMER, **_UPDATED, "live": lambda row: row.live},
        asks={
            "customer": _equal("customer"),
            "live": _flag("live"),
            "updated_start": _compared("updated", ">="),
            "updated_end": _compared("updated", "<="),
        },
        indexed=("customer",),
    ),
    Kept(name="payments", columns=_CUSTOMER, asks={"customer": _equal("customer")}, indexed=("customer",)),
    Kept(
        name="one_time_incentives",
        columns={
            **_CUSTOMER,
            "updated": lambda row: text(row.last_updated),
            "applied_at": lambda row: text(row.applied_at),
            "external_code": lambda row: row.external_code,
            '"order"': lambda row: row.order and row.order.key,
            "item": lambda row: row.item and row.item.key,
        },
        asks={
            "customer": _equal("customer"),
            "external_code": _equal("external_code"),
            "order": _equal('"order"'),
            "item": _equal("item"),
            **_moments("created", "created"),
            **_moments("last_updated", "updated"),
            **_moments("applied_at", "applied_at"),
        },
        indexed=("customer", '"order"', "item"),
    ),
    Kept(
        name="entitlements",
        columns={
            **_CUSTOMER,
            "live": lambda row: row.live,
            "resource": lambda row: row.resource.key,
            "external_resource": lambda row: row.resource.external_resource_id,
        },
        asks={
            "merchant_user_id": _equal("customer"),
            "live": _flag("live"),
            "resource_public_id": _equal("resource"),
            "external_resource_id": _equal("external_resource"),
        },
        indexed=("customer",),
    ),
    Kept(
        name="billing_attempts",
        columns={},
        asks={
            "start_date": _compared("created", ">=", form=_SPACE),
            "end_date": _compared("created", "<", form=_SPACE),
        },
    ),
)
