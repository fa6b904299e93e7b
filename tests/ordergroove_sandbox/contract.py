"""The documentation of each list as data: fields of its rows with their types, and parameters.

A field is written `name:types`, with the documented types separated by bars; a question mark after the name marks a
field that only some bodies have. Types: see `kind_of`.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

Row = dict[str, Any]

_CREATED_UPDATED = "created:ts updated:ts"
FIELDS = {
    "/customers/": (
        "merchant:id merchant_user_id:text session_id:text user_token_id:empty first_name:text last_name:text "
        "email:text phone_number:text|null phone_type:int live:bool created:ts last_updated:ts last_login:ts|null "
        "extra_data:json|empty|null locale:int"
    ),
    "/subscriptions/": (
        "customer:text merchant:id product:text payment:id shipping_address:id offer:id subscription_type:text|null "
        "raw_subscription_type:text|null components:list extra_data:object|json|empty|null public_id:id quantity:int "
        "price:money|null frequency_days:int reminder_days:int every:int every_period:int start_date:date "
        "cancelled:ts|null cancel_reason:text|null iteration:null sequence:null session_id:text "
        "merchant_order_id:text|null created:ts updated:ts live:bool|text external_id:null product_attribute:null "
        "cancel_reason_code:int|text|null customer_rep:null club:null prepaid_subscription_context:object|null "
        "currency_code?:text free_trial_subscription_context?:object"
    ),
    "/orders/": (
        "merchant:id customer:text payment:id shipping_address:id public_id:id sub_total:money tax_total:money "
        "shipping_total:money discount_total:money total:money created:ts updated:ts place:ts cancelled:ts|null "
        "tries:int generic_error_count:int status:int type:int order_merchant_id:text|empty|null "
        "rejected_message:json|text|empty|null extra_data:object|json|empty|null locked:bool oos_free_shipping:bool "
        "currency_code?:text"
    ),
    "/items/": (
        "order:id offer:id subscription:id|null product:text components:list quantity:int public_id:id "
        "product_attribute:null price:money extra_cost:money total_price:money one_time:bool order_updated:ts "
        "frozen:bool first_placed:ts|null subscription_component:null"
    ),
    "/addresses/": (
        "customer:text public_id:id label:null first_name:text last_name:text company_name:text|null address:text "
        "address2:text|null city:text state_province_code:text zip_postal_code:text phone:text|null fax:null "
        "country_code:text live:bool created:ts updated:ts token_id:null store_public_id:null"
    ),
    "/payments/": (
        "customer:text billing_address:id cc_number_ending:text|null public_id:id label:null token_id:text "
        "cc_holder:text|null cc_type:int|null cc_exp_date:text|null payment_method:text live:bool created:ts "
        "last_updated:ts"
    ),
    "/products/": (
        "merchant:id groups:list name:text price:money image_url:text detail_url:text external_product_id:text "
        "sku:text autoship_enabled:bool premier_enabled:int created:ts last_update:ts live:bool discontinued:bool "
        "extra_data:null product_type:text autoship_by_default:bool every:null every_period:null offer_profile:null "
        "incentive_group:null"
    ),
    "/product_groups/": "name:text group_type:text",
    "/offer_profiles/": (
        "public_id:id name:text weight:int live:bool status:text offers:list recurring_coupon:object "
        "initial_coupon:object"
    ),
    "/one_time_incentives/": (
        "public_id:id external_code:text description:text customer:text merchant:id order:id|null incentive:object "
        "created:ts last_updated:ts applied_at:ts|null expires:ts|null stacking_type:text item:id|null"
    ),
    "/resources/": (
        "public_id:id merchant:id name:text external_resource_id:text description:null image_url:text created:ts "
        "last_updated:ts"
    ),
    "/entitlements/": (
        "merchant:id public_id:id merchant_user_id:text initial_activation_date:utc latest_activation_date:utc "
        "grace_period:int|null live:bool access_type:text expiration:utc created:utc last_updated:utc resource:object "
        "grantees:list"
    ),
    "/placement_logs/responses/": (
        "public_id:id order:id response_code:text|empty response_message:text response_order_id:text|null "
        "response_payload:text|empty transaction_response:text|null"
    ),
    "/merchant/cancel_reason/": "cancel_reason:int application:text",
}

PARTS = {
    "/subscriptions/ prepaid_subscription_context": (
        "prepaid_orders_remaining:int prepaid_orders_per_billing:int renewal_behavior:text last_renewal_revenue:float "
        "prepaid_origin_merchant_order_id:text"
    ),
    "/subscriptions/ free_trial_subscription_context": (
        "product:text days:int conversion_item:int expiration:micros is_in_free_trial:bool"
    ),
    "/subscriptions/ components": "public_id:id quantity:int product:text",
    "/items/ components": "public_id:id quantity:int product:text",
    "/products/ groups": "name:text group_type:text",
    "/offer_profiles/ recurring_coupon": "public_id:id name:text code:text discounts:list",
    "/one_time_incentives/ incentive": (
        "name:text public_id:id type:text field:text discount_type:text value:money threshold_field:text|null "
        "threshold_value:money|null target:text"
    ),
    "/entitlements/ resource": FIELDS["/resources/"],
    "/entitlements/ grantees": "external_id:text name:text created:ts updated:ts",
}
"""Fields of nested objects."""


class Parameter(NamedTuple):
    """`value` takes the parameter's value from a row; `holds` says whether another row matches it."""

    value: Callable[[Row], str | None]
    holds: Callable[[Row, str], bool]


def same(field: str) -> Parameter:
    return Parameter(lambda row: row[field], lambda row, value: bool(row[field] == value))


