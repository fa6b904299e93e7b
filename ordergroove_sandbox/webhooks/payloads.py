"""The object in an event: times are epoch seconds instead of text, and some fields have a `_display` twin.

Belongs here: one function for each kind of row. Does not belong here: the envelope (`messages`), snapshots
(`snapshots`).
"""

from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from json import dumps
from typing import Any

from ordergroove_sandbox.domain.intervals import frequency_days
from ordergroove_sandbox.domain.records import Customer, Entitlement, Item, Order, Subscription
from ordergroove_sandbox.domain.state import StoreState

Payload = dict[str, Any]

STATUS_DISPLAY = {
    1: "Unsent",
    3: "Rejected",
    4: "Cancelled",
    5: "Success",
    6: "Send Now",
    9: "Pending Batch Response",
    10: "Pending Verification",
    11: "Pending Placement",
    12: "Exception During Placement Preparation",
    13: "Connection Error During Placement",
    14: "Response Processing Error",
    15: "Generic Error Response",
    17: "Merged",
    18: "Credit Card Retry",
    19: "Awaiting Retry Instructions",
    20: "Awaiting Response Classification",
}
"""Only "Unsent" is documented; the others are the names of the codes in the same style."""

_EVERY_DISPLAY = {1: "Days", 2: "Weeks", 3: "Months", 4: "Years"}
_PHONE_DISPLAY = {0: "invalid", 1: "landline", 2: "mobile", 3: "voip"}


def epoch(state: StoreState, moment: datetime) -> int:
    """Return the Unix seconds of a wall-clock time; of a repeated hour, those of its first occurrence."""
    return int(moment.replace(tzinfo=state.zone).timestamp())


def order(state: StoreState, row: Order) -> Payload:
    """Object of all `order.*` events."""
    message = row.rejected_message
    return {
        "type": "order",
        "merchant": state.merchant,
        "public_id": row.key,
        "customer": row.customer.key,
        "payment": row.payment.key,
        "shipping_address": row.shipping_address.key,
        "discount_total": _money(row.discount_total),
        "shipping_total": _money(row.shipping_total),
        "sub_total": _money(row.sub_total),
        "tax_total": "0.00",
        "total": _money(row.total),
        "extra_data": row.extra_data or {},
        "generic_error_count": row.generic_error_count,
        "order_merchant_id": row.order_merchant_id,
        "place": row.place.isoformat(),
        "rejected_message": dumps(message) if isinstance(message, dict) else message,
        "status": row.status,
        "status_display": STATUS_DISPLAY[row.status],
        "tries": row.tries,
        "cancelled": _epoch_or_none(state, row.cancelled),
        "created": epoch(state, row.created),
        "one_click_token": _one_click_token(row.key, row.updated),
    }


def item(state: StoreState, row: Item) -> Payload:
    """Object of all `item.*` events."""
    return {
        "type": "item",
        "merchant": state.merchant,
        "public_id": row.key,
        "customer": row.order.customer.key,
        "product": row.product.key,
        "order": row.order.key,
        "subscription": row.subscription.key if row.subscription else None,
        "offer": row.offer,
        "quantity": row.quantity,
        "price": _money(row.price),
        "total_price": _money(row.total_price),
        "first_placed": _epoch_or_none(state, row.first_placed),
        "components": [{"product": component["product"]} for component in row.components],
    }


def subscription(state: StoreState, row: Subscription) -> Payload:
    """Object of all `subscription.*` events."""
    code = (row.cancel_reason or "").partition("|")[0].strip()
    return {
        "type": "subscription",
        "merchant": state.merchant,
        "public_id": row.key,
        "customer": row.customer.key,
        "product": row.product.key,
        "components": row.components,
        "extra_data": row.extra_data or {},
        "quantity": row.quantity,
        "price": None if row.price is None else _money(row.price),
        "frequency_days": frequency_days(every=row.every, every_period=row.every_period),
        "reminder_days": row.reminder_days,
        "every": row.every,
        "every_period": row.every_period,
        "every_period_display": _EVERY_DISPLAY[row.every_period],
        "cancelled": _epoch_or_none(state, row.cancelled),
        "cancel_reason": row.cancel_reason or "",
        "cancel_reason_code": int(code) if code.isascii() and code.isdigit() and len(code) < 10 else None,
        "session_id": row.session_id,
        "merchant_order_id": row.merchant_order_id,
        "live": row.live,
        "external_id": None,
        "created": epoch(state, row.created),
        "start_date": row.start_date.isoformat(),
        "offer": row.offer,
        "payment": row.payment.key,
        "shipping_address": row.shipping_address.key,
        "updated": epoch(state, row.updated),
        "one_click_token": _one_click_token(row.key, row.updated),
        "prepaid_subscription_context": row.prepaid.body() if row.prepaid else None,
    }


