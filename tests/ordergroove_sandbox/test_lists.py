"""What can be asked of the lists, and what they answer."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from ordergroove_sandbox import Store
from testkit.sandbox.client import KEY, LISTS, V2, SandboxClient


def at(row: dict[str, Any], field: str) -> datetime:
    return datetime.fromisoformat(row[field])


@pytest.mark.parametrize("path", LISTS)
def test_version_2_has_no_count_and_version_1_has(asking: SandboxClient, path: str) -> None:
    assert list(asking.page(path)) == ["next", "previous", "results"]
    v1 = asking.http.get(path, params={"merchant": "m"}, headers={"X-OG-API-VERSION": "1"}).json()
    assert list(v1) == ["count", "next", "previous", "results"]


def test_version_1_counts_and_numbers_its_pages(asking: SandboxClient, store: Store) -> None:
    def ask(query: str) -> Any:
        return asking.http.get(f"/customers/?{query}", headers={"X-OG-API-VERSION": ""}).json()

    total = len(store.truth.table("customers"))
    page = ask("page=2&page_size=50")
    assert page["count"] == total == 120
    assert page["next"].endswith("/customers/?page=3&page_size=50")
    assert page["previous"].endswith("/customers/?page=1&page_size=50")
    assert len(ask("page=3&page_size=50")["results"]) == 20
    assert ask("page=4&page_size=50") == {"detail": "Invalid page."}


@pytest.mark.parametrize(
    ("page_size", "rows"), [(None, 10), (25, 25), (100, 100), (5000, 100), (0, 10), (-3, 10), ("many", 10), ("", 10)]
)
def test_the_page_size_is_10_unless_it_is_asked_for_and_100_at_most(
    asking: SandboxClient, page_size: Any, rows: int
) -> None:
    assert len(asking.page("/items/", **({} if page_size is None else {"page_size": page_size}))["results"]) == rows


def test_attempts_come_in_pages_of_up_to_a_thousand(asking: SandboxClient, store: Store) -> None:
    total = len(store.truth.table("placement_attempts"))
    assert total > 200
    assert len(asking.page("/placement_logs/responses/", page_size=5000)["results"]) == min(total, 1000)
    assert len(asking.page("/placement_logs/responses/")["results"]) == 10


@pytest.mark.parametrize(
    ("path", "field", "parameter"),
    [
        ("/customers/", "last_updated", "updated"),
        ("/customers/", "created", "created"),
        ("/subscriptions/", "updated", "updated"),
        ("/subscriptions/", "created", "created"),
        ("/orders/", "updated", "updated"),
        ("/orders/", "created", "created"),
        ("/orders/", "place", "place"),
        ("/items/", "order_updated", "order_updated"),
        ("/addresses/", "updated", "updated"),
        ("/one_time_incentives/", "last_updated", "last_updated"),
        ("/one_time_incentives/", "created", "created"),
    ],
)
def test_windows_hold_both_of_their_ends(asking: SandboxClient, path: str, field: str, parameter: str) -> None:
    rows = asking.rows(path)
    times = sorted(at(row, field) for row in rows)
    start, end = times[len(times) // 4], times[3 * len(times) // 4]
    inside = [row for row in rows if start <= at(row, field) <= end]
    assert asking.rows(path, **{f"{parameter}_start": start.isoformat(), f"{parameter}_end": end.isoformat()}) == inside
    assert any(at(row, field) == start for row in inside)
    assert any(at(row, field) == end for row in inside)
    assert len(inside) < len(rows)


def test_a_day_as_the_end_of_a_window_means_its_midnight(asking: SandboxClient) -> None:
    day = at(asking.rows("/orders/")[50], "updated").date()
    rows = asking.rows("/orders/", updated_start=day.isoformat(), updated_end=day.isoformat())
    assert not rows
    rows = asking.rows("/orders/", updated_start=day, updated_end=day + timedelta(days=1))
    assert {at(row, "updated").date() for row in rows} == {day}


def test_a_day_can_be_asked_for(asking: SandboxClient) -> None:
    rows = asking.rows("/subscriptions/")
    day = rows[10]["created"][:10]
    assert asking.rows("/subscriptions/", created=day) == [row for row in rows if row["created"].startswith(day)]


@pytest.mark.parametrize(
    ("path", "parameter", "field"),
    [
        ("/subscriptions/", "customer", "customer"),
        ("/subscriptions/", "product", "product"),
        ("/subscriptions/", "shipping_address", "shipping_address"),
        ("/orders/", "customer", "customer"),
        ("/orders/", "status", "status"),
        ("/items/", "order", "order"),
        ("/items/", "product", "product"),
        ("/items/", "subscription", "subscription"),
        ("/items/", "offer", "offer"),
        ("/addresses/", "customer", "customer"),
        ("/payments/", "customer", "customer"),
        ("/customers/", "email", "email"),
        ("/one_time_incentives/", "customer", "customer"),
        ("/one_time_incentives/", "external_code", "external_code"),
        ("/entitlements/", "merchant_user_id", "merchant_user_id"),
    ],
)
def test_a_list_can_be_narrowed_to_a_value(asking: SandboxClient, path: str, parameter: str, field: str) -> None:
    rows = asking.rows(path)
    value = next(row[field] for row in rows if row[field] is not None)
    narrowed = asking.rows(path, **{parameter: value})
    assert narrowed == [row for row in rows if row[field] == value]
    assert asking.rows(path, **{parameter: "99"}) == []


def test_orders_can_be_narrowed_to_a_subscription(asking: SandboxClient) -> None:
    item = next(row for row in asking.rows("/items/") if row["subscription"])
    orders = asking.ids("/orders/", subscription=item["subscription"])
    assert set(orders) == {row["order"] for row in asking.rows("/items/", subscription=item["subscription"])}


def test_items_can_be_narrowed_to_those_of_open_orders(asking: SandboxClient) -> None:
    open_orders = set(asking.ids("/orders/", status=1))
    items = asking.rows("/items/", status=1)
    assert items
    assert {item["order"] for item in items} < open_orders, "emptied orders have no items"
    assert all(item["first_placed"] is None for item in items)


def test_live_ones_and_others_can_be_told_apart(asking: SandboxClient) -> None:
    everything, live, gone = (asking.ids("/subscriptions/", **query) for query in ({}, {"live": "True"}, {"live": 0}))
    assert sorted(live + gone) == sorted(everything)
    assert live
    assert gone
    assert asking.ids("/subscriptions/", live=["true", "false"]) == everything


def test_one_time_items_can_be_told_apart(asking: SandboxClient) -> None:
    rows = asking.rows("/items/", one_time="true")
    assert rows
    assert all(row["one_time"] and row["subscription"] is None for row in rows)


def test_prices_can_be_omitted_and_the_time_goes_with_them(asking: SandboxClient) -> None:
    full, bare = asking.rows("/items/")[0], asking.rows("/items/", omit_price_calculation="true")[0]
    assert full.keys() - bare.keys() == {"price", "extra_cost", "total_price", "order_updated"}
    assert asking.rows("/items/", omit_price_calculation="false")[0] == full


def test_whether_an_order_has_a_plan_is_told_on_demand(asking: SandboxClient) -> None:
    assert "has_plan" not in asking.rows("/orders/")[0]
    assert asking.rows("/orders/", include_has_plan="true")[0]["has_plan"] is False


def test_products_are_hidden_unless_they_are_asked_for(asking: SandboxClient) -> None:
    shown, everything = (
        asking.rows("/products/"),
        asking.rows("/products/", autoship_enabled="all", allow_discontinued="true"),
    )
    assert all(row["autoship_enabled"] and not row["discontinued"] for row in shown)
    assert len(everything) == 20 > len(shown) + 2
    assert all(row["discontinued"] for row in asking.rows("/products/", allow_discontinued="strict"))
    assert not any(row["autoship_enabled"] for row in asking.rows("/products/", autoship_enabled="false"))
    ids = [row["external_product_id"] for row in everything[:2]]
    found = asking.rows(
        "/products/", **{"external_product_ids[]": ids, "autoship_enabled": "all", "allow_discontinued": "true"}
    )
    assert [row["external_product_id"] for row in found] == ids
    assert asking.rows("/products/", group_type="sku_swap", search="DARK")[0]["name"] == "Dark Roast Coffee Bag"


def test_archived_offer_profiles_are_hidden(asking: SandboxClient) -> None:
    assert {row["status"] for row in asking.rows("/offer_profiles/")} == {"available"}
    assert {row["status"] for row in asking.rows("/offer_profiles/", status="archived")} == {"archived"}
    assert len(asking.rows("/offer_profiles/", status="all")) == 4


def test_incentives_of_an_order_are_joined_by_those_of_its_items_on_demand(asking: SandboxClient) -> None:
    incentives = asking.rows("/one_time_incentives/")
    of_item = next(row for row in incentives if row["item"])
    order = next(row["order"] for row in asking.rows("/items/") if row["public_id"] == of_item["item"])
    assert of_item not in asking.rows("/one_time_incentives/", order=order)
    assert of_item in asking.rows("/one_time_incentives/", order=order, include_item_level="true")


def test_incentives_can_be_asked_for_by_when_they_were_used(asking: SandboxClient) -> None:
    used = [row for row in asking.rows("/one_time_incentives/") if row["applied_at"]]
    assert asking.rows("/one_time_incentives/", applied_at_start="2020-01-01") == used


def test_the_end_of_a_window_of_attempts_is_exclusive(asking: SandboxClient, store: Store) -> None:
    attempts = store.truth.table("placement_attempts")
    start, end = attempts[20]["at"], attempts[90]["at"]
    ids = asking.ids("/placement_logs/responses/", start_date=f"{start}", end_date=f"{end}")
    assert ids == [row["id"] for row in attempts if start <= row["at"] < end]


def test_entitlements_need_a_merchant(asking: SandboxClient) -> None:
    response = asking.http.get("/entitlements/")
    assert (response.status_code, list(response.json())) == (400, ["merchant"])


@pytest.mark.parametrize(
    ("path", "parameter", "value"),
    [
        ("/orders/", "updated_start", "yesterday"),
        ("/orders/", "updated_end", "2026-13-01"),
        ("/items/", "order_updated_start", "2026-11-22 10:00:00"),
        ("/orders/", "place", "11/22/2026"),
        ("/orders/", "status", "open"),
        ("/subscriptions/", "live", "perhaps"),
        ("/placement_logs/responses/", "start_date", "2026-11-22T10:00:00"),
    ],
)
def test_what_cannot_be_read_is_named(asking: SandboxClient, path: str, parameter: str, value: str) -> None:
    response = asking.get(path, **{parameter: value})
    assert (response.status_code, list(response.json())) == (400, [parameter])


def test_unknown_parameters_are_ignored(asking: SandboxClient) -> None:
    assert asking.ids("/customers/", colour="blue", ordering="place") == asking.ids("/customers/")


@pytest.mark.parametrize("path", [*LISTS, "/orders/0/", "/nowhere/"])
@pytest.mark.parametrize("headers", [{}, {"x-api-key": "wrong"}, {"x-api-key": ""}])
def test_nobody_gets_in_without_a_key(asking: SandboxClient, path: str, headers: dict[str, str]) -> None:
    request = asking.http.build_request("GET", path, headers=headers)
    if not headers:
        del request.headers["x-api-key"]
    response = asking.http.send(request)
    assert (response.status_code, response.json()) == (403, {"detail": "Authentication Failed"})


@pytest.mark.parametrize("path", [path for path in LISTS if not path.startswith(("/product_g", "/place", "/merch"))])
def test_a_row_can_be_retrieved_until_it_is_gone(asking: SandboxClient, path: str) -> None:
    row = asking.rows(path)[0]
    alone = asking.get(f"{path}{row[LISTS[path]]}/").json()
    differing = {"/customers/": {"extra_data", "locale"}}.get(path, set())
    assert {name: alone[name] for name in alone.keys() & row.keys() - differing} == {
        name: row[name] for name in alone.keys() & row.keys() - differing
    }
    response = asking.get(f"{path}00000000/")
    assert response.status_code == 404
    assert response.json()["detail"] in ("Unable to find requested asset.", "Not found", "Not found.")


def test_retrieved_orders_and_addresses_do_not_tell_when_they_were_updated(asking: SandboxClient) -> None:
    for path in ("/orders/", "/addresses/"):
        row = asking.rows(path)[0]
        assert row.keys() - asking.get(f"{path}{row['public_id']}/").json().keys() == {"updated"}


def test_what_is_deleted_is_nowhere_to_be_found(living: Store, client: SandboxClient) -> None:
    living.advance(days=20)
    deleted = living.truth.table("deleted_items")[-3:]
    assert deleted
    present = set(client.ids("/items/"))
    for row in deleted:
        assert row["id"] not in present
        response = client.get(f"/items/{row['id']}/")
        assert (response.status_code, response.json()) == (404, {"detail": "Unable to find requested asset."})


def test_an_item_that_moved_is_still_there_under_its_id(living: Store, client: SandboxClient) -> None:
    item = next(row for row in client.rows("/items/", status=1) if row["subscription"])
    living.advance(seconds=10)
    living.skip(item["subscription"])
    moved = client.get(f"/items/{item['public_id']}/").json()
    assert moved["order"] != item["order"]
    assert moved["order_updated"] == str(living.now)
    left, joined = (client.rows("/orders/", updated_start=living.now.isoformat()) for _ in range(2))
    assert {item["order"], moved["order"]} <= {row["public_id"] for row in [*left, *joined]}


def test_keys_are_those_the_server_was_given(asking: SandboxClient) -> None:
    assert asking.http.get("/orders/", headers=KEY).status_code == 200
    assert asking.http.get("/orders/", headers=V2).status_code == 200
