"""Lists: versions, page sizes, filters, access, single objects."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from ordergroove_sandbox import Store
from testkit.sandbox.client import KEY, LISTS, V2, SandboxClient


def at(row: dict[str, Any], field: str) -> datetime:
    return datetime.fromisoformat(row[field])


@pytest.mark.parametrize("path", LISTS)
def test_version_2_has_no_count_and_version_1_has(shared_client: SandboxClient, path: str) -> None:
    assert list(shared_client.page(path)) == ["next", "previous", "results"]
    v1 = shared_client.http.get(path, params={"merchant": "m"}, headers={"X-OG-API-VERSION": "1"}).json()
    assert list(v1) == ["count", "next", "previous", "results"]


def test_version_1_counts_and_numbers_its_pages(shared_client: SandboxClient, store: Store) -> None:
    def fetch(query: str) -> Any:
        return shared_client.http.get(f"/customers/?{query}", headers={"X-OG-API-VERSION": ""}).json()

    total = len(store.truth.table("customers"))
    page = fetch("page=2&page_size=50")
    assert page["count"] == total == 120
    assert page["next"].endswith("/customers/?page=3&page_size=50")
    assert page["previous"].endswith("/customers/?page=1&page_size=50")
    assert len(fetch("page=3&page_size=50")["results"]) == 20
    assert fetch("page=4&page_size=50") == {"detail": "Invalid page."}


@pytest.mark.parametrize(
    ("page_size", "rows"), [(None, 10), (25, 25), (100, 100), (5000, 100), (0, 10), (-3, 10), ("many", 10), ("", 10)]
)
def test_page_size_defaults_to_10_and_is_at_most_100(shared_client: SandboxClient, page_size: Any, rows: int) -> None:
    assert (
        len(shared_client.page("/items/", **({} if page_size is None else {"page_size": page_size}))["results"]) == rows
    )


def test_billing_attempts_allow_a_thousand_rows_a_page(shared_client: SandboxClient, store: Store) -> None:
    total = len(store.truth.table("placement_attempts"))
    assert total > 200
    assert len(shared_client.page("/placement_logs/responses/", page_size=5000)["results"]) == min(total, 1000)
    assert len(shared_client.page("/placement_logs/responses/")["results"]) == 10


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
def test_time_windows_include_both_bounds(shared_client: SandboxClient, path: str, field: str, parameter: str) -> None:
    rows = shared_client.rows(path)
    times = sorted(at(row, field) for row in rows)
    start, end = times[len(times) // 4], times[3 * len(times) // 4]
    inside = [row for row in rows if start <= at(row, field) <= end]
    assert (
        shared_client.rows(path, **{f"{parameter}_start": start.isoformat(), f"{parameter}_end": end.isoformat()})
        == inside
    )
    assert any(at(row, field) == start for row in inside)
    assert any(at(row, field) == end for row in inside)
    assert len(inside) < len(rows)


def test_day_as_upper_bound_means_its_midnight(shared_client: SandboxClient) -> None:
    day = at(shared_client.rows("/orders/")[50], "updated").date()
    rows = shared_client.rows("/orders/", updated_start=day.isoformat(), updated_end=day.isoformat())
    assert not rows
    rows = shared_client.rows("/orders/", updated_start=day, updated_end=day + timedelta(days=1))
    assert {at(row, "updated").date() for row in rows} == {day}


def test_filter_by_one_day(shared_client: SandboxClient) -> None:
    rows = shared_client.rows("/subscriptions/")
    day = rows[10]["created"][:10]
    assert shared_client.rows("/subscriptions/", created=day) == [row for row in rows if row["created"].startswith(day)]


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
def test_filter_by_a_value(shared_client: SandboxClient, path: str, parameter: str, field: str) -> None:
    rows = shared_client.rows(path)
    value = next(row[field] for row in rows if row[field] is not None)
    narrowed = shared_client.rows(path, **{parameter: value})
    assert narrowed == [row for row in rows if row[field] == value]
    assert shared_client.rows(path, **{parameter: "99"}) == []


def test_filter_orders_by_subscription(shared_client: SandboxClient) -> None:
    item = next(row for row in shared_client.rows("/items/") if row["subscription"])
    orders = shared_client.ids("/orders/", subscription=item["subscription"])
    assert set(orders) == {row["order"] for row in shared_client.rows("/items/", subscription=item["subscription"])}


def test_filter_items_by_order_status(shared_client: SandboxClient) -> None:
    open_orders = set(shared_client.ids("/orders/", status=1))
    items = shared_client.rows("/items/", status=1)
    assert items
    assert {item["order"] for item in items} < open_orders, "orders without items exist"
    assert all(item["first_placed"] is None for item in items)


def test_filter_subscriptions_by_live(shared_client: SandboxClient) -> None:
    everything, live, cancelled = (
        shared_client.ids("/subscriptions/", **query) for query in ({}, {"live": "True"}, {"live": 0})
    )
    assert sorted(live + cancelled) == sorted(everything)
    assert live
    assert cancelled
    assert shared_client.ids("/subscriptions/", live=["true", "false"]) == everything


def test_filter_items_by_one_time(shared_client: SandboxClient) -> None:
    rows = shared_client.rows("/items/", one_time="true")
    assert rows
    assert all(row["one_time"] and row["subscription"] is None for row in rows)


def test_omitting_prices_omits_the_time_too(shared_client: SandboxClient) -> None:
    full, bare = shared_client.rows("/items/")[0], shared_client.rows("/items/", omit_price_calculation="true")[0]
    assert full.keys() - bare.keys() == {"price", "extra_cost", "total_price", "order_updated"}
    assert shared_client.rows("/items/", omit_price_calculation="false")[0] == full


def test_has_plan_is_included_on_request(shared_client: SandboxClient) -> None:
    assert "has_plan" not in shared_client.rows("/orders/")[0]
    assert shared_client.rows("/orders/", include_has_plan="true")[0]["has_plan"] is False


def test_products_are_filtered_by_default(shared_client: SandboxClient) -> None:
    shown, everything = (
        shared_client.rows("/products/"),
        shared_client.rows("/products/", autoship_enabled="all", allow_discontinued="true"),
    )
    assert all(row["autoship_enabled"] and not row["discontinued"] for row in shown)
    assert len(everything) == 20 > len(shown) + 2
    assert all(row["discontinued"] for row in shared_client.rows("/products/", allow_discontinued="strict"))
    assert not any(row["autoship_enabled"] for row in shared_client.rows("/products/", autoship_enabled="false"))
    ids = [row["external_product_id"] for row in everything[:2]]
    found = shared_client.rows(
        "/products/", **{"external_product_ids[]": ids, "autoship_enabled": "all", "allow_discontinued": "true"}
    )
    assert [row["external_product_id"] for row in found] == ids
    assert shared_client.rows("/products/", group_type="sku_swap", search="DARK")[0]["name"] == "Dark Roast Coffee Bag"


def test_archived_offer_profiles_are_hidden(shared_client: SandboxClient) -> None:
    assert {row["status"] for row in shared_client.rows("/offer_profiles/")} == {"available"}
    assert {row["status"] for row in shared_client.rows("/offer_profiles/", status="archived")} == {"archived"}
    assert len(shared_client.rows("/offer_profiles/", status="all")) == 4


def test_incentives_of_items_are_included_on_request(shared_client: SandboxClient) -> None:
    incentives = shared_client.rows("/one_time_incentives/")
    of_item = next(row for row in incentives if row["item"])
    order = next(row["order"] for row in shared_client.rows("/items/") if row["public_id"] == of_item["item"])
    assert of_item not in shared_client.rows("/one_time_incentives/", order=order)
    assert of_item in shared_client.rows("/one_time_incentives/", order=order, include_item_level="true")


def test_filter_incentives_by_time_of_use(shared_client: SandboxClient) -> None:
    used = [row for row in shared_client.rows("/one_time_incentives/") if row["applied_at"]]
    assert shared_client.rows("/one_time_incentives/", applied_at_start="2020-01-01") == used


def test_upper_bound_of_billing_attempts_is_exclusive(shared_client: SandboxClient, store: Store) -> None:
    attempts = store.truth.table("placement_attempts")
    start, end = attempts[20]["at"], attempts[90]["at"]
    ids = shared_client.ids("/placement_logs/responses/", start_date=f"{start}", end_date=f"{end}")
    assert ids == [row["id"] for row in attempts if start <= row["at"] < end]


def test_entitlements_need_a_merchant(shared_client: SandboxClient) -> None:
    response = shared_client.http.get("/entitlements/")
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
def test_unreadable_parameter_is_named(shared_client: SandboxClient, path: str, parameter: str, value: str) -> None:
    response = shared_client.get(path, **{parameter: value})
    assert (response.status_code, list(response.json())) == (400, [parameter])


def test_unknown_parameters_are_ignored(shared_client: SandboxClient) -> None:
    assert shared_client.ids("/customers/", colour="blue", ordering="place") == shared_client.ids("/customers/")


@pytest.mark.parametrize("path", [*LISTS, "/orders/0/", "/nowhere/"])
@pytest.mark.parametrize("headers", [{}, {"x-api-key": "wrong"}, {"x-api-key": ""}])
def test_request_without_a_valid_key_is_refused(
    shared_client: SandboxClient, path: str, headers: dict[str, str]
) -> None:
    request = shared_client.http.build_request("GET", path, headers=headers)
    if not headers:
        del request.headers["x-api-key"]
    response = shared_client.http.send(request)
    assert (response.status_code, response.json()) == (403, {"detail": "Authentication Failed"})


@pytest.mark.parametrize("path", [path for path in LISTS if not path.startswith(("/product_g", "/place", "/merch"))])
def test_row_can_be_retrieved_and_unknown_id_is_404(shared_client: SandboxClient, path: str) -> None:
    row = shared_client.rows(path)[0]
    alone = shared_client.get(f"{path}{row[LISTS[path]]}/").json()
    differing = {"/customers/": {"extra_data", "locale"}}.get(path, set())
    assert {name: alone[name] for name in alone.keys() & row.keys() - differing} == {
        name: row[name] for name in alone.keys() & row.keys() - differing
    }
    response = shared_client.get(f"{path}00000000/")
    assert response.status_code == 404
    assert response.json()["detail"] in ("Unable to find requested asset.", "Not found", "Not found.")


def test_retrieved_orders_and_addresses_have_no_updated(shared_client: SandboxClient) -> None:
    for path in ("/orders/", "/addresses/"):
        row = shared_client.rows(path)[0]
        assert row.keys() - shared_client.get(f"{path}{row['public_id']}/").json().keys() == {"updated"}


def test_deleted_item_is_absent_and_404(fresh_store: Store, client: SandboxClient) -> None:
    fresh_store.advance(days=20)
    deleted = fresh_store.truth.table("deleted_items")[-3:]
    assert deleted
    present = set(client.ids("/items/"))
    for row in deleted:
        assert row["id"] not in present
        response = client.get(f"/items/{row['id']}/")
        assert (response.status_code, response.json()) == (404, {"detail": "Unable to find requested asset."})


def test_moved_item_keeps_its_id(fresh_store: Store, client: SandboxClient) -> None:
    item = next(row for row in client.rows("/items/", status=1) if row["subscription"])
    fresh_store.advance(seconds=10)
    fresh_store.skip(item["subscription"])
    moved = client.get(f"/items/{item['public_id']}/").json()
    assert moved["order"] != item["order"]
    assert moved["order_updated"] == str(fresh_store.now)
    left, joined = (client.rows("/orders/", updated_start=fresh_store.now.isoformat()) for _ in range(2))
    assert {item["order"], moved["order"]} <= {row["public_id"] for row in [*left, *joined]}


def test_server_accepts_its_keys(shared_client: SandboxClient) -> None:
    assert shared_client.http.get("/orders/", headers=KEY).status_code == 200
    assert shared_client.http.get("/orders/", headers=V2).status_code == 200
