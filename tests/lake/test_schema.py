"""Parquet schemas follow from the record models. Column types must not change by accident."""

import pyarrow as pa
import pytest

from og_assets.lake.schema import raw_schema, stored_fields
from og_assets.ordergroove.objects import BY_NAME

INSTANT, WALL = pa.timestamp("us", tz="UTC"), pa.timestamp("us")


@pytest.mark.parametrize("name", BY_NAME)
def test_every_field_except_secrets_has_a_column_and_origin_columns_follow(name: str) -> None:
    schema = raw_schema(BY_NAME[name].record)
    origin = ["_window", "_pulled_at", "_seen_at", "_run_id", "_extra"]
    assert schema.names == [*stored_fields(BY_NAME[name].record), *origin]
    assert len(set(schema.names)) == len(schema.names)
    assert schema.field("_pulled_at").type == INSTANT
    assert set(BY_NAME[name].key) <= set(schema.names)


@pytest.mark.parametrize("name", BY_NAME)
def test_every_schema_can_be_created_empty(name: str) -> None:
    assert raw_schema(BY_NAME[name].record).empty_table().num_rows == 0


@pytest.mark.parametrize(
    ("name", "column", "kind"),
    [
        ("orders", "public_id", pa.string()),
        ("orders", "total", pa.decimal128(18, 4)),
        ("orders", "status", pa.int64()),
        ("orders", "locked", pa.bool_()),
        ("orders", "updated", WALL),
        ("orders", "place", WALL),
        ("orders", "extra_data", pa.string()),
        ("orders", "rejected_message", pa.string()),
        ("subscriptions", "start_date", pa.date32()),
        ("subscriptions", "cancel_reason_code", pa.int64()),
        ("subscriptions", "grantees", pa.string()),
        ("entitlements", "expiration", INSTANT),
        ("customers", "email", pa.string()),
    ],
)
def test_columns_have_the_types_that_the_warehouse_reads(name: str, column: str, kind: pa.DataType) -> None:
    assert raw_schema(BY_NAME[name].record).field(column).type == kind


def test_payments_have_no_card_column_except_its_type() -> None:
    assert set(stored_fields(BY_NAME["payments"].record)) == {
        "public_id",
        "customer",
        "billing_address",
        "cc_type",
        "payment_method",
        "live",
        "created",
        "last_updated",
    }
