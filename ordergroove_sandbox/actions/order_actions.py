"""What can be done to orders, items and the range by hand.

Belongs here: one method for each call of the real API, and some that it lacks. Not here: on_subscriptions.
"""

from datetime import date
from typing import Any

from ordergroove_sandbox.domain import merchant, orders, subscriptions
from ordergroove_sandbox.domain.checkout import subscribe_to_item

from .lookup import Lookup


class OrderActions(Lookup):
    """By the id of an order, item or product."""

    def remove_item(self, item_id: str) -> str | None:
        """Delete an item of an open order; returns the id of the one that a live subscription gets instead."""
        with self.lock:
            item = subscriptions.delete_item(self.state, item=self._item(item_id))
            return item.key if item else None

    def add_one_time_item(self, order_id: str, *, product_id: str, quantity: int = 1) -> str:
        """Add a one-time item to an open order; returns its id."""
        with self.lock:
            order, product = self._order(order_id), self._product(product_id)
            return orders.one_time_item(self.state, order=order, product=product, quantity=quantity).key

    def discount_order(self, order_id: str, *, percent: int) -> str:
        """Give an open order a one-time incentive; returns the id of that."""
        with self.lock:
            return merchant.discount_order(self.state, order=self._order(order_id), percent=percent).key

    def discount_item(self, item_id: str, *, percent: int) -> str:
        """Give an item of an open order a one-time incentive; returns the id of that."""
        with self.lock:
            return merchant.discount_item(self.state, item=self._item(item_id), percent=percent).key

    def send_now(self, order_id: str) -> None:
        """Have an open order placed in the coming night."""
        with self.lock:
            orders.send_now(self.state, order=self._order(order_id))

    def change_place_date(self, order_id: str, *, day: date) -> None:
        """Move an open order to a day; where one is open there already, it is merged into that (status 17)."""
        with self.lock:
            orders.change_place_date(self.state, order=self._order(order_id), day=day)

    def cancel_order(self, order_id: str) -> None:
        """Cancel an open order; the one after it is created."""
        with self.lock:
            subscriptions.cancel_order(self.state, order=self._order(order_id))

    def change_price(self, product_id: str, *, cents: int) -> None:
        """Change the price of a product and of the open items of it."""
        with self.lock:
            merchant.change_price(self.state, product=self._product(product_id), price=cents)

    def create_item(
        self, customer_id: str, *, address_id: str, payment_id: str, product_id: str, day: date, quantity: int = 1
    ) -> str:
        """Put a one-time item into the order of a customer on a day, which is found or created; returns its id."""
        with self.lock:
            customer = self.state.customers.by_key[customer_id]
            if day <= self.state.today:
                raise orders.NotPossibleError(f"{day} is not in the future")
            order = orders.order_on(
                self.state,
                customer=customer,
                address=self._address(address_id, of=customer),
                payment=self._payment(payment_id, of=customer),
                place=day,
            )
            product = self._product(product_id)
            return orders.one_time_item(self.state, order=order, product=product, quantity=quantity).key

    def subscribe_to_item(self, item_id: str, *, every: int, every_period: int) -> str:
        """Turn a one-time item of an open order into a subscription; returns the id of that."""
        with self.lock:
            item = self._item(item_id)
            subscription = subscribe_to_item(self.state, item=item, every=every, every_period=every_period)
            self._on_activated(subscription)
            return subscription.key

    def change_item(self, item_id: str, *, quantity: int | None = None, product_id: str | None = None) -> None:
        """Change one item of an open order, and not its subscription."""
        with self.lock:
            product = self._product(product_id) if product_id else None
            orders.change_item(self.state, item=self._item(item_id), quantity=quantity, product=product)

    def change_item_price(self, item_id: str, *, cents: int) -> None:
        """Give one item of an open order a price of its own, which is frozen from then on."""
        with self.lock:
            orders.freeze_price(self.state, item=self._item(item_id), price=cents)

    def change_order_shipping(self, order_id: str, *, address_id: str) -> None:
        """Send one open order elsewhere, and not its subscriptions."""
        with self.lock:
            order = self._order(order_id)
            orders.change_address(self.state, order=order, address=self._address(address_id, of=order.customer))

    def change_order_payment(self, order_id: str, *, payment_id: str) -> None:
        """Charge one open order another way, and not its subscriptions."""
        with self.lock:
            order = self._order(order_id)
            orders.change_payment(self.state, order=order, payment=self._payment(payment_id, of=order.customer))

    def update_order(self, order_id: str, *, extra_data: dict[str, Any] | None) -> None:
        """Overwrite the extra data of an order."""
        with self.lock:
            order = self._order(order_id)
            order.extra_data = extra_data
            self.state.touch(order)

    def finalize_placement(self, order_id: str, *, code: str) -> None:
        """Tell what became of an order whose outcome is awaited or unknown (status 9, 10 or 13)."""
        with self.lock:
            self._on_outcome(self._order(order_id), code)
