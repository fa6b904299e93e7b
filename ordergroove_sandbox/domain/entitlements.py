"""Entitlements to digital goods: granted and prolonged by orders, ended by time or by the merchant.

Belongs here: changes of an entitlement and its events. Does not belong here: which orders grant one (`placement`).
"""

from datetime import datetime, time, timedelta
from typing import Any

from .records import Customer, Entitlement, Item, Resource
from .state import StoreState

_WARNING = timedelta(days=7)
_SLACK = timedelta(days=3)
_GRACE_SECONDS = 345_600
_GRANTEES: tuple[tuple[tuple[str, str], ...], ...] = (
    (),
    (),
    (("grantee-001", "Alice"),),
    (("grantee-001", "Alice"), ("grantee-002", "Bob")),
)


def grant(state: StoreState, *, item: Item) -> None:
    """Entitle a customer to a resource until some days after the next order."""
    resource, subscription, customer = item.product.resource, item.subscription, item.order.customer
    assert resource is not None
    until = subscription.upcoming.order.place if subscription and subscription.upcoming else state.today
    expiration = datetime.combine(until, time(12)) + _SLACK
    entitlement = state.entitled.get((customer.key, resource.key))
    if entitlement is None:
        entitlement = state.entitlements.add(
            Entitlement(
                key=state.new_id(),
                created=state.now,
                customer=customer,
                resource=resource,
                latest_activation=state.now,
                expiration=expiration,
                last_updated=state.now,
                grantees=state.rng.choice(_GRANTEES),
                grace_period=_GRACE_SECONDS if state.rng.random() < 0.5 else None,
            )
        )
        state.entitled[customer.key, resource.key] = entitlement
        event = "entitlements_granted"
    elif not entitlement.live:
        entitlement.live, entitlement.latest_activation = True, state.now
        event = "entitlements_granted"
    else:
        event = "expiration_modified"
    entitlement.expiration = max(expiration, entitlement.expiration)
    entitlement.is_warned = entitlement.is_expired = False
    _emit(
        state,
        entitlement,
        event,
        source_action="order-placement",
        source_object="item",
        source_object_id=item.key,
        transaction_type="grant_credit",
    )


def void(state: StoreState, *, customer: Customer, resource: Resource) -> None:
    """End an entitlement at once, if there is one."""
    entitlement = state.entitled.get((customer.key, resource.key))
    if entitlement is not None and entitlement.live:
        entitlement.live, entitlement.expiration = False, state.now
        _emit(state, entitlement, "entitlements_voided", source_action="void", transaction_type="void")


def expire_entitlements(state: StoreState) -> None:
    """Send warnings a week before the end, then end entitlements: at once, or after the grace period."""
    now = state.now
    for entitlement in state.entitlements:
        if not entitlement.live:
            continue
        grace = timedelta(seconds=entitlement.grace_period or 0)
        if entitlement.expiration <= now and not entitlement.is_expired:
            entitlement.is_expired = True
            entitlement.live = bool(grace)
            _emit(state, entitlement, "entitlements_expired")
        elif entitlement.expiration + grace <= now:
            entitlement.live = False
            _emit(state, entitlement, "entitlements_grace_period_expired")
        elif entitlement.expiration - _WARNING <= now and not entitlement.is_warned:
            entitlement.is_warned = True
            _emit(state, entitlement, "entitlements_expiring")


def _emit(state: StoreState, entitlement: Entitlement, event: str, **details: Any) -> None:
    entitlement.last_updated = state.now
    entitlement.version += 1
    state.emit(f"entitlement.{event}", row=entitlement, customer=entitlement.customer, details=details)
