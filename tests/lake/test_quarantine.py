"""Every row is written or quarantined with its reasons, and an invalid row rejects no other one."""

import json
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from og_assets.lake.privacy import PiiPolicy
from og_assets.ordergroove.objects import OBJECTS

from .lake_folder import LakeFolder, order


def test_invalid_row_is_quarantined_with_its_reason_and_the_others_are_written(lake_folder: LakeFolder) -> None:
    counts = lake_folder.land("orders", [order(1), order(2, total="undefined", gift_note="blue"), order(3)])
    assert [row["public_id"] for row in lake_folder.rows("orders")] == ["o1", "o3"]
    assert (counts.rows, counts.quarantined, counts.unknown_fields) == (2, 1, {})
    assert lake_folder.quarantined("orders") == [
        {
            "reason": "total: Input should be a valid decimal",
            "_window": "2026-06-01",
            "_pulled_at": "2026-06-01T18:00:01+00:00",
            "_run_id": "run-0001-of-several",
            "record": order(2, total="undefined", gift_note="blue"),
        }
    ]


def test_quarantined_row_has_all_its_reasons(lake_folder: LakeFolder) -> None:
    lake_folder.land("orders", [{"total": "x", "tries": 2**64}])
    (rejected,) = lake_folder.quarantined("orders")
    assert [part.split(":")[0] for part in rejected["reason"].split("; ")] == ["public_id", "total", "tries"]


@pytest.mark.parametrize("row", ["text", 7, 1.5, None, True, [], ["a"], [{"public_id": "o"}], {}], ids=repr)
def test_row_that_is_not_an_object_is_quarantined(lake_folder: LakeFolder, row: Any) -> None:
    counts = lake_folder.land("orders", [order(1), row, order(2)])
    assert (counts.rows, counts.quarantined) == (2, 1)
    (rejected,) = lake_folder.quarantined("orders")
    assert rejected["record"] == row


def test_page_of_invalid_rows_writes_only_a_quarantine_file(lake_folder: LakeFolder) -> None:
    lake_folder.land("orders", [7, 8], [9])
    assert [path.suffix for path in lake_folder.files()] == [".jsonl"]
    assert [rejected["record"] for rejected in lake_folder.quarantined("orders")] == [7, 8, 9]


OUTSIDE_THE_COLUMN_TYPE: dict[str, tuple[str, dict[str, Any]]] = {
    "lone surrogate in text": ("orders", {"merchant": "a\ud800"}),
    "lone surrogate in an id": ("orders", {"public_id": "a\ud800"}),
    "lone surrogate in JSON": ("orders", {"extra_data": {"a": "\udfff"}}),
    "lone surrogate in an unknown field": ("orders", {"gift_note": "\ud800"}),
    "lone surrogate in an unknown name": ("orders", {"gift_note\ud800": 1}),
    "NaN in an unknown field": ("orders", {"gift_note": [float("nan")]}),
    "infinity in JSON": ("orders", {"extra_data": {"a": float("inf")}}),
    "number of thousands of digits": ("orders", {"tries": "9" * 5000}),
    "number wider than its column": ("subscriptions", {"cancel_reason_code": 2**63}),
    "instant before the first year": ("entitlements", {"created": "0001-01-01T00:00:00+14:00"}),
    "instant after the last year": ("entitlements", {"created": "9999-12-31T23:59:59-14:00"}),
}


@pytest.mark.parametrize("name", OUTSIDE_THE_COLUMN_TYPE)
def test_value_outside_the_column_type_rejects_only_its_row(lake_folder: LakeFolder, name: str) -> None:
    table, fields = OUTSIDE_THE_COLUMN_TYPE[name]
    counts = lake_folder.land(
        table, [{"public_id": "before"}, {"public_id": "broken"} | fields, {"public_id": "after"}]
    )
    assert (counts.rows, counts.quarantined) == (2, 1)
    assert [row["public_id"] for row in lake_folder.rows(table)] == ["before", "after"]
    (rejected,) = lake_folder.quarantined(table)
    assert str(rejected["record"]) == str({"public_id": "broken"} | fields)
    assert rejected["reason"]


