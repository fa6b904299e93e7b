"""Changes of subscriptions by a customer or by customer service: one function for each call of the real API.

Belongs here: every change of a subscription with its effects. Does not belong here: operations on orders (`orders`),
when customers make a change (`behaviour`).
"""

from datetime import date
from typing import Any

from .intervals import add_interval
from .orders import (
    NotPossibleError,
    close_order,
    follow_subscription,
    move_item,
    next_item,
    open_order,
    remove_item,
    reprice_item,
    require_open,
)
from .records import CANCELLED, UNSENT, Address, Item, Order, Payment, Product, Subscription
from .state import StoreState


def add_subscription(state: StoreState, *, subscription: Subscription, next_order_date: date, source: str) -> None:
    """Add a new subscription with its first upcoming item; `source` says how it was created."""
    _register(state, subscription, source=source)
    next_item(state, subscription=subscription, place=next_order_date)


def subscribe_item(state: StoreState, *, item: Item, subscription: Subscription) -> None:
    """Turn a one-time item of an open order into the first item of a new subscription."""
    require_open(item.order)
    if item.subscription is not None:
        raise NotPossibleError(f"item {item.key} already belongs to a subscription")
    _register(state, subscription, source="PurchasePOST")
    item.subscription, item.offer, subscription.upcoming = subscription, subscription.offer, item
    reprice_item(state, item=item)
    state.emit("item.item_subscribe", row=item, customer=subscription.customer)
    details = {"subscriptions": [subscription.key]}
    customer = subscription.customer
    state.emit("subscriber.subscriptions_created", row=customer, customer=customer, details=details)


def _register(state: StoreState, subscription: Subscription, *, source: str) -> None:
    customer = subscription.customer
    is_first = not customer.subscriptions
    state.subscriptions.add(subscription)
    customer.subscriptions.append(subscription)
    state.touch_customer(customer)
    state.event_log.state_changed(subscription, at=state.now)
    if is_first:
        details = {"subscription": subscription.key}
        state.emit("subscriber.create", row=customer, customer=customer, details=details)
    state.emit("subscription.create", row=subscription, customer=customer, details={"source": source})


def cancel(state: StoreState, *, subscription: Subscription, reason: str) -> None:
    """Cancel; the upcoming item is deleted, and its order too if it has no other item."""
    if not subscription.live:
        raise NotPossibleError(f"subscription {subscription.key} is already cancelled")
    if subscription.prepaid is not None and not subscription.prepaid.has_run_out:
        raise NotPossibleError(f"subscription {subscription.key} is prepaid and cannot be cancelled")
    customer = subscription.customer
    subscription.live = False
    subscription.cancelled = state.now
    subscription.cancel_reason = reason
    _changed(state, subscription, event="subscription.cancel")
    if subscription.upcoming is not None:
        remove_item(state, item=subscription.upcoming, cause="subscription_cancelled", delete_order=True)
    state.touch_customer(customer)
    if not customer.live:
        state.emit("subscriber.cancel", row=customer, customer=customer)


def reactivate(
    state: StoreState,
    *,
    subscription: Subscription,
    every: int | None = None,
    every_period: int | None = None,
    start_date: date | None = None,
    next_order_date: date | None = None,
) -> None:
    """Reactivate a cancelled subscription; its row shows no trace of the cancellation."""
    if subscription.live:
        raise NotPossibleError(f"subscription {subscription.key} is live")
    if next_order_date is not None and next_order_date <= state.today:
        raise NotPossibleError(f"{next_order_date} is not in the future")
    if start_date is not None and start_date < state.today:
        raise NotPossibleError(f"{start_date} is in the past")
    subscription.live = True
    subscription.cancelled = subscription.cancel_reason = None
    subscription.start_date = start_date or state.today
    subscription.every = every or subscription.every
    subscription.every_period = every_period or subscription.every_period
    subscription.activations += 1
    _changed(state, subscription, event="subscription.reactivate")
    state.emit("subscription.change_live", row=subscription, customer=subscription.customer)
    state.touch_customer(subscription.customer)
    next_item(
        state,
        subscription=subscription,
        place=next_order_date or _one_interval_after(subscription, subscription.start_date),
    )


