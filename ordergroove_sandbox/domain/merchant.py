"""Changes by the merchant: prices, discontinued products, one-time incentives.

Belongs here: changes of many rows that no customer asked for. Does not belong here: when they happen (`behaviour`).
"""

from datetime import timedelta

from .orders import reprice_item, require_open, update_totals
from .records import UNSENT, Incentive, Item, Order, Product
from .state import StoreState
from .subscriptions import change_product


def change_price(state: StoreState, *, product: Product, price: int) -> None:
    """Change a product's price; open items follow, placed items and locked prices do not."""
    product.price, product.last_update = price, state.now
    product.version += 1
    for subscription in state.subscriptions:
        item = subscription.upcoming
        if item is not None and item.product is product and item.order.status == UNSENT:
            reprice_item(state, item=item)


def discontinue(state: StoreState, *, product: Product, successor: Product) -> None:
    """Discontinue a product; its subscribers get another one."""
    product.discontinued, product.live, product.last_update = True, False, state.now
    product.version += 1
    for subscription in state.subscriptions:
        if subscription.live and subscription.product is product:
            change_product(state, subscription=subscription, product=successor)


def discount_order(state: StoreState, *, order: Order, percent: int) -> Incentive:
    """Reduce an order by a percentage: its `total`, and its `sub_total` if `order_discounts` says so."""
    require_open(order)
    order.percent_off = percent
    update_totals(state, order=order)
    return _grant(state, to=order, field="sub_total", percent=percent)


def ship_free(state: StoreState, *, order: Order) -> Incentive:
    """Remove the shipping costs of an order."""
    require_open(order)
    order.free_shipping = True
    update_totals(state, order=order)
    return _grant(state, to=order, field="shipping_total", percent=100)


def discount_item(state: StoreState, *, item: Item, percent: int) -> Incentive:
    """Reduce one item by a percentage; the discount moves with the item."""
    require_open(item.order)
    item.extra_percent_off = percent
    reprice_item(state, item=item)
    return _grant(state, to=item, field="total_price", percent=percent)


def _grant(state: StoreState, *, to: Order | Item, field: str, percent: int) -> Incentive:
    name = f"One-Time {percent}% off {field}"
    incentive = Incentive(
        key=state.new_id(),
        created=state.now,
        last_updated=state.now,
        customer=to.customer if isinstance(to, Order) else to.order.customer,
        order=to if isinstance(to, Order) else None,
        item=to if isinstance(to, Item) else None,
        external_code=f"one_time_{field}_{percent}",
        description=name,
        incentive={
            "name": name,
            "public_id": state.new_id(),
            "type": "Discount",
            "field": field,
            "discount_type": "Discount Percent",
            "value": f"{percent}.00",
            "threshold_field": None,
            "threshold_value": None,
            "target": "order" if isinstance(to, Order) else "item",
        },
        stacking_type=state.rng.choice(("base", "additional")),
        expires=state.now + timedelta(days=60) if state.rng.random() < 0.5 else None,
    )
    to.incentives += (incentive,)
    return state.one_time_incentives.add(incentive)
