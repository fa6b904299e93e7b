"""Every morning: reminders of orders that are due in ten days, and clicks on the links in them.

Belongs here: `order.reminder` and one-click tokens. Does not belong here: other customer actions (`behaviour`).
"""

from datetime import datetime, time, timedelta
from functools import partial

from .records import UNSENT, Order
from .scheduler import Scheduler
from .state import PROCESS, StoreState

REMINDER_DAYS = 10
_MORNING = time(9, 0)
_FOLLOW_LINK = 0.04


class Reminders:
    """Schedules the reminders of every day."""

    def __init__(self, state: StoreState, *, scheduler: Scheduler) -> None:
        self._state = state
        self._scheduler = scheduler
        first = datetime.combine(state.start.date(), _MORNING)
        scheduler.at(first if first >= state.start else first + timedelta(days=1), do=self._morning)

    def _morning(self) -> None:
        state = self._state
        state.actor = PROCESS
        day = state.today + timedelta(days=REMINDER_DAYS)
        for order in {order.key: order for order in state.due.get(day, ())}.values():
            if order.place == day and _is_coming(state, order):
                state.emit("order.reminder", row=order, customer=order.customer)
                if state.rng.random() < _FOLLOW_LINK:
                    moment = state.now + timedelta(minutes=state.rng.randrange(5, 700))
                    self._scheduler.at(moment, do=partial(self._follow_link, order))
        self._scheduler.at(state.now + timedelta(days=1), do=self._morning)

    def _follow_link(self, order: Order) -> None:
        state = self._state
        if not _is_coming(state, order):
            return
        state.emit("order.refresh_one_click_token", row=order, customer=order.customer)
        for item in order.items.values():
            if item.subscription is not None:
                state.emit("subscription.refresh_one_click_token", row=item.subscription, customer=order.customer)


def _is_coming(state: StoreState, order: Order) -> bool:
    return order.key in state.orders and order.status == UNSENT and bool(order.items)
