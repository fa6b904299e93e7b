"""Orders and their items: opening, filling, moving, emptying, and what it all adds up to.

Belongs here: the mechanics that every change of a subscription ends in. Not here: why an item moves (subscriptions),
what happens at night (placement).

Identities, at any moment, in cents: `total` = sum of the items' `total_price` + `shipping_total` - what an order-level
incentive takes off; `discount_total` = list prices - that sum + that amount. `sub_total` is the sum, or, as the world's
`order_discounts` say, the sum less that amount (then `total` = `sub_total` + `shipping_total`, as is documented).
"""

from datetime import date

from .intervals import add_interval
from .records import MERGED, SEND_NOW, UNSENT, Address, Customer, Item, Order, Payment, Product, Subscription
from .state import World

_SHIPPING, _FREE_SHIPPING_FROM = 599, 4000


class NotPossibleError(ValueError):
    """A change that the state of its object does not allow."""


def require_open(order: Order) -> None:
    """Refuse a change of an order that is empty, on its way or done."""
    if order.status != UNSENT or not order.items:
        raise NotPossibleError(f"order {order.key} cannot be changed: status {order.status}, {len(order.items)} items")


def open_order(world: World, *, of: Subscription | Order, place: date) -> Order:
    """The open order of the same customer, address and payment on a day, or a new one."""
    return order_on(world, customer=of.customer, address=of.shipping_address, payment=of.payment, place=place)


def order_on(world: World, *, customer: Customer, address: Address, payment: Payment, place: date) -> Order:
    """The open order of a customer, address, payment and day - an emptied one too -, or a new one."""
    key = (customer.key, address.key, payment.key, place)
    order = world.open_orders.get(key)
    if order is None:
        order = Order(
            key=world.new_id(),
            created=world.now,
            updated=world.now,
            customer=customer,
            payment=payment,
            shipping_address=address,
            place=place,
            currency_code=world.currency_of(customer),
        )
        world.orders.add(order)
        world.chronicle.status_changed(order, at=world.now)
        world.open_orders[key] = order
        world.due[place].append(order)
    return order


def close_order(world: World, *, order: Order, status: int) -> None:
    """Give an order a status in which nothing can be added to it."""
    _forget_open(world, order)
    order.status = status
    world.chronicle.status_changed(order, at=world.now)
    world.touch(order)


def next_item(world: World, *, subscription: Subscription, place: date) -> Item:
    """Create the upcoming item of a subscription on a day."""
    item = _new_item(
        world,
        order=open_order(world, of=subscription, place=place),
        subscription=subscription,
        product=subscription.product,
        quantity=subscription.quantity,
        offer=subscription.offer,
    )
    subscription.upcoming = item
    return item


def one_time_item(world: World, *, order: Order, product: Product, quantity: int) -> Item:
    """Add a one-time item to an order that is still open, or that has just been opened for it."""
    if order.status != UNSENT:
        raise NotPossibleError(f"order {order.key} cannot be changed: status {order.status}")
    return _new_item(world, order=order, subscription=None, product=product, quantity=quantity, offer=world.offers[0])


def move_item(world: World, *, item: Item, to: Order, cause: str) -> None:
    """Take an item, id and all, to another order; the one it leaves may be left empty."""
    source = item.order
    if len(source.items) == 1 and world.emptied_orders == "delete":
        _delete_order(world, order=source, cause="order_emptied")
    _hand_over(world, item=item, to=to, cause=cause)


def change_place_date(world: World, *, order: Order, day: date) -> None:
    """Move an open order to a day; where one is open there already, it is merged into that."""
    require_open(order)
    if day <= world.today:
        raise NotPossibleError(f"{day} is not in the future")
    target = world.open_orders.get((*_open_key(order)[:3], day))
    if target is None:
        _forget_open(world, order)
        order.place = day
        world.open_orders[_open_key(order)] = order
        world.due[day].append(order)
        world.touch(order)
    elif target is not order:
        for item in list(order.items.values()):
            _hand_over(world, item=item, to=target, cause="merge")
        order.extra_data = {"merged_order_id": target.key}
        close_order(world, order=order, status=MERGED)
    world.tell("order.change_next_order_date", row=order, customer=order.customer)


def remove_item(world: World, *, item: Item, cause: str, delete_order: bool, is_silent: bool = False) -> None:
    """Delete an item for good, and its order too where it was the last and `delete_order` is set."""
    order = item.order
    world.chronicle.item_deleted(item, cause=cause, at=world.now)
    if not is_silent:
        world.tell("item.remove", row=item, customer=order.customer)
    if delete_order and len(order.items) == 1:
        # The snapshot in the event and in the truth shows the totals with the item still in it.
        _delete_order(world, order=order, cause=cause)
        order.items.clear()
    else:
        del order.items[item.key]
        settle(world, order=order)
    world.items.remove(item)
    if item.subscription is not None and item.subscription.upcoming is item:
        item.subscription.upcoming = None


def reprice_item(world: World, *, item: Item) -> None:
    """Bring an open item in line with its product, subscription and incentives; a frozen one keeps its price."""
    if not item.frozen:
        item.price, item.percent_off = _unit_price(world, item.subscription, item.product, item.offer)
    item.total_price = _line_total(item)
    settle(world, order=item.order)


