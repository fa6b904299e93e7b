"""Orders and items: create, move, delete, and compute totals.

Belongs here: the operations that every change of a subscription consists of. Does not belong here: why an item moves
(`subscriptions`), placement (`placement`).

Identities at any moment, in cents: `total` = sum of the items' `total_price` + `shipping_total` - order-level discount;
`discount_total` = list prices - that sum + order-level discount. `sub_total` is the sum, or, with `order_discounts` set
to "off sub_total", the sum minus the order-level discount (then `total` = `sub_total` + `shipping_total`, as
documented).
"""

from datetime import date

from .intervals import add_interval
from .records import MERGED, SEND_NOW, UNSENT, Address, Customer, Item, Order, Payment, Product, Subscription
from .state import StoreState

_SHIPPING, _FREE_SHIPPING_FROM = 599, 4000


class NotPossibleError(ValueError):
    """The state of the object does not allow the change."""


def require_open(order: Order) -> None:
    """Raise NotPossibleError unless the order is unsent and has items."""
    if order.status != UNSENT or not order.items:
        raise NotPossibleError(f"order {order.key} cannot be changed: status {order.status}, {len(order.items)} items")


def open_order(state: StoreState, *, of: Subscription | Order, place: date) -> Order:
    """Return the open order of the same customer, address and payment on a day; create it if needed."""
    return order_on(state, customer=of.customer, address=of.shipping_address, payment=of.payment, place=place)


def order_on(state: StoreState, *, customer: Customer, address: Address, payment: Payment, place: date) -> Order:
    """Return the open order of a customer, address, payment and day, even one without items; create it if needed."""
    key = (customer.key, address.key, payment.key, place)
    order = state.open_orders.get(key)
    if order is None:
        order = Order(
            key=state.new_id(),
            created=state.now,
            updated=state.now,
            customer=customer,
            payment=payment,
            shipping_address=address,
            place=place,
            currency_code=state.currency_of(customer),
        )
        state.orders.add(order)
        state.event_log.status_changed(order, at=state.now)
        state.open_orders[key] = order
        state.due[place].append(order)
    return order


def close_order(state: StoreState, *, order: Order, status: int) -> None:
    """Set a status in which no item can be added to the order."""
    _remove_from_open_orders(state, order)
    order.status = status
    state.event_log.status_changed(order, at=state.now)
    state.touch(order)


def next_item(state: StoreState, *, subscription: Subscription, place: date) -> Item:
    """Create the upcoming item of a subscription in the order of a day."""
    item = _new_item(
        state,
        order=open_order(state, of=subscription, place=place),
        subscription=subscription,
        product=subscription.product,
        quantity=subscription.quantity,
        offer=subscription.offer,
    )
    subscription.upcoming = item
    return item


def one_time_item(state: StoreState, *, order: Order, product: Product, quantity: int) -> Item:
    """Add a one-time item to an open order, or to one that was just created for it."""
    if order.status != UNSENT:
        raise NotPossibleError(f"order {order.key} cannot be changed: status {order.status}")
    return _new_item(state, order=order, subscription=None, product=product, quantity=quantity, offer=state.offers[0])


def move_item(state: StoreState, *, item: Item, to: Order, cause: str) -> None:
    """Move an item to another order; it keeps its id. The order that it leaves may be left without items."""
    source = item.order
    if len(source.items) == 1 and state.emptied_orders == "delete":
        _delete_order(state, order=source, cause="order_emptied")
    _transfer(state, item=item, to=to, cause=cause)


def change_place_date(state: StoreState, *, order: Order, day: date) -> None:
    """Move an open order to a day; if an open order exists on that day, merge into it."""
    require_open(order)
    if day <= state.today:
        raise NotPossibleError(f"{day} is not in the future")
    target = state.open_orders.get((*_open_key(order)[:3], day))
    if target is None:
        _remove_from_open_orders(state, order)
        order.place = day
        state.open_orders[_open_key(order)] = order
        state.due[day].append(order)
        state.touch(order)
    elif target is not order:
        for item in list(order.items.values()):
            _transfer(state, item=item, to=target, cause="merge")
        order.extra_data = {"merged_order_id": target.key}
        close_order(state, order=order, status=MERGED)
    state.emit("order.change_next_order_date", row=order, customer=order.customer)


def remove_item(state: StoreState, *, item: Item, cause: str, delete_order: bool, is_silent: bool = False) -> None:
    """Delete an item; also delete its order if it was the last item and `delete_order` is set."""
    order = item.order
    state.event_log.item_deleted(item, cause=cause, at=state.now)
    if not is_silent:
        state.emit("item.remove", row=item, customer=order.customer)
    if delete_order and len(order.items) == 1:
        # The event and the truth show the totals with the item included.
        _delete_order(state, order=order, cause=cause)
        order.items.clear()
    else:
        del order.items[item.key]
        update_totals(state, order=order)
    state.items.remove(item)
    if item.subscription is not None and item.subscription.upcoming is item:
        item.subscription.upcoming = None


def reprice_item(state: StoreState, *, item: Item) -> None:
    """Recompute the price of an open item from product, subscription and incentives; a frozen price stays."""
    if not item.frozen:
        item.price, item.percent_off = _unit_price(state, item.subscription, item.product, item.offer)
    item.total_price = _line_total(item)
    update_totals(state, order=item.order)


