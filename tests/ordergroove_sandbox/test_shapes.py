"""Each list has exactly the documented fields, in the documented formats."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from ordergroove_sandbox import RunningStore, Store, serve
from testkit.sandbox.client import SandboxClient

from .conftest import UNTIL

Check = Callable[[Any], bool]


def matches(pattern: str) -> Check:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def kind(*kinds: type) -> Check:
    return lambda value: type(value) in kinds


def null_or(check: Check) -> Check:
    return lambda value: value is None or check(value)


ID = matches(r"[0-9a-f]{32}")
TIME = matches(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
UTC_TIME = matches(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
DAY = matches(r"\d{4}-\d\d-\d\d")
PLACE = matches(r"\d{4}-\d\d-\d\d 00:00:00")
MONEY = matches(r"\d+\.\d\d")
TEXT, INT, BOOL = kind(str), kind(int), kind(bool)
NULL: Check = lambda value: value is None  # noqa: E731
EXTRA = null_or(kind(str, dict))

CUSTOMER = {
    "merchant": ID, "merchant_user_id": matches(r"\d{8}"), "session_id": TEXT, "user_token_id": TEXT,
    "first_name": TEXT, "last_name": TEXT, "email": TEXT, "phone_number": null_or(TEXT), "phone_type": INT,
    "live": BOOL, "created": TIME, "last_updated": TIME, "last_login": null_or(TIME), "extra_data": null_or(TEXT),
    "locale": INT,
}  # fmt: skip
SUBSCRIPTION = {
    "customer": TEXT, "merchant": ID, "product": TEXT, "payment": ID, "shipping_address": ID, "offer": ID,
    "subscription_type": null_or(TEXT), "raw_subscription_type": null_or(TEXT), "components": kind(list),
    "extra_data": EXTRA, "public_id": ID, "quantity": INT, "price": null_or(MONEY), "frequency_days": INT,
    "reminder_days": INT, "every": INT, "every_period": lambda value: value in (1, 2, 3, 4), "start_date": DAY,
    "cancelled": null_or(TIME), "cancel_reason": null_or(TEXT), "iteration": NULL, "sequence": NULL,
    "session_id": TEXT, "merchant_order_id": null_or(TEXT), "created": TIME, "updated": TIME,
    "live": lambda value: value in (True, False, "True", "False"), "external_id": NULL, "product_attribute": NULL,
    "cancel_reason_code": null_or(kind(int, str)), "customer_rep": NULL, "club": NULL,
    "prepaid_subscription_context": null_or(kind(dict)),
}  # fmt: skip
ORDER = {
    "merchant": ID, "customer": TEXT, "payment": ID, "shipping_address": ID, "public_id": ID, "sub_total": MONEY,
    "tax_total": MONEY, "shipping_total": MONEY, "discount_total": MONEY, "total": MONEY, "created": TIME,
    "updated": TIME, "place": PLACE, "cancelled": null_or(TIME), "tries": INT, "generic_error_count": INT,
    "status": INT, "type": lambda value: value == 1, "order_merchant_id": null_or(TEXT),
    "rejected_message": null_or(TEXT), "extra_data": EXTRA, "locked": BOOL, "oos_free_shipping": BOOL,
}  # fmt: skip
ITEM = {
    "order": ID, "offer": ID, "subscription": null_or(ID), "product": TEXT, "components": kind(list), "quantity": INT,
    "public_id": ID, "product_attribute": NULL, "price": MONEY, "extra_cost": MONEY, "total_price": MONEY,
    "one_time": BOOL, "order_updated": TIME, "frozen": BOOL, "first_placed": null_or(TIME),
    "subscription_component": NULL,
}  # fmt: skip
ADDRESS = {
    "customer": TEXT, "public_id": ID, "label": NULL, "first_name": TEXT, "last_name": TEXT,
    "company_name": null_or(TEXT), "address": TEXT, "address2": null_or(TEXT), "city": TEXT,
    "state_province_code": TEXT, "zip_postal_code": TEXT, "phone": null_or(TEXT), "fax": NULL, "country_code": TEXT,
    "live": BOOL, "created": TIME, "updated": TIME, "token_id": NULL, "store_public_id": NULL,
}  # fmt: skip
PAYMENT = {
    "customer": TEXT, "billing_address": ID, "cc_number_ending": null_or(matches(r"\d{4}")), "public_id": ID,
    "label": NULL, "token_id": TEXT, "cc_holder": null_or(TEXT), "cc_type": null_or(INT),
    "cc_exp_date": null_or(matches(r"[1-9]\d?/\d{4}")), "payment_method": TEXT, "live": BOOL, "created": TIME,
    "last_updated": TIME,
}  # fmt: skip
PRODUCT = {
    "merchant": ID, "groups": kind(list), "name": TEXT, "price": MONEY, "image_url": TEXT, "detail_url": TEXT,
    "external_product_id": TEXT, "sku": TEXT, "autoship_enabled": BOOL, "premier_enabled": INT, "created": TIME,
    "last_update": TIME, "live": BOOL, "discontinued": BOOL, "extra_data": NULL, "product_type": TEXT,
    "autoship_by_default": BOOL, "every": NULL, "every_period": NULL, "offer_profile": NULL, "incentive_group": NULL,
}  # fmt: skip
INCENTIVE = {
    "public_id": ID, "external_code": TEXT, "description": TEXT, "customer": TEXT, "merchant": ID,
    "order": null_or(ID), "incentive": kind(dict), "created": TIME, "last_updated": TIME,
    "applied_at": null_or(TIME), "expires": null_or(TIME), "stacking_type": TEXT, "item": null_or(ID),
}  # fmt: skip
RESOURCE = {
    "public_id": ID, "merchant": ID, "name": TEXT, "external_resource_id": TEXT, "description": NULL,
    "image_url": TEXT, "created": TIME, "last_updated": TIME,
}  # fmt: skip
ENTITLEMENT = {
    "merchant": ID, "public_id": ID, "merchant_user_id": TEXT, "initial_activation_date": UTC_TIME,
    "latest_activation_date": UTC_TIME, "grace_period": null_or(INT), "live": BOOL, "access_type": TEXT,
    "expiration": UTC_TIME, "created": UTC_TIME, "last_updated": UTC_TIME, "resource": kind(dict),
    "grantees": kind(list),
}  # fmt: skip
ATTEMPT = {
    "public_id": ID, "order": ID, "response_code": matches(r"(\d{3})?"), "response_message": TEXT,
    "response_order_id": null_or(TEXT), "response_payload": TEXT, "transaction_response": null_or(TEXT),
}  # fmt: skip
PROFILE = {
    "public_id": ID, "name": TEXT, "weight": INT, "live": BOOL, "status": TEXT, "offers": kind(list),
    "recurring_coupon": kind(dict), "initial_coupon": kind(dict),
}  # fmt: skip

OPTIONAL = {"currency_code": TEXT, "free_trial_subscription_context": kind(dict)}
"""Fields that only some rows have."""

SHAPES: dict[str, dict[str, Check]] = {
    "/customers/": CUSTOMER,
    "/subscriptions/": SUBSCRIPTION,
    "/orders/": ORDER,
    "/items/": ITEM,
    "/addresses/": ADDRESS,
    "/payments/": PAYMENT,
    "/products/": PRODUCT,
    "/product_groups/": {"name": TEXT, "group_type": TEXT},
    "/offer_profiles/": PROFILE,
    "/one_time_incentives/": INCENTIVE,
    "/resources/": RESOURCE,
    "/entitlements/": ENTITLEMENT,
    "/placement_logs/responses/": ATTEMPT,
    "/merchant/cancel_reason/": {"cancel_reason": INT, "application": TEXT},
}


@pytest.mark.parametrize("path", SHAPES)
def test_every_row_has_the_documented_fields(shared_client: SandboxClient, path: str) -> None:
    for row in shared_client.rows(path, autoship_enabled="all", allow_discontinued="true", page_size=1000):
        shape = SHAPES[path] | ({name: check for name, check in OPTIONAL.items() if name in row})
        assert row.keys() == shape.keys()
        wrong = {name: row[name] for name, check in shape.items() if not check(row[name])}
        assert not wrong


@pytest.fixture(scope="module")
def large() -> Any:
    with serve(Store(seed=8, customers=500, until=UNTIL)) as running:
        yield SandboxClient(running.url)


def test_irregular_formats_occur(large: SandboxClient) -> None:
    subscriptions, orders = large.rows("/subscriptions/"), large.rows("/orders/")
    assert {type(row["live"]) for row in subscriptions} == {bool, str}
    codes = {row["cancel_reason_code"] for row in subscriptions}
    assert {type(code) for code in codes} == {int, str, type(None)}
    assert any(str(code).endswith("|") for code in codes)
    extras = [row["extra_data"] for row in subscriptions]
    assert None in extras
    assert "" in extras
    assert any(isinstance(extra, dict) and extra for extra in extras)
    assert any(isinstance(extra, str) and extra and json.loads(extra) for extra in extras)
    assert {row["order_merchant_id"] for row in orders} >= {None, ""}
    messages = {row["rejected_message"] for row in orders if row["rejected_message"]}
    assert {message[:3] for message in messages} >= {'{"m', '{"c', "Ord"}
    assert {"currency_code" in row for row in subscriptions} == {True, False}
    assert any(row["components"] for row in subscriptions)
    assert {row["price"] is None for row in subscriptions} == {True, False}


def test_names_contain_quotes_accents_and_emoji(large: SandboxClient) -> None:
    text = "".join(row["first_name"] + row["last_name"] for row in large.rows("/customers/"))
    assert set("\"'é🌞") <= set(text)


def test_cancel_reason_code_is_the_number_before_the_bar(large: SandboxClient) -> None:
    for row in large.rows("/subscriptions/", live="false"):
        code, _, _text = row["cancel_reason"].partition("|")
        assert str(row["cancel_reason_code"]).rstrip("|") == code


def test_order_totals_in_bodies_are_consistent(large: SandboxClient) -> None:
    sums: dict[str, int] = {}
    for item in large.rows("/items/"):
        sums[item["order"]] = sums.get(item["order"], 0) + cents(item["total_price"])
    discounted = 0
    incentives = {row["order"] for row in large.rows("/one_time_incentives/") if row["order"]}
    for order in large.rows("/orders/"):
        assert cents(order["sub_total"]) == sums.get(order["public_id"], 0)
        off = cents(order["sub_total"]) + cents(order["shipping_total"]) - cents(order["total"])
        discounted += bool(off)
        assert off == 0 or order["public_id"] in incentives
    assert discounted


def test_override_changes_the_response_and_not_the_truth(running: RunningStore, client: SandboxClient) -> None:
    order = client.rows("/orders/", status=1)[0]
    running.override("orders", order["public_id"], {"total": "not money", "surprise": 1})
    shown = client.rows("/orders/", status=1)[0]
    assert shown == {**order, "total": "not money", "surprise": 1}
    alone = client.get(f"/orders/{order['public_id']}/").json()
    assert alone["total"] == "not money"
    truth = {row["id"]: row for row in running.store.truth.table("orders")}
    assert str(truth[order["public_id"]]["total"]) == order["total"]
    running.override("orders", order["public_id"], None)
    assert client.rows("/orders/", status=1)[0] == order


def cents(text: str) -> int:
    return int(text.replace(".", ""))
