"""Whatever the seed, and whatever is done to it by hand: the laws hold, and a walk tells the truth."""

from datetime import timedelta
from random import Random
from typing import Any
from urllib.parse import parse_qs

from hypothesis import given, settings
from hypothesis import strategies as st

from ordergroove_sandbox import Store
from ordergroove_sandbox.rest.pages import cursor_page
from testkit.sandbox.laws import assert_lawful

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
@given(store=STORES, deeds=st.lists(st.integers(0, 11), max_size=25), luck=st.integers(0, 99))
def test_every_small_world_is_lawful(store: Store, deeds: list[int], luck: int) -> None:
    rng = Random(luck)
    for deed in deeds:
        do_something(store, deed, rng)
    assert_lawful(store)


@settings(max_examples=25, deadline=None)
@given(store=STORES, size=st.integers(1, 30), luck=st.integers(0, 99))
def test_every_walk_meets_what_stays_exactly_once(store: Store, size: int, luck: int) -> None:
    rng = Random(luck)
    table = store.world.items
    before, met = {row.key for row in table}, []
    query: dict[str, list[str]] = {}
    while True:
        page = cursor_page(table, query=query, conditions=[], size=size)
        met += [row.key for row in page.rows]
        if page.next is None:
            break
        query = {"cursor": [cursor_of(page.next)]}
        do_something(store, rng.randrange(12), rng)
    assert len(met) == len(set(met))
    assert before & {row.key for row in table} <= set(met) <= before


def do_something(store: Store, deed: int, rng: Random) -> None:
    """One thing by hand; what the state does not allow is left undone."""
    subscriptions = sorted(row.key for row in store.world.subscriptions)
    items = sorted(row.key for row in store.world.items)
    orders = sorted(row.key for row in store.world.orders)
    if not items:
        store.advance(days=1)
        return
    one, item, order = rng.choice(subscriptions), rng.choice(items), rng.choice(orders)
    day = store.now.date() + timedelta(days=rng.randrange(1, 9))
    deeds: list[Any] = [
        lambda: store.advance(hours=rng.randrange(1, 60)),
        lambda: store.cancel(one),
        lambda: store.reactivate(one),
        lambda: store.skip(one),
        lambda: store.change_next_order_date(one, day=day),
        lambda: store.change_quantity(one, quantity=rng.randrange(1, 5)),
        lambda: store.change_shipping(one),
        lambda: store.remove_item(item),
        lambda: store.add_one_time_item(order, product_id="77001"),
        lambda: store.send_now(order),
        lambda: store.cancel_order(order),
        lambda: store.change_place_date(order, day=day),
    ]
    try:
        deeds[deed]()
    except ValueError:
        return


def cursor_of(query: str) -> str:
    return parse_qs(query)["cursor"][0]