def freeze_price(state: StoreState, *, item: Item, price: int) -> None:
    """Set the price of one open item and freeze it."""
    require_open(item.order)
    item.price, item.percent_off, item.frozen = price, 0, True
    reprice_item(state, item=item)
    state.emit("item.update_price", row=item, customer=item.order.customer)


def change_item(state: StoreState, *, item: Item, quantity: int | None = None, product: Product | None = None) -> None:
    """Change one open item without changing its subscription."""
    require_open(item.order)
    if quantity is not None:
        item.quantity = quantity
    if product is not None:
        item.product, item.components = product, []
    reprice_item(state, item=item)
    event = "item.change_quantity" if product is None else "item.sku_swap"
    state.emit(event, row=item, customer=item.order.customer)


def update_totals(state: StoreState, *, order: Order) -> None:
    """Recompute the totals of an order and set `updated`."""
    list_total = sum(item.price * item.quantity for item in order.items.values())
    items_total = sum(item.total_price for item in order.items.values())
    order_discount = items_total * order.percent_off // 100
    free = order.free_shipping or not order.items or items_total >= _FREE_SHIPPING_FROM
    order.shipping_total = 0 if free else _SHIPPING
    order.sub_total = items_total - (order_discount if state.order_discounts == "off sub_total" else 0)
    order.discount_total = list_total - items_total + order_discount
    order.total = items_total + order.shipping_total - order_discount
    state.touch(order)


def send_now(state: StoreState, *, order: Order) -> None:
    """Set the place date of an order to today; the next placement run places it."""
    require_open(order)
    _remove_from_open_orders(state, order)
    order.status, order.place = SEND_NOW, state.today
    state.event_log.status_changed(order, at=state.now)
    state.touch(order)
    state.due[add_interval(state.today, every=1, every_period=1)].append(order)
    state.emit("order.send_now", row=order, customer=order.customer)


def follow_subscription(state: StoreState, *, order: Order, to: Subscription) -> None:
    """Give an open order the address and payment of its subscription."""
    readdress(state, order=order, address=to.shipping_address, payment=to.payment)


def change_address(state: StoreState, *, order: Order, address: Address) -> None:
    """Change the address of one open order without changing its subscriptions."""
    require_open(order)
    readdress(state, order=order, address=address, payment=order.payment)
    state.emit("order.change_shipping_address", row=order, customer=order.customer)


def change_payment(state: StoreState, *, order: Order, payment: Payment) -> None:
    """Change the payment of one open order without changing its subscriptions."""
    require_open(order)
    readdress(state, order=order, address=order.shipping_address, payment=payment)
    state.emit("order.change_payment", row=order, customer=order.customer)


def readdress(state: StoreState, *, order: Order, address: Address, payment: Payment) -> None:
    """Change address and payment of an open order."""
    _remove_from_open_orders(state, order)
    order.shipping_address, order.payment = address, payment
    state.open_orders.setdefault(_open_key(order), order)
    state.touch(order)


def _new_item(
    state: StoreState, *, order: Order, subscription: Subscription | None, product: Product, quantity: int, offer: str
) -> Item:
    price, percent_off = _unit_price(state, subscription, product, offer)
    item = Item(
        key=state.new_id(),
        created=state.now,
        order=order,
        subscription=subscription,
        product=product,
        offer=offer,
        quantity=quantity,
        price=price,
        percent_off=percent_off,
        components=subscription.components if subscription else [],
    )
    item.total_price = _line_total(item)
    state.items.add(item)
    _attach(state, item=item, order=order)
    state.emit("item.create", row=item, customer=order.customer)
    return item


def _transfer(state: StoreState, *, item: Item, to: Order, cause: str) -> None:
    source = item.order
    state.event_log.item_moved(item, to=to, cause=cause, at=state.now)
    del source.items[item.key]
    update_totals(state, order=source)
    _attach(state, item=item, order=to)
    state.emit("item.change_order", row=item, customer=to.customer)


def _attach(state: StoreState, *, item: Item, order: Order) -> None:
    is_new = order.version == 0
    item.order = order
    order.items[item.key] = item
    update_totals(state, order=order)
    if is_new:
        state.emit("order.create", row=order, customer=order.customer)


def _delete_order(state: StoreState, *, order: Order, cause: str) -> None:
    state.event_log.order_deleted(order, cause=cause, at=state.now)
    state.emit("order.delete", row=order, customer=order.customer)
    _remove_from_open_orders(state, order)
    state.orders.remove(order)


def _unit_price(state: StoreState, subscription: Subscription | None, product: Product, offer: str) -> tuple[int, int]:
    if subscription is not None and subscription.price is not None:
        return subscription.price, 0
    if subscription is not None and subscription.prepaid is not None:
        prepaid = subscription.prepaid
        # Shipments that are owed cost nothing; a renewal pays for all shipments until the next one.
        return (
            (0, 0) if prepaid.orders_remaining else (product.price * prepaid.orders_per_billing, state.discounts[offer])
        )
    return product.price, state.discounts[offer]


def _line_total(item: Item) -> int:
    kept = (100 - item.percent_off) * (100 - item.extra_percent_off)
    return (item.price * item.quantity * kept + 5000) // 10_000


def _open_key(order: Order) -> tuple[str, str, str, date]:
    return (order.customer.key, order.shipping_address.key, order.payment.key, order.place)


def _remove_from_open_orders(state: StoreState, order: Order) -> None:
    if state.open_orders.get(_open_key(order)) is order:
        del state.open_orders[_open_key(order)]
