"""Webhooks: payloads, signatures, retries, event files, faults."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest

from ordergroove_sandbox import Faults, Store
from ordergroove_sandbox.webhooks import Shape, SigningKeys, Webhooks, sign
from testkit.sandbox.pick import movable_subscription
from testkit.sandbox.webhook_inbox import Inbox, connect_inbox, is_signed, store_with_events

from .conftest import UNTIL

DOCUMENTED = {
    "subscriber": {"create", "cancel", "subscriptions_created"},
    "subscription": {
        "create", "cancel", "reactivate", "change_live", "sku_swap", "change_frequency", "change_components",
        "change_quantity", "change_shipping_address", "change_payment", "refresh_one_click_token",
    },
    "order": {
        "create", "change_shipping_address", "change_payment", "change_billing", "change_next_order_date", "skip_order",
        "send_now", "cancel", "success", "delete", "generic_error", "reject", "reminder", "retryable_placement_failure",
        "awaiting_retry_instructions", "refresh_one_click_token",
    },
    "item": {
        "create", "change_order", "change_quantity", "update_price", "sku_swap", "remove", "item_subscribe",
        "successfully_placed", "out_of_stock",
    },
    "entitlement": {
        "entitlements_granted", "entitlements_expiring", "entitlements_expired", "entitlements_grace_period_expired",
        "expiration_modified", "entitlements_voided",
    },
    "workflow": {"send_communication"},
}  # fmt: skip


@pytest.fixture(scope="module")
def year() -> list[dict[str, Any]]:
    """All events of a year."""
    return store_with_events(2, customers=500, days=365, until=UNTIL)[1].events


def test_signature_equals_the_known_vector() -> None:
    body = (
        b'{"id":"evt_1","type":"order.delete","created":1592570790,'
        b'"data":{"object":{"type":"order","public_id":"f9cb2f93e1c845eb9de9eff46ddb3cbf"}}}'
    )
    expected = "bb5cdfe1105085367fc0f6e99b1b52d27a75d878bcd21adc5827bbf21c2f71f0"
    assert sign("super-secret-webhooks-verification-key", ts=1592570791, body=body) == expected


def test_a_year_has_exactly_the_documented_event_types(year: list[dict[str, Any]]) -> None:
    documented = {f"{kind}.{name}" for kind, names in DOCUMENTED.items() for name in names}
    assert {event["type"] for event in year} == documented


def test_event_ids_are_unique_and_times_ascend(year: list[dict[str, Any]]) -> None:
    assert len({event["id"] for event in year}) == len(year)
    created = [event["created"] for event in year]
    assert created == sorted(created)


def test_same_seed_sends_the_same_bytes() -> None:
    one, other = (store_with_events(3, customers=20, days=90, until=UNTIL)[1] for _ in range(2))
    assert one.received == other.received


def test_webhooks_do_not_change_the_store() -> None:
    store = store_with_events(3, customers=20, days=90, until=UNTIL)[0]
    assert store.truth.tables() == Store(seed=3, customers=20, days=90, until=UNTIL).truth.tables()


@pytest.mark.parametrize("nesting", ["top", "data"])
def test_nesting_decides_where_context_and_snapshot_are(nesting: str) -> None:
    shape = Shape(nesting=nesting, snapshot="full")  # type: ignore[arg-type]
    for event in store_with_events(3, customers=5, days=60, until=UNTIL, shape=shape)[1].events:
        if event["type"].startswith("workflow."):
            continue
        holder = event if nesting == "top" else event["data"]
        other = event["data"] if nesting == "top" else event
        assert {"context", "snapshot"} <= holder.keys()
        assert not {"context", "snapshot"} & other.keys()
        assert list(holder["snapshot"])[:2] == ["customer", "orders"]


def test_full_snapshot_contains_the_rows_around_the_object() -> None:
    _, inbox = store_with_events(3, customers=10, days=60, until=UNTIL, shape=Shape(snapshot="full"))
    event = next(event for event in inbox.events if event["type"] == "item.create")
    payload, around = event["data"]["object"], event["snapshot"]
    assert around["customer"]["merchant_user_id"] == payload["customer"]
    assert [row["public_id"] for row in around["orders"]] == [payload["order"]]
    assert [row["public_id"] for row in around["subscriptions"]] == [payload["subscription"]]
    assert [row["external_product_id"] for row in around["products"]] == [payload["product"]]
    assert "order_updated" not in around["items"][0]
    assert "updated" not in around["addresses"][0]


def test_context_names_the_actor(year: list[dict[str, Any]], fresh_store: Store) -> None:
    actors = Counter(event["context"]["actor"]["type"] for event in year if event.get("context"))
    assert set(actors) == {"customer", "user", "og-system-process"}
    sources = {event["context"].get("source") for event in year if event["type"] == "subscription.create"}
    assert sources == {"PurchasePOST"}
    inbox, hooks = connect_inbox(fresh_store)
    fresh_store.change_quantity(movable_subscription(fresh_store).key, quantity=3)
    hooks.deliver()
    assert inbox.events[0]["context"]["actor"]["type"] == "apikey"


def test_every_post_is_signed(fresh_store: Store) -> None:
    inbox, hooks = connect_inbox(fresh_store)
    fresh_store.advance(days=5)
    hooks.deliver()
    assert len(inbox.received) > 20
    for body, headers in inbox.received:
        assert is_signed(body, headers["Ordergroove-Signature"])
        assert not is_signed(body + b" ", headers["Ordergroove-Signature"])


def test_both_keys_sign_for_a_day_after_a_rotation() -> None:
    keys = SigningKeys("old")
    keys.rotate("new", now=UNTIL)
    assert keys.valid(UNTIL + timedelta(hours=23)) == ["new", "old"]
    assert keys.valid(UNTIL + timedelta(hours=24)) == ["new"]
    header = keys.header(now=UNTIL, ts=1, body=b"{}")
    assert header.count("sig=") == 2
    assert is_signed(b"{}", header, key="old")
    assert is_signed(b"{}", header, key="new")


def waits(schedule: str, *, statuses: list[int | None], otherwise: int | None, days: int = 5) -> list[int]:
    """Return the minutes between the attempts at one event."""
    store = Store(customers=5, days=40, until=UNTIL)
    inbox, hooks = connect_inbox(store, inbox=Inbox(statuses, otherwise), schedule=schedule)
    hooks.targets.popitem()
    hooks.add_target("https://receiver.example.com/hooks", pattern="subscription.change_quantity")
    store.change_quantity(movable_subscription(store).key, quantity=3)
    store.advance(days=days)
    hooks.deliver()
    of_one = [ts for event, ts in zip(inbox.events, inbox.seconds, strict=True) if event["id"] == inbox.events[0]["id"]]
    return [(later - earlier) // 60 for earlier, later in pairwise(of_one)]


def test_newest_schedule_ends_after_sixty_attempts_in_nine_to_ten_hours() -> None:
    minutes = waits("newest", statuses=[], otherwise=500)
    assert minutes[:6] == [1, 2, 4, 8, 10, 10]
    assert len(minutes) == 59
    assert 9 * 60 <= sum(minutes) <= 10 * 60


def test_other_two_schedules_can_be_chosen() -> None:
    assert waits("server", statuses=[], otherwise=None) == [1, 3, 10, 30]
    legacy = waits("legacy", statuses=[], otherwise=503)
    assert legacy[:4] == [1, 2, 4, 8]
    assert sum(legacy) <= 3 * 24 * 60


def test_delivery_ends_with_the_first_acknowledgement() -> None:
    assert waits("newest", statuses=[500, None, 302], otherwise=200) == [1, 2, 4]


def test_retry_has_the_same_body_and_a_new_timestamp(fresh_store: Store) -> None:
    inbox, hooks = connect_inbox(fresh_store, inbox=Inbox([500]))
    fresh_store.change_quantity(movable_subscription(fresh_store).key, quantity=3)
    fresh_store.advance(hours=1)
    hooks.deliver()
    bodies = Counter(body for body, _ in inbox.received)
    (again,) = [body for body, count in bodies.items() if count > 1]
    seconds = [ts for (body, _), ts in zip(inbox.received, inbox.seconds, strict=True) if body == again]
    assert seconds[1] == seconds[0] + 60
    assert hooks.recent[-1].state == "success"
    assert hooks.pending == 0


def test_legacy_schedule_disables_a_target_that_never_responds(fresh_store: Store) -> None:
    inbox, hooks = connect_inbox(fresh_store, inbox=Inbox(otherwise=None), schedule="legacy")
    fresh_store.advance(days=6)
    hooks.deliver()
    (target,) = hooks.targets.values()
    assert not target.enabled
    assert target.counts["canceled"] > 0
    before = len(inbox.received)
    fresh_store.advance(days=6)
    hooks.deliver()
    assert len(inbox.received) == before


def test_pattern_selects_the_events_of_a_target(fresh_store: Store) -> None:
    inbox = Inbox()
    hooks = Webhooks(post=inbox)
    fresh_store.attach_webhooks(hooks)
    hooks.add_target("https://one.example.com", pattern="order.delete|item.*")
    fresh_store.advance(days=10)
    hooks.deliver()
    assert {event["type"].split(".")[0] for event in inbox.events} <= {"order", "item"}
    assert {event["type"] for event in inbox.events if event["type"].startswith("order.")} <= {"order.delete"}
    for number in range(9):
        hooks.add_target(f"https://{number}.example.com")
    with pytest.raises(ValueError, match="10 targets"):
        hooks.add_target("https://eleventh.example.com")


def faulty(**settings: Any) -> tuple[list[bytes], list[bytes], Inbox]:
    """Return the bodies of ten days without and with faults."""
    stores = [Store(seed=5, customers=40, days=120, until=UNTIL) for _ in range(2)]
    inboxes = []
    for store, faults in zip(stores, (Faults(), Faults(**settings)), strict=True):
        inbox, hooks = connect_inbox(store, faults=faults)
        store.advance(days=10)
        hooks.deliver()
        inboxes.append(inbox)
    right, wrong = ([body for body, _ in inbox.received] for inbox in inboxes)
    return right, wrong, inboxes[1]


def test_events_can_be_lost_duplicated_and_shuffled() -> None:
    right, wrong, _ = faulty(lose_event_every=3)
    assert wrong == [body for number, body in enumerate(right, start=1) if number % 3]
    right, wrong, _ = faulty(double_event_every=2)
    assert len(wrong) == len(right) + len(right) // 2
    assert set(wrong) == set(right)
    right, wrong, _ = faulty(shuffle_events=600)
    assert wrong != right
    assert sorted(wrong) == sorted(body for body in right if body in set(wrong))


def test_events_can_be_late_wrongly_signed_or_garbage() -> None:
    right, wrong, inbox = faulty(late_event_every=2, late_event_seconds=86_400 * 2)
    assert set(wrong) < set(right), "some late events are not due yet"
    delays = Counter(ts - event["created"] for event, ts in zip(inbox.events, inbox.seconds, strict=True))
    assert set(delays) == {0, 86_400 * 2}
    _, _, inbox = faulty(missign_event_every=2)
    signed = [is_signed(body, headers["Ordergroove-Signature"]) for body, headers in inbox.received]
    assert signed[:4] == [True, False, True, False]
    _, wrong, inbox = faulty(garbage_event_every=5)
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(wrong[4])
    assert is_signed(wrong[4], inbox.received[4][1]["Ordergroove-Signature"])


def test_event_files_contain_every_event_in_a_folder_per_day(tmp_path: Path) -> None:
    hooks = Webhooks()
    hooks.write_files_to(tmp_path)
    store = Store(seed=5, customers=40, days=120, until=UNTIL, webhooks=hooks)
    store.advance(days=2)
    hooks.deliver()
    hooks.close()
    lines = []
    for file in sorted(tmp_path.glob("*/*")):
        assert file.suffix == ".jsonl"
        for text in file.read_text().splitlines():
            line = orjson.loads(text)
            assert list(line) == ["received_at", "key", "event"]
            assert line["received_at"].startswith(file.parent.name)
            lines.append(line)
    assert [line["event"]["type"] for line in lines] == [row["type"] for row in store.truth.table("events")]
    assert "sandbox-verification-key" not in "".join(file.read_text() for file in tmp_path.glob("*/*"))


def test_faults_apply_to_event_files(tmp_path: Path) -> None:
    hooks = Webhooks(faults=Faults(lose_event_every=2, late_event_every=3, late_event_seconds=86_400 * 3))
    hooks.write_files_to(tmp_path)
    store = Store(seed=5, customers=20, days=60, until=UNTIL, webhooks=hooks)
    hooks.close()
    ids = [
        orjson.loads(line)["event"]["id"] for file in tmp_path.glob("*/*") for line in file.read_bytes().splitlines()
    ]
    assert len(ids) == len(set(ids)) == len(store.truth.table("events")) - len(store.truth.table("events")) // 2
