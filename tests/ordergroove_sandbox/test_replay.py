"""Whoever keeps the newest object of every event, and forgets what was deleted, knows the store."""

from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ordergroove_sandbox import Store
from testkit.sandbox.event_replay import assert_events_rebuild_store
from testkit.sandbox.random_actions import perform_action
from testkit.sandbox.webhook_inbox import replay, store_with_events

from .conftest import UNTIL


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    emptied_orders=st.sampled_from(["keep", "delete"]),
    actions=st.lists(st.integers(0, 11), max_size=20),
)
def test_the_events_in_order_rebuild_the_store(seed: int, emptied_orders: Any, actions: list[int]) -> None:
    store, inbox = store_with_events(seed, customers=12, days=150, until=UNTIL, emptied_orders=emptied_orders)
    rng = Random(seed)
    for action in actions:
        perform_action(store, action, rng)
    assert_events_rebuild_store(store, inbox)


def test_the_events_of_a_year_rebuild_the_store() -> None:
    assert_events_rebuild_store(*store_with_events(4, customers=150, days=365, until=UNTIL))


def test_an_item_that_is_deleted_silently_is_not_missed_by_the_events() -> None:
    store, inbox = store_with_events(7, customers=500, days=365, until=UNTIL)
    silent = {row["id"] for row in store.truth.table("deleted_items") if row["cause"] == "out_of_stock"}
    assert silent
    assert silent <= replay(inbox.events)["item"].keys()
    told_of = Store(seed=7, customers=500, days=365, until=UNTIL, out_of_stock="event")
    removed = {row["object_id"] for row in told_of.truth.table("events") if row["type"] == "item.remove"}
    assert removed == {row["id"] for row in told_of.truth.table("deleted_items")}
