"""Whatever the seed, and whatever is done to it by hand: the laws hold, and a walk tells the truth."""

from random import Random
from urllib.parse import parse_qs

from hypothesis import given, settings
from hypothesis import strategies as st

from ordergroove_sandbox import Store
from ordergroove_sandbox.rest.pages import cursor_page
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


@settings(max_examples=25, deadline=None)
@given(store=STORES, actions=st.lists(st.integers(0, 11), max_size=25), luck=st.integers(0, 99))
def test_every_small_world_is_lawful(store: Store, actions: list[int], luck: int) -> None:
    rng = Random(luck)
    for action in actions:
        perform_action(store, action, rng)
    assert_invariants(store)


@settings(max_examples=25, deadline=None)
@given(store=STORES, size=st.integers(1, 30), luck=st.integers(0, 99))
def test_every_walk_meets_what_stays_exactly_once(store: Store, size: int, luck: int) -> None:
    rng = Random(luck)
    table = store.state.items
    before, met = {row.key for row in table}, []
    query: dict[str, list[str]] = {}
    while True:
        page = cursor_page(table, query=query, conditions=[], size=size)
        met += [row.key for row in page.rows]
        if page.next is None:
            break
        query = {"cursor": [cursor_of(page.next)]}
        perform_action(store, rng.randrange(12), rng)
    assert len(met) == len(set(met))
    assert before & {row.key for row in table} <= set(met) <= before


def cursor_of(query: str) -> str:
    return parse_qs(query)["cursor"][0]
