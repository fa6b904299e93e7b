"""Define one record model for each object that Ordergroove's REST API lists.

A record is one row of a list. It has every field that the documentation or a live response shows; pydantic keeps other
fields as extras, and a check reports them as schema drift. Only the key is required, because live responses lack
documented fields (section "Quirks" of Ordergroove's docs: `updated` missing, `""` for null, numbers as text).
Field names are Ordergroove's own. Source: developer.ordergroove.com/reference, one page per object.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from og_assets.ordergroove.fields import (
    CalendarDay,
    Flag,
    Id,
    Instant,
    Integer,
    JsonText,
    MerchantJson,
    Money,
    PersonalNames,
    PersonalText,
    Prose,
    ReasonCode,
    SecretText,
    Text,
    WallClock,
)


class Record(BaseModel):
    """Rules of all records: unknown fields are kept, `""` means null, and numbers are accepted as text."""

    model_config = ConfigDict(extra="allow", coerce_numbers_to_str=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_null(cls, value: Any) -> Any:
        if isinstance(value, dict) and "" in value.values():
            return {name: None if field == "" else field for name, field in value.items()}
        return value


class Customer(Record):
    """`GET /customers/`: a person known to the shop; the key is the merchant's user id."""

    merchant_user_id: Id
    merchant: Text = None
    id: Integer = None
    session_id: Text = None
    user_token_id: PersonalText = None
    first_name: PersonalText = None
    last_name: PersonalText = None
    email: PersonalText = None
    phone_number: PersonalText = None
    phone_type: Integer = None
    live: Flag = None
    created: WallClock = None
    last_updated: WallClock = None
    last_login: WallClock = None
    extra_data: MerchantJson = None
    locale: Text = None
    price_code: Text = None


class Subscription(Record):
    """`GET /subscriptions/`: a recurring purchase of one product at a cadence."""

    public_id: Id
    customer: Text = None
    merchant: Text = None
    product: Text = None
    payment: Text = None
    shipping_address: Text = None
    offer: Text = None
    subscription_type: Text = None
    raw_subscription_type: Text = None
    components: JsonText = None
    extra_data: MerchantJson = None
    quantity: Integer = None
    price: Money = None
    frequency_days: Integer = None
    reminder_days: Integer = None
    every: Integer = None
    every_period: Integer = None
    start_date: CalendarDay = None
    cancelled: WallClock = None
    cancel_reason: Text = None
    cancel_reason_code: ReasonCode = None
    session_id: Text = None
    merchant_order_id: Text = None
    external_id: Text = None
    created: WallClock = None
    updated: WallClock = None
    live: Flag = None
    currency_code: Text = None
    prepaid_subscription_context: JsonText = None
    free_trial_subscription_context: JsonText = None
    grantees: PersonalNames = None
    queued_actions: JsonText = None
    iteration: JsonText = None
    sequence: JsonText = None
    customer_rep: JsonText = None
    club: JsonText = None
    product_attribute: JsonText = None


class Order(Record):
    """`GET /orders/`: a shipment, planned or placed, with items of one customer, address and payment."""

    public_id: Id
    merchant: Text = None
    customer: Text = None
    payment: Text = None
    shipping_address: Text = None
    sub_total: Money = None
    tax_total: Money = None
    shipping_total: Money = None
    discount_total: Money = None
    total: Money = None
    created: WallClock = None
    updated: WallClock = None
    place: WallClock = None
    cancelled: WallClock = None
    tries: Integer = None
    generic_error_count: Integer = None
    status: Integer = None
    type: Integer = None
    order_merchant_id: Text = None
    rejected_message: Prose = None
    rejected_error_code: Text = None
    extra_data: MerchantJson = None
    locked: Flag = None
    oos_free_shipping: Flag = None
    currency_code: Text = None
    has_plan: Flag = None


class Item(Record):
    """`GET /items/`: one line of an order. Has no timestamp of its own, only its order's (`order_updated`)."""

    public_id: Id
    order: Text = None
    subscription: Text = None
    offer: Text = None
    product: Text = None
    components: JsonText = None
    subscription_component: Text = None
    quantity: Integer = None
    price: Money = None
    extra_cost: Money = None
    total_price: Money = None
    one_time: Flag = None
    frozen: Flag = None
    order_updated: WallClock = None
    first_placed: WallClock = None
    product_attribute: JsonText = None


