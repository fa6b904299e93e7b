"""Row classes of the simulated store.

Belongs here: current values, linked by reference; money in integer cents, naive wall-clock times. Does not belong here:
JSON (`bodies`), changes (`subscriptions`, `orders`, `placement`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

UNSENT, REJECTED, CANCELLED, SUCCESS, SEND_NOW = 1, 3, 4, 5, 6
PENDING_BATCH, PENDING_VERIFICATION, PENDING_PLACEMENT, PREPARATION_FAILED = 9, 10, 11, 12
CONNECTION_ERROR, UNREADABLE, GENERIC_ERROR, MERGED, CARD_RETRY = 13, 14, 15, 17, 18
AWAITING_INSTRUCTIONS, AWAITING_CLASSIFICATION = 19, 20

UPCOMING = frozenset({UNSENT, SEND_NOW})
"""Statuses before the first attempt: customers can change these orders."""

RETRYING = frozenset({PREPARATION_FAILED, CONNECTION_ERROR, GENERIC_ERROR, CARD_RETRY})
"""Statuses after a failed attempt that is repeated."""


@dataclass(slots=True, eq=False, kw_only=True)
class Row:
    """Base of all rows: key, creation time, and position in the table."""

    key: str
    created: datetime
    version: int = 0
    slot: int = -1


@dataclass(slots=True, eq=False, kw_only=True)
class Customer(Row):
    """Keyed by merchant_user_id."""

    number: int
    first_name: str
    last_name: str
    email: str
    phone_number: str | None
    phone_type: int
    session_id: str
    last_updated: datetime
    last_login: datetime | None
    extra_data: dict[str, Any] | None
    currency: str
    live: bool = False
    subscriptions: list[Subscription] = field(default_factory=list)


@dataclass(slots=True, eq=False, kw_only=True)
class Address(Row):
    """Created at each checkout and at each change of address."""

    customer: Customer
    first_name: str
    last_name: str
    company_name: str | None
    address: str
    address2: str | None
    city: str
    state_province_code: str
    zip_postal_code: str
    phone: str | None
    updated: datetime
    live: bool = True


@dataclass(slots=True, eq=False, kw_only=True)
class Payment(Row):
    """Created at each checkout and at each change of payment."""

    customer: Customer
    billing_address: Address
    payment_method: str
    cc_type: int | None
    cc_number_ending: str | None
    cc_holder: str | None
    cc_exp_date: str | None
    token_id: str
    last_updated: datetime
    live: bool = True


@dataclass(slots=True, eq=False, kw_only=True)
class Product(Row):
    """Keyed by external_product_id. `popularity` and `staying_days`: how often and how long customers subscribe."""

    name: str
    price: int
    last_update: datetime
    groups: list[tuple[str, str]]
    autoship_enabled: bool = True
    autoship_by_default: bool = False
    discontinued: bool = False
    live: bool = True
    product_type: str = "standard"
    components: tuple[str, ...] = ()
    resource: Resource | None = None
    popularity: float = 0.0
    staying_days: float = 300.0
    trial_days: int = 0


@dataclass(slots=True, eq=False, kw_only=True)
class Resource(Row):
    """A digital good that a product grants."""

    name: str
    external_resource_id: str
    last_updated: datetime


@dataclass(slots=True, eq=False, kw_only=True)
class Entitlement(Row):
    """A customer's entitlement to a resource, prolonged by each placed order."""

    customer: Customer
    resource: Resource
    latest_activation: datetime
    expiration: datetime
    last_updated: datetime
    grace_period: int | None = None
    grantees: tuple[tuple[str, str], ...] = ()
    is_warned: bool = False
    is_expired: bool = False
    live: bool = True


