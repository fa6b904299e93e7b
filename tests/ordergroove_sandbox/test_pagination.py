"""A walk along the cursor meets every row that stays exactly once, whatever happens meanwhile."""

from collections import Counter
from urllib.parse import parse_qsl, urlsplit

import pytest

from ordergroove_sandbox import RunningStore, Store, serve
from testkit.sandbox.client import LISTS, V2, SandboxClient

from .conftest import UNTIL


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("page_size", [7, 100])
def test_each_row_is_met_once(asking: SandboxClient, path: str, page_size: int) -> None:
    ids = asking.ids(path, page_size=page_size)
    by_number = []
    number = 1
    while True:
        page = asking.http.get(
            path,
            params={"merchant": "m", "page": number, "page_size": 100},
            headers={"X-OG-API-VERSION": ""},
        ).json()
        by_number += [row[LISTS[path]] for row in page["results"]]
        if not page["next"]:
            break
        number += 1
    assert ids == by_number
    assert len(set(ids)) == len(ids) > 0


def test_core_lists_hold_everything_that_is_true(store: Store, asking: SandboxClient) -> None:
    for name in ("customers", "subscriptions", "orders", "items"):
        assert set(asking.ids(f"/{name}/")) == {row["id"] for row in store.truth.table(name)}


def test_newest_come_first(asking: SandboxClient) -> None:
    created = [row["created"] for row in asking.rows("/orders/", page_size=33)]
    assert created == sorted(created, reverse=True)


def test_attempts_come_oldest_first(store: Store, asking: SandboxClient) -> None:
    assert asking.ids("/placement_logs/responses/", page_size=1000) == [
        row["id"] for row in store.truth.table("placement_attempts")
    ]


@pytest.mark.parametrize("page_size", [7, 64])
def test_more_than_a_thousand_rows_in_one_second_are_no_obstacle(page_size: int) -> None:
    store = Store(seed=2, customers=1_100, imported=1_100, days=1, until=UNTIL)
    seconds = Counter(row["created"] for row in store.truth.table("subscriptions"))
    assert max(seconds.values()) == 1_100
    with serve(store) as running:
        ids = SandboxClient(running.url).ids("/subscriptions/", page_size=page_size)
    assert len(ids) == len(set(ids)) == 1_100


def test_the_way_back_leads_over_the_same_pages(asking: SandboxClient) -> None:
    pages = asking.pages("/items/", page_size=40)[:5]
    page, back = pages[-1], []
    while page["previous"]:
        page = asking.http.get(page["previous"]).json()
        back.append(page["results"])
    assert back == [page["results"] for page in reversed(pages[:-1])]
    assert asking.http.get(page["next"]).json()["results"] == pages[1]["results"]


@pytest.mark.parametrize("page_size", [1, 3])
def test_a_walk_over_one_customers_rows_meets_each_once(asking: SandboxClient, page_size: int) -> None:
    everything = asking.rows("/orders/")
    customer = Counter(row["customer"] for row in everything).most_common(1)[0][0]
    pages = asking.pages("/orders/", customer=customer, page_size=page_size)
    ids = [row["public_id"] for page in pages for row in page["results"]]
    assert ids == [row["public_id"] for row in everything if row["customer"] == customer]
    back = asking.http.get(pages[2]["previous"]).json()["results"]
    assert back == pages[1]["results"]


def test_rows_that_change_during_a_walk_are_met_once(living: Store, client: SandboxClient) -> None:
    page = client.page("/orders/", page_size=4)
    before = {row["id"] for row in living.truth.table("orders")}
    met = [row["public_id"] for row in page["results"]]
    for _ in range(1000):
        if not page["next"]:
            break
        living.advance(days=1)
        page = client.http.get(page["next"]).json()
        met += [row["public_id"] for row in page["results"]]
    after = {row["id"] for row in living.truth.table("orders")}
    assert len(met) == len(set(met))
    assert before & after <= set(met) <= before
    assert before - after, "nothing was deleted during the walk: the test shows nothing"


def test_rows_that_vanish_beside_others_of_their_second_shift_nothing() -> None:
    store = Store(seed=2, customers=200, imported=200, days=1, until=UNTIL)
    with serve(store) as running:
        client = SandboxClient(running.url)
        page = client.page("/items/", page_size=30)
        met = [row["public_id"] for row in page["results"]]
        for row in page["results"][::2]:
            store.cancel(row["subscription"])
        while page["next"]:
            page = client.http.get(page["next"]).json()
            met += [row["public_id"] for row in page["results"]]
    assert len(met) == len(set(met))
    assert {row["id"] for row in store.truth.table("items")} <= set(met)


def test_a_row_that_leaves_the_window_during_a_walk_is_not_seen_in_it(living: Store, client: SandboxClient) -> None:
    window = {"updated_end": living.now.isoformat(), "page_size": 5}
    page = client.page("/subscriptions/", **window)
    last = client.ids("/subscriptions/", updated_end=window["updated_end"])[-1]
    living.advance(seconds=5)
    living.change_frequency(last, every=3, every_period=2)
    met = []
    while page["next"]:
        page = client.http.get(page["next"]).json()
        met += [row["public_id"] for row in page["results"]]
    assert last not in met


def test_the_next_link_keeps_the_question_and_sorts_it(asking: SandboxClient) -> None:
    link = asking.page("/items/", page_size=20, one_time="false", place_start="2026-01-01")["next"]
    names = [name for name, _ in parse_qsl(urlsplit(link).query)]
    assert names == ["cursor", "merchant", "one_time", "page_size", "place_start"]
    assert link.startswith(str(asking.http.base_url))


def test_the_next_link_names_the_host_that_was_asked(running: RunningStore) -> None:
    client = SandboxClient(running.url)
    link = client.http.get("/items/", headers={**V2, "Host": "store.example.com:81"}).json()["next"]
    assert link.startswith("http://store.example.com:81/items/?cursor=")


@pytest.mark.parametrize("cursor", ["garbage", "cD0yMDI2", "b2g=", "cD1ub3crb3I=", "ünï"])
def test_a_cursor_that_nobody_handed_out_is_refused(asking: SandboxClient, cursor: str) -> None:
    response = asking.get("/orders/", cursor=cursor)
    assert (response.status_code, response.json()) == (404, {"detail": "Invalid cursor"})
