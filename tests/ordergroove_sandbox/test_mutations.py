"""Mutations over HTTP: documented effects, and refused requests."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from ordergroove_sandbox import RunningStore, Store
from ordergroove_sandbox.domain.intervals import add_interval
from ordergroove_sandbox.domain.records import Item, Subscription
from ordergroove_sandbox.rest.mutations import MUTATIONS
from testkit.sandbox.client import SandboxClient
from testkit.sandbox.invariants import assert_invariants
from testkit.sandbox.pick import movable_subscription, upcoming_item


@pytest.fixture
def one(fresh_store: Store) -> Subscription:
    """A live, non-prepaid subscription that is alone in its upcoming order."""
    subscription = movable_subscription(fresh_store)
    assert subscription.prepaid is None
    return subscription


def patch(client: SandboxClient, path: str, **body: Any) -> dict[str, Any]:
    response = client.http.patch(path, json=body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def test_cancel_and_reactivate(client: SandboxClient, fresh_store: Store, one: Subscription) -> None:
    order = upcoming_item(one).order.key
    answer = patch(client, f"/subscriptions/{one.key}/cancel/", cancel_reason="4|Overstocked")
    assert (answer["cancel_reason"], answer["cancelled"]) == ("4|Overstocked", str(fresh_store.now))
    assert client.get(f"/orders/{order}/").status_code == 404
    again = client.http.patch(f"/subscriptions/{one.key}/cancel/", json={"cancel_reason": "1"})
    assert (again.status_code, list(again.json())) == (400, ["detail"])
    start = fresh_store.now.date() + timedelta(days=2)
    path = f"/subscriptions/{one.key}/reactivate/"
    answer = patch(client, path, every=2, every_period=2, start_date=str(start))
    assert (answer["cancelled"], answer["cancel_reason"], answer["start_date"]) == (None, None, str(start))
    assert upcoming_item(one).order.place == start + timedelta(weeks=2)
    assert_invariants(fresh_store)


def test_quantity_frequency_product_and_date_change(client: SandboxClient, one: Subscription) -> None:
    path = f"/subscriptions/{one.key}"
    assert patch(client, f"{path}/change_quantity/", quantity=5)["quantity"] == upcoming_item(one).quantity == 5
    assert patch(client, f"{path}/change_frequency/", every=10, every_period=3)["frequency_days"] == 300
    assert patch(client, f"{path}/change_product/", product="62900-W01")["product"] == upcoming_item(one).product.key
    day = upcoming_item(one).order.place + timedelta(days=3)
    patch(client, f"{path}/change_next_order_date", order_date=str(day))
    assert upcoming_item(one).order.place == day
    updated = patch(client, f"{path}/update/", extra_data={"a": 1}, price="12.50")
    assert (updated["price"], one.extra_data, upcoming_item(one).price) == ("12.50", {"a": 1}, 1250)


def test_address_and_payment_apply_to_the_upcoming_order(
    client: SandboxClient, fresh_store: Store, one: Subscription
) -> None:
    address, payment = fresh_store.change_shipping(one.key), fresh_store.change_payment(one.key)
    old = next(row for row in fresh_store.state.addresses if row.customer is one.customer)
    answer = patch(client, f"/subscriptions/{one.key}/change_shipping/", shipping_address=old.key)
    assert answer["shipping_address"] == upcoming_item(one).order.shipping_address.key == old.key
    assert client.http.post(f"/addresses/{address}/use_for_all/").status_code == 204
    assert client.http.post(f"/payments/{payment}/use_for_all/").json() == {}
    for subscription in one.customer.subscriptions:
        if subscription.live:
            assert (subscription.shipping_address.key, subscription.payment.key) == (address, payment)
            assert upcoming_item(subscription).order.shipping_address.key == address
    stranger = next(row for row in fresh_store.state.addresses if row.customer is not one.customer)
    refused = client.http.patch(f"/subscriptions/{one.key}/change_shipping/", json={"shipping_address": stranger.key})
    assert refused.status_code == 400


def test_orders_are_skipped_cancelled_sent_and_moved(
    client: SandboxClient, fresh_store: Store, one: Subscription
) -> None:
    order, item = upcoming_item(one).order, upcoming_item(one)
    assert patch(client, f"/orders/{order.key}/skip_subscription/", subscription=one.key)["public_id"] == order.key
    assert item.order.place == add_interval(order.place, every=one.every, every_period=one.every_period)
    day = fresh_store.now.date() + timedelta(days=200)
    moved = patch(client, f"/orders/{item.order.key}/change_place_date/", place=f"{day} 00:00:00")
    assert moved["place"] == f"{day} 00:00:00"
    assert "updated" not in moved
    assert patch(client, f"/orders/{item.order.key}/update/", extra_data={"gift": True})["status"] == 1
    assert patch(client, f"/orders/{item.order.key}/cancel/")["status"] == 4
    refused = client.http.patch(f"/orders/{item.order.key}/cancel/")
    assert (refused.status_code, refused.json()) == (400, {"detail": "Order is already cancelled"})
    assert patch(client, f"/orders/{upcoming_item(one).order.key}/send_now/")["status"] == 6
    assert_invariants(fresh_store)


def test_items_are_added_changed_frozen_and_deleted(
    client: SandboxClient, fresh_store: Store, one: Subscription
) -> None:
    order = upcoming_item(one).order
    body = {"order": order.key, "offer": fresh_store.state.offers[0], "product": "77001", "quantity": 2}
    added = client.http.post("/items/iu/", json=body)
    assert (added.status_code, added.json()["one_time"]) == (201, True)
    path = f"/items/{added.json()['public_id']}"
    assert patch(client, f"{path}/change_quantity", quantity=3)["quantity"] == 3
    frozen = patch(client, f"{path}/change_price/", price="1.25")
    assert (frozen["price"], frozen["total_price"], frozen["frozen"]) == ("1.25", "3.75", True)
    fresh_store.change_price("77001", cents=5)
    assert client.get(f"{path}/").json()["price"] == "1.25"
    assert patch(client, f"{path}/change_product/", product="77002")["product"] == "77002"
    deleted = client.http.delete(f"{path}/delete/")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert client.get(f"{path}/").status_code == 404
    assert_invariants(fresh_store)


def test_item_can_be_added_to_an_order_that_does_not_exist_yet(
    client: SandboxClient, fresh_store: Store, one: Subscription
) -> None:
    day = fresh_store.now.date() + timedelta(days=77)
    body = {
        "merchant_id": fresh_store.merchant, "customer_id": one.customer.key, "shipping_id": one.shipping_address.key,
        "payment_id": one.payment.key, "offer_id": fresh_store.state.offers[0], "product_id": "77001",
        "place_date": f"{day:%m/%d/%Y}", "quantity": 1,
    }  # fmt: skip
    item = client.http.post("/items/create/", json=body).json()
    assert client.get(f"/orders/{item['order']}/").json()["place"] == f"{day} 00:00:00"
    assert client.http.post("/items/create/", json=body).json()["order"] == item["order"]


def test_call_on_an_item_of_a_closed_order_is_an_empty_500(client: SandboxClient, fresh_store: Store) -> None:
    placed = next(row for row in fresh_store.state.items if row.first_placed)
    for response in (
        client.http.patch(f"/items/{placed.key}/change_quantity/", json={"quantity": 2}),
        client.http.delete(f"/items/{placed.key}/delete/"),
    ):
        assert (response.status_code, response.content) == (500, b"")


def test_pending_outcome_is_set_once_per_idempotency_key(client: SandboxClient, fresh_store: Store) -> None:
    order = next(row for row in fresh_store.state.orders if row.status == 1 and row.items)
    order.status = 10
    body = {"processing_response_id": "1", "response_xml": "<order><code>000</code></order>", "idempotency_key": "k"}
    path = f"/orders/{order.key}/finalize_placement/"
    assert client.http.post(path, json=body).json()["status"] == 5
    assert client.http.post(path, json=body).status_code == 200
    assert order.tries == 1
    assert client.http.post(path, json={**body, "idempotency_key": "other"}).status_code == 400


def test_prepaid_subscription_refuses_cancel_and_quantity_change(client: SandboxClient, running: RunningStore) -> None:
    store = running.store
    while not (prepaid := [row for row in store.state.subscriptions if row.prepaid and row.upcoming]):
        store.advance(days=10)
    (row, *_), item = prepaid, upcoming_item(prepaid[0])
    for path, body in (("cancel", {"cancel_reason": "1"}), ("change_quantity", {"quantity": 9})):
        assert client.http.patch(f"/subscriptions/{row.key}/{path}/", json=body).status_code == 400
    assert client.http.delete(f"/items/{item.key}/delete/").status_code in (400, 500)
    assert item.key in store.state.items


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.path)
def test_every_mutation_needs_a_key_and_an_existing_object(client: SandboxClient, mutation: Any) -> None:
    path = mutation.path.replace("{key}", "0" * 32)
    refused = httpx.request(mutation.method, f"{client.http.base_url}{path}")
    assert (refused.status_code, refused.json()) == (403, {"detail": "Authentication Failed"})
    if "{key}" in mutation.path:
        missing = client.http.request(mutation.method, path, json={})
        assert (missing.status_code, missing.json()) == (404, {"detail": "Unable to find requested asset."})


@pytest.mark.parametrize(
    ("call", "body", "field"),
    [
        ("cancel", {}, "cancel_reason"),
        ("change_quantity", {"quantity": "many"}, "quantity"),
        ("change_quantity", {"quantity": 0}, "quantity"),
        ("change_frequency", {"every": 1, "every_period": 5}, "every_period"),
        ("change_product", {"product": "none"}, "product"),
        ("change_payment", {"payment": 7}, "payment"),
        ("change_next_order_date", {"order_date": "soon"}, "order_date"),
        ("update", {"price": "dear"}, "price"),
        ("update", {"offer": "none"}, "offer"),
        ("update", {"offer": [1]}, "offer"),
        ("update", {"offer": None}, "offer"),
        ("update", {"price": "1e400"}, "price"),
        ("update", {"price": "1e999999999"}, "price"),
        ("update", {"cancel_reason": 7}, "cancel_reason"),
        ("update", {"cancel_reason": "7" * 256}, "cancel_reason"),
        ("update", {"price": "2.00", "components": 5}, "components"),
        ("update", {"price": "2.00", "components": [1]}, "components"),
        ("update", {"price": "2.00", "components": [{"product": "none"}]}, "components"),
        ("update", {"price": "2.00", "extra_data": 5}, "extra_data"),
        ("change_quantity", {"quantity": 10**15}, "quantity"),
        ("change_quantity", {"quantity": "\u00b2"}, "quantity"),
        ("change_frequency", {"every": 1001, "every_period": 1}, "every"),
        ("change_frequency", {"every": 1000, "every_period": 4}, "every"),
        ("change_next_order_date", {"order_date": "2037-01-01"}, "order_date"),
    ],
)
def test_invalid_field_is_named_and_changes_nothing(
    client: SandboxClient, one: Subscription, call: str, body: dict[str, Any], field: str
) -> None:
    before = one.version, one.price, one.every
    response = client.http.patch(f"/subscriptions/{one.key}/{call}/", json=body)
    assert (response.status_code, list(response.json())) == (400, [field])
    assert (one.version, one.price, one.every) == before
    assert client.rows("/subscriptions/")


@pytest.mark.parametrize("content", [b"{", b"[1]", b"text"])
def test_body_that_is_not_an_object_is_refused(client: SandboxClient, one: Subscription, content: bytes) -> None:
    response = client.http.patch(f"/subscriptions/{one.key}/cancel/", content=content)
    assert response.status_code == 400
    assert one.live


def test_one_time_item_becomes_a_subscription(fresh_store: Store, one: Subscription) -> None:
    key = fresh_store.add_one_time_item(upcoming_item(one).order.key, product_id="62900-W01", quantity=2)
    subscription = fresh_store.state.subscriptions.by_key[fresh_store.subscribe_to_item(key, every=1, every_period=3)]
    item: Item = fresh_store.state.items.by_key[key]
    assert (item.subscription, subscription.upcoming, subscription.quantity) == (subscription, item, 2)
    types = [row["type"] for row in fresh_store.truth.table("events")][-4:]
    assert types == ["item.create", "subscription.create", "item.item_subscribe", "subscriber.subscriptions_created"]
    assert_invariants(fresh_store)