@dataclass(slots=True, eq=False, kw_only=True)
class Prepaid:
    """Shipments paid in advance; `orders_remaining` are owed, 0 means that the next order renews.

    Money in cents. `renewal_behavior` is "autorenew", "cancel" or "downgrade".
    """

    orders_per_billing: int
    orders_remaining: int
    renewal_behavior: str
    last_renewal_revenue: int
    origin_merchant_order_id: str | None

    @property
    def has_run_out(self) -> bool:
        """Whether all shipments were sent and no renewal is wanted."""
        return self.orders_remaining == 0 and self.renewal_behavior == "cancel"

    def body(self) -> dict[str, Any]:
        """Return the JSON object; the revenue is the only amount of money that is a JSON number."""
        return {
            "prepaid_orders_remaining": self.orders_remaining,
            "prepaid_orders_per_billing": self.orders_per_billing,
            "renewal_behavior": self.renewal_behavior,
            "last_renewal_revenue": self.last_renewal_revenue / 100,
            "prepaid_origin_merchant_order_id": self.origin_merchant_order_id,
        }


@dataclass(slots=True, eq=False, kw_only=True)
class FreeTrial:
    """The period before the first paid order."""

    product: str
    days: int
    conversion_item: int
    expiration: datetime
    is_in_free_trial: bool = True


@dataclass(slots=True, eq=False, kw_only=True)
class Reference(Row):
    """A row of merchant settings whose body never changes (product group, offer profile, cancel reason).

    `hidden` fields are shown on request only.
    """

    body: dict[str, Any]
    hidden: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, eq=False, kw_only=True)
class Subscription(Row):
    """`upcoming` is its item in an order that was not attempted yet; None if and only if cancelled."""

    customer: Customer
    product: Product
    payment: Payment
    shipping_address: Address
    offer: str
    subscription_type: str | None
    components: list[dict[str, Any]]
    extra_data: dict[str, Any] | None
    quantity: int
    price: int | None
    every: int
    every_period: int
    start_date: date
    session_id: str
    merchant_order_id: str | None
    updated: datetime
    currency_code: str | None
    live: bool = True
    cancelled: datetime | None = None
    cancel_reason: str | None = None
    upcoming: Item | None = None
    activations: int = 1
    reminder_days: int = 10
    prepaid: Prepaid | None = None
    free_trial: FreeTrial | None = None


@dataclass(slots=True, eq=False, kw_only=True)
class Order(Row):
    """`place` is a day. `percent_off` and `free_shipping` come from order-level incentives."""

    customer: Customer
    payment: Payment
    shipping_address: Address
    place: date
    updated: datetime
    currency_code: str | None
    status: int = UNSENT
    tries: int = 0
    generic_error_count: int = 0
    cancelled: datetime | None = None
    order_merchant_id: str | None = None
    rejected_message: dict[str, str] | str | None = None
    extra_data: dict[str, Any] | None = None
    retry_on: date | None = None
    percent_off: int = 0
    free_shipping: bool = False
    sub_total: int = 0
    shipping_total: int = 0
    discount_total: int = 0
    total: int = 0
    items: dict[str, Item] = field(default_factory=dict)
    incentives: tuple[Incentive, ...] = ()


@dataclass(slots=True, eq=False, kw_only=True)
class Item(Row):
    """A line of an order; `subscription` is None for one-time items."""

    order: Order
    subscription: Subscription | None
    product: Product
    offer: str
    quantity: int
    price: int
    percent_off: int
    components: list[dict[str, Any]]
    extra_percent_off: int = 0
    total_price: int = 0
    first_placed: datetime | None = None
    frozen: bool = False
    out_of_stock_tries: int = 0
    incentives: tuple[Incentive, ...] = ()


@dataclass(slots=True, eq=False, kw_only=True)
class Incentive(Row):
    """A one-time incentive on an order or on one item."""

    customer: Customer
    order: Order | None
    item: Item | None
    external_code: str
    description: str
    incentive: dict[str, Any]
    stacking_type: str
    expires: datetime | None
    last_updated: datetime
    applied_at: datetime | None = None


@dataclass(slots=True, eq=False, kw_only=True)
class Response(Row):
    """The response to one attempt to place an order; its body has no time."""

    order: Order
    response_code: str
    response_message: str
    response_order_id: str | None
    response_payload: str
    transaction_response: str | None
    result: int
