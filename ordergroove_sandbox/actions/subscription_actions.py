"""Actions on subscriptions.

Belongs here: one method for each call of the real API, and some that it lacks. Does not belong here: orders and items
(`order_actions`).
"""

from datetime import date
from typing import Any

from ordergroove_sandbox.domain import prepaid, subscriptions
from ordergroove_sandbox.domain.checkout import new_address, new_payment

from .lookup import Lookup


class SubscriptionActions(Lookup):
    """Actions by subscription id; those for all of a customer by the id of an address or payment."""

    def cancel(self, subscription_id: str, *, reason: str = "1|Other") -> None:
        """Cancel a subscription: its upcoming item is deleted, and the order too if it has no other item."""
        with self.lock:
            subscriptions.cancel(self.state, subscription=self._subscription(subscription_id), reason=reason)

    def reactivate(
        self,
        subscription_id: str,
        *,
        every: int | None = None,
        every_period: int | None = None,
        start_date: date | None = None,
        next_order_date: date | None = None,
    ) -> None:
        """Reactivate a cancelled subscription from today or from `start_date` on.

        Its next order is due one interval later, or on `next_order_date`.
        """
        with self.lock:
            subscription = self._subscription(subscription_id)
            subscriptions.reactivate(
                self.state,
                subscription=subscription,
                every=every,
                every_period=every_period,
                start_date=start_date,
                next_order_date=next_order_date,
            )
            self._on_activated(subscription)

    def skip(self, subscription_id: str) -> None:
        """Move the upcoming item by one calendar interval."""
        with self.lock:
            subscriptions.skip(self.state, subscription=self._subscription(subscription_id))

    def change_next_order_date(self, subscription_id: str, *, day: date) -> None:
        """Move the upcoming item to a day."""
        with self.lock:
            subscription = self._subscription(subscription_id)
            subscriptions.change_next_order_date(self.state, subscription=subscription, day=day)

    def change_quantity(self, subscription_id: str, *, quantity: int) -> None:
        """Change the quantity of a subscription and of its upcoming item."""
        with self.lock:
            subscription = self._subscription(subscription_id)
            subscriptions.change_quantity(self.state, subscription=subscription, quantity=quantity)

    def change_product(self, subscription_id: str, *, product_id: str) -> None:
        """Change the product of a subscription and of its upcoming item."""
        with self.lock:
            subscription, product = self._subscription(subscription_id), self._product(product_id)
            subscriptions.change_product(self.state, subscription=subscription, product=product)

    def change_frequency(self, subscription_id: str, *, every: int, every_period: int) -> None:
        """Change the interval; the upcoming order keeps its date."""
        with self.lock:
            subscription = self._subscription(subscription_id)
            subscriptions.change_frequency(
                self.state, subscription=subscription, every=every, every_period=every_period
            )

    def change_shipping(self, subscription_id: str, *, address_id: str | None = None) -> str:
        """Give a subscription a new address, or an existing one of its customer; return the address id."""
        with self.lock:
            subscription = self._subscription(subscription_id)
            customer = subscription.customer
            address = (
                self._address(address_id, of=customer) if address_id else new_address(self.state, customer=customer)
            )
            subscriptions.change_shipping(self.state, subscriptions=[subscription], address=address)
            return address.key

    def change_payment(self, subscription_id: str, *, payment_id: str | None = None) -> str:
        """Give a subscription a new payment, or an existing one of its customer; return the payment id."""
        with self.lock:
            subscription = self._subscription(subscription_id)
            customer, billing = subscription.customer, subscription.shipping_address
            payment = (
                self._payment(payment_id, of=customer)
                if payment_id
                else new_payment(self.state, customer=customer, billing_address=billing)
            )
            subscriptions.change_payment(self.state, subscriptions=[subscription], payment=payment)
            return payment.key

    def change_components(self, subscription_id: str, *, quantities: dict[str, int]) -> None:
        """Change the quantities of a bundle's components, by component id; 0 removes one."""
        with self.lock:
            subscription = self._subscription(subscription_id)
            subscriptions.change_components(self.state, subscription=subscription, quantities=quantities)

    def set_renewal(self, subscription_id: str, *, behavior: str) -> None:
        """Set what happens when a prepaid subscription has no shipments left: autorenew, cancel or downgrade."""
        with self.lock:
            prepaid.set_renewal(self.state, subscription=self._subscription(subscription_id), behavior=behavior)

    def update_subscription(self, subscription_id: str, changes: dict[str, Any]) -> None:
        """Replace extra_data, price (cents), components, offer or cancel_reason."""
        with self.lock:
            subscriptions.update(self.state, subscription=self._subscription(subscription_id), changes=changes)

    def use_address_for_all(self, address_id: str) -> None:
        """Use an address for all live subscriptions of its customer."""
        with self.lock:
            address = self.state.addresses.by_key[address_id]
            live = [row for row in address.customer.subscriptions if row.live]
            subscriptions.change_shipping(self.state, subscriptions=live, address=address)

    def use_payment_for_all(self, payment_id: str) -> None:
        """Use a payment for all live subscriptions of its customer."""
        with self.lock:
            payment = self.state.payments.by_key[payment_id]
            live = [row for row in payment.customer.subscriptions if row.live]
            subscriptions.change_payment(self.state, subscriptions=live, payment=payment)
