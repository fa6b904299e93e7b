"""What the merchant does of their own accord: prices, the range, one-time incentives.

Belongs here: changes that no customer asked for, many rows at once. Not here: when they come (behaviour).
"""

from datetime import timedelta

from .orders import reprice_item, require_open, settle
from .records import UNSENT, Incentive, Item, Order, Product
from .state import World
from .subscriptions import change_product


def change_price(world: World, *, product: Product, price: int) -> None:
    """Give a product another price; open items follow, placed ones keep theirs, price locks hold."""
    product.price, product.last_update = price, world.now
    product.version += 1
    for subscription in world.subscriptions:
        item = subscription.upcoming
        if item is not None and item.product is product and item.order.status == UNSENT:
            reprice_item(world, item=item)


def discontinue(world: World, *, product: Product, successor: Product) -> None:
    """Take a product out of the range; its subscribers get another one from now on."""
    product.discontinued, product.live, product.last_update = True, False, world.now
    product.version += 1
    for subscription in world.subscriptions:
        if subscription.live and subscription.product is product:
            change_product(world, subscription=subscription, product=successor)


def discount_order(world: World, *, order: Order, percent: int) -> Incentive:
    """Take a share off an order as a whole: off its `total`, and off its `sub_total` where the world does so."""
    require_open(order)
    order.percent_off = percent
    settle(world, order=order)
    return _grant(world, to=order, field="sub_total", percent=percent)


def ship_free(world: World, *, order: Order) -> Incentive:
    """Take the shipping off an order."""
    require_open(order)
    order.free_shipping = True
    settle(world, order=order)
    return _grant(world, to=order, field="shipping_total", percent=100)


def discount_item(world: World, *, item: Item, percent: int) -> Incentive:
    """Take a share off one item; it follows the item from order to order."""
    require_open(item.order)
    item.extra_percent_off = percent
    reprice_item(world, item=item)
    return _grant(world, to=item, field="total_price", percent=percent)


def _grant(world: World, *, to: Order | Item, field: str, percent: int) -> Incentive:
    name = f"One-Time {percent}% off {field}"
    incentive = Incentive(
        key=world.new_id(),
        created=world.now,
        last_updated=world.now,
        customer=to.customer if isinstance(to, Order) else to.order.customer,
        order=to if isinstance(to, Order) else None,
        item=to if isinstance(to, Item) else None,
        external_code=f"one_time_{field}_{percent}",
        description=name,
        incentive={
            "name": name,
            "public_id": world.new_id(),
            "type": "Discount",
            "field": field,
            "discount_type": "Discount Percent",
            "value": f"{percent}.00",
            "threshold_field": None,
            "threshold_value": None,
            "target": "order" if isinstance(to, Order) else "item",
        },
        stacking_type=world.rng.choice(("base", "additional")),
        expires=world.now + timedelta(days=60) if world.rng.random() < 0.5 else None,
    )
    to.incentives += (incentive,)
    return world.one_time_incentives.add(incentive)
