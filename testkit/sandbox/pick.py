"""Rows of a store that tests act on."""

from ordergroove_sandbox import Store
from ordergroove_sandbox.domain.records import Item, Subscription


def movable_subscription(store: Store) -> Subscription:
    """Return a live, non-prepaid subscription whose upcoming order is open and holds only its item."""
    return next(
        row
        for row in store.state.subscriptions
        if row.upcoming
        and row.prepaid is None
        and row.upcoming.order.status == 1
        and len(row.upcoming.order.items) == 1
    )


def upcoming_item(subscription: Subscription) -> Item:
    """Return the upcoming item of a live subscription."""
    assert subscription.upcoming is not None
    return subscription.upcoming