def flag(field: str) -> Parameter:
    return Parameter(lambda row: str(row[field]).lower(), lambda row, value: str(row[field]).lower() == value)


def day(field: str) -> Parameter:
    return Parameter(
        lambda row: row[field] and row[field][:10], lambda row, value: bool(row[field] and row[field][:10] == value)
    )


def start(field: str, *, length: int = 19) -> Parameter:
    return Parameter(
        lambda row: row[field] and row[field][:length].replace(" ", "T"),
        lambda row, value: bool(row[field] and row[field][:length].replace(" ", "T") >= value),
    )


def end(field: str, *, length: int = 19) -> Parameter:
    return Parameter(
        lambda row: row[field] and row[field][:length].replace(" ", "T"),
        lambda row, value: bool(row[field] and row[field][:length].replace(" ", "T") <= value),
    )


def span(name: str, field: str | None = None) -> dict[str, Parameter]:
    field = field or name
    return {name: day(field), f"{name}_start": start(field), f"{name}_end": end(field)}


PARAMETERS: dict[str, dict[str, Parameter]] = {
    "/customers/": {
        "live": flag("live"), "email": same("email"), **span("created"), **span("updated", "last_updated"),
    },
    "/subscriptions/": {
        "live": flag("live"), "product": same("product"), "shipping_address": same("shipping_address"),
        "customer": same("customer"), **span("created"), **span("updated"),
    },
    "/orders/": {
        "status": Parameter(lambda row: str(row["status"]), lambda row, value: str(row["status"]) == value),
        "customer": same("customer"), **span("created"), **span("updated"),
        "place": day("place"), "place_start": start("place", length=10), "place_end": end("place", length=10),
    },
    "/items/": {
        "order": same("order"), "offer": same("offer"), "subscription": same("subscription"),
        "product": same("product"), "one_time": flag("one_time"), **span("order_updated"),
    },
    "/addresses/": {
        "customer": same("customer"), "live": flag("live"), "updated_start": start("updated"),
        "updated_end": end("updated"),
    },
    "/payments/": {"customer": same("customer")},
    "/products/": {
        "search": Parameter(lambda row: row["name"][2:9], lambda row, value: value in row["name"]),
        "id_or_name": Parameter(
            lambda row: row["external_product_id"][:4].lower(),
            lambda row, value: value in row["external_product_id"].lower() or value in row["name"].lower(),
        ),
        "autoship_by_default": flag("autoship_by_default"), "live": flag("live"),
        "external_product_ids[]": same("external_product_id"), "product_type": same("product_type"),
        "group_name": Parameter(
            lambda row: row["groups"][0]["name"] if row["groups"] else None,
            lambda row, value: any(group["name"] == value for group in row["groups"]),
        ),
        "group_type": Parameter(
            lambda row: row["groups"][0]["group_type"] if row["groups"] else None,
            lambda row, value: any(group["group_type"] == value for group in row["groups"]),
        ),
    },
    "/product_groups/": {},
    "/offer_profiles/": {},
    "/one_time_incentives/": {
        "order": same("order"), "item": same("item"), "customer": same("customer"),
        "external_code": same("external_code"), **span("created"), **span("last_updated"), **span("applied_at"),
    },
    "/resources/": {},
    "/entitlements/": {
        "merchant_user_id": same("merchant_user_id"), "live": flag("live"),
        "resource_public_id": Parameter(
            lambda row: row["resource"]["public_id"], lambda row, value: bool(row["resource"]["public_id"] == value)
        ),
        "resource_public_ids": Parameter(
            lambda row: row["resource"]["public_id"] + ",other",
            lambda row, value: row["resource"]["public_id"] in value.split(","),
        ),
        "external_resource_id": Parameter(
            lambda row: row["resource"]["external_resource_id"],
            lambda row, value: bool(row["resource"]["external_resource_id"] == value),
        ),
        "resource_name": Parameter(
            lambda row: row["resource"]["name"][:4].upper(),
            lambda row, value: value.lower() in row["resource"]["name"].lower(),
        ),
        "grantee_external_ids_exact": Parameter(
            lambda row: ",".join(grantee["external_id"] for grantee in row["grantees"]),
            lambda row, value: {grantee["external_id"] for grantee in row["grantees"]} == set(value.split(",")) - {""},
        ),
    },
    "/placement_logs/responses/": {},
    "/merchant/cancel_reason/": {"application": same("application")},
}  # fmt: skip

_TEXTS = (
    ("id", r"[0-9a-f]{32}"),
    ("money", r"\d+\.\d\d"),
    ("ts", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"),
    ("micros", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}"),
    ("utc", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"),
    ("date", r"\d{4}-\d\d-\d\d"),
    ("empty", r""),
    ("json", r"[\[{].*[\]}]"),
)
_KINDS = {type(None): "null", bool: "bool", int: "int", float: "float", list: "list", dict: "object"}


def kind_of(value: Any) -> str:
    """Return the narrowest type of a value."""
    if isinstance(value, str):
        return next((kind for kind, pattern in _TEXTS if re.fullmatch(pattern, value, re.DOTALL)), "text")
    return _KINDS[type(value)]


def differences(row: Row, fields: str) -> list[str]:
    """Return the differences between a row and the documentation."""
    wrong, known = [], set()
    for field in fields.split():
        name, _, kinds = field.partition(":")
        optional = name.endswith("?")
        name = name.removesuffix("?")
        known.add(name)
        if name not in row:
            wrong += [] if optional else [f"{name} is missing"]
        elif kind_of(row[name]) not in kinds.split("|"):
            wrong.append(f"{name} is {row[name]!r} and not {kinds}")
    return wrong + [f"{name} is not documented" for name in row.keys() - known]
