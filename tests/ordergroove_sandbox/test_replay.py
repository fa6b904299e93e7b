"""Replaying all events, newest object per id and without deleted ones, gives the store."""

from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ordergroove_sandbox import Store
from testkit.sandbox.event_replay import assert_events_rebuild_store
from testkit.sandbox.examples import examples
from testkit.sandbox.random_actions import perform_action
from testkit.sandbox.webhook_inbox import replay, store_with_events

from .conftest import UNTIL


@settings(max_examples=examples(5), deadline=None)
@given(
    seed=st.integers(0, 10_000),
    emptied_orders=st.sampled_from(["keep", "delete"]),
    actions=st.lists(st.integers(0, 11), max_size=20),
)
def test_replayed_events_rebuild_the_store(seed: int, emptied_orders: Any, actions: list[int]) -> None:
    store, inbox = store_with_events(seed, customers=12, days=150, until=UNTIL, emptied_orders=emptied_orders)
    rng = Random(seed)
    for action in actions:
        perform_action(store, action, rng)
    assert_events_rebuild_store(store, inbox)


def test_replayed_events_of_a_year_rebuild_the_store() -> None:
    assert_events_rebuild_store(*store_with_events(4, customers=150, days=365, until=UNTIL))


def test_silently_deleted_items_stay_in_a_replay() -> None:
    store, inbox = store_with_events(27, customers=120, days=300, until=UNTIL)
    silent = {row["id"] for row in store.truth.table("deleted_items") if row["cause"] == "out_of_stock"}
    assert silent
    assert silent <= replay(inbox.events)["item"].keys()
    other = Store(seed=27, customers=120, days=300, until=UNTIL, out_of_stock="event")
    removed = {row["object_id"] for row in other.truth.table("events") if row["type"] == "item.remove"}
    assert removed == {row["id"] for row in other.truth.table("deleted_items")}