def skip(state: StoreState, *, subscription: Subscription) -> None:
    """Move the upcoming item by one calendar interval."""
    item = _require_item(subscription)
    place = _one_interval_after(subscription, item.order.place)
    move_item(state, item=item, to=open_order(state, of=item.order, place=place), cause="skip")


def change_next_order_date(state: StoreState, *, subscription: Subscription, day: date) -> None:
    """Move the upcoming item to a given day, into the open order of that day if there is one."""
    item = _require_item(subscription)
    if day <= state.today:
        raise NotPossibleError(f"{day} is not in the future")
    if day == item.order.place:
        return
    target = open_order(state, of=item.order, place=day)
    move_item(state, item=item, to=target, cause="date_change")
    state.emit("order.change_next_order_date", row=target, customer=target.customer)


def change_quantity(state: StoreState, *, subscription: Subscription, quantity: int) -> None:
    """Change the quantity of the subscription and of its upcoming item."""
    if subscription.prepaid is not None:
        raise NotPossibleError(f"subscription {subscription.key} is prepaid: its quantity cannot be changed")
    subscription.quantity = quantity
    _changed(state, subscription, event="subscription.change_quantity")
    if item := changeable_item(subscription):
        item.quantity = quantity
        reprice_item(state, item=item)
        state.emit("item.change_quantity", row=item, customer=subscription.customer)


def change_product(state: StoreState, *, subscription: Subscription, product: Product) -> None:
    """Change the product of the subscription and of its upcoming item."""
    subscription.product = product
    subscription.components = [
        {"public_id": state.new_id(), "quantity": 1, "product": key} for key in product.components
    ]
    _changed(state, subscription, event="subscription.sku_swap")
    if item := changeable_item(subscription):
        item.product, item.components = product, subscription.components
        reprice_item(state, item=item)
        state.emit("item.sku_swap", row=item, customer=subscription.customer)


def change_components(state: StoreState, *, subscription: Subscription, quantities: dict[str, int]) -> None:
    """Change component quantities of a bundle (by component id, 0 removes one) and of its upcoming item."""
    known = {component["public_id"] for component in subscription.components}
    if unknown := quantities.keys() - known:
        raise NotPossibleError(f"subscription {subscription.key} has no components {sorted(unknown)}")
    subscription.components = [
        {**component, "quantity": quantity}
        for component in subscription.components
        if (quantity := quantities.get(component["public_id"], component["quantity"]))
    ]
    _changed(state, subscription, event="subscription.change_components")
    if item := changeable_item(subscription):
        item.components = subscription.components
        reprice_item(state, item=item)


def update(state: StoreState, *, subscription: Subscription, changes: dict[str, Any]) -> None:
    """Replace the fields of the update call: extra_data, price (cents), components, offer, cancel_reason."""
    for name in ("extra_data", "price", "offer", "cancel_reason"):
        if name in changes:
            setattr(subscription, name, changes[name])
    state.touch(subscription)
    item = changeable_item(subscription)
    if item is not None and changes.keys() & {"price", "offer"}:
        item.offer = subscription.offer
        reprice_item(state, item=item)
    if "components" in changes:
        subscription.components = changes["components"]
        if item is not None:
            item.components = subscription.components
            state.touch(item.order)
        state.emit("subscription.change_components", row=subscription, customer=subscription.customer)


def change_frequency(state: StoreState, *, subscription: Subscription, every: int, every_period: int) -> None:
    """Change the interval; the upcoming order keeps its date."""
    subscription.every, subscription.every_period = every, every_period
    _changed(state, subscription, event="subscription.change_frequency")


