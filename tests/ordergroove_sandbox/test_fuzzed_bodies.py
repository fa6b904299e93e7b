"""Any body of a mutation is accepted or refused with a message, and all lists stay readable."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ordergroove_sandbox import Store, serve
from ordergroove_sandbox.rest.mutations import MUTATIONS, Mutation
from ordergroove_sandbox.webhooks import Webhooks
from testkit.sandbox.client import LISTS, SandboxClient
from testkit.sandbox.examples import examples

from .conftest import UNTIL

FIELDS = (
    "cancel_reason", "every", "every_period", "start_date", "next_order_date", "quantity", "shipping_address",
    "payment", "product", "order_date", "extra_data", "components", "offer", "price", "subscription", "place",
    "idempotency_key", "processing_response_id", "response_xml", "order", "merchant_id", "offer_id", "customer_id",
    "shipping_id", "payment_id", "product_id", "place_date",
)  # fmt: skip
DATES = st.dates().map(str)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
)
LIKELY = st.sampled_from(
    ["1e400", "NaN", "²", "9" * 40, "9|x", "٣|x", "0001-01-01", "9999-12-31", "2026-12-24", "2026-12-24 00:00:00",
     "12/24/2026", "77001", 1, 2, 4, 1000, 10**18, "<code>000</code>", "<code>777</code>", "<code>٣٣٣</code>", {}, [],
     [1], [{}], [{"product": "77001"}], [{"product": "77001", "public_id": 7}]]
)  # fmt: skip
VALUES = st.recursive(
    SCALARS | LIKELY | DATES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner), max_leaves=5
)
BODIES = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=8) | VALUES
DEEP: Any = {}
for _ in range(253):
    DEEP = {"a": DEEP}


@pytest.fixture(scope="module")
def shop() -> Iterator[tuple[Store, SandboxClient]]:
    """A store for all examples, with webhooks that compose every event."""
    hooks = Webhooks(post=lambda _url, _body, _headers: 204)
    store = Store(seed=5, customers=30, days=120, until=UNTIL, webhooks=hooks)
    hooks.add_target("http://127.0.0.1:9/hooks")
    with serve(store) as running:
        yield store, SandboxClient(running.url)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: f"{mutation.method} {mutation.path}")
@settings(max_examples=examples(5), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODIES, pick=st.integers(0, 10_000), has_ids=st.booleans())
@example(body={"extra_data": DEEP}, pick=0, has_ids=False)
def test_no_body_breaks_a_store(
    shop: tuple[Store, SandboxClient], mutation: Mutation, body: Any, pick: int, has_ids: bool
) -> None:
    store, client = shop
    state = store.state
    subscription = [row for row in state.subscriptions if row.upcoming][pick % 7]
    assert subscription.upcoming is not None
    item, order = subscription.upcoming, subscription.upcoming.order
    keys = {
        "subscriptions": [row.key for row in state.subscriptions][pick % len(state.subscriptions)],
        "orders": order.key,
        "items": item.key,
        "addresses": order.shipping_address.key,
        "payments": order.payment.key,
    }
    known = {
        "subscription": subscription.key, "order": order.key, "offer": state.offers[0], "offer_id": state.offers[0],
        "merchant_id": store.merchant, "customer_id": order.customer.key, "shipping_id": order.shipping_address.key,
        "payment_id": order.payment.key, "product_id": "77001", "product": "77001", "cancel_reason": "1|Other",
        "every": 1, "every_period": 3, "start_date": str(store.now.date()), "quantity": 1, "price": "1.00",
    }  # fmt: skip
    if has_ids and isinstance(body, dict):
        body = {**known, **body}
    path = mutation.path.replace("{key}", keys[mutation.path.split("/")[1]])
    response = client.http.request(mutation.method, path, json=body)
    is_documented = mutation.breaks and response.content == b""
    assert response.status_code < 500 or is_documented, response.text
    for listing in LISTS:
        assert client.get(listing, page_size=100).status_code == 200
    store.webhooks[0].deliver()
