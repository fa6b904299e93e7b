"""Actions on orders, items and products.

Belongs here: one method for each call of the real API, and some that it lacks. Does not belong here: subscriptions
(`subscription_actions`).
"""

from datetime import date
from typing import Any

from ordergroove_sandbox.domain import merchant, orders, subscriptions
from ordergroove_sandbox.domain.checkout import subscribe_to_item

from .lookup import Lookup


class OrderActions(Lookup):
    """Actions by the id of an order, item or product."""

    def remove_item(self, item_id: str) -> str | None:
        """Delete an item of an open order; return the id of the item that replaces it in a live subscription."""
        with self.lock:
            item = subscriptions.delete_item(self.state, item=self._item(item_id))
            return item.key if item else None

    def add_one_time_item(self, order_id: str, *, product_id: str, quantity: int = 1) -> str:
        """Add a one-time item to an open order; return its id."""
        with self.lock:
            order, product = self._order(order_id), self._product(product_id)
            return orders.one_time_item(self.state, order=order, product=product, quantity=quantity).key

    def discount_order(self, order_id: str, *, percent: int) -> str:
        """Give an open order a one-time incentive; return the incentive's id."""
        with self.lock:
            return merchant.discount_order(self.state, order=self._order(order_id), percent=percent).key

    def discount_item(self, item_id: str, *, percent: int) -> str:
        """Give an item of an open order a one-time incentive; return the incentive's id."""
        with self.lock:
            return merchant.discount_item(self.state, item=self._item(item_id), percent=percent).key

    def send_now(self, order_id: str) -> None:
        """Place an open order in the next placement run."""
        with self.lock:
            orders.send_now(self.state, order=self._order(order_id))

    def change_place_date(self, order_id: str, *, day: date) -> None:
        """Move an open order to a day; if an open order exists on that day, merge into it (status 17)."""
        with self.lock:
            orders.change_place_date(self.state, order=self._order(order_id), day=day)

    def cancel_order(self, order_id: str) -> None:
        """Cancel an open order; the next order of its subscriptions is created."""
        with self.lock:
            subscriptions.cancel_order(self.state, order=self._order(order_id))

    def change_price(self, product_id: str, *, cents: int) -> None:
        """Change the price of a product and of its open items."""
        with self.lock:
            merchant.change_price(self.state, product=self._product(product_id), price=cents)

    def create_item(
        self, customer_id: str, *, address_id: str, payment_id: str, product_id: str, day: date, quantity: int = 1
    ) -> str:
        """Add a one-time item to the customer's order on a day, creating the order if needed; return the item's id."""
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
        """Turn a one-time item of an open order into a subscription; return the subscription's id."""
        with self.lock:
            item = self._item(item_id)
            subscription = subscribe_to_item(self.state, item=item, every=every, every_period=every_period)
            self._on_activated(subscription)
            return subscription.key

    def change_item(self, item_id: str, *, quantity: int | None = None, product_id: str | None = None) -> None:
        """Change one item of an open order without changing its subscription."""
        with self.lock:
            product = self._product(product_id) if product_id else None
            orders.change_item(self.state, item=self._item(item_id), quantity=quantity, product=product)

    def change_item_price(self, item_id: str, *, cents: int) -> None:
        """Set and freeze the price of one item of an open order."""
        with self.lock:
            orders.freeze_price(self.state, item=self._item(item_id), price=cents)

    def change_order_shipping(self, order_id: str, *, address_id: str) -> None:
        """Change the address of one open order without changing its subscriptions."""
        with self.lock:
            order = self._order(order_id)
            orders.change_address(self.state, order=order, address=self._address(address_id, of=order.customer))

    def change_order_payment(self, order_id: str, *, payment_id: str) -> None:
        """Change the payment of one open order without changing its subscriptions."""
        with self.lock:
            order = self._order(order_id)
            orders.change_payment(self.state, order=order, payment=self._payment(payment_id, of=order.customer))

    def update_order(self, order_id: str, *, extra_data: dict[str, Any] | None) -> None:
        """Replace the extra data of an order."""
        with self.lock:
            order = self._order(order_id)
            order.extra_data = extra_data
            self.state.touch(order)

    def finalize_placement(self, order_id: str, *, code: str) -> None:
        """Set the outcome of an order that waits for one (status 9, 10 or 13)."""
        with self.lock:
            self._on_outcome(self._order(order_id), code)
