"""Webhook events as documented, and in the variants that live stores send."""

from typing import Any

import pytest

from og_assets.ordergroove.events import EVENT_TYPES, NotAnEventError, looks_like_event, read_event

ORDER: dict[str, Any] = {"type": "order", "merchant": "m1", "public_id": "o1", "customer": "c1"}


def event(**changes: Any) -> dict[str, Any]:
    return {"id": "e1", "type": "order.delete", "created": 1622589211, "data": {"object": ORDER}, **changes}


def test_context_is_read_from_both_documented_places() -> None:
    context = {"actor": {"type": "customer", "customer": {"merchant_user_id": "c1"}}, "source": "PurchasePOST"}
    top_level = read_event(event(context=context, snapshot={}))
    in_data = read_event(event(data={"object": ORDER, "context": context, "snapshot": {}}))
    assert top_level == in_data
    assert (top_level.actor_type, top_level.actor_id, top_level.source) == ("customer", "c1", "PurchasePOST")
    assert top_level.snapshot is None and top_level.extra is None


@pytest.mark.parametrize(
    ("actor", "actor_id"),
    [
        ({"type": "apikey", "api_key": {"public_id": "k1", "name": "shop"}}, "k1"),
        ({"type": "user", "user": {"public_id": "u1"}}, "u1"),
        ({"type": "og-system-process"}, None),
        ("not an object", None),
        (None, None),
    ],
)
def test_every_type_of_actor_is_read(actor: Any, actor_id: str | None) -> None:
    assert read_event(event(context={"actor": actor})).actor_id == actor_id


@pytest.mark.parametrize(
    ("event_type", "fields", "object_type", "object_id"),
    [
        ("order.delete", {"type": "Order", "public_id": "o1"}, "order", "o1"),
        ("item.remove", {"public_id": "i1"}, "item", "i1"),
        ("subscriber.create", {"type": "subscriber", "merchant_user_id": "c1"}, "subscriber", "c1"),
        ("entitlement.entitlements_voided", {"type": "entitlement", "customer": "c1"}, "entitlement", "c1"),
        ("workflow.send_communication", {"type": "workflow", "execution_id": "x1"}, "workflow", "x1"),
        ("something.new", {"public_id": 7}, "something", "7"),
        ("something.new", {}, "something", None),
    ],
)
def test_object_id_is_read_from_the_id_field_of_its_type(
    event_type: str, fields: dict[str, Any], object_type: str, object_id: str | None
) -> None:
    read = read_event(event(type=event_type, data={"object": fields}))
    assert (read.object_type, read.object_id) == (object_type, object_id)


def test_unknown_fields_are_kept_at_their_path() -> None:
    actor = {"type": "apikey", "api_key": {"public_id": "k1", "name": "shop"}}
    read = read_event(
        event(livemode=True, data={"object": ORDER, "key": "free_gift"}, context={"actor": actor, "reason": "x"})
    )
    assert read.extra == {
        "livemode": True,
        "data": {"key": "free_gift"},
        "context": {"actor": actor, "reason": "x"},
    }
    assert read_event(event(data="no object")).extra == {"data": "no object"}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([], "not a JSON object"),
        ("text", "not a JSON object"),
        ({}, "type: missing"),
        (event(id=None), "id: missing"),
        (event(id=""), "id: missing"),
        (event(created=None), "created"),
        (event(created=True), "created"),
        (event(created=1622589211000), "created"),
        (event(created="yesterday"), "created"),
        (event(created="9" * 5_000), "created"),
        (event(created=float("nan")), "created"),
    ],
)
def test_json_that_is_not_an_event_is_an_error(value: Any, reason: str) -> None:
    with pytest.raises(NotAnEventError, match=reason):
        read_event(value)


@pytest.mark.parametrize("created", [1622589211, "1622589211", 1622589211.75])
def test_created_is_read_in_whole_seconds(created: Any) -> None:
    assert read_event(event(created=created)).created == 1622589211


def test_events_and_envelopes_are_distinguished_from_other_json() -> None:
    assert looks_like_event(event()) and looks_like_event({"event": event()})
    assert not looks_like_event(ORDER) and not looks_like_event([event()]) and not looks_like_event(None)


def test_event_types_that_deletions_depend_on_are_known() -> None:
    assert {"order.delete", "item.remove", "item.change_order", "subscription.cancel"} <= EVENT_TYPES
