"""Products that are out of stock in the night in which they should be sent.

Belongs here: taking such items out of the order that is about to be attempted. Not here: the attempt (placement).

An item that cannot be sent moves to the order of the next day (`item.out_of_stock`), up to three times; then it is
deleted, and no `item.out_of_stock` tells of it. Whether an `item.remove` does is not documented: "silent" or "told".
"""

from datetime import timedelta

from .intervals import add_interval
from .orders import move_item, next_item, open_order, remove_item
from .records import Item, Order
from .state import World

_FIRST_TIME, _AGAIN = 0.006, 0.55
_MAX_TRIES = 3


def set_aside(world: World, *, order: Order) -> None:
    """Move what is out of stock to tomorrow, or give it up; the order may be left empty."""
    for item in list(order.items.values()):
        if world.rng.random() < (_AGAIN if item.out_of_stock_tries else _FIRST_TIME):
            if item.out_of_stock_tries < _MAX_TRIES:
                _put_off(world, item)
            else:
                _give_up(world, item)


def _put_off(world: World, item: Item) -> None:
    item.out_of_stock_tries += 1
    tomorrow = world.today + timedelta(days=1)
    move_item(world, item=item, to=open_order(world, of=item.order, place=tomorrow), cause="out_of_stock")
    world.tell("item.out_of_stock", row=item, customer=item.order.customer)


def _give_up(world: World, item: Item) -> None:
    subscription, order = item.subscription, item.order
    remove_item(
        world,
        item=item,
        cause="out_of_stock",
        delete_order=world.emptied_orders == "delete",
        is_silent=world.out_of_stock == "silent",
    )
    if subscription is not None and subscription.live:
        place = add_interval(order.place, every=subscription.every, every_period=subscription.every_period)
        next_item(world, subscription=subscription, place=max(place, world.today + timedelta(days=1)))