class Address(Record):
    """`GET /addresses/`: each checkout creates one; billing and shipping addresses have the same form."""

    public_id: Id
    customer: Text = None
    label: PersonalText = None
    first_name: PersonalText = None
    last_name: PersonalText = None
    company_name: PersonalText = None
    address: PersonalText = None
    address2: PersonalText = None
    city: Text = None
    state_province_code: Text = None
    zip_postal_code: Text = None
    phone: PersonalText = None
    fax: PersonalText = None
    country_code: Text = None
    live: Flag = None
    created: WallClock = None
    updated: WallClock = None
    token_id: SecretText = None
    store_public_id: Text = None
    price_code: Text = None


class OneTimeIncentive(Record):
    """`GET /one_time_incentives/`: a discount or gift on one order or one item."""

    public_id: Id
    external_code: Text = None
    description: Text = None
    merchant: Text = None
    customer: Text = None
    order: Text = None
    item: Text = None
    incentive: JsonText = None
    created: WallClock = None
    last_updated: WallClock = None
    applied_at: WallClock = None
    expires: WallClock = None
    stacking_type: Text = None


class BillingAttempt(Record):
    """`GET /placement_logs/responses/`: the shop's response to one attempt to place an order.

    The payload and the gateway's transaction response repeat code, message and order id, and may contain card data.
    """

    public_id: Id
    order: Text = None
    response_code: Text = None
    response_message: Text = None
    response_order_id: Text = None
    response_payload: SecretText = None
    transaction_response: SecretText = None


class Payment(Record):
    """`GET /payments/`: a payment record; deactivated, never deleted."""

    public_id: Id
    customer: Text = None
    billing_address: Text = None
    cc_number_ending: SecretText = None
    label: SecretText = None
    token_id: SecretText = None
    cc_holder: SecretText = None
    cc_type: Integer = None
    cc_exp_date: SecretText = None
    payment_method: Text = None
    live: Flag = None
    created: WallClock = None
    last_updated: WallClock = None


class Product(Record):
    """`GET /products/`: the key is the merchant's product id; its timestamp is called `last_update`."""

    external_product_id: Id
    merchant: Text = None
    groups: JsonText = None
    name: Text = None
    price: Money = None
    image_url: Text = None
    detail_url: Text = None
    sku: Text = None
    autoship_enabled: Flag = None
    autoship_by_default: Flag = None
    premier_enabled: Integer = None
    prepaid_eligible: Flag = None
    created: WallClock = None
    last_update: WallClock = None
    live: Flag = None
    discontinued: Flag = None
    extra_data: MerchantJson = None
    product_type: Text = None
    every: Integer = None
    every_period: Integer = None
    offer_profile: Text = None
    incentive_group: Text = None


class ProductGroup(Record):
    """`GET /product_groups/`: the key is name and type."""

    name: Id
    group_type: Id


class OfferProfile(Record):
    """`GET /offer_profiles/`: which offers and coupons apply."""

    public_id: Id
    name: Text = None
    weight: Integer = None
    live: Flag = None
    status: Text = None
    offers: JsonText = None
    recurring_coupon: JsonText = None
    initial_coupon: JsonText = None
    standard_flex_incentives: JsonText = None


class Resource(Record):
    """`GET /resources/`: a digital good that an entitlement gives access to."""

    public_id: Id
    merchant: Text = None
    name: Text = None
    external_resource_id: Text = None
    description: Text = None
    image_url: Text = None
    created: WallClock = None
    last_updated: WallClock = None


class Entitlement(Record):
    """`GET /entitlements/` on the entitlements host: its times are UTC, unlike those of all other objects."""

    public_id: Id
    merchant: Text = None
    merchant_user_id: Text = None
    initial_activation_date: Instant = None
    latest_activation_date: Instant = None
    grace_period: Integer = None
    live: Flag = None
    access_type: Text = None
    expiration: Instant = None
    created: Instant = None
    last_updated: Instant = None
    resource: JsonText = None
    grantees: PersonalNames = None


class CancelReason(Record):
    """`GET /merchant/cancel_reason/`: a cancel reason code that the merchant defined."""

    cancel_reason: Id
    application: Text = None
