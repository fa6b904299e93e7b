"""How customers and subscriptions come into the store: at the checkout of the merchant's shop.

Belongs here: new customers, addresses, payments, subscriptions. Not here: when customers come (behaviour).
"""

from datetime import UTC, date, timedelta
from typing import Any

from .catalogue import FREQUENCIES, PREPAID
from .intervals import add_interval
from .people import card, person, street
from .records import Address, Customer, FreeTrial, Item, Payment, Prepaid, Product, Subscription
from .state import World
from .subscriptions import begin, subscribe_item

_PREPAID_SHARE = 0.2


def sign_up(world: World) -> Customer:
    """A new customer, who has nothing yet."""
    rng = world.rng
    number = 26_001 + 7 * (world.first_customer + len(world.customers))
    key = f"{number:08d}"
    return world.customers.add(
        Customer(
            key=key,
            created=world.now,
            number=1_599_349 + number,
            **person(rng, number=number),
            session_id=f"{world.merchant}.{number}.{_epoch(world)}",
            last_updated=world.now,
            last_login=world.now if rng.random() < 0.5 else None,
            currency=world.currencies[0] if len(world.currencies) == 1 else rng.choice(world.currencies),
            extra_data={"segment": rng.choice(("gift", "office", "café"))} if rng.random() < 0.2 else None,
        )
    )


def check_out(
    world: World, *, customer: Customer, subscriptions: int, next_order_date: date | None = None
) -> list[Subscription]:
    """Subscribe a customer to some products; each checkout mints an address and a payment.

    The first order comes one interval later, or on `next_order_date` (subscriptions that were imported).
    """
    rng = world.rng
    address = new_address(world, customer=customer)
    payment = new_payment(world, customer=customer, billing_address=address)
    sellable = [product for product in world.products if product.popularity and not product.discontinued]
    weights = [product.popularity for product in sellable]
    every, every_period = choose_frequency(world)
    merchant_order_id = f"{2_900_000 + rng.randrange(100_000)}" if next_order_date is None else None
    begun = []
    for product in rng.choices(sellable, weights, k=subscriptions):
        if rng.random() < 0.25:
            every, every_period = choose_frequency(world)
        subscription = new_subscription(
            world,
            customer=customer,
            product=product,
            payment=payment,
            address=address,
            quantity=rng.choice((1, 1, 1, 1, 2, 2, 3, 4)),
            every=every,
            every_period=every_period,
            merchant_order_id=merchant_order_id,
        )
        first = next_order_date or add_interval(world.today, every=every, every_period=every_period)
        if next_order_date is None:
            first = _arrange(world, subscription, first=first)
        source = "PurchasePOST" if next_order_date is None else "XML IMPORT"
        begin(world, subscription=subscription, next_order_date=first, source=source)
        begun.append(subscription)
    details = {"subscriptions": [subscription.key for subscription in begun]}
    world.tell("subscriber.subscriptions_created", row=customer, customer=customer, details=details)
    return begun


def new_subscription(
    world: World,
    *,
    customer: Customer,
    product: Product,
    payment: Payment,
    address: Address,
    quantity: int,
    every: int,
    every_period: int,
    merchant_order_id: str | None,
) -> Subscription:
    """A subscription that is in no table yet; the price of some is locked."""
    rng = world.rng
    return Subscription(
        key=world.new_id(),
        created=world.now,
        updated=world.now,
        customer=customer,
        product=product,
        payment=payment,
        shipping_address=address,
        offer=rng.choice(world.offers[:3]),
        subscription_type=rng.choice(("replenishment", "replenishment", "Replenish", None)),
        components=_components(world, product),
        extra_data=_extra_data(world),
        quantity=quantity,
        price=product.price * 9 // 10 if rng.random() < 0.06 else None,
        every=every,
        every_period=every_period,
        start_date=world.today,
        session_id=f"{world.merchant}.{customer.number}.{_epoch(world)}",
        merchant_order_id=merchant_order_id,
        currency_code=world.currency_of(customer),
    )


def subscribe_to_item(world: World, *, item: Item, every: int, every_period: int) -> Subscription:
    """Turn a one-time item of an open order into a subscription to its product."""
    order = item.order
    subscription = new_subscription(
        world,
        customer=order.customer,
        product=item.product,
        payment=order.payment,
        address=order.shipping_address,
        quantity=item.quantity,
        every=every,
        every_period=every_period,
        merchant_order_id=None,
    )
    subscription.price = None
    subscribe_item(world, item=item, subscription=subscription)
    return subscription


def _arrange(world: World, subscription: Subscription, *, first: date) -> date:
    """Make some new subscriptions prepaid, and some begin with a free trial; returns when the first order comes."""
    rng, product = world.rng, subscription.product
    if PREPAID in product.groups and rng.random() < _PREPAID_SHARE:
        per_billing = rng.choice((3, 6))
        subscription.price = None
        # The first of the shipments was sent by the shop itself, at the checkout.
        subscription.prepaid = Prepaid(
            orders_per_billing=per_billing,
            orders_remaining=per_billing - 1,
            renewal_behavior=rng.choice(("autorenew", "autorenew", "cancel", "downgrade")),
            last_renewal_revenue=product.price * per_billing * subscription.quantity,
            origin_merchant_order_id=f"#{rng.randrange(1000, 9999)}",
        )
    elif product.trial_days:
        subscription.free_trial = FreeTrial(
            product=product.key,
            days=product.trial_days,
            conversion_item=38_000_000 + len(world.items),
            expiration=world.now + timedelta(days=product.trial_days, microseconds=rng.randrange(1_000_000)),
        )
        return world.today + timedelta(days=product.trial_days)
    return first


def new_address(world: World, *, customer: Customer) -> Address:
    """Mint an address of a customer."""
    return world.addresses.add(
        Address(
            key=world.new_id(),
            created=world.now,
            updated=world.now,
            customer=customer,
            first_name=customer.first_name,
            last_name=customer.last_name,
            **street(world.rng),
        )
    )


def new_payment(world: World, *, customer: Customer, billing_address: Address) -> Payment:
    """Mint a payment of a customer."""
    holder = f"{customer.first_name} {customer.last_name}".upper()
    return world.payments.add(
        Payment(
            key=world.new_id(),
            created=world.now,
            last_updated=world.now,
            customer=customer,
            billing_address=billing_address,
            **card(world.rng, holder=holder, today=world.today),
        )
    )


def choose_frequency(world: World) -> tuple[int, int]:
    """Every and every_period, as often as customers choose them."""
    every, every_period, _weight = world.rng.choices(FREQUENCIES, [weight for _, _, weight in FREQUENCIES])[0]
    return every, every_period


def _components(world: World, product: Product) -> list[dict[str, Any]]:
    return [{"public_id": world.new_id(), "quantity": 1, "product": key} for key in product.components]


def _extra_data(world: World) -> dict[str, Any] | None:
    draw = world.rng.random()
    if draw < 0.7:
        return {}
    return {"gift_note": 'Für dich, "Oma" 💐', "channel": "web"} if draw < 0.85 else None


def _epoch(world: World) -> int:
    return int(world.now.replace(tzinfo=UTC).timestamp())
