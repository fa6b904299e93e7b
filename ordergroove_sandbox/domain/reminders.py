"""Every morning: reminders of the orders that come in ten days, and the links in them that customers follow.

Belongs here: `order.reminder` and the one-click tokens. Not here: what else customers do (behaviour).
"""

from datetime import datetime, time, timedelta
from functools import partial

from .records import UNSENT, Order
from .state import PROCESS, World
from .timeline import Timeline

REMINDER_DAYS = 10
_MORNING = time(9, 0)
_FOLLOW_LINK = 0.04


class Reminders:
    """Plans a morning for every day."""

    def __init__(self, world: World, *, timeline: Timeline) -> None:
        self._world = world
        self._timeline = timeline
        first = datetime.combine(world.start.date(), _MORNING)
        timeline.at(first if first >= world.start else first + timedelta(days=1), do=self._morning)

    def _morning(self) -> None:
        world = self._world
        world.actor = PROCESS
        day = world.today + timedelta(days=REMINDER_DAYS)
        for order in {order.key: order for order in world.due.get(day, ())}.values():
            if order.place == day and _is_coming(world, order):
                world.tell("order.reminder", row=order, customer=order.customer)
                if world.rng.random() < _FOLLOW_LINK:
                    moment = world.now + timedelta(minutes=world.rng.randrange(5, 700))
                    self._timeline.at(moment, do=partial(self._follow_link, order))
        self._timeline.at(world.now + timedelta(days=1), do=self._morning)

    def _follow_link(self, order: Order) -> None:
        world = self._world
        if not _is_coming(world, order):
            return
        world.tell("order.refresh_one_click_token", row=order, customer=order.customer)
        for item in order.items.values():
            if item.subscription is not None:
                world.tell("subscription.refresh_one_click_token", row=item.subscription, customer=order.customer)


def _is_coming(world: World, order: Order) -> bool:
    return order.key in world.orders and order.status == UNSENT and bool(order.items)
