"""JSON bodies of customers and their rows.

Belongs here: one function for each kind of row and view. Does not belong here: formats of single values (`values`),
rows of the merchant (`merchant_bodies`), filters (`rest`).
"""

from dataclasses import asdict
from json import dumps

from ordergroove_sandbox.domain.intervals import frequency_days
from ordergroove_sandbox.domain.records import (
    Address,
    Customer,
    Item,
    Order,
    Payment,
    Response,
    Subscription,
)
from ordergroove_sandbox.domain.state import StoreState

from .values import Body, extra_data, instant, money, one_in, reason_code, rejected_message, with_currency


def customer(state: StoreState, row: Customer) -> Body:
    """Body in the list: `locale` is a number."""
    return {
        "merchant": state.merchant,
        "merchant_user_id": row.key,
        "session_id": row.session_id,
        "user_token_id": "",
        "first_name": row.first_name,
        "last_name": row.last_name,
        "email": row.email,
        "phone_number": row.phone_number,
        "phone_type": row.phone_type,
        "live": row.live,
        "created": instant(row.created),
        "last_updated": instant(row.last_updated),
        "last_login": instant(row.last_login),
        "extra_data": dumps(row.extra_data, ensure_ascii=False) if row.extra_data else None,
        "locale": 1,
    }


def customer_detail(state: StoreState, row: Customer) -> Body:
    """Body of one customer: with the internal number, and `locale` as text."""
    body = customer(state, row)
    return {**body, "id": row.number, "extra_data": body["extra_data"] or "", "locale": "en-us", "price_code": ""}


def subscription(state: StoreState, row: Subscription) -> Body:
    """The 33 fields of a real body, and the currency if the row has one."""
    body = {
        "customer": row.customer.key,
        "merchant": state.merchant,
        "product": row.product.key,
        "payment": row.payment.key,
        "shipping_address": row.shipping_address.key,
        "offer": row.offer,
        "subscription_type": row.subscription_type,
        "raw_subscription_type": row.subscription_type,
        "components": row.components,
        "extra_data": extra_data(row.key, row.extra_data),
        "public_id": row.key,
        "quantity": row.quantity,
        "price": None if row.price is None else money(row.price),
        "frequency_days": frequency_days(every=row.every, every_period=row.every_period),
        "reminder_days": row.reminder_days,
        "every": row.every,
        "every_period": row.every_period,
        "start_date": row.start_date.isoformat(),
        "cancelled": instant(row.cancelled),
        "cancel_reason": row.cancel_reason,
        "iteration": None,
        "sequence": None,
        "session_id": row.session_id,
        "merchant_order_id": row.merchant_order_id,
        "created": instant(row.created),
        "updated": instant(row.updated),
        "live": str(row.live) if one_in(40, row.key) else row.live,
        "external_id": None,
        "product_attribute": None,
        "cancel_reason_code": reason_code(row),
        "customer_rep": None,
        "club": None,
        "prepaid_subscription_context": row.prepaid.body() if row.prepaid else None,
    }
    if row.free_trial is not None:
        trial = asdict(row.free_trial)
        body["free_trial_subscription_context"] = {**trial, "expiration": row.free_trial.expiration.isoformat()}
    return with_currency(body, row.currency_code)


def order(state: StoreState, row: Order) -> Body:
    """Body in the list."""
    unset = "" if one_in(9, row.key) else None
    body = {
        "merchant": state.merchant,
        "customer": row.customer.key,
        "payment": row.payment.key,
        "shipping_address": row.shipping_address.key,
        "public_id": row.key,
        "sub_total": money(row.sub_total),
        "tax_total": "0.00",
        "shipping_total": money(row.shipping_total),
        "discount_total": money(row.discount_total),
        "total": money(row.total),
        "created": instant(row.created),
        "updated": instant(row.updated),
        "place": f"{row.place} 00:00:00",
        "cancelled": instant(row.cancelled),
        "tries": row.tries,
        "generic_error_count": row.generic_error_count,
        "status": row.status,
        "type": 1,
        "order_merchant_id": row.order_merchant_id or unset,
        "rejected_message": rejected_message(row) or unset,
        "extra_data": extra_data(row.key, row.extra_data),
        "locked": False,
        "oos_free_shipping": False,
    }
    return with_currency(body, row.currency_code)


def with_plan(_state: StoreState, _row: Order, body: Body) -> Body:
    """With `include_has_plan=true`; no product here is a plan."""
    return {**body, "has_plan": False}


def order_detail(state: StoreState, row: Order) -> Body:
    """Body of one order: without `updated`."""
    body = order(state, row)
    del body["updated"]
    return body


def item(_state: StoreState, row: Item) -> Body:
    """Body in the list; `order_updated` is the `updated` of its order."""
    return {
        "order": row.order.key,
        "offer": row.offer,
        "subscription": row.subscription.key if row.subscription else None,
        "product": row.product.key,
        "components": row.components,
        "quantity": row.quantity,
        "public_id": row.key,
        "product_attribute": None,
        "price": money(row.price),
        "extra_cost": "0.00",
        "total_price": money(row.total_price),
        "one_time": row.subscription is None,
        "order_updated": instant(row.order.updated),
        "frozen": row.frozen,
        "first_placed": instant(row.first_placed),
        "subscription_component": None,
    }


def without_prices(_state: StoreState, _row: Item, body: Body) -> Body:
    """With `omit_price_calculation=true`: `order_updated` is omitted too."""
    return {name: body[name] for name in body if name not in ("price", "extra_cost", "total_price", "order_updated")}


def with_incentives(_state: StoreState, row: Item, body: Body) -> Body:
    """With `include_incentives=true`; the content of the array is not documented."""
    return {**body, "incentives": [incentive.incentive for incentive in row.incentives]}


def address(_state: StoreState, row: Address) -> Body:
    """Body in the list."""
    return {
        "customer": row.customer.key,
        "public_id": row.key,
        "label": None,
        "first_name": row.first_name,
        "last_name": row.last_name,
        "company_name": row.company_name,
        "address": row.address,
        "address2": row.address2,
        "city": row.city,
        "state_province_code": row.state_province_code,
        "zip_postal_code": row.zip_postal_code,
        "phone": row.phone,
        "fax": None,
        "country_code": "US",
        "live": row.live,
        "created": instant(row.created),
        "updated": instant(row.updated),
        "token_id": None,
        "store_public_id": None,
    }


def address_detail(state: StoreState, row: Address) -> Body:
    """Body of one address: without `updated`."""
    body = address(state, row)
    del body["updated"]
    return body


def payment(_state: StoreState, row: Payment) -> Body:
    """Body in the list."""
    return {
        "customer": row.customer.key,
        "billing_address": row.billing_address.key,
        "cc_number_ending": row.cc_number_ending,
        "public_id": row.key,
        "label": None,
        "token_id": row.token_id,
        "cc_holder": row.cc_holder,
        "cc_type": row.cc_type,
        "cc_exp_date": row.cc_exp_date,
        "payment_method": row.payment_method,
        "live": row.live,
        "created": instant(row.created),
        "last_updated": instant(row.last_updated),
    }


def response(_state: StoreState, row: Response) -> Body:
    """Body of a billing attempt; it has no time."""
    return {
        "public_id": row.key,
        "order": row.order.key,
        "response_code": row.response_code,
        "response_message": row.response_message,
        "response_order_id": row.response_order_id,
        "response_payload": row.response_payload,
        "transaction_response": row.transaction_response,
    }
