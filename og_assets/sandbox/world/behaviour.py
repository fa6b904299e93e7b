"""What people do with a store, and when: sign up, stay, change things, leave, come back.

Belongs here: chances and waiting times. Not here: what a deed brings about (subscriptions, merchant, checkout).
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import partial
from math import cos, tau

from .catalogue import CANCEL_REASONS
from .checkout import check_out, choose_frequency, new_address, new_payment, sign_up
from .merchant import change_price, discontinue, discount_item, discount_order, ship_free
from .orders import change_place_date, one_time_item, send_now
from .records import UNSENT, Order, Subscription
from .state import World
from .subscriptions import (
    cancel,
    cancel_order,
    change_frequency,
    change_next_order_date,
    change_payment,
    change_product,
    change_quantity,
    change_shipping,
    delete_item,
    reactivate,
    skip,
)
from .timeline import Timeline

_GROWTH = 0.8
"""How many more come on the last day than on the first, as a share."""
_SUBSCRIPTIONS = ((1, 62), (2, 27), (3, 11))
_DAYS_BETWEEN_DEEDS = 60.0
# Below 1 the risk of leaving falls with tenure: most who leave do so early.
_STAYING_SHAPE = 0.75
_COME_BACK, _DAYS_AWAY = 0.2, 50.0
_LEAVE_AFTER_REJECTION = 0.3
_CHECK_OUT_AGAIN = 0.15


class Life:
    """Plans what customers do; each deed plans the next."""

    def __init__(self, world: World, *, timeline: Timeline, customers: int, imported: int, until: datetime) -> None:
        self._world = world
        self._timeline = timeline
        days = max((until - world.start).days, 1)
        self._days_between_customers = days / max(customers, 1)
        self._deeds: tuple[tuple[Callable[[Subscription], None], float], ...] = (
            (self._skip, 34),
            (self._change_date, 20),
            (self._change_quantity, 8),
            (self._swap, 7),
            (self._change_frequency, 8),
            (self._add_one_time, 12),
            (self._give_incentive, 10),
            (self._send_now, 5),
            (self._cancel_order, 3),
            (self._change_place_date, 5),
            (self._move_house, 4),
            (self._new_card, 5),
            (self._delete_item, 2),
        )
        if imported:
            timeline.at(self._daytime_from(world.start), do=partial(self._import, imported))
        weights = [_popularity(world.start.date() + timedelta(days=day), day / days) for day in range(days)]
        for day in sorted(world.rng.choices(range(days), weights, k=customers - imported)):
            timeline.at(self._daytime_from(world.start + timedelta(days=day)), do=self._sign_up)
        if customers:
            timeline.at(until, do=self._plan_next_customer)
        for share, deed in ((0.35, self._raise_prices), (0.55, self._discontinue), (0.7, self._raise_prices)):
            timeline.at(self._daytime_from(world.start + timedelta(days=days * share)), do=deed)

    def follow(self, subscription: Subscription) -> None:
        """Plan when a subscription that has just become live ends, and what is done with it before that."""
        world = self._world
        stay = world.rng.weibullvariate(subscription.product.staying_days, _STAYING_SHAPE)
        self._plan(stay, partial(self._leave, subscription, subscription.lives))
        self._plan_deed(subscription)

    def after_rejection(self, order: Order) -> None:
        """Some whose order was rejected are lost, without ever having said so."""
        for item in order.items.values():
            subscription = item.subscription
            if subscription and subscription.live and self._world.rng.random() < _LEAVE_AFTER_REJECTION:
                deed = partial(self._drop, subscription, subscription.lives)
                self._plan(self._world.rng.uniform(0, 10), deed)

    # Coming and going

    def _sign_up(self) -> None:
        world = self._world
        customer = sign_up(world)
        self._check_out_of(customer.key)
        if world.rng.random() < _CHECK_OUT_AGAIN:
            self._plan(world.rng.expovariate(1 / 90), partial(self._check_out_of, customer.key))

    def _check_out_of(self, customer: str) -> None:
        world = self._world
        (subscriptions, _), *_ = world.rng.choices(_SUBSCRIPTIONS, [weight for _, weight in _SUBSCRIPTIONS])
        for subscription in check_out(world, customer=world.customers.by_key[customer], subscriptions=subscriptions):
            self.follow(subscription)

    def _import(self, customers: int) -> None:
        world = self._world
        for _ in range(customers):
            customer = sign_up(world)
            first = world.today + timedelta(days=world.rng.randrange(2, 60))
            for subscription in check_out(world, customer=customer, subscriptions=1, next_order_date=first):
                self.follow(subscription)

    def _plan_next_customer(self) -> None:
        self._plan(self._world.rng.expovariate(1 / self._days_between_customers), self._next_customer)

    def _next_customer(self) -> None:
        self._sign_up()
        self._plan_next_customer()

    def _leave(self, subscription: Subscription, life: int) -> None:
        if _is_same_life(subscription, life):
            reasons = [weight for _, _, weight in CANCEL_REASONS]
            ((code, text, _),) = self._world.rng.choices(CANCEL_REASONS, reasons)
            self._cancel(subscription, reason=f"{code}|{text}")

    def _drop(self, subscription: Subscription, life: int) -> None:
        if _is_same_life(subscription, life):
            self._cancel(subscription, reason=self._world.rng.choice(("9|Disengaged", "113|Disengaged")))

    def _cancel(self, subscription: Subscription, *, reason: str) -> None:
        rng = self._world.rng
        cancel(self._world, subscription=subscription, reason=reason)
        if rng.random() < _COME_BACK:
            self._plan(rng.expovariate(1 / _DAYS_AWAY), partial(self._come_back, subscription, subscription.lives))

    def _come_back(self, subscription: Subscription, life: int) -> None:
        if subscription.live or subscription.lives != life:
            return
        soon = self._world.today + timedelta(days=self._world.rng.randrange(1, 15))
        reactivate(self._world, subscription=subscription, next_order_date=soon)
        self.follow(subscription)

    # Deeds of those who stay

    def _plan_deed(self, subscription: Subscription) -> None:
        wait = self._world.rng.expovariate(1 / _DAYS_BETWEEN_DEEDS)
        self._plan(wait, partial(self._do_something, subscription, subscription.lives))

    def _do_something(self, subscription: Subscription, life: int) -> None:
        if not _is_same_life(subscription, life):
            return
        if subscription.upcoming is not None and subscription.upcoming.order.status == UNSENT:
            ((deed, _),) = self._world.rng.choices(self._deeds, [weight for _, weight in self._deeds])
            deed(subscription)
        self._plan_deed(subscription)

    def _skip(self, subscription: Subscription) -> None:
        skip(self._world, subscription=subscription)

    def _change_date(self, subscription: Subscription) -> None:
        day = self._another_day(subscription)
        change_next_order_date(self._world, subscription=subscription, day=day)

    def _another_day(self, subscription: Subscription) -> date:
        """Half of them pick a day on which something comes anyway: that is how boxes fill up."""
        rng, today = self._world.rng, self._world.today
        others = [other.upcoming.order.place for other in subscription.customer.subscriptions if other.upcoming]
        days = [day for day in others if day > today and rng.random() < 0.5]
        return days[0] if days else today + timedelta(days=rng.randrange(1, 60))

    def _change_quantity(self, subscription: Subscription) -> None:
        quantity = 1 if subscription.quantity > 2 else subscription.quantity + 1
        change_quantity(self._world, subscription=subscription, quantity=quantity)

    def _swap(self, subscription: Subscription) -> None:
        products = [product for product in self._world.products if product.popularity and not product.discontinued]
        product = self._world.rng.choice([product for product in products if product is not subscription.product])
        change_product(self._world, subscription=subscription, product=product)

    def _change_frequency(self, subscription: Subscription) -> None:
        every, every_period = choose_frequency(self._world)
        change_frequency(self._world, subscription=subscription, every=every, every_period=every_period)

    def _add_one_time(self, subscription: Subscription) -> None:
        products = [product for product in self._world.products if not product.discontinued]
        product, quantity = self._world.rng.choice(products), self._world.rng.choice((1, 1, 2))
        one_time_item(self._world, order=_order_of(subscription), product=product, quantity=quantity)

    def _give_incentive(self, subscription: Subscription) -> None:
        draw, order = self._world.rng.random(), _order_of(subscription)
        if draw < 0.5 and subscription.upcoming is not None:
            discount_item(self._world, item=subscription.upcoming, percent=20)
        elif draw < 0.8:
            discount_order(self._world, order=order, percent=10)
        else:
            ship_free(self._world, order=order)

    def _send_now(self, subscription: Subscription) -> None:
        send_now(self._world, order=_order_of(subscription))

    def _cancel_order(self, subscription: Subscription) -> None:
        cancel_order(self._world, order=_order_of(subscription))

    def _change_place_date(self, subscription: Subscription) -> None:
        day = self._another_day(subscription)
        change_place_date(self._world, order=_order_of(subscription), day=day)

    def _delete_item(self, subscription: Subscription) -> None:
        if subscription.upcoming is not None:
            delete_item(self._world, item=subscription.upcoming)

    def _move_house(self, subscription: Subscription) -> None:
        address = new_address(self._world, customer=subscription.customer)
        change_shipping(self._world, subscriptions=self._some_of(subscription), address=address)

    def _new_card(self, subscription: Subscription) -> None:
        payment = new_payment(
            self._world, customer=subscription.customer, billing_address=subscription.shipping_address
        )
        change_payment(self._world, subscriptions=self._some_of(subscription), payment=payment)

    def _some_of(self, subscription: Subscription) -> list[Subscription]:
        """Mostly all live ones of the customer ("use for all"), sometimes only this one."""
        if self._world.rng.random() < 0.2:
            return [subscription]
        return [other for other in subscription.customer.subscriptions if other.live]

    # The merchant

    def _raise_prices(self) -> None:
        for product in self._world.rng.sample([product for product in self._world.products if product.popularity], 3):
            change_price(self._world, product=product, price=product.price * 105 // 100)

    def _discontinue(self) -> None:
        product, successor = (self._world.products.by_key[key] for key in self._world.retiring)
        discontinue(self._world, product=product, successor=successor)

    # Waiting

    def _plan(self, days: float, deed: Callable[[], None]) -> None:
        self._timeline.at(self._daytime_from(self._world.now + timedelta(days=days)), do=deed)

    def _daytime_from(self, moment: datetime) -> datetime:
        """A moment at which people are awake, within a day of the one given."""
        rng = self._world.rng
        candidate = datetime.combine(moment.date(), time(rng.randrange(7, 23), rng.randrange(60), rng.randrange(60)))
        return candidate if candidate >= moment else candidate + timedelta(days=1)


def _is_same_life(subscription: Subscription, life: int) -> bool:
    return subscription.live and subscription.lives == life


def _order_of(subscription: Subscription) -> Order:
    assert subscription.upcoming is not None
    return subscription.upcoming.order


def _popularity(day: date, share: float) -> float:
    """How many sign up on a day, relative to others: growth, a peak in January, quiet week-ends."""
    season = 1 + 0.25 * cos(tau * (day.timetuple().tm_yday - 15) / 365)
    return (1 + _GROWTH * share) * season * (0.8 if day.weekday() >= 5 else 1.0)
