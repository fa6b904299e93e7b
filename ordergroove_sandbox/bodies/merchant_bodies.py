"""JSON bodies of the merchant's rows: products, incentives, resources, entitlements.

Does not belong here: rows of one customer (`customer_bodies`).
"""

from ordergroove_sandbox.domain.records import Entitlement, Incentive, Product, Reference, Resource
from ordergroove_sandbox.domain.state import StoreState

from .values import Body, instant, money, utc


def product(state: StoreState, row: Product) -> Body:
    """Body in the list; the time field is `last_update`."""
    return {
        "merchant": state.merchant,
        "groups": [{"name": name, "group_type": kind} for name, kind in row.groups],
        "name": row.name,
        "price": money(row.price),
        "image_url": f"https://images.example.com/{row.key}.jpg",
        "detail_url": f"https://shop.example.com/products/{row.key}",
        "external_product_id": row.key,
        "sku": row.key,
        "autoship_enabled": row.autoship_enabled,
        "premier_enabled": 0,
        "created": instant(row.created),
        "last_update": instant(row.last_update),
        "live": row.live,
        "discontinued": row.discontinued,
        "extra_data": None,
        "product_type": row.product_type,
        "autoship_by_default": row.autoship_by_default,
        "every": None,
        "every_period": None,
        "offer_profile": None,
        "incentive_group": None,
    }


def incentive(state: StoreState, row: Incentive) -> Body:
    """The full object; either `order` or `item` is null."""
    return {
        "public_id": row.key,
        "external_code": row.external_code,
        "description": row.description,
        "customer": row.customer.key,
        "merchant": state.merchant,
        "order": row.order.key if row.order else None,
        "incentive": row.incentive,
        "created": instant(row.created),
        "last_updated": instant(row.last_updated),
        "applied_at": instant(row.applied_at),
        "expires": instant(row.expires),
        "stacking_type": row.stacking_type,
        "item": row.item.key if row.item else None,
    }


def resource(state: StoreState, row: Resource) -> Body:
    """Body in the list and inside entitlements."""
    return {
        "public_id": row.key,
        "merchant": state.merchant,
        "name": row.name,
        "external_resource_id": row.external_resource_id,
        "description": None,
        "image_url": "https://images.example.com/resource.jpg",
        "created": instant(row.created),
        "last_updated": instant(row.last_updated),
    }


def entitlement(state: StoreState, row: Entitlement) -> Body:
    """The only body whose own times are UTC with a Z; those of its resource are wall-clock times."""
    return {
        "merchant": state.merchant,
        "public_id": row.key,
        "merchant_user_id": row.customer.key,
        "initial_activation_date": utc(row.created, state.zone),
        "latest_activation_date": utc(row.latest_activation, state.zone),
        "grace_period": row.grace_period,
        "live": row.live,
        "access_type": "time_based",
        "expiration": utc(row.expiration, state.zone),
        "created": utc(row.created, state.zone),
        "last_updated": utc(row.last_updated, state.zone),
        "resource": resource(state, row.resource),
        "grantees": [
            {"external_id": key, "name": name, "created": instant(row.created), "updated": instant(row.created)}
            for key, name in row.grantees
        ],
    }


def reference(_state: StoreState, row: Reference) -> Body:
    """The body as the merchant set it up."""
    return row.body


def with_hidden(_state: StoreState, row: Reference, body: Body) -> Body:
    """With the fields that are shown on request only."""
    return {**body, **row.hidden}


def with_selection_rules(_state: StoreState, row: Product, body: Body) -> Body:
    """With `include_product_selection_rules`: the content of a bundle; the format is not documented."""
    return {**body, "product_selection_rules": [{"product": key, "quantity": 1} for key in row.components]}


def with_resource_grants(state: StoreState, row: Product, body: Body) -> Body:
    """With `include_product_resource_grants`: granted resources; the format is not documented."""
    return {**body, "product_resource_grants": [resource(state, row.resource)] if row.resource else []}


def with_free_trials(_state: StoreState, row: Product, body: Body) -> Body:
    """With `include_product_free_trials`: trial period; the format is not documented."""
    trials = [{"product": row.key, "days": row.trial_days}] if row.trial_days else []
    return {**body, "product_free_trials": trials}


def relationships(state: StoreState, row: Product, kind: str | None) -> list[Body]:
    """Relationships of a product to others, as a bare array."""
    return [
        {"relationship_type": type_, "from_product": source, "to_product": target}
        for type_, source, target in state.relationships
        if source == row.key and kind in (None, type_)
    ]
