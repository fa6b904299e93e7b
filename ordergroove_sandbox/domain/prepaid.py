"""Prepaid subscriptions: several shipments paid at once, then a renewal, the end, or a regular subscription.

Belongs here: counting shipments, and the renewal. Does not belong here: the price of items (`orders`): nothing while
shipments are owed, all of them at the renewal.
"""

from .orders import NotPossibleError, reprice_item
from .records import Subscription
from .state import StoreState
from .subscriptions import cancel, changeable_item


def set_renewal(state: StoreState, *, subscription: Subscription, behavior: str) -> None:
    """Set what happens when no paid shipment is left. No event reports this change."""
    if subscription.prepaid is None:
        raise NotPossibleError("This subscription is not prepaid")
    subscription.prepaid.renewal_behavior = behavior
    state.touch(subscription)


def ship_prepaid(state: StoreState, *, subscription: Subscription, revenue: int) -> None:
    """Count a shipment or a renewal, and apply the renewal behaviour when no shipment is left."""
    prepaid = subscription.prepaid
    assert prepaid is not None
    if prepaid.orders_remaining:
        prepaid.orders_remaining -= 1
    else:
        prepaid.orders_remaining, prepaid.last_renewal_revenue = prepaid.orders_per_billing - 1, revenue
    state.touch(subscription)
    if not prepaid.orders_remaining and prepaid.renewal_behavior == "downgrade":
        subscription.prepaid = None
    if subscription.live and prepaid.has_run_out:
        cancel(state, subscription=subscription, reason="1|Prepaid subscription has ended")
    elif item := changeable_item(subscription):
        reprice_item(state, item=item)
