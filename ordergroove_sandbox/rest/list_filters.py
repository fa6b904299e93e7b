"""Query parameters that only one list knows.

Belongs here: conditions with a meaning of their own. Not here: comparisons that any field could have (filters).
"""

from ordergroove_sandbox.domain.records import Incentive
from ordergroove_sandbox.domain.state import StoreState

from .filters import BadParameterError, Condition, Filter, Query, is_true, moment
from .listing import moments


def autoship_enabled(query: Query, name: str) -> Condition:
    """Only products that can be subscribed to, only others ("false"), or "all"."""
    if (value := query[name][-1]).casefold() == "all":
        return lambda _row: True
    wanted = is_true(name, value)
    return lambda row: bool(row.autoship_enabled == wanted)


def allow_discontinued(query: Query, name: str) -> Condition:
    """Also discontinued products, or only those ("strict")."""
    if (value := query[name][-1]).casefold() == "strict":
        return lambda row: bool(row.discontinued)
    allowed = is_true(name, value)
    return lambda row: allowed or not row.discontinued


def status_of_profile(query: Query, name: str) -> Condition:
    """Profiles of one status, or "all"."""
    wanted = query[name][-1]
    return lambda row: wanted == "all" or row.body["status"] == wanted


def order_of_incentive(query: Query, name: str) -> Condition:
    """Incentives on an order, and with `include_item_level` those on its items."""
    wanted = query[name][-1]
    with_items = is_true("include_item_level", query.get("include_item_level", ["false"])[-1])

    def is_of_order(row: Incentive) -> bool:
        holder = row.order or (row.item.order if row.item and with_items else None)
        return holder is not None and holder.key == wanted

    return is_of_order


def attempted(query: Query, name: str) -> Condition:
    """Attempts from `start_date` on and before `end_date`, which is the one end that is exclusive."""
    bound = moment(name, query[name][-1], form="%Y-%m-%d %H:%M:%S")
    if name == "start_date":
        return lambda row: bool(row.created >= bound)
    return lambda row: bool(row.created < bound)


def has_subscription(query: Query, name: str) -> Condition:
    """Orders with an item of a subscription."""
    wanted = query[name][-1]
    return lambda row: any(item.subscription and item.subscription.key == wanted for item in row.items.values())


def in_group(index: int) -> Filter:
    """Products in a group, by the name (0) or the type (1) of it."""

    def build(query: Query, name: str) -> Condition:
        wanted = query[name][-1]
        return lambda row: any(group[index] == wanted for group in row.groups)

    return build


def resources(query: Query, name: str) -> Condition:
    """Entitlements to any of some resources, their ids separated by commas."""
    wanted = set(query[name][-1].split(","))
    return lambda row: row.resource.key in wanted


def applied(query: Query, name: str) -> Condition:
    """Incentives that were used at a time; those not used yet never match."""
    met = moments("applied_at", lambda row: row.applied_at)[name](query, name)
    return lambda row: row.applied_at is not None and met(row)


def search(query: Query, name: str) -> Condition:
    """Products by a part of their name, sku or id, or of those of the three that `fields` names."""
    part = query[name][-1].casefold()
    fields = {field for value in query.get("fields", ["name,sku,external_product_id"]) for field in value.split(",")}
    if unknown := fields - {"name", "sku", "external_product_id"}:
        raise BadParameterError("fields", f"Not a field to search in: {sorted(unknown)[0]}.")
    in_name, in_key = "name" in fields, bool(fields - {"name"})
    return lambda row: bool((in_name and part in row.name.casefold()) or (in_key and part in row.key.casefold()))


def category_of_profile(query: Query, name: str) -> Condition:
    """All profiles, or only those that have standard flex incentives."""
    category = query[name][-1]
    if category not in ("all", "all_with_standard_flex_incentives", "only_with_standard_flex_incentives"):
        raise BadParameterError(name, f"{category} is not one of the available choices.")
    return lambda row: not category.startswith("only") or bool(row.hidden["standard_flex_incentives"])


def grantees(query: Query, name: str) -> Condition:
    """Entitlements whose grantees are exactly those named, separated by commas."""
    wanted = set(filter(None, query[name][-1].split(",")))
    return lambda row: {key for key, _ in row.grantees} == wanted


def itself(_state: StoreState, value: str) -> str:
    """A parameter that names the customer."""
    return value


def of_subscription(state: StoreState, value: str) -> str | None:
    """Whose a subscription is."""
    row = state.subscriptions.get(value)
    return row.customer.key if row else None


def of_order(state: StoreState, value: str) -> str | None:
    """Whose an order is."""
    row = state.orders.get(value)
    return row.customer.key if row else None
