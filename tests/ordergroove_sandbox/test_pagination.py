"""A walk over the pages of a list returns every remaining row exactly once, whatever changes in between."""

from collections import Counter
from urllib.parse import parse_qsl, urlsplit

import pytest

from ordergroove_sandbox import RunningStore, Store, serve
from testkit.sandbox.client import LISTS, V2, SandboxClient

from .conftest import UNTIL


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("page_size", [7, 100])
def test_walk_returns_each_row_once(shared_client: SandboxClient, path: str, page_size: int) -> None:
    ids = shared_client.ids(path, page_size=page_size)
    by_number = []
    number = 1
    while True:
        page = shared_client.http.get(
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


def test_core_lists_contain_all_rows_of_the_truth(store: Store, shared_client: SandboxClient) -> None:
    for name in ("customers", "subscriptions", "orders", "items"):
        assert set(shared_client.ids(f"/{name}/")) == {row["id"] for row in store.truth.table(name)}


def test_newest_rows_come_first(shared_client: SandboxClient) -> None:
    created = [row["created"] for row in shared_client.rows("/orders/", page_size=33)]
    assert created == sorted(created, reverse=True)


def test_billing_attempts_come_oldest_first(store: Store, shared_client: SandboxClient) -> None:
    assert shared_client.ids("/placement_logs/responses/", page_size=1000) == [
        row["id"] for row in store.truth.table("placement_attempts")
    ]


@pytest.mark.parametrize("page_size", [7, 64])
def test_walk_over_more_than_a_thousand_rows_of_one_second(page_size: int) -> None:
    store = Store(seed=2, customers=1_100, imported=1_100, days=1, until=UNTIL)
    seconds = Counter(row["created"] for row in store.truth.table("subscriptions"))
    assert max(seconds.values()) == 1_100
    with serve(store) as running:
        ids = SandboxClient(running.url).ids("/subscriptions/", page_size=page_size)
    assert len(ids) == len(set(ids)) == 1_100


def test_previous_links_lead_over_the_same_pages(shared_client: SandboxClient) -> None:
    pages = shared_client.pages("/items/", page_size=40)[:5]
    page, back = pages[-1], []
    while page["previous"]:
        page = shared_client.http.get(page["previous"]).json()
        back.append(page["results"])
    assert back == [page["results"] for page in reversed(pages[:-1])]
    assert shared_client.http.get(page["next"]).json()["results"] == pages[1]["results"]


@pytest.mark.parametrize("page_size", [1, 3])
def test_walk_over_one_customers_rows_returns_each_once(shared_client: SandboxClient, page_size: int) -> None:
    everything = shared_client.rows("/orders/")
    customer = Counter(row["customer"] for row in everything).most_common(1)[0][0]
    pages = shared_client.pages("/orders/", customer=customer, page_size=page_size)
    ids = [row["public_id"] for page in pages for row in page["results"]]
    assert ids == [row["public_id"] for row in everything if row["customer"] == customer]
    back = shared_client.http.get(pages[2]["previous"]).json()["results"]
    assert back == pages[1]["results"]


def test_rows_changed_during_a_walk_are_returned_once(fresh_store: Store, client: SandboxClient) -> None:
    page = client.page("/orders/", page_size=4)
    before = {row["id"] for row in fresh_store.truth.table("orders")}
    found = [row["public_id"] for row in page["results"]]
    for _ in range(1000):
        if not page["next"]:
            break
        fresh_store.advance(days=1)
        page = client.http.get(page["next"]).json()
        found += [row["public_id"] for row in page["results"]]
    after = {row["id"] for row in fresh_store.truth.table("orders")}
    assert len(found) == len(set(found))
    assert before & after <= set(found) <= before
    assert before - after, "no row was deleted during the walk, so the test proves nothing"


def test_deletions_within_one_second_do_not_shift_pages() -> None:
    store = Store(seed=2, customers=200, imported=200, days=1, until=UNTIL)
    with serve(store) as running:
        client = SandboxClient(running.url)
        page = client.page("/items/", page_size=30)
        found = [row["public_id"] for row in page["results"]]
        for row in page["results"][::2]:
            store.cancel(row["subscription"])
        while page["next"]:
            page = client.http.get(page["next"]).json()
            found += [row["public_id"] for row in page["results"]]
    assert len(found) == len(set(found))
    assert {row["id"] for row in store.truth.table("items")} <= set(found)


def test_row_that_leaves_the_filter_window_during_a_walk_is_not_returned(
    fresh_store: Store, client: SandboxClient
) -> None:
    window = {"updated_end": fresh_store.now.isoformat(), "page_size": 5}
    page = client.page("/subscriptions/", **window)
    last = client.ids("/subscriptions/", updated_end=window["updated_end"])[-1]
    fresh_store.advance(seconds=5)
    fresh_store.change_frequency(last, every=3, every_period=2)
    found = []
    while page["next"]:
        page = client.http.get(page["next"]).json()
        found += [row["public_id"] for row in page["results"]]
    assert last not in found


def test_next_link_keeps_the_sorted_query(shared_client: SandboxClient) -> None:
    link = shared_client.page("/items/", page_size=20, one_time="false", place_start="2026-01-01")["next"]
    names = [name for name, _ in parse_qsl(urlsplit(link).query)]
    assert names == ["cursor", "merchant", "one_time", "page_size", "place_start"]
    assert link.startswith(str(shared_client.http.base_url))


def test_next_link_names_the_requested_host(running: RunningStore) -> None:
    client = SandboxClient(running.url)
    link = client.http.get("/items/", headers={**V2, "Host": "store.example.com:81"}).json()["next"]
    assert link.startswith("http://store.example.com:81/items/?cursor=")


@pytest.mark.parametrize("cursor", ["garbage", "cD0yMDI2", "b2g=", "cD1ub3crb3I=", "ünï"])
def test_invalid_cursor_is_refused(shared_client: SandboxClient, cursor: str) -> None:
    response = shared_client.get("/orders/", cursor=cursor)
    assert (response.status_code, response.json()) == (404, {"detail": "Invalid cursor"})
