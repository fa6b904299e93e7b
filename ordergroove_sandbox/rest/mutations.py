"""The API calls that change a store: path, body, action, response.

Belongs here: one function for each documented call. Does not belong here: effects in the store (`actions`, `domain`),
HTTP (`mutation_requests`).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from ordergroove_sandbox.store import Store

from . import body_values
from .body_values import Body
from .filters import BadParameterError

ResponseKind = Literal["subscriptions", "orders", "items", "nothing", "empty object"]


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """`do` gets the store, the id in the path and the body; it returns the id of the row to respond with.

    `breaks`: on an item whose order is no longer open, the real API fails with an empty 500.
    """

    method: Literal["PATCH", "POST", "DELETE"]
    path: str
    do: Callable[[Store, str, Body], str]
    responds_with: ResponseKind
    status: int = 200
    breaks: bool = False


def _cancel(store: Store, key: str, body: Body) -> str:
    store.cancel(key, reason=body_values.short_text(body, "cancel_reason"))
    return key


def _reactivate(store: Store, key: str, body: Body) -> str:
    every, period = body_values.interval(body)
    store.reactivate(
        key,
        every=every,
        every_period=period,
        start_date=body_values.day(body, "start_date", today=store.state.today),
        next_order_date=body_values.day_or_none(body, "next_order_date", today=store.state.today),
    )
    return key


def _change_frequency(store: Store, key: str, body: Body) -> str:
    every, period = body_values.interval(body)
    store.change_frequency(key, every=every, every_period=period)
    return key


def _change_quantity(store: Store, key: str, body: Body) -> str:
    store.change_quantity(key, quantity=body_values.whole(body, "quantity"))
    return key


def _change_shipping(store: Store, key: str, body: Body) -> str:
    store.change_shipping(key, address_id=_known(store.state.addresses, body, "shipping_address"))
    return key


def _change_payment(store: Store, key: str, body: Body) -> str:
    store.change_payment(key, payment_id=_known(store.state.payments, body, "payment"))
    return key


def _change_product(store: Store, key: str, body: Body) -> str:
    store.change_product(key, product_id=_known(store.state.products, body, "product"))
    return key


def _change_next_order_date(store: Store, key: str, body: Body) -> str:
    store.change_next_order_date(key, day=body_values.day(body, "order_date", today=store.state.today))
    return key


def _update_subscription(store: Store, key: str, body: Body) -> str:
    # All fields are checked before any change: an invalid one leaves the others unchanged.
    changes: dict[str, Any] = {}
    if "extra_data" in body:
        changes["extra_data"] = body_values.mapping_or_none(body, "extra_data")
    if "cancel_reason" in body:
        is_null = body["cancel_reason"] is None
        changes["cancel_reason"] = None if is_null else body_values.short_text(body, "cancel_reason")
    if "components" in body:
        changes["components"] = _components(store, body)
    if "price" in body:
        changes["price"] = None if body["price"] is None else body_values.cents(body, "price")
    if "offer" in body:
        changes["offer"] = _known(store.state.discounts, body, "offer")
    store.update_subscription(key, changes)
    return key


def _skip_subscription(store: Store, key: str, body: Body) -> str:
    subscription = body_values.text(body, "subscription")
    row = store.state.subscriptions.get(subscription)
    if row is None or row.upcoming is None or row.upcoming.order.key != key:
        raise BadParameterError("subscription", "This subscription has no item in this order.")
    store.skip(subscription)
    return key


def _cancel_order(store: Store, key: str, _body: Body) -> str:
    if store.state.orders.by_key[key].cancelled is not None:
        raise ValueError("Order is already cancelled")
    store.cancel_order(key)
    return key


def _send_now(store: Store, key: str, _body: Body) -> str:
    store.send_now(key)
    return key


def _change_place_date(store: Store, key: str, body: Body) -> str:
    store.change_place_date(
        key, day=body_values.day(body, "place", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d", today=store.state.today)
    )
    return key


def _change_order_shipping(store: Store, key: str, body: Body) -> str:
    store.change_order_shipping(key, address_id=_known(store.state.addresses, body, "shipping_address"))
    return key


def _change_order_payment(store: Store, key: str, body: Body) -> str:
    store.change_order_payment(key, payment_id=_known(store.state.payments, body, "payment"))
    return key


def _update_order(store: Store, key: str, body: Body) -> str:
    if "extra_data" in body:
        store.update_order(key, extra_data=body_values.mapping_or_none(body, "extra_data"))
    return key


def _finalize(store: Store, key: str, body: Body) -> str:
    idempotency_key = body_values.text(body, "idempotency_key")
    body_values.text(body, "processing_response_id")
    code = re.search(r"<code>([0-9]{3})</code>", body_values.text(body, "response_xml"))
    if code is None:
        raise BadParameterError("response_xml", "No response code found.")
    if (key, idempotency_key) not in store.finalized:
        store.finalize_placement(key, code=code[1])
        store.finalized.add((key, idempotency_key))
    return key


def _add_one_time(store: Store, _key: str, body: Body) -> str:
    if body_values.text(body, "offer") not in store.state.discounts:
        raise BadParameterError("offer", "Object does not exist.")
    product = _known(store.state.products, body, "product")
    order = _known(store.state.orders, body, "order")
    return store.add_one_time_item(order, product_id=product, quantity=body_values.whole(body, "quantity"))


def _create_item(store: Store, _key: str, body: Body) -> str:
    if body_values.text(body, "merchant_id") != store.merchant:
        raise BadParameterError("merchant_id", "Object does not exist.")
    if body_values.text(body, "offer_id") not in store.state.discounts:
        raise BadParameterError("offer_id", "Object does not exist.")
    return store.create_item(
        _known(store.state.customers, body, "customer_id"),
        address_id=_known(store.state.addresses, body, "shipping_id"),
        payment_id=_known(store.state.payments, body, "payment_id"),
        product_id=_known(store.state.products, body, "product_id"),
        day=body_values.day(body, "place_date", "%m/%d/%Y", today=store.state.today),
        quantity=body_values.whole(body, "quantity"),
    )


def _change_item_quantity(store: Store, key: str, body: Body) -> str:
    store.change_item(key, quantity=body_values.whole(body, "quantity"))
    return key


def _change_item_price(store: Store, key: str, body: Body) -> str:
    store.change_item_price(key, cents=body_values.cents(body, "price"))
    return key


def _change_item_product(store: Store, key: str, body: Body) -> str:
    store.change_item(key, product_id=_known(store.state.products, body, "product"))
    return key


def _delete_item(store: Store, key: str, _body: Body) -> str:
    store.remove_item(key)
    return key


def _use_address(store: Store, key: str, _body: Body) -> str:
    store.use_address_for_all(key)
    return key


def _use_payment(store: Store, key: str, _body: Body) -> str:
    store.use_payment_for_all(key)
    return key


def _known(table: object, body: Body, name: str) -> str:
    """Return an id from the body; the row must exist."""
    key = body_values.text(body, name)
    if key not in table:  # type: ignore[operator]
        raise BadParameterError(name, "Object does not exist.")
    return key


def _components(store: Store, body: Body) -> list[dict[str, Any]]:
    """Return the components of a bundle; new ones get an id."""
    try:
        return [
            {
                "public_id": body_values.short_text(one, "public_id") if one.get("public_id") else store.state.new_id(),
                "quantity": body_values.whole({"quantity": 1, **one}, "quantity"),
                "product": _known(store.state.products, one, "product"),
            }
            for one in body_values.mappings(body, "components")
        ]
    except BadParameterError as error:
        detail = error.detail if error.name == "components" else f"{error.name}: {error.detail}"
        raise BadParameterError("components", detail) from None


def _patches(responds_with: ResponseKind, **calls: Callable[[Store, str, Body], str]) -> tuple[Mutation, ...]:
    return tuple(
        Mutation(
            method="PATCH",
            path=f"/{responds_with}/{{key}}/{name}/",
            do=do,
            responds_with=responds_with,
            breaks=responds_with == "items",
        )
        for name, do in calls.items()
    )


MUTATIONS = (
    *_patches(
        "subscriptions",
        cancel=_cancel,
        reactivate=_reactivate,
        change_frequency=_change_frequency,
        change_quantity=_change_quantity,
        change_shipping=_change_shipping,
        change_payment=_change_payment,
        change_product=_change_product,
        change_next_order_date=_change_next_order_date,
        update=_update_subscription,
    ),
    *_patches(
        "orders",
        skip_subscription=_skip_subscription,
        cancel=_cancel_order,
        send_now=_send_now,
        change_place_date=_change_place_date,
        change_shipping=_change_order_shipping,
        change_payment=_change_order_payment,
        update=_update_order,
    ),
    *_patches(
        "items",
        change_quantity=_change_item_quantity,
        change_price=_change_item_price,
        change_product=_change_item_product,
        update=_change_item_quantity,
    ),
    Mutation(method="POST", path="/orders/{key}/finalize_placement/", do=_finalize, responds_with="orders"),
    Mutation(method="POST", path="/items/iu/", do=_add_one_time, responds_with="items", status=201, breaks=True),
    Mutation(method="POST", path="/items/create/", do=_create_item, responds_with="items", status=201),
    Mutation(
        method="DELETE", path="/items/{key}/delete/", do=_delete_item, responds_with="nothing", status=204, breaks=True
    ),
    Mutation(method="POST", path="/addresses/{key}/use_for_all/", do=_use_address, responds_with="nothing", status=204),
    Mutation(method="POST", path="/payments/{key}/use_for_all/", do=_use_payment, responds_with="empty object"),
)
