"""The registry of API objects agrees with the record models and with Ordergroove's documentation."""

import pytest

from og_assets.ordergroove.objects import BY_NAME, OBJECTS, ApiObject

# From the reference page of each list.
FILTERS = {
    "customers": ("updated_start", "updated_end"),
    "subscriptions": ("updated_start", "updated_end"),
    "orders": ("updated_start", "updated_end"),
    "items": ("order_updated_start", "order_updated_end"),
    "addresses": ("updated_start", "updated_end"),
    "one_time_incentives": ("last_updated_start", "last_updated_end"),
    "billing_attempts": ("start_date", "end_date"),
}
every_object = pytest.mark.parametrize("api_object", OBJECTS, ids=lambda api_object: api_object.name)


def test_names_and_paths_are_unique() -> None:
    assert len(BY_NAME) == len(OBJECTS)
    assert len({api_object.path for api_object in OBJECTS}) == len(OBJECTS)


@every_object
def test_key_is_required_and_update_field_exists(api_object: ApiObject) -> None:
    fields = api_object.record.model_fields
    assert all(fields[name].is_required() for name in api_object.key)
    assert [name for name, field in fields.items() if field.is_required()] == list(api_object.key)
    assert api_object.updated is None or api_object.updated in fields


@every_object
def test_path_starts_and_ends_with_a_slash(api_object: ApiObject) -> None:
    assert api_object.path.startswith("/")
    assert api_object.path.endswith("/")


@every_object
def test_page_size_is_the_largest_allowed(api_object: ApiObject) -> None:
    assert api_object.page_size == (1000 if api_object.name == "billing_attempts" else 100)


@every_object
def test_window_filters_are_the_documented_ones(api_object: ApiObject) -> None:
    window = api_object.window
    assert (window and (window.start, window.end)) == FILTERS.get(api_object.name)


def test_lists_that_hide_rows_by_default_are_requested_in_full() -> None:
    assert dict(BY_NAME["products"].params) == {"autoship_enabled": "all", "allow_discontinued": "true"}
    assert dict(BY_NAME["offer_profiles"].params) == {"status": "all"}


def test_only_entitlements_are_on_another_host() -> None:
    assert [api_object.name for api_object in OBJECTS if api_object.host != "rest"] == ["entitlements"]
