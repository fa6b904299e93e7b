"""For any seed and any actions: invariants hold, and walks return every remaining row."""

from random import Random
from urllib.parse import parse_qs

from hypothesis import given, settings
from hypothesis import strategies as st

from ordergroove_sandbox import Store
from ordergroove_sandbox.rest.pages import cursor_page
from testkit.sandbox.examples import examples
from testkit.sandbox.invariants import assert_invariants
from testkit.sandbox.random_actions import perform_action

from .conftest import UNTIL

STORES = st.builds(
    Store,
    seed=st.integers(0, 10_000),
    customers=st.integers(0, 12),
    imported=st.integers(0, 5),
    days=st.integers(1, 200),
    until=st.just(UNTIL),
    emptied_orders=st.sampled_from(["keep", "delete"]),
)


@settings(max_examples=examples(8), deadline=None)
@given(store=STORES, actions=st.lists(st.integers(0, 11), max_size=25), pick=st.integers(0, 99))
def test_invariants_hold_after_random_actions(store: Store, actions: list[int], pick: int) -> None:
    rng = Random(pick)
    for action in actions:
        perform_action(store, action, rng)
    assert_invariants(store)


@settings(max_examples=examples(8), deadline=None)
@given(store=STORES, size=st.integers(1, 30), pick=st.integers(0, 99))
def test_walk_during_random_actions_returns_remaining_rows_exactly_once(store: Store, size: int, pick: int) -> None:
    rng = Random(pick)
    table = store.state.items
    before, found = {row.key for row in table}, []
    query: dict[str, list[str]] = {}
    while True:
        page = cursor_page(table, query=query, conditions=[], size=size)
        found += [row.key for row in page.rows]
        if page.next is None:
            break
        query = {"cursor": [cursor_of(page.next)]}
        perform_action(store, rng.randrange(12), rng)
    assert len(found) == len(set(found))
    assert before & {row.key for row in table} <= set(found) <= before


def cursor_of(query: str) -> str:
    return parse_qs(query)["cursor"][0]
