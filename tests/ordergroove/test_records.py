"""Records against the bodies that Ordergroove's documentation prints, and against irregular values of live stores."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from og_assets.ordergroove.objects import BY_NAME
from og_assets.ordergroove.records import CancelReason, Customer, Entitlement, Item, Order, Payment, Subscription

from .documented_bodies import DOCUMENTED


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
def test_key_is_the_only_required_field(name: str) -> None:
    api_object = BY_NAME[name]
    api_object.record.model_validate({field: DOCUMENTED[name][field] for field in api_object.key})


@pytest.mark.parametrize("name", DOCUMENTED)
@pytest.mark.parametrize("broken", [None, "", "missing"])
def test_row_without_its_key_is_invalid(name: str, broken: str | None) -> None:
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
    ids=lambda value: str(value)[:40],
)
def test_extra_data_of_any_type_becomes_json_text(given: Any, kept: str | None) -> None:
    order = Order.model_validate({"public_id": "o", "extra_data": given})
    assert order.extra_data == kept


def test_json_constants_of_python_are_invalid() -> None:
    with pytest.raises(ValidationError):
        Order.model_validate({"public_id": "o", "extra_data": {"ratio": float("nan")}})


@pytest.mark.parametrize(
    ("given", "kept"),
    [(4, 4), ("4", 4), ("4|", 4), ("8 | too expensive", 8), ("", None), ("|", None), (None, None), (114, 114)],
)
def test_cancel_reason_code_is_read_in_every_form(given: Any, kept: int | None) -> None:
    assert Subscription.model_validate({"public_id": "s", "cancel_reason_code": given}).cancel_reason_code == kept


@pytest.mark.parametrize("given", ["Overstocked", "four|", 4.5, 2**63, -(2**63) - 1, [4]])
def test_cancel_reason_code_that_is_not_an_integer_is_invalid(given: Any) -> None:
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
def test_money_that_would_be_rounded_or_guessed_is_invalid(given: Any) -> None:
    with pytest.raises(ValidationError, match="total"):
        Order.model_validate({"public_id": "o", "total": given})


def test_update_time_may_be_missing() -> None:
    assert Order.model_validate({"public_id": "o"}).updated is None
    assert Item.model_validate({"public_id": "i"}).order_updated is None


def test_empty_text_means_null_everywhere() -> None:
    order = Order.model_validate({"public_id": "o", "updated": "", "total": "", "tries": "", "locked": "", "new": ""})
    assert (order.updated, order.total, order.tries, order.locked) == (None, None, None, None)
    assert order.model_extra == {"new": None}


def test_ids_and_codes_keep_leading_zeros_and_may_be_numbers() -> None:
    assert Customer.model_validate({"merchant_user_id": "00026001", "locale": 1}).merchant_user_id == "00026001"
    assert Customer.model_validate({"merchant_user_id": 26001, "locale": 1}).merchant_user_id == "26001"
    assert CancelReason.model_validate({"cancel_reason": 114}).cancel_reason == "114"


def test_store_time_is_kept_without_time_zone() -> None:
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
def test_time_with_zone_or_in_another_format_is_invalid(given: Any) -> None:
    with pytest.raises(ValidationError, match="updated"):
        Order.model_validate({"public_id": "o", "updated": given})


def test_times_of_entitlements_are_instants() -> None:
    entitlement = Entitlement.model_validate({"public_id": "e", "expiration": "2024-09-12T20:35:19.04Z"})
    assert entitlement.expiration == datetime(2024, 9, 12, 20, 35, 19, 40_000, tzinfo=UTC)
    with pytest.raises(ValidationError, match="expiration"):
        Entitlement.model_validate({"public_id": "e", "expiration": "2024-09-12 20:35:19"})


@pytest.mark.parametrize("given", ["2018-12-27", "2018-12-27 12:00:00", "2018-12-27T00:00:00Z"])
def test_start_date_is_the_date_part(given: str) -> None:
    assert Subscription.model_validate({"public_id": "s", "start_date": given}).start_date == date(2018, 12, 27)


@pytest.mark.parametrize(
    "given", [86400, 86400.0, "86400", "1545868800", False, "27.12.2018", "2018-13-01", "2018-1-2"]
)
def test_start_date_in_another_format_is_invalid(given: Any) -> None:
    with pytest.raises(ValidationError, match="start_date"):
        Subscription.model_validate({"public_id": "s", "start_date": given})


@pytest.mark.parametrize("given", [2**63, -(2**63) - 1, 10**400, 1.5, float("nan"), float("inf"), "many"])
def test_number_outside_the_column_range_is_invalid(given: Any) -> None:
    with pytest.raises(ValidationError, match="tries"):
        Order.model_validate({"public_id": "o", "tries": given})


@pytest.mark.parametrize("given", [2**63 - 1, -(2**63), "12", 12.0])
def test_number_at_the_limit_of_the_column_range_is_valid(given: Any) -> None:
    assert Order.model_validate({"public_id": "o", "tries": given}).tries == int(given)


def test_secret_of_any_type_is_valid() -> None:
    for secret in ("token", {"token": 1}, ["token"], 12, None, ""):
        Payment.model_validate({"public_id": "p", "token_id": secret})


def test_unknown_field_of_any_name_is_kept() -> None:
    unknown = {"model_config": 1, "__dict__": 2, "__class__": 3, "_extra": 4, "_window": 5, "": 6, "self": 7, "copy": 8}
    order = Order.model_validate({"public_id": "o", **unknown})
    assert order.model_extra == unknown
    assert order.public_id == "o"
