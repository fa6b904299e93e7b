"""Products that are out of stock during placement.

Belongs here: removing such items from an order before the attempt. Does not belong here: the attempt (`placement`).

An item that is out of stock moves to the order of the next day (`item.out_of_stock`), up to three times; then it is
deleted without that event. The documentation does not say whether `item.remove` is sent: "silent" or "event".
"""

from datetime import timedelta

from .intervals import add_interval
from .orders import move_item, next_item, open_order, remove_item
from .records import Item, Order
from .state import StoreState

_FIRST_TIME, _AGAIN = 0.006, 0.55
_MAX_TRIES = 3


def postpone_out_of_stock(state: StoreState, *, order: Order) -> None:
    """Move out-of-stock items to tomorrow or delete them; the order may be left without items."""
    for item in list(order.items.values()):
        if state.rng.random() < (_AGAIN if item.out_of_stock_tries else _FIRST_TIME):
            if item.out_of_stock_tries < _MAX_TRIES:
                _postpone(state, item)
            else:
                _delete(state, item)


def _postpone(state: StoreState, item: Item) -> None:
    item.out_of_stock_tries += 1
    tomorrow = state.today + timedelta(days=1)
    move_item(state, item=item, to=open_order(state, of=item.order, place=tomorrow), cause="out_of_stock")
    state.emit("item.out_of_stock", row=item, customer=item.order.customer)


def _delete(state: StoreState, item: Item) -> None:
    subscription, order = item.subscription, item.order
    remove_item(
        state,
        item=item,
        cause="out_of_stock",
        delete_order=state.emptied_orders == "delete",
        is_silent=state.out_of_stock == "silent",
    )
    if subscription is not None and subscription.live:
        place = add_interval(order.place, every=subscription.every, every_period=subscription.every_period)
        next_item(state, subscription=subscription, place=max(place, state.today + timedelta(days=1)))
