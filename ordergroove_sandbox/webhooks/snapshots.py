"""The snapshot in an event: the rows around its object at that moment, with REST bodies.

Belongs here: the choice of the rows. Does not belong here: bodies (`bodies`). As in the documented sample, items have
no `order_updated` and addresses no `updated`.
"""

from typing import Any

from ordergroove_sandbox.bodies import customer_bodies, merchant_bodies
from ordergroove_sandbox.domain.records import Customer, Item, Order, Row, Subscription
from ordergroove_sandbox.domain.state import StoreState


def snapshot(state: StoreState, row: Row, customer: Customer) -> dict[str, Any]:
    """Return the customer and a list for each other type; a list is empty if no row belongs to the object."""
    orders: list[Order] = []
    subscriptions: list[Subscription] = []
    if isinstance(row, Order):
        orders = [row]
    elif isinstance(row, Item):
        orders, subscriptions = [row.order], [row.subscription] if row.subscription else []
    elif isinstance(row, Subscription):
        orders, subscriptions = [row.upcoming.order] if row.upcoming else [], [row]
    items = [row] if isinstance(row, Item) else [item for order in orders for item in order.items.values()]
    if isinstance(row, Order):
        subscriptions = [item.subscription for item in items if item.subscription]
    holders: list[Order | Subscription] = [*orders, *subscriptions]
    addresses = {holder.shipping_address.key: holder.shipping_address for holder in holders}
    payments = {holder.payment.key: holder.payment for holder in holders}
    sold: list[Item | Subscription] = [*items, *subscriptions]
    products = {line.product.key: line.product for line in sold}
    return {
        "customer": customer_bodies.customer(state, customer),
        "orders": [customer_bodies.order(state, order) for order in orders],
        "items": [_item(state, item) for item in items],
        "addresses": [customer_bodies.address_detail(state, address) for address in addresses.values()],
        "payments": [customer_bodies.payment(state, payment) for payment in payments.values()],
        "subscriptions": [customer_bodies.subscription(state, subscription) for subscription in subscriptions],
        "products": [merchant_bodies.product(state, product) for product in products.values()],
    }


def _item(state: StoreState, row: Item) -> dict[str, Any]:
    body = customer_bodies.item(state, row)
    del body["order_updated"]
    return body
