"""Create customers and subscriptions, as a checkout in the merchant's shop does.

Belongs here: new customers, addresses, payments, subscriptions. Does not belong here: when they are created
(`behaviour`).
"""

from datetime import UTC, date, timedelta
from typing import Any

from .catalogue import FREQUENCIES, PREPAID
from .intervals import add_interval
from .people import card, person, street
from .records import Address, Customer, FreeTrial, Item, Payment, Prepaid, Product, Subscription
from .state import StoreState
from .subscriptions import add_subscription, subscribe_item

_PREPAID_SHARE = 0.2


def sign_up(state: StoreState) -> Customer:
    """Create a customer without any subscription."""
    rng = state.rng
    number = 26_001 + 7 * len(state.customers)
    key = f"{number:08d}"
    return state.customers.add(
        Customer(
            key=key,
            created=state.now,
            number=1_599_349 + number,
            **person(rng, number=number),
            session_id=f"{state.merchant}.{number}.{_epoch(state)}",
            last_updated=state.now,
            last_login=state.now if rng.random() < 0.5 else None,
            currency=state.currencies[0] if len(state.currencies) == 1 else rng.choice(state.currencies),
            extra_data={"segment": rng.choice(("gift", "office", "café"))} if rng.random() < 0.2 else None,
        )
    )


def check_out(
    state: StoreState, *, customer: Customer, subscriptions: int, next_order_date: date | None = None
) -> list[Subscription]:
    """Subscribe a customer to some products; each checkout creates an address and a payment.

    The first order is due one interval later, or on `next_order_date` (imported subscriptions).
    """
    rng = state.rng
    address = new_address(state, customer=customer)
    payment = new_payment(state, customer=customer, billing_address=address)
    sellable = [product for product in state.products if product.popularity and not product.discontinued]
    weights = [product.popularity for product in sellable]
    every, every_period = choose_frequency(state)
    merchant_order_id = f"{2_900_000 + rng.randrange(100_000)}" if next_order_date is None else None
    created = []
    for product in rng.choices(sellable, weights, k=subscriptions):
        if rng.random() < 0.25:
            every, every_period = choose_frequency(state)
        subscription = new_subscription(
            state,
            customer=customer,
            product=product,
            payment=payment,
            address=address,
            quantity=rng.choice((1, 1, 1, 1, 2, 2, 3, 4)),
            every=every,
            every_period=every_period,
            merchant_order_id=merchant_order_id,
        )
        first = next_order_date or add_interval(state.today, every=every, every_period=every_period)
        if next_order_date is None:
            first = _set_up_prepaid_or_trial(state, subscription, first=first)
        source = "PurchasePOST" if next_order_date is None else "XML IMPORT"
        add_subscription(state, subscription=subscription, next_order_date=first, source=source)
        created.append(subscription)
    details = {"subscriptions": [subscription.key for subscription in created]}
    state.emit("subscriber.subscriptions_created", row=customer, customer=customer, details=details)
    return created


def new_subscription(
    state: StoreState,
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
    """Build a subscription that is in no table yet; a few have a locked price."""
    rng = state.rng
    return Subscription(
        key=state.new_id(),
        created=state.now,
        updated=state.now,
        customer=customer,
        product=product,
        payment=payment,
        shipping_address=address,
        offer=rng.choice(state.offers[:3]),
        subscription_type=rng.choice(("replenishment", "replenishment", "Replenish", None)),
        components=_components(state, product),
        extra_data=_extra_data(state),
        quantity=quantity,
        price=product.price * 9 // 10 if rng.random() < 0.06 else None,
        every=every,
        every_period=every_period,
        start_date=state.today,
        session_id=f"{state.merchant}.{customer.number}.{_epoch(state)}",
        merchant_order_id=merchant_order_id,
        currency_code=state.currency_of(customer),
    )


def subscribe_to_item(state: StoreState, *, item: Item, every: int, every_period: int) -> Subscription:
    """Turn a one-time item of an open order into a subscription to its product."""
    order = item.order
    subscription = new_subscription(
        state,
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
    subscribe_item(state, item=item, subscription=subscription)
    return subscription


def _set_up_prepaid_or_trial(state: StoreState, subscription: Subscription, *, first: date) -> date:
    """Make some new subscriptions prepaid, and some start with a free trial; return the date of the first order."""
    rng, product = state.rng, subscription.product
    if PREPAID in product.groups and rng.random() < _PREPAID_SHARE:
        per_billing = rng.choice((3, 6))
        subscription.price = None
        # The shop sends the first shipment itself at the checkout.
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
            conversion_item=38_000_000 + len(state.items),
            expiration=state.now + timedelta(days=product.trial_days, microseconds=rng.randrange(1_000_000)),
        )
        return state.today + timedelta(days=product.trial_days)
    return first


def new_address(state: StoreState, *, customer: Customer) -> Address:
    """Create an address of a customer."""
    return state.addresses.add(
        Address(
            key=state.new_id(),
            created=state.now,
            updated=state.now,
            customer=customer,
            first_name=customer.first_name,
            last_name=customer.last_name,
            **street(state.rng),
        )
    )


def new_payment(state: StoreState, *, customer: Customer, billing_address: Address) -> Payment:
    """Create a payment of a customer."""
    holder = f"{customer.first_name} {customer.last_name}".upper()
    return state.payments.add(
        Payment(
            key=state.new_id(),
            created=state.now,
            last_updated=state.now,
            customer=customer,
            billing_address=billing_address,
            **card(state.rng, holder=holder, today=state.today),
        )
    )


def choose_frequency(state: StoreState) -> tuple[int, int]:
    """Choose every and every_period at random, by their relative frequency."""
    every, every_period, _weight = state.rng.choices(FREQUENCIES, [weight for _, _, weight in FREQUENCIES])[0]
    return every, every_period


def _components(state: StoreState, product: Product) -> list[dict[str, Any]]:
    return [{"public_id": state.new_id(), "quantity": 1, "product": key} for key in product.components]


def _extra_data(state: StoreState) -> dict[str, Any] | None:
    draw = state.rng.random()
    if draw < 0.7:
        return {}
    return {"gift_note": 'Für dich, "Oma" 💐', "channel": "web"} if draw < 0.85 else None


def _epoch(state: StoreState) -> int:
    return int(state.now.replace(tzinfo=UTC).timestamp())
