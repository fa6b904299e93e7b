"""How customers and subscriptions come into the store: at the checkout of the merchant's shop.

Belongs here: new customers, addresses, payments, subscriptions. Not here: when customers come (behaviour).
"""

from datetime import UTC, date
from typing import Any

from .catalogue import FREQUENCIES
from .intervals import add_interval
from .people import card, person, street
from .records import Address, Customer, Payment, Product, Subscription
from .state import World
from .subscriptions import begin


def sign_up(world: World) -> Customer:
    """A new customer, who has nothing yet."""
    rng = world.rng
    number = 26_001 + 7 * len(world.customers)
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
        subscription = Subscription(
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
            quantity=rng.choice((1, 1, 1, 1, 2, 2, 3, 4)),
            price=product.price * 9 // 10 if rng.random() < 0.06 else None,
            every=every,
            every_period=every_period,
            start_date=world.today,
            session_id=f"{world.merchant}.{customer.number}.{_epoch(world)}",
            merchant_order_id=merchant_order_id,
            currency_code=world.currency,
        )
        first = next_order_date or add_interval(world.today, every=every, every_period=every_period)
        begin(world, subscription=subscription, next_order_date=first)
        begun.append(subscription)
    world.tell("subscriber.subscriptions_created", row=customer, customer=customer)
    return begun


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