def test_zero_with_an_exponent_is_quarantined_and_does_not_fail_the_pull(lake_folder: LakeFolder) -> None:
    counts = lake_folder.land("orders", [order(1, total="0E+50"), order(2, total="1e3")])
    assert (counts.rows, counts.quarantined) == (1, 1)
    (rejected,) = lake_folder.quarantined("orders")
    assert rejected["reason"] == "total: cannot be stored as decimal128(18, 4) (ArrowInvalid)"


def test_row_nested_100_000_levels_deep_is_quarantined(lake_folder: LakeFolder) -> None:
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"a": deep}
    counts = lake_folder.land("orders", [order(1), order(2, extra_data=deep), order(3, gift_note=deep)])
    assert (counts.rows, counts.quarantined) == (1, 2)
    assert all("nested too deeply" in rejected["reason"] for rejected in lake_folder.quarantined("orders"))


def test_text_of_100_000_brackets_is_written(lake_folder: LakeFolder) -> None:
    counts = lake_folder.land(
        "orders", [order(1, extra_data="[" * 100_000, gift_note="{" * 100_000, rejected_message="[" * 100_000)]
    )
    assert (counts.rows, counts.quarantined) == (1, 0)


texts = st.text(max_size=6) | st.sampled_from(
    ["", "\ud800", "NaN", "1", "0E+99", "2026-06-01 12:00:00", "4|", "{", "[]", "é"]
)
numbers = (
    st.integers()
    | st.floats()
    | st.sampled_from([2**63, -(2**63) - 1, 10**400, 1700000000, 0.1, 1e300, True, False, float("nan")])
)
json_like = st.recursive(
    st.none() | texts | numbers,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


@st.composite
def pages_of_an_object(draw: st.DrawFn) -> tuple[str, list[Any]]:
    api_object = draw(st.sampled_from(OBJECTS))
    names = st.sampled_from(sorted(api_object.record.model_fields))
    valid = dict.fromkeys(api_object.key, "id")
    row = st.dictionaries(names | texts, json_like, max_size=5)
    rows = st.lists(row.map(lambda fields: valid | fields) | row | json_like, max_size=5)
    return api_object.name, draw(rows)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pages_of_an_object(), st.sampled_from(["hash", "keep", "drop"]))
@example(("entitlements", [{"public_id": "e", "created": "0001-01-01T00:00:00+23:59"}]), "hash")
@example(("addresses", [{"public_id": "a", "first_name": "\ud800"}]), "keep")
@example(("subscriptions", [{"public_id": "s", "grantees": {"name": ["\ud800", float("inf")]}}]), "hash")
def test_any_row_is_written_or_quarantined(named_rows: tuple[str, list[Any]], policy: PiiPolicy) -> None:
    name, rows = named_rows
    with tempfile.TemporaryDirectory() as directory:
        lake_folder = LakeFolder(Path(directory))
        counts = lake_folder.land(name, rows, policy=policy)
        assert counts.rows + counts.quarantined == len(rows)
        assert len(lake_folder.rows(name)) == counts.rows
        assert len(lake_folder.quarantined(name)) == counts.quarantined
        assert all(rejected["reason"] for rejected in lake_folder.quarantined(name))
        for row in lake_folder.rows(name):
            if row["_extra"] is not None:
                json.loads(row["_extra"], parse_constant=lambda constant: pytest.fail(f"{constant} is not JSON"))
        if counts.rows:
            # As the warehouse reads it.
            with duckdb.connect() as connection:
                (read,) = connection.execute(
                    "select count(*) from read_parquet(?, hive_partitioning = false)",
                    [f"{lake_folder.root}/raw/{name}/*/*.parquet"],
                ).fetchall()
            assert read[0] == counts.rows
