"""List the API's objects. Assets, dbt sources, tests and docs are generated from this list.

To add an object, add one entry here and one record model in `records.py`. Source of paths, filters and keys:
developer.ordergroove.com/docs/data-sync-pipelines and the reference page of each object.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from og_assets.ordergroove import records
from og_assets.ordergroove.records import Record

CURSOR_PAGE_SIZE = 100


@dataclass(frozen=True, kw_only=True)
class WindowFilter:
    """The pair of query parameters that limits a list to a window of wall-clock time."""

    start: str
    end: str
    time_format: str = "%Y-%m-%dT%H:%M:%S"


@dataclass(frozen=True, kw_only=True)
class ApiObject:
    """One listable object.

    `window` is None for reference snapshots, which are always listed completely. `updated` is the field that the
    window filter compares, None if no response contains it. Every merchant has the `core` objects: 403 or 404 there
    means a wrong key; for other objects it may mean that the merchant does not use the feature.
    """

    name: str
    path: str
    record: type[Record]
    description: str
    key: tuple[str, ...] = ("public_id",)
    updated: str | None = None
    window: WindowFilter | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    page_size: int = CURSOR_PAGE_SIZE
    core: bool = False
    host: Literal["rest", "entitlements"] = "rest"


_UPDATED = WindowFilter(start="updated_start", end="updated_end")

OBJECTS: tuple[ApiObject, ...] = (
    ApiObject(
        name="customers",
        path="/customers/",
        record=records.Customer,
        description="People known to the shop, with or without a subscription. One row per customer version.",
        key=("merchant_user_id",),
        updated="last_updated",
        window=_UPDATED,
        core=True,
    ),
    ApiObject(
        name="subscriptions",
        path="/subscriptions/",
        record=records.Subscription,
        description="Subscriptions, live and cancelled. One row per subscription version.",
        updated="updated",
        window=_UPDATED,
        core=True,
    ),
    ApiObject(
        name="orders",
        path="/orders/",
        record=records.Order,
        description="Orders of every status. Deleted orders are missing from the API. One row per order version.",
        updated="updated",
        window=_UPDATED,
        core=True,
    ),
    ApiObject(
        name="items",
        path="/items/",
        record=records.Item,
        description="Lines of orders, dated by their order's update. One row per item version.",
        updated="order_updated",
        window=WindowFilter(start="order_updated_start", end="order_updated_end"),
        core=True,
    ),
    ApiObject(
        name="addresses",
        path="/addresses/",
        record=records.Address,
        description="Shipping and billing addresses. One row per address version.",
        updated="updated",
        window=_UPDATED,
        core=True,
    ),
    ApiObject(
        name="one_time_incentives",
        path="/one_time_incentives/",
        record=records.OneTimeIncentive,
        description="Discounts and gifts on one order or item. One row per incentive version.",
        updated="last_updated",
        window=WindowFilter(start="last_updated_start", end="last_updated_end"),
    ),
    ApiObject(
        name="billing_attempts",
        path="/placement_logs/responses/",
        record=records.BillingAttempt,
        description="The shop's answers to placement attempts, an append-only log. One row per attempt and pull.",
        window=WindowFilter(start="start_date", end="end_date", time_format="%Y-%m-%d %H:%M:%S"),
        page_size=1000,
    ),
    ApiObject(
        name="payments",
        path="/payments/",
        record=records.Payment,
        description="Payment records without card data. One row per payment and snapshot.",
        updated="last_updated",
        core=True,
    ),
    ApiObject(
        name="products",
        path="/products/",
        record=records.Product,
        description="The catalogue, discontinued and non-autoship products too. One row per product and snapshot.",
        key=("external_product_id",),
        updated="last_update",
        # By default both hide rows: without these parameters the catalogue is incomplete.
        params={"autoship_enabled": "all", "allow_discontinued": "true"},
        core=True,
    ),
    ApiObject(
        name="product_groups",
        path="/product_groups/",
        record=records.ProductGroup,
        description="Groups that products belong to. One row per group and snapshot.",
        key=("name", "group_type"),
    ),
    ApiObject(
        name="offer_profiles",
        path="/offer_profiles/",
        record=records.OfferProfile,
        description="Offer profiles, archived ones too. One row per profile and snapshot.",
        params={"status": "all"},
    ),
    ApiObject(
        name="resources",
        path="/resources/",
        record=records.Resource,
        description="Digital goods that entitlements open. One row per resource and snapshot.",
        updated="last_updated",
    ),
    ApiObject(
        name="entitlements",
        path="/entitlements/",
        record=records.Entitlement,
        description="Who may use which resource until when. One row per entitlement and snapshot.",
        updated="last_updated",
        host="entitlements",
    ),
    ApiObject(
        name="cancel_reasons",
        path="/merchant/cancel_reason/",
        record=records.CancelReason,
        description="The merchant's cancel reason codes. One row per code and snapshot.",
        key=("cancel_reason",),
    ),
)

BY_NAME: Mapping[str, ApiObject] = {api_object.name: api_object for api_object in OBJECTS}
