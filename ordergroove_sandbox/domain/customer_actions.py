"""What customers do with active subscriptions: skip, move, swap, add items, and more.

Belongs here: the actions and their relative frequency. Does not belong here: when they happen (`behaviour`), their
effects (`subscriptions`, `orders`).
"""

from collections.abc import Callable
from datetime import date, timedelta

from .checkout import choose_frequency, new_address, new_payment, subscribe_to_item
from .merchant import discount_item, discount_order, ship_free
from .orders import change_place_date, freeze_price, one_time_item, send_now
from .records import Order, Subscription
from .state import USER, StoreState
from .subscriptions import (
    cancel_order,
    change_components,
    change_frequency,
    change_next_order_date,
    change_payment,
    change_product,
    change_quantity,
    change_shipping,
    delete_item,
    skip,
)


class CustomerActions:
    """Performs random actions; `on_subscribed` is called with each new subscription."""

    def __init__(self, state: StoreState, *, on_subscribed: Callable[[Subscription], None]) -> None:
        self._state = state
        self._on_subscribed = on_subscribed
        self._actions: tuple[tuple[Callable[[Subscription], None], float], ...] = (
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
            (self._change_address, 4),
            (self._change_payment, 5),
            (self._delete_item, 2),
            (self._subscribe_to_item, 8),
            (self._change_components, 5),
            (self._lower_item_price, 2),
        )

    def perform_random(self, subscription: Subscription) -> None:
        """Perform a random action on a subscription with an open order; prepaid ones skip actions that they refuse."""
        ((action, _),) = self._state.rng.choices(self._actions, [weight for _, weight in self._actions])
        if subscription.prepaid is None or action not in (self._change_quantity, self._delete_item):
            action(subscription)

    def _skip(self, subscription: Subscription) -> None:
        skip(self._state, subscription=subscription)

    def _change_date(self, subscription: Subscription) -> None:
        day = self._another_day(subscription)
        change_next_order_date(self._state, subscription=subscription, day=day)

    def _another_day(self, subscription: Subscription) -> date:
        """Choose a day; half of the time one on which the customer has an order, so that orders get several items."""
        rng, today = self._state.rng, self._state.today
        others = [other.upcoming.order.place for other in subscription.customer.subscriptions if other.upcoming]
        days = [day for day in others if day > today and rng.random() < 0.5]
        return days[0] if days else today + timedelta(days=rng.randrange(1, 60))

    def _change_quantity(self, subscription: Subscription) -> None:
        quantity = 1 if subscription.quantity > 2 else subscription.quantity + 1
        change_quantity(self._state, subscription=subscription, quantity=quantity)

    def _swap(self, subscription: Subscription) -> None:
        products = [product for product in self._state.products if product.popularity and not product.discontinued]
        product = self._state.rng.choice([product for product in products if product is not subscription.product])
        change_product(self._state, subscription=subscription, product=product)

    def _change_frequency(self, subscription: Subscription) -> None:
        every, every_period = choose_frequency(self._state)
        change_frequency(self._state, subscription=subscription, every=every, every_period=every_period)

    def _add_one_time(self, subscription: Subscription) -> None:
        products = [product for product in self._state.products if not product.discontinued]
        product, quantity = self._state.rng.choice(products), self._state.rng.choice((1, 1, 2))
        one_time_item(self._state, order=_order_of(subscription), product=product, quantity=quantity)

    def _give_incentive(self, subscription: Subscription) -> None:
        draw, order = self._state.rng.random(), _order_of(subscription)
        if draw < 0.5 and subscription.upcoming is not None:
            discount_item(self._state, item=subscription.upcoming, percent=20)
        elif draw < 0.8:
            discount_order(self._state, order=order, percent=10)
        else:
            ship_free(self._state, order=order)

    def _send_now(self, subscription: Subscription) -> None:
        send_now(self._state, order=_order_of(subscription))

    def _cancel_order(self, subscription: Subscription) -> None:
        cancel_order(self._state, order=_order_of(subscription))

    def _change_place_date(self, subscription: Subscription) -> None:
        day = self._another_day(subscription)
        change_place_date(self._state, order=_order_of(subscription), day=day)

    def _delete_item(self, subscription: Subscription) -> None:
        if subscription.upcoming is not None:
            delete_item(self._state, item=subscription.upcoming)

    def _subscribe_to_item(self, subscription: Subscription) -> None:
        """Subscribe to a one-time item of the upcoming order, if one can be subscribed to."""
        state = self._state
        for item in _order_of(subscription).items.values():
            product = item.product
            if item.subscription is None and product.autoship_enabled and not product.discontinued:
                every, every_period = choose_frequency(state)
                self._on_subscribed(subscribe_to_item(state, item=item, every=every, every_period=every_period))
                return

    def _change_components(self, subscription: Subscription) -> None:
        if subscription.components:
            component = self._state.rng.choice(subscription.components)
            quantities = {component["public_id"]: component["quantity"] % 3 + 1}
            change_components(self._state, subscription=subscription, quantities=quantities)

    def _lower_item_price(self, subscription: Subscription) -> None:
        """Customer service sets a lower price for one item."""
        if subscription.upcoming is not None and subscription.prepaid is None:
            self._state.actor = USER
            freeze_price(self._state, item=subscription.upcoming, price=subscription.upcoming.price * 8 // 10)

    def _change_address(self, subscription: Subscription) -> None:
        address = new_address(self._state, customer=subscription.customer)
        change_shipping(self._state, subscriptions=self._some_of(subscription), address=address)

    def _change_payment(self, subscription: Subscription) -> None:
        payment = new_payment(
            self._state, customer=subscription.customer, billing_address=subscription.shipping_address
        )
        change_payment(self._state, subscriptions=self._some_of(subscription), payment=payment)

    def _some_of(self, subscription: Subscription) -> list[Subscription]:
        """Return all live subscriptions of the customer (80 %) or only this one."""
        if self._state.rng.random() < 0.2:
            return [subscription]
        return [other for other in subscription.customer.subscriptions if other.live]


def _order_of(subscription: Subscription) -> Order:
    assert subscription.upcoming is not None
    return subscription.upcoming.order
