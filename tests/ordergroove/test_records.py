"""Records against the bodies that Ordergroove's documentation prints, and the irregularities that live ones show."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from og_assets.ordergroove.objects import BY_NAME
from og_assets.ordergroove.records import CancelReason, Customer, Entitlement, Item, Order, Payment, Subscription

DOCUMENTED: dict[str, dict[str, Any]] = {
    "customers": {
        "merchant": "ac4f7938383a11e89ecbbc764e1107f2",
        "id": 1599349,
        "merchant_user_id": "00026001",
        "session_id": "ac4f7938383a11e89ecbbc764e1107f2.896371.1539022086",
        "user_token_id": "abc123",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "email": "customer@example.com",
        "phone_number": "+13154055372",
        "phone_type": 2,
        "live": True,
        "created": "2018-10-10 14:43:32",
        "last_updated": "2018-11-15 21:44:19",
        "last_login": None,
        "extra_data": "",
        "locale": "en-us",
        "price_code": "",
    },
    "subscriptions": {
        "public_id": "f9cb2f93e1c845eb9de9eff46ddb3cbf",
        "product_attribute": None,
        "price": "12.99",
        "frequency_days": 42,
        "reminder_days": 42,
        "start_date": "2017-02-28 12:00:00",
        "cancelled": None,
        "cancel_reason_code": "4|",
        "cancel_reason": "4|Overstocked",
        "merchant_order_id": "301617",
        "subscription_type": "Replenish",
        "components": [{"public_id": "79d2dc76245111eeb185acde48001122", "quantity": 1, "product": "0070067690"}],
        "created": "2017-02-28 12:00:00",
        "updated": "2017-02-28 12:00:00",
        "extra_data": '{"some": "extra", "fields": "here"}',
        "live": "True",
    },
    "orders": {
        "merchant": "ac4f7938383a11e89ecbbc764e1107f2",
        "customer": "00026001",
        "payment": "394a7f26d61611e88b4abc764e1043b0",
        "shipping_address": "c4cd7f86ccc411e8ada3bc764e101db1",
        "public_id": "6120b166d62d11e8aaf0bc764e107990",
        "sub_total": "95.12",
        "tax_total": "0.00",
        "shipping_total": "0.00",
        "discount_total": "91.78",
        "total": "95.12",
        "created": "2018-10-22 14:05:02",
        "updated": "2018-10-22 14:05:02",
        "place": "2018-10-22 15:06:25",
        "cancelled": None,
        "tries": 1,
        "generic_error_count": 0,
        "status": 3,
        "type": 1,
        "order_merchant_id": None,
        "rejected_message": '{"message": "Unable to ingest order", "code": "020"}',
        "extra_data": None,
        "locked": False,
        "oos_free_shipping": False,
    },
    "items": {
        "order": "45c27952cd9211e8855abc764e106cf4",
        "offer": None,
        "subscription": "6199282ccd8f11e88267bc764e106cf4",
        "product": "0070067698",
        "components": [],
        "subscription_component": "85eae83c245111eeb185acde48001122",
        "quantity": 1,
        "public_id": "45c39ceccd9211e8855abc764e106cf4",
        "product_attribute": None,
        "price": "79.99",
        "extra_cost": "0.00",
        "total_price": "35.99",
        "one_time": False,
        "order_updated": "2025-01-31 00:00:00",
        "frozen": False,
        "first_placed": None,
    },
    "addresses": {
        "customer": "00026001",
        "public_id": "c4cd7f86ccc411e8ada3bc764e101db1",
        "label": None,
        "first_name": "Ada",
        "last_name": "Lovelace",
        "company_name": None,
        "address": "75 Broad St Fl 23",
        "address2": None,
        "city": "New York",
        "state_province_code": "NY",
        "zip_postal_code": "10004-2487",
        "phone": "3154055372",
        "fax": None,
        "country_code": "US",
        "live": True,
        "created": "2018-10-10 14:43:32",
        "updated": "2018-10-10 14:43:32",
        "token_id": None,
        "store_public_id": None,
    },
    "one_time_incentives": {
        "public_id": "37148f0af0fd11ee951baeb47e6cdae4",
        "external_code": "one_time_order_discount_with_threshold",
        "description": "One-Time Order Discount With Threshold",
        "customer": "00026001",
        "merchant": "ac4f7938383a11e89ecbbc764e1107f2",
        "order": "a4f656f6ed4511eebfaf6a353c182723",
        "incentive": {"name": "One-Time Order Discount", "type": "Discount", "value": "75.00", "target": "order"},
        "created": "2024-04-02 09:28:03",
        "last_updated": "2024-04-02 09:28:03",
        "applied_at": "2024-04-03 09:28:03",
        "expires": "2024-05-21 00:00:00",
        "stacking_type": "additional",
        "item": None,
    },
    "billing_attempts": {
        "public_id": "1",
        "order": "6120b166d62d11e8aaf0bc764e107990",
        "response_code": "140",
        "response_message": "declined",
        "response_order_id": None,
        "response_payload": "<order><code>140</code></order>",
        "transaction_response": {"code": "140"},
    },
    "payments": {
        "customer": "00026001",
        "billing_address": "c4cfc106ccc411e8ada3bc764e101db1",
        "cc_number_ending": None,
        "public_id": "c4d1d4e6ccc411e8ada3bc764e101db1",
        "label": None,
        "token_id": "5CA94EAA-AADE-4918-ABEE-8C8531411BAE",
        "cc_holder": None,
        "cc_type": 1,
        "cc_exp_date": "02/2020",
        "payment_method": "credit card",
        "live": False,
        "created": "2018-10-10 14:43:32",
        "last_updated": "2018-10-10 14:43:32",
    },
    "products": {
        "merchant": "519f1f120e3411ef984b1e8a267ce85a",
        "groups": [{"name": "subscription", "group_type": "eligibility"}],
        "name": "Medium Roast Coffee Bag",
        "price": "10.00",
        "image_url": "image-url",
        "detail_url": "product-url",
        "external_product_id": "48398751432995",
        "sku": "48398751432995",
        "autoship_enabled": True,
        "premier_enabled": 0,
        "created": "2024-05-09 15:20:09",
        "last_update": "2024-05-13 08:56:36",
        "live": True,
        "discontinued": False,
        "extra_data": None,
        "product_type": "standard",
        "autoship_by_default": True,
        "every": None,
        "every_period": None,
        "offer_profile": None,
        "incentive_group": None,
    },
    "product_groups": {"name": "summer_sale", "group_type": "incentive"},
    "offer_profiles": {
        "public_id": "e3e9ac44a24f15e485b0bc764e107cf3",
        "name": "offer profile name",
        "weight": 100,
        "live": True,
        "status": "available",
        "offers": ["a748aa648ac811e8af3bbc764e106cf4"],
        "recurring_coupon": {"public_id": "ff48e9fdc8eb4d79abd7c8c573523d25", "discounts": [{"value": "100"}]},
        "initial_coupon": {"public_id": "ff48e9fdc8eb4d79abd7c8c573523d25", "discounts": [{"value": "100"}]},
    },
    "resources": {
        "public_id": "ecb42bee71ff11efb72ef29e3ec3bb34",
        "merchant": "339536244b7c11eb8d37ee71e0f3a639",
        "name": "Piano lesson",
        "external_resource_id": "123456",
        "description": None,
        "image_url": "http://some.image.com",
        "created": "2020-12-31 23:28:48",
        "last_updated": "2020-12-31 23:28:48",
    },
    "entitlements": {
        "merchant": "339536244b7c11eb8d37ee71e0f3a639",
        "public_id": "4c6dceaa1ddc4361962f9f6b11c0af7a",
        "merchant_user_id": "test_user_id",
        "initial_activation_date": "2024-08-12T20:35:19.04Z",
        "latest_activation_date": "2024-08-12T20:35:19.04Z",
        "grace_period": None,
        "live": False,
        "access_type": "time_based",
        "expiration": "2024-09-12T20:35:19.04Z",
        "created": "2024-08-12T20:35:19.04Z",
        "last_updated": "2024-08-12T20:35:19.04Z",
        "resource": {"public_id": "ecb42bee71ff11efb72ef29e3ec3bb34", "name": "Piano lesson"},
        "grantees": [{"external_id": "grantee-001", "name": "Grantee Name", "created": "2020-12-31 23:28:48"}],
    },
    "cancel_reasons": {"cancel_reason": 114, "application": "msi"},
}


def test_every_object_has_a_documented_body() -> None:
    assert set(DOCUMENTED) == set(BY_NAME)


@pytest.mark.parametrize("name", DOCUMENTED)
def test_documented_body_is_read_and_every_field_is_known(name: str) -> None:
    record = BY_NAME[name].record.model_validate(DOCUMENTED[name])
    assert record.model_extra == {}
    kept = record.model_dump()
    assert {field for field, value in DOCUMENTED[name].items() if value not in (None, "")} <= {
        field for field, value in kept.items() if value is not None
    }


@pytest.mark.parametrize("name", DOCUMENTED)
def test_key_alone_is_enough(name: str) -> None:
    api_object = BY_NAME[name]
    api_object.record.model_validate({field: DOCUMENTED[name][field] for field in api_object.key})


@pytest.mark.parametrize("name", DOCUMENTED)
@pytest.mark.parametrize("broken", [None, "", "missing"])
def test_row_without_its_key_does_not_fit(name: str, broken: str | None) -> None:
    for field in BY_NAME[name].key:
        body = DOCUMENTED[name] | {field: broken}
        if broken == "missing":
            del body[field]
        with pytest.raises(ValidationError):
            BY_NAME[name].record.model_validate(body)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"gift": True}, '{"gift":true}'),
        ('{"gift": true}', '{"gift": true}'),
        ("", None),
        (None, None),
        ({}, "{}"),
        ([], "[]"),
        ("leave at the door", '"leave at the door"'),
        ("NaN", '"NaN"'),
        ("{'single': 'quotes'}", "\"{'single': 'quotes'}\""),
        ("Größe M", '"Größe M"'),
        ("[" * 100_000, '"' + "[" * 100_000 + '"'),
        (7, "7"),
    ],
    ids=str,
)
def test_extra_data_becomes_json_text_in_every_shape(given: Any, kept: str | None) -> None:
    order = Order.model_validate({"public_id": "o", "extra_data": given})
    assert order.extra_data == kept


def test_json_that_only_python_reads_does_not_fit() -> None:
    with pytest.raises(ValidationError):
        Order.model_validate({"public_id": "o", "extra_data": {"ratio": float("nan")}})


@pytest.mark.parametrize(
    ("given", "kept"),
    [(4, 4), ("4", 4), ("4|", 4), ("8 | too expensive", 8), ("", None), ("|", None), (None, None), (114, 114)],
)
def test_cancel_reason_code_is_read_in_every_shape(given: Any, kept: int | None) -> None:
    assert Subscription.model_validate({"public_id": "s", "cancel_reason_code": given}).cancel_reason_code == kept


@pytest.mark.parametrize("given", ["Overstocked", "four|", 4.5, 2**63, -(2**63) - 1, [4]])
def test_cancel_reason_code_that_is_no_column_value_does_not_fit(given: Any) -> None:
    with pytest.raises(ValidationError, match="cancel_reason_code"):
        Subscription.model_validate({"public_id": "s", "cancel_reason_code": given})


@pytest.mark.parametrize(("given", "kept"), [(True, True), ("True", True), ("False", False), ("", None), (None, None)])
def test_live_is_read_as_bool_or_text(given: Any, kept: bool | None) -> None:
    assert Subscription.model_validate({"public_id": "s", "live": given}).live is kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("12.99", "12.99"),
        (12.1, "12.1"),
        (7, "7"),
        ("-3.50", "-3.50"),
        ("0.0001", "0.0001"),
        ("12.990000000", "12.99"),
        ("99999999999999.9999", "99999999999999.9999"),
    ],
)
def test_money_is_exact(given: Any, kept: str) -> None:
    assert Order.model_validate({"public_id": "o", "total": given}).total == Decimal(kept)


@pytest.mark.parametrize(
    "given", ["undefined", "12,99", "NaN", "Infinity", "0.00001", "100000000000000", 0.1 + 0.2, True]
)
def test_money_that_would_be_rounded_or_guessed_does_not_fit(given: Any) -> None:
    with pytest.raises(ValidationError, match="total"):
        Order.model_validate({"public_id": "o", "total": given})


def test_updated_may_be_missing() -> None:
    assert Order.model_validate({"public_id": "o"}).updated is None
    assert Item.model_validate({"public_id": "i"}).order_updated is None


def test_empty_text_means_null_everywhere() -> None:
    order = Order.model_validate({"public_id": "o", "updated": "", "total": "", "tries": "", "locked": "", "new": ""})
    assert (order.updated, order.total, order.tries, order.locked) == (None, None, None, None)
    assert order.model_extra == {"new": None}


def test_ids_and_codes_keep_their_zeros_and_may_be_numbers() -> None:
    assert Customer.model_validate({"merchant_user_id": "00026001", "locale": 1}).merchant_user_id == "00026001"
    assert Customer.model_validate({"merchant_user_id": 26001, "locale": 1}).merchant_user_id == "26001"
    assert CancelReason.model_validate({"cancel_reason": 114}).cancel_reason == "114"


def test_wall_clock_is_kept_as_it_came() -> None:
    order = Order.model_validate({"public_id": "o", "updated": "2026-11-01 01:30:00", "place": "2026-11-02"})
    assert order.updated == datetime(2026, 11, 1, 1, 30)
    assert order.updated.tzinfo is None
    assert order.place == datetime(2026, 11, 2)


@pytest.mark.parametrize(
    "given",
    [
        "2026-11-01 01:30:00Z",
        "2026-11-01T01:30:00-05:00",
        1793500000,
        1793500000.5,
        "1793500000",
        True,
        "2017-02-29 12:00:00",
        "2020-06-13 014:16:57",
        "0000-00-00 00:00:00",
        "null",
        "10/22/2018",
    ],
)
def test_time_that_is_no_wall_clock_does_not_fit(given: Any) -> None:
    with pytest.raises(ValidationError, match="updated"):
        Order.model_validate({"public_id": "o", "updated": given})


def test_entitlements_tell_instants() -> None:
    entitlement = Entitlement.model_validate({"public_id": "e", "expiration": "2024-09-12T20:35:19.04Z"})
    assert entitlement.expiration == datetime(2024, 9, 12, 20, 35, 19, 40_000, tzinfo=UTC)
    with pytest.raises(ValidationError, match="expiration"):
        Entitlement.model_validate({"public_id": "e", "expiration": "2024-09-12 20:35:19"})


@pytest.mark.parametrize("given", ["2018-12-27", "2018-12-27 12:00:00", "2018-12-27T00:00:00Z"])
def test_start_date_is_the_day_of_a_date_or_a_time(given: str) -> None:
    assert Subscription.model_validate({"public_id": "s", "start_date": given}).start_date == date(2018, 12, 27)


@pytest.mark.parametrize(
    "given", [86400, 86400.0, "86400", "1545868800", False, "27.12.2018", "2018-13-01", "2018-1-2"]
)
def test_number_is_no_day(given: Any) -> None:
    with pytest.raises(ValidationError, match="start_date"):
        Subscription.model_validate({"public_id": "s", "start_date": given})


@pytest.mark.parametrize("given", [2**63, -(2**63) - 1, 10**400, 1.5, float("nan"), float("inf"), "many"])
def test_number_that_no_column_holds_does_not_fit(given: Any) -> None:
    with pytest.raises(ValidationError, match="tries"):
        Order.model_validate({"public_id": "o", "tries": given})


@pytest.mark.parametrize("given", [2**63 - 1, -(2**63), "12", 12.0])
def test_number_at_the_edge_of_its_column_fits(given: Any) -> None:
    assert Order.model_validate({"public_id": "o", "tries": given}).tries == int(given)


def test_secret_of_any_shape_does_not_reject_its_row() -> None:
    for secret in ("token", {"token": 1}, ["token"], 12, None, ""):
        Payment.model_validate({"public_id": "p", "token_id": secret})


def test_unknown_fields_are_kept_whatever_they_are_called() -> None:
    unknown = {"model_config": 1, "__dict__": 2, "__class__": 3, "_extra": 4, "_window": 5, "": 6, "self": 7, "copy": 8}
    order = Order.model_validate({"public_id": "o", **unknown})
    assert order.model_extra == unknown
    assert order.public_id == "o"