def change_shipping(state: StoreState, *, subscriptions: list[Subscription], address: Address) -> None:
    """Change the address of some subscriptions of a customer, and of their upcoming orders."""
    for subscription in subscriptions:
        subscription.shipping_address = address
        _changed(state, subscription, event="subscription.change_shipping_address")
    _follow(state, subscriptions, event="order.change_shipping_address", cause="address_change")


def change_payment(state: StoreState, *, subscriptions: list[Subscription], payment: Payment) -> None:
    """Change the payment of some subscriptions of a customer, and of their upcoming orders."""
    is_billed_elsewhere = any(row.payment.billing_address is not payment.billing_address for row in subscriptions)
    for subscription in subscriptions:
        subscription.payment = payment
        _changed(state, subscription, event="subscription.change_payment")
    for order in _follow(state, subscriptions, event="order.change_payment", cause="payment_change"):
        if is_billed_elsewhere:
            state.emit("order.change_billing", row=order, customer=order.customer)


def delete_item(state: StoreState, *, item: Item) -> Item | None:
    """Delete an item of an open order; a live subscription gets a new one, one interval later."""
    order, subscription = item.order, item.subscription
    require_open(order)
    if subscription is not None and subscription.prepaid is not None:
        raise NotPossibleError(f"subscription {subscription.key} is prepaid: its items cannot be removed")
    place = order.place
    remove_item(state, item=item, cause="removed", delete_order=state.emptied_orders == "delete")
    if subscription is None:
        return None
    return next_item(state, subscription=subscription, place=_one_interval_after(subscription, place))


def cancel_order(state: StoreState, *, order: Order) -> None:
    """Cancel one open order with its items; each of its subscriptions gets a new item one interval later."""
    require_open(order)
    renew(state, order=order)
    order.cancelled = state.now
    close_order(state, order=order, status=CANCELLED)
    state.emit("order.skip_order", row=order, customer=order.customer)


def renew(state: StoreState, *, order: Order) -> None:
    """Before an attempt, create the next item of each subscription in the order."""
    for item in list(order.items.values()):
        subscription = item.subscription
        if subscription is not None and subscription.upcoming is item:
            place = _one_interval_after(subscription, order.place)
            while place <= state.today:
                place = _one_interval_after(subscription, place)
            next_item(state, subscription=subscription, place=place)


def _one_interval_after(subscription: Subscription, day: date) -> date:
    return add_interval(day, every=subscription.every, every_period=subscription.every_period)


def _changed(state: StoreState, subscription: Subscription, *, event: str) -> None:
    state.touch(subscription)
    state.event_log.state_changed(subscription, at=state.now)
    state.emit(event, row=subscription, customer=subscription.customer)


def changeable_item(subscription: Subscription) -> Item | None:
    """Return the upcoming item, unless its order is already being placed."""
    item = subscription.upcoming
    return item if item is not None and item.order.status == UNSENT else None


def _require_item(subscription: Subscription) -> Item:
    item = changeable_item(subscription)
    if item is None:
        raise NotPossibleError(f"subscription {subscription.key} has no upcoming item that can be moved")
    return item


def _follow(state: StoreState, subscriptions: list[Subscription], *, event: str, cause: str) -> list[Order]:
    """Move orders whose subscriptions all follow; otherwise move the items to other orders. Return the moved orders."""
    following = []
    items = [item for subscription in subscriptions if (item := changeable_item(subscription))]
    for order in {item.order.key: item.order for item in items}.values():
        leaving = [item for item in items if item.order is order]
        stays = any(item.subscription and item.subscription not in subscriptions for item in order.items.values())
        target = leaving[0].subscription
        assert target is not None
        if not stays:
            follow_subscription(state, order=order, to=target)
            state.emit(event, row=order, customer=order.customer)
            following.append(order)
            continue
        for item in leaving:
            move_item(state, item=item, to=open_order(state, of=target, place=order.place), cause=cause)
    return following
