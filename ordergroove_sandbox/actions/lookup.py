"""The rows that an action is about.

Belongs here: looking up. Not here: the actions (on_subscriptions, on_orders).
"""

from threading import RLock

from ordergroove_sandbox.world import orders
from ordergroove_sandbox.world.records import Address, Customer, Item, Order, Payment, Product, Subscription
from ordergroove_sandbox.world.state import World


class Finding:
    """Has a world and a lock, and knows whom to tell of what began or was answered by hand."""

    world: World
    lock: RLock

    def _on_begun(self, subscription: Subscription) -> None:
        raise NotImplementedError

    def _on_answer(self, order: Order, code: str) -> None:
        raise NotImplementedError

    def _subscription(self, key: str) -> Subscription:
        return self.world.subscriptions.by_key[key]

    def _order(self, key: str) -> Order:
        return self.world.orders.by_key[key]

    def _item(self, key: str) -> Item:
        return self.world.items.by_key[key]

    def _product(self, key: str) -> Product:
        return self.world.products.by_key[key]

    def _address(self, key: str, *, of: Customer) -> Address:
        address = self.world.addresses.by_key[key]
        if address.customer is not of:
            raise orders.NotPossibleError(f"address {key} is not of customer {of.key}")
        return address

    def _payment(self, key: str, *, of: Customer) -> Payment:
        payment = self.world.payments.by_key[key]
        if payment.customer is not of:
            raise orders.NotPossibleError(f"payment {key} is not of customer {of.key}")
        return payment
