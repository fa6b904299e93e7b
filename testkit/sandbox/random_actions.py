"""Random changes of a store through its Python methods."""

from datetime import timedelta
from random import Random
from typing import Any

from ordergroove_sandbox import Store

ACTIONS = 12
"""Number of actions that `perform_action` knows."""


def perform_action(store: Store, action: int, rng: Random) -> None:
    """Perform one action on random rows; an action that the rows' state does not allow is skipped."""
    subscriptions = sorted(row.key for row in store.state.subscriptions)
    items = sorted(row.key for row in store.state.items)
    orders = sorted(row.key for row in store.state.orders)
    if not items:
        store.advance(days=1)
        return
    subscription, item, order = rng.choice(subscriptions), rng.choice(items), rng.choice(orders)
    day = store.now.date() + timedelta(days=rng.randrange(1, 9))
    actions: list[Any] = [
        lambda: store.advance(hours=rng.randrange(1, 60)),
        lambda: store.cancel(subscription),
        lambda: store.reactivate(subscription),
        lambda: store.skip(subscription),
        lambda: store.change_next_order_date(subscription, day=day),
        lambda: store.change_quantity(subscription, quantity=rng.randrange(1, 5)),
        lambda: store.change_shipping(subscription),
        lambda: store.remove_item(item),
        lambda: store.add_one_time_item(order, product_id="77001"),
        lambda: store.send_now(order),
        lambda: store.cancel_order(order),
        lambda: store.change_place_date(order, day=day),
    ]
    try:
        actions[action]()
    except ValueError:
        return
