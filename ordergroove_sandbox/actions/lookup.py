"""Find the rows that an action changes.

Does not belong here: the actions (`subscription_actions`, `order_actions`).
"""

from threading import RLock

from ordergroove_sandbox.domain import orders
from ordergroove_sandbox.domain.records import Address, Customer, Item, Order, Payment, Product, Subscription
from ordergroove_sandbox.domain.state import StoreState


class Lookup:
    """Base of the action classes: state, lock, lookup by id, and hooks that the store implements."""

    state: StoreState
    lock: RLock

    def _on_activated(self, subscription: Subscription) -> None:
        raise NotImplementedError

    def _on_outcome(self, order: Order, code: str) -> None:
        raise NotImplementedError

    def _subscription(self, key: str) -> Subscription:
        return self.state.subscriptions.by_key[key]

    def _order(self, key: str) -> Order:
        return self.state.orders.by_key[key]

    def _item(self, key: str) -> Item:
        return self.state.items.by_key[key]

    def _product(self, key: str) -> Product:
        return self.state.products.by_key[key]

    def _address(self, key: str, *, of: Customer) -> Address:
        address = self.state.addresses.by_key[key]
        if address.customer is not of:
            raise orders.NotPossibleError(f"address {key} is not of customer {of.key}")
        return address

    def _payment(self, key: str, *, of: Customer) -> Payment:
        payment = self.state.payments.by_key[key]
        if payment.customer is not of:
            raise orders.NotPossibleError(f"payment {key} is not of customer {of.key}")
        return payment
