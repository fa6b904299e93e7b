"""Filters that only one list has.

Belongs here: conditions with a special meaning. Does not belong here: comparisons that apply to any field (`filters`).
"""

from ordergroove_sandbox.domain.records import Incentive
from ordergroove_sandbox.domain.state import StoreState

from .filters import BadParameterError, Condition, Filter, Query, is_true, moment
from .listing import moments


def autoship_enabled(query: Query, name: str) -> Condition:
    """Products that can be subscribed to, the others ("false"), or "all"."""
    if (value := query[name][-1]).casefold() == "all":
        return lambda _row: True
    wanted = is_true(name, value)
    return lambda row: bool(row.autoship_enabled == wanted)


def allow_discontinued(query: Query, name: str) -> Condition:
    """Include discontinued products, or return only those ("strict")."""
    if (value := query[name][-1]).casefold() == "strict":
        return lambda row: bool(row.discontinued)
    allowed = is_true(name, value)
    return lambda row: allowed or not row.discontinued


def status_of_profile(query: Query, name: str) -> Condition:
    """Profiles of one status, or "all"."""
    wanted = query[name][-1]
    return lambda row: wanted == "all" or row.body["status"] == wanted


def order_of_incentive(query: Query, name: str) -> Condition:
    """Incentives on an order; with `include_item_level` also those on its items."""
    wanted = query[name][-1]
    with_items = is_true("include_item_level", query.get("include_item_level", ["false"])[-1])

    def is_of_order(row: Incentive) -> bool:
        holder = row.order or (row.item.order if row.item and with_items else None)
        return holder is not None and holder.key == wanted

    return is_of_order


def attempted(query: Query, name: str) -> Condition:
    """Attempts from `start_date` (inclusive) to `end_date` (exclusive, unlike all other filters)."""
    bound = moment(name, query[name][-1], form="%Y-%m-%d %H:%M:%S")
    if name == "start_date":
        return lambda row: bool(row.created >= bound)
    return lambda row: bool(row.created < bound)


def has_subscription(query: Query, name: str) -> Condition:
    """Orders with an item of a subscription."""
    wanted = query[name][-1]
    return lambda row: any(item.subscription and item.subscription.key == wanted for item in row.items.values())


def in_group(index: int) -> Filter:
    """Products in a group, by its name (0) or type (1)."""

    def build(query: Query, name: str) -> Condition:
        wanted = query[name][-1]
        return lambda row: any(group[index] == wanted for group in row.groups)

    return build


def resources(query: Query, name: str) -> Condition:
    """Entitlements to any of several resources, ids separated by commas."""
    wanted = set(query[name][-1].split(","))
    return lambda row: row.resource.key in wanted


def applied(query: Query, name: str) -> Condition:
    """Incentives by time of use; unused ones never match."""
    met = moments("applied_at", lambda row: row.applied_at)[name](query, name)
    return lambda row: row.applied_at is not None and met(row)


def search(query: Query, name: str) -> Condition:
    """Products by a part of name, sku or id, limited to the `fields` named."""
    part = query[name][-1].casefold()
    fields = {field for value in query.get("fields", ["name,sku,external_product_id"]) for field in value.split(",")}
    if unknown := fields - {"name", "sku", "external_product_id"}:
        raise BadParameterError("fields", f"Unknown search field: {sorted(unknown)[0]}.")
    in_name, in_key = "name" in fields, bool(fields - {"name"})
    return lambda row: bool((in_name and part in row.name.casefold()) or (in_key and part in row.key.casefold()))


def category_of_profile(query: Query, name: str) -> Condition:
    """All profiles, or only those with standard flex incentives."""
    category = query[name][-1]
    if category not in ("all", "all_with_standard_flex_incentives", "only_with_standard_flex_incentives"):
        raise BadParameterError(name, f"{category} is not one of the available choices.")
    return lambda row: not category.startswith("only") or bool(row.hidden["standard_flex_incentives"])


def grantees(query: Query, name: str) -> Condition:
    """Entitlements whose grantees are exactly those named, separated by commas."""
    wanted = set(filter(None, query[name][-1].split(",")))
    return lambda row: {key for key, _ in row.grantees} == wanted


def customer_itself(_state: StoreState, value: str) -> str:
    """The parameter's value is the customer id."""
    return value


def customer_of_subscription(state: StoreState, value: str) -> str | None:
    """Return the customer of a subscription."""
    row = state.subscriptions.get(value)
    return row.customer.key if row else None


def customer_of_order(state: StoreState, value: str) -> str | None:
    """Return the customer of an order."""
    row = state.orders.get(value)
    return row.customer.key if row else None
