"""Each list with each documented parameter returns the right rows in the documented format."""

from typing import Any

import pytest

from ordergroove_sandbox import Store, serve
from testkit.sandbox.client import LISTS, SandboxClient

from .conftest import UNTIL
from .contract import FIELDS, PARAMETERS, PARTS, Parameter, differences

EVERYTHING = {"autoship_enabled": "all", "allow_discontinued": "true"}
CASES = [(path, name) for path, parameters in PARAMETERS.items() for name in parameters]


@pytest.fixture(scope="module")
def shop() -> Any:
    """A client of a store with rows in every list."""
    with serve(Store(seed=21, customers=250, days=250, until=UNTIL)) as running:
        client = SandboxClient(running.url)
        yield client
        client.http.close()


@pytest.fixture(scope="module")
def everything(shop: SandboxClient) -> dict[str, list[dict[str, Any]]]:
    """All rows of all lists."""
    filters = {"/products/": EVERYTHING, "/offer_profiles/": {"status": "all"}}
    return {path: shop.rows(path, **filters.get(path, {})) for path in LISTS}


@pytest.mark.parametrize("path", FIELDS)
def test_every_row_matches_the_documentation(everything: dict[str, list[dict[str, Any]]], path: str) -> None:
    assert everything[path]
    for row in everything[path]:
        assert not differences(row, FIELDS[path])


@pytest.mark.parametrize("part", PARTS)
def test_nested_objects_match_the_documentation(everything: dict[str, list[dict[str, Any]]], part: str) -> None:
    path, field = part.split()
    found = []
    for row in everything[path]:
        value = row.get(field)
        found += value if isinstance(value, list) else [value] if value else []
    assert found, "no row has this field, so the test proves nothing"
    for inside in found:
        assert not differences(inside, PARTS[part])


@pytest.mark.parametrize(("path", "name"), CASES)
def test_every_parameter_selects_the_right_rows(
    shop: SandboxClient, everything: dict[str, list[dict[str, Any]]], path: str, name: str
) -> None:
    parameter: Parameter = PARAMETERS[path][name]
    rows = [row for row in everything[path] if parameter.value(row) is not None]
    key = LISTS[path]
    for sample in rows[:: max(len(rows) // 3, 1)]:
        value = parameter.value(sample)
        assert value is not None
        expected = {row[key] for row in everything[path] if parameter.holds(row, value)}
        extra = EVERYTHING if path == "/products/" else {}
        found = shop.rows(path, **{**extra, name: value})
        assert {row[key] for row in found} == expected
        assert sample[key] in expected
        for row in found:
            assert not differences(row, FIELDS[path])
    assert rows


def test_orders_and_items_can_be_found_by_linked_rows(
    shop: SandboxClient, everything: dict[str, list[dict[str, Any]]]
) -> None:
    orders = {row["public_id"]: row for row in everything["/orders/"]}
    items = everything["/items/"]
    one = next(row for row in items if row["subscription"])
    of_subscription = {row["order"] for row in items if row["subscription"] == one["subscription"]}
    assert set(shop.ids("/orders/", subscription=one["subscription"])) == of_subscription
    assert shop.ids("/orders/", subscription="none") == shop.ids("/items/", order="none") == []
    for status in (1, 5):
        expected = {row["public_id"] for row in items if orders[row["order"]]["status"] == status}
        assert set(shop.ids("/items/", status=status)) == expected
    place = orders[one["order"]]["place"][:10]
    expected = {row["public_id"] for row in items if orders[row["order"]]["place"][:10] <= place}
    assert set(shop.ids("/items/", place_end=place)) == expected
    assert {row["order"] for row in shop.rows("/items/", place=place)} <= {
        key for key, row in orders.items() if row["place"].startswith(place)
    }
    incentive = next(row for row in everything["/one_time_incentives/"] if row["item"])
    order = next(row["order"] for row in items if row["public_id"] == incentive["item"])
    assert incentive["public_id"] not in shop.ids("/one_time_incentives/", order=order)
    assert incentive["public_id"] in shop.ids("/one_time_incentives/", order=order, include_item_level="true")


def test_fields_are_added_and_omitted_on_request(shop: SandboxClient) -> None:
    assert shop.page("/orders/", include_has_plan="true")["results"][0]["has_plan"] is False
    assert all(isinstance(row["incentives"], list) for row in shop.rows("/items/", include_incentives="true"))
    bare = shop.page("/items/", omit_price_calculation="true", include_incentives="true")["results"][0]
    assert "incentives" in bare
    assert not {"price", "extra_cost", "total_price", "order_updated"} & bare.keys()
    products = shop.rows(
        "/products/",
        include_product_selection_rules="true",
        include_product_resource_grants="true",
        include_product_free_trials="true",
    )
    for field in ("product_selection_rules", "product_resource_grants", "product_free_trials"):
        assert {bool(row[field]) for row in products} == {True, False}


def test_flex_incentives_are_included_on_request(shop: SandboxClient) -> None:
    category = {"offer_profile_category": "all_with_standard_flex_incentives"}
    assert all("standard_flex_incentives" not in row for row in shop.rows("/offer_profiles/"))
    assert all("standard_flex_incentives" in row for row in shop.rows("/offer_profiles/", **category))
    only = shop.rows("/offer_profiles/", offer_profile_category="only_with_standard_flex_incentives", status="all")
    assert 0 < len(only) < len(shop.rows("/offer_profiles/", status="all"))
    assert shop.get("/offer_profiles/", offer_profile_category="some").status_code == 400


def test_relationships_are_a_bare_array(shop: SandboxClient) -> None:
    rows = shop.get("/products/62900-W01/relationships/").json()
    assert rows == [{"relationship_type": "swap_on_purchase", "from_product": "62900-W01", "to_product": "78530-X05"}]
    assert shop.get("/products/62900-W01/relationships/", type="upgrade").json() == []
    assert shop.get("/products/none/relationships/").status_code == 404


def test_component_can_be_retrieved_by_its_own_id(shop: SandboxClient, everything: dict[str, Any]) -> None:
    component = next(row["components"][0] for row in everything["/subscriptions/"] if row["components"])
    assert shop.get(f"/subscriptions/components/{component['public_id']}/").json() == component
    assert shop.get("/subscriptions/components/none/").status_code == 404


def test_search_can_be_limited_to_some_fields(shop: SandboxClient) -> None:
    assert (
        shop.ids("/products/", search="62900") == shop.ids("/products/", search="62900", fields="sku") == ["62900-W01"]
    )
    assert shop.ids("/products/", search="62900", fields="name") == []
    assert shop.get("/products/", search="a", fields="price").status_code == 400


def test_ordering_by_place_applies_to_version_1_only(shop: SandboxClient) -> None:
    headers = {"X-OG-API-VERSION": ""}
    query: dict[str, str | int] = {"ordering": "-place", "page_size": 100}
    places = [row["place"] for row in shop.http.get("/orders/", params=query, headers=headers).json()["results"]]
    assert places == sorted(places, reverse=True)
    assert shop.page("/orders/", **query)["results"] == shop.page("/orders/", page_size=100)["results"]