def subscriber(state: StoreState, row: Customer, details: Mapping[str, Any]) -> Payload:
    """Object of all `subscriber.*` events; the event type decides which of the two subscription fields is set."""
    return {
        "type": "subscriber",
        "merchant": state.merchant,
        "merchant_user_id": row.key,
        "subscription": details.get("subscription"),
        "subscriptions": details.get("subscriptions", []),
        "session_id": row.session_id,
        "first_name": row.first_name,
        "last_name": row.last_name,
        "email": row.email,
        "phone_number": row.phone_number,
        "phone_type": row.phone_type,
        "phone_type_display": _PHONE_DISPLAY[row.phone_type],
        "live": row.live,
        "created": epoch(state, row.created),
        "last_updated": epoch(state, row.last_updated),
        "extra_data": row.extra_data or {},
        "locale": 1,
        "locale_display": "en-us",
    }


def entitlement(state: StoreState, row: Entitlement, details: Mapping[str, Any]) -> Payload:
    """Object of all `entitlement.*` events; the list has one entitlement."""
    now, created = epoch(state, state.now), epoch(state, row.created)
    resource = row.resource
    return {
        "customer": row.customer.key,
        "entitlements": [
            {
                "access_type": "time_based",
                "created": created,
                "entitlement_transaction": {
                    "grace_period": row.grace_period,
                    "public_id": token(row.key, str(row.version)),
                    "source_action": details.get("source_action", "expiration-process"),
                    "source_object": details.get("source_object"),
                    "source_object_id": details.get("source_object_id"),
                    "time_amount": epoch(state, row.expiration) - epoch(state, row.latest_activation),
                    "transaction_execution_time": now,
                    "transaction_initiation_time": now,
                    "transaction_type": details.get("transaction_type", "expire"),
                },
                "expiration": epoch(state, row.expiration),
                "grace_period": row.grace_period,
                "live": row.live,
                "last_updated": epoch(state, row.last_updated),
                "public_id": row.key,
                "grantees": [
                    {"external_id": key, "name": name, "created": created, "updated": created}
                    for key, name in row.grantees
                ]
                or None,
                "resource": {
                    "description": None,
                    "external_id": resource.external_resource_id,
                    "image_url": None,
                    "name": resource.name,
                    "public_id": resource.key,
                },
            }
        ],
        "merchant": state.merchant,
        "type": "entitlement",
    }


def workflow(state: StoreState, row: Customer, details: Mapping[str, Any]) -> Payload:
    """The complete `data` of a `workflow.*` event: it has fields beside the object."""
    name = str(details["workflow"])
    return {
        "key": details["key"],
        "object": {
            "type": "workflow",
            "merchant": state.merchant,
            "workflow_id": token("workflow", name),
            "workflow_name": name,
            "execution_id": token("execution", f"{row.key}/{state.now}/{name}"),
        },
        "subscriber": {
            "email": row.email,
            "first_name": row.first_name,
            "last_name": row.last_name,
            "phone_number": row.phone_number,
        },
        "execution_context": dict(details.get("context", {})),
    }


def token(kind: str, key: str) -> str:
    """Derive 32 hex digits from a kind and a key, without using random numbers."""
    return blake2b(f"{kind}/{key}".encode(), digest_size=16).hexdigest()


def _one_click_token(key: str, moment: datetime) -> str:
    return f"eyJhbGciOiJFUzUxMiIsInR5cCI6IkpXVCJ9.{token('one-click', f'{key}/{moment}')}"


def _epoch_or_none(state: StoreState, moment: datetime | None) -> int | None:
    return None if moment is None else epoch(state, moment)


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