def freeze_price(world: World, *, item: Item, price: int) -> None:
    """Give one open item a price of its own, which nothing changes any more."""
    require_open(item.order)
    item.price, item.percent_off, item.frozen = price, 0, True
    reprice_item(world, item=item)
    world.tell("item.update_price", row=item, customer=item.order.customer)


def change_item(world: World, *, item: Item, quantity: int | None = None, product: Product | None = None) -> None:
    """Change one open item, and not its subscription."""
    require_open(item.order)
    if quantity is not None:
        item.quantity = quantity
    if product is not None:
        item.product, item.components = product, []
    reprice_item(world, item=item)
    event = "item.change_quantity" if product is None else "item.sku_swap"
    world.tell(event, row=item, customer=item.order.customer)


def settle(world: World, *, order: Order) -> None:
    """Add an order up again and stamp it."""
    list_total = sum(item.price * item.quantity for item in order.items.values())
    items_total = sum(item.total_price for item in order.items.values())
    order_discount = items_total * order.percent_off // 100
    free = order.free_shipping or not order.items or items_total >= _FREE_SHIPPING_FROM
    order.shipping_total = 0 if free else _SHIPPING
    order.sub_total = items_total - (order_discount if world.order_discounts == "off sub_total" else 0)
    order.discount_total = list_total - items_total + order_discount
    order.total = items_total + order.shipping_total - order_discount
    world.touch(order)


def send_now(world: World, *, order: Order) -> None:
    """Move an order up to today; the next night places it."""
    require_open(order)
    _forget_open(world, order)
    order.status, order.place = SEND_NOW, world.today
    world.chronicle.status_changed(order, at=world.now)
    world.touch(order)
    world.due[add_interval(world.today, every=1, every_period=1)].append(order)
    world.tell("order.send_now", row=order, customer=order.customer)


def redirect(world: World, *, order: Order, to: Subscription) -> None:
    """Let an open order follow its subscription to another address or payment."""
    readdress(world, order=order, address=to.shipping_address, payment=to.payment)


def change_address(world: World, *, order: Order, address: Address) -> None:
    """Send one open order elsewhere; its subscriptions keep their address."""
    require_open(order)
    readdress(world, order=order, address=address, payment=order.payment)
    world.tell("order.change_shipping_address", row=order, customer=order.customer)


def change_payment(world: World, *, order: Order, payment: Payment) -> None:
    """Charge one open order another way; its subscriptions keep their payment."""
    require_open(order)
    readdress(world, order=order, address=order.shipping_address, payment=payment)
    world.tell("order.change_payment", row=order, customer=order.customer)


def readdress(world: World, *, order: Order, address: Address, payment: Payment) -> None:
    """Give an open order another address or payment."""
    _forget_open(world, order)
    order.shipping_address, order.payment = address, payment
    world.open_orders.setdefault(_open_key(order), order)
    world.touch(order)


def _new_item(
    world: World, *, order: Order, subscription: Subscription | None, product: Product, quantity: int, offer: str
) -> Item:
    price, percent_off = _unit_price(world, subscription, product, offer)
    item = Item(
        key=world.new_id(),
        created=world.now,
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
    world.items.add(item)
    _attach(world, item=item, order=order)
    world.tell("item.create", row=item, customer=order.customer)
    return item


def _hand_over(world: World, *, item: Item, to: Order, cause: str) -> None:
    source = item.order
    world.chronicle.item_moved(item, to=to, cause=cause, at=world.now)
    del source.items[item.key]
    settle(world, order=source)
    _attach(world, item=item, order=to)
    world.tell("item.change_order", row=item, customer=to.customer)


def _attach(world: World, *, item: Item, order: Order) -> None:
    is_new = order.version == 0
    item.order = order
    order.items[item.key] = item
    settle(world, order=order)
    if is_new:
        world.tell("order.create", row=order, customer=order.customer)


def _delete_order(world: World, *, order: Order, cause: str) -> None:
    world.chronicle.order_deleted(order, cause=cause, at=world.now)
    world.tell("order.delete", row=order, customer=order.customer)
    _forget_open(world, order)
    world.orders.remove(order)


def _unit_price(world: World, subscription: Subscription | None, product: Product, offer: str) -> tuple[int, int]:
    if subscription is not None and subscription.price is not None:
        return subscription.price, 0
    if subscription is not None and subscription.prepaid is not None:
        prepaid = subscription.prepaid
        # What is owed is paid for; a renewal pays for all the shipments up to the next.
        return (
            (0, 0) if prepaid.orders_remaining else (product.price * prepaid.orders_per_billing, world.discounts[offer])
        )
    return product.price, world.discounts[offer]


def _line_total(item: Item) -> int:
    kept = (100 - item.percent_off) * (100 - item.extra_percent_off)
    return (item.price * item.quantity * kept + 5000) // 10_000


def _open_key(order: Order) -> tuple[str, str, str, date]:
    return (order.customer.key, order.shipping_address.key, order.payment.key, order.place)


def _forget_open(world: World, order: Order) -> None:
    if world.open_orders.get(_open_key(order)) is order:
        del world.open_orders[_open_key(order)]
