"""Landing: every row lands or is set aside, files are whole or not there, and memory stays bounded."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from og_assets.lake.errors import NoRoomError, NotWritableError
from og_assets.lake.lake import Lake
from og_assets.lake.landing import ROWS_PER_GROUP, Landing, LandingCounts
from og_assets.lake.privacy import PiiPolicy
from og_assets.ordergroove.objects import OBJECTS


class Shore(Protocol):
    root: Path
    lake: Lake
    land: Callable[..., LandingCounts]
    landing: Callable[..., Landing]
    files: Callable[[], list[Path]]
    rows: Callable[[str], list[dict[str, Any]]]
    set_aside: Callable[[str], list[dict[str, Any]]]


def order(number: int, **fields: Any) -> dict[str, Any]:
    return {"public_id": f"o{number}", "updated": "2026-06-01 12:00:00", "total": "9.50"} | fields


# What lands


def test_every_row_carries_where_it_came_from(shore: Shore) -> None:
    shore.land("orders", [order(1), order(2)], window="2026-06-01..2026-06-30")
    for row in shore.rows("orders"):
        assert row["_window"] == "2026-06-01..2026-06-30"
        assert row["_pulled_at"].isoformat() == "2026-06-01T18:00:01+00:00"
        assert row["_run_id"] == "run-0001-and-what-follows"
    (path,) = shore.files()
    assert path.relative_to(shore.root).as_posix() == (
        "raw/orders/window=2026-06-01..2026-06-30/20260601T180001.000000Z-run-0001.parquet"
    )


def test_pages_land_in_the_order_in_which_they_came(shore: Shore) -> None:
    landed = shore.land("orders", [order(3), order(1)], [], [order(2)])
    assert [row["public_id"] for row in shore.rows("orders")] == ["o3", "o1", "o2"]
    assert (landed.rows, landed.quarantined) == (3, 0)


def test_second_pull_adds_a_file_and_leaves_the_first_alone(shore: Shore) -> None:
    shore.land("orders", [order(1)])
    (first,) = shore.files()
    before = (first.read_bytes(), first.stat().st_mtime_ns, first.stat().st_ino)
    shore.land("orders", [order(1, total="10.00")])
    assert len(shore.files()) == 2
    assert (first.read_bytes(), first.stat().st_mtime_ns, first.stat().st_ino) == before


def test_unknown_fields_are_kept_as_json_and_counted(shore: Shore) -> None:
    landed = shore.land("orders", [order(1, mood="Größe", n={"a": [1]}), order(2, mood=""), order(3)])
    extras = [row["_extra"] and json.loads(row["_extra"]) for row in shore.rows("orders")]
    assert extras == [{"mood": "Größe", "n": {"a": [1]}}, {"mood": None}, None]
    assert landed.unknown_fields == {"mood": 2, "n": 1}


def test_duplicate_ids_land_both(shore: Shore) -> None:
    shore.land("orders", [order(1, total="1.00"), order(1, total="2.00")])
    assert [str(row["total"]) for row in shore.rows("orders")] == ["1.0000", "2.0000"]


def test_oldest_and_newest_update_are_told(shore: Shore) -> None:
    landed = shore.land(
        "orders",
        [order(1, updated="2026-06-03 00:00:00"), order(2, updated=None)],
        [order(3, updated="2026-06-01 00:00:00"), order(4, updated="not a time")],
    )
    assert (landed.oldest_updated, landed.newest_updated) == (datetime(2026, 6, 1), datetime(2026, 6, 3))


def test_object_without_an_update_field_tells_none(shore: Shore) -> None:
    landed = shore.land("product_groups", [{"name": "a", "group_type": "b", "updated": "2026-06-03 00:00:00", "": 1}])
    assert (landed.rows, landed.newest_updated) == (1, None)


def test_segment_without_rows_leaves_no_file(shore: Shore) -> None:
    landed = shore.land("orders", [], [])
    assert landed.rows == 0
    assert shore.files() == []


def test_landing_that_was_prepared_but_not_used_leaves_nothing(shore: Shore) -> None:
    shore.landing("orders")
    assert shore.files() == []


def test_rows_are_written_in_groups_of_bounded_size(shore: Shore) -> None:
    page = [order(number) for number in range(1000)]
    shore.land("orders", *[page] * 25)
    (path,) = shore.files()
    metadata = pq.read_metadata(path)
    assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [
        ROWS_PER_GROUP,
        ROWS_PER_GROUP,
        5000,
    ]
    assert metadata.row_group(0).column(0).compression == "ZSTD"


# What does not fit


def test_broken_row_is_set_aside_with_its_reason_and_the_rest_of_the_page_lands(shore: Shore) -> None:
    landed = shore.land("orders", [order(1), order(2, total="undefined", mood="blue"), order(3)])
    assert [row["public_id"] for row in shore.rows("orders")] == ["o1", "o3"]
    assert (landed.rows, landed.quarantined, landed.unknown_fields) == (2, 1, {})
    assert shore.set_aside("orders") == [
        {
            "reason": "total: Input should be a valid decimal",
            "_window": "2026-06-01",
            "_pulled_at": "2026-06-01T18:00:01+00:00",
            "_run_id": "run-0001-and-what-follows",
            "record": order(2, total="undefined", mood="blue"),
        }
    ]


def test_all_reasons_of_a_row_are_told(shore: Shore) -> None:
    shore.land("orders", [{"total": "x", "tries": 2**64}])
    (one,) = shore.set_aside("orders")
    assert [part.split(":")[0] for part in one["reason"].split("; ")] == ["public_id", "total", "tries"]


@pytest.mark.parametrize("row", ["text", 7, 1.5, None, True, [], ["a"], [{"public_id": "o"}], {}], ids=repr)
def test_row_that_is_no_object_is_set_aside(shore: Shore, row: Any) -> None:
    landed = shore.land("orders", [order(1), row, order(2)])
    assert (landed.rows, landed.quarantined) == (2, 1)
    (one,) = shore.set_aside("orders")
    assert one["record"] == row


def test_page_on_which_nothing_fits_leaves_a_quarantine_file_alone(shore: Shore) -> None:
    shore.land("orders", [7, 8], [9])
    assert [path.suffix for path in shore.files()] == [".jsonl"]
    assert [one["record"] for one in shore.set_aside("orders")] == [7, 8, 9]


BEYOND_A_COLUMN: dict[str, tuple[str, dict[str, Any]]] = {
    "lone surrogate in text": ("orders", {"merchant": "a\ud800"}),
    "lone surrogate in an id": ("orders", {"public_id": "a\ud800"}),
    "lone surrogate in JSON": ("orders", {"extra_data": {"a": "\udfff"}}),
    "lone surrogate in an unknown field": ("orders", {"mood": "\ud800"}),
    "lone surrogate in an unknown name": ("orders", {"mood\ud800": 1}),
    "no number in an unknown field": ("orders", {"mood": [float("nan")]}),
    "no number in JSON": ("orders", {"extra_data": {"a": float("inf")}}),
    "number of thousands of digits": ("orders", {"tries": "9" * 5000}),
    "number wider than its column": ("subscriptions", {"cancel_reason_code": 2**63}),
    "instant before the first year": ("entitlements", {"created": "0001-01-01T00:00:00+14:00"}),
    "instant after the last year": ("entitlements", {"created": "9999-12-31T23:59:59-14:00"}),
}


@pytest.mark.parametrize("name", BEYOND_A_COLUMN)
def test_value_that_no_column_can_hold_costs_its_row_only(shore: Shore, name: str) -> None:
    table, fields = BEYOND_A_COLUMN[name]
    landed = shore.land(table, [{"public_id": "before"}, {"public_id": "broken"} | fields, {"public_id": "after"}])
    assert (landed.rows, landed.quarantined) == (2, 1)
    assert [row["public_id"] for row in shore.rows(table)] == ["before", "after"]
    (one,) = shore.set_aside(table)
    assert str(one["record"]) == str({"public_id": "broken"} | fields)
    assert one["reason"]


def test_zero_with_an_exponent_is_set_aside_and_does_not_stop_the_walk(shore: Shore) -> None:
    landed = shore.land("orders", [order(1, total="0E+50"), order(2, total="1e3")])
    assert (landed.rows, landed.quarantined) == (1, 1)
    (one,) = shore.set_aside("orders")
    assert one["reason"] == "total: cannot be stored as decimal128(18, 4) (ArrowInvalid)"


def test_row_nested_beyond_reason_is_set_aside(shore: Shore) -> None:
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"a": deep}
    landed = shore.land("orders", [order(1), order(2, extra_data=deep), order(3, mood=deep)])
    assert (landed.rows, landed.quarantined) == (1, 2)
    assert all("nested too deeply" in one["reason"] for one in shore.set_aside("orders"))


def test_text_of_many_brackets_lands(shore: Shore) -> None:
    landed = shore.land(
        "orders", [order(1, extra_data="[" * 100_000, mood="{" * 100_000, rejected_message="[" * 100_000)]
    )
    assert (landed.rows, landed.quarantined) == (1, 0)


# Whatever comes: it lands or it is set aside

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


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(pages_of_an_object(), st.sampled_from(["hash", "keep", "drop"]))
@example(("entitlements", [{"public_id": "e", "created": "0001-01-01T00:00:00+23:59"}]), "hash")
@example(("addresses", [{"public_id": "a", "first_name": "\ud800"}]), "keep")
@example(("subscriptions", [{"public_id": "s", "grantees": {"name": ["\ud800", float("inf")]}}]), "hash")
def test_whatever_comes_lands_or_is_set_aside(
    make_shore: Callable[[Path], Shore], given_rows: tuple[str, list[Any]], policy: PiiPolicy
) -> None:
    name, rows = given_rows
    with tempfile.TemporaryDirectory() as folder:
        shore = make_shore(Path(folder))
        landed = shore.land(name, rows, policy=policy)
        assert landed.rows + landed.quarantined == len(rows)
        assert len(shore.rows(name)) == landed.rows
        assert len(shore.set_aside(name)) == landed.quarantined
        assert all(one["reason"] for one in shore.set_aside(name))
        for row in shore.rows(name):
            if row["_extra"] is not None:
                json.loads(row["_extra"], parse_constant=lambda constant: pytest.fail(f"{constant} is no JSON"))
        if landed.rows:
            # What the warehouse reads.
            with duckdb.connect() as connection:
                (read,) = connection.execute(
                    "select count(*) from read_parquet(?, hive_partitioning = false)",
                    [f"{shore.root}/raw/{name}/*/*.parquet"],
                ).fetchall()
            assert read[0] == landed.rows


# Whole or not there


def test_nothing_is_visible_before_the_end(shore: Shore) -> None:
    page = [order(number) for number in range(1000)]
    with shore.landing("orders") as landing:
        for _ in range(11):
            landing.add(page)
        landing.add(["broken"])
        hidden = shore.files()
        assert len(hidden) == 2
        assert all(path.name.startswith(".") and path.name.endswith(".part") for path in hidden)
        assert list(shore.root.rglob("*.parquet")) == []
    assert [path.suffix for path in shore.files()] == [".jsonl", ".parquet"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_failed_walk_leaves_nothing(shore: Shore, error: type[BaseException]) -> None:
    page = [order(number) for number in range(1000)]
    with pytest.raises(error), shore.landing("orders") as landing:
        for _ in range(11):
            landing.add(page)
        landing.add(["broken"])
        assert len(shore.files()) == 2
        raise error
    assert shore.files() == []


def test_rows_appear_only_after_what_was_set_aside(shore: Shore) -> None:
    quarantine = shore.root / "quarantine" / "orders"
    with pytest.raises(NotWritableError), shore.landing("orders") as landing:
        landing.add([order(1), "broken"])
        # Takes the file's place, so that the quarantine cannot appear.
        (path,) = quarantine.iterdir()
        (quarantine / path.name.removeprefix(".").removesuffix(".part")).mkdir()
    assert shore.files() == []


def test_rows_do_not_appear_where_the_first_broken_row_came_late(shore: Shore) -> None:
    quarantine = shore.root / "quarantine" / "orders"
    page = [order(number) for number in range(1000)]
    with pytest.raises(NotWritableError), shore.landing("orders") as landing:
        for _ in range(10):
            landing.add(page)
        landing.add(["broken"])
        (path,) = quarantine.iterdir()
        (quarantine / path.name.removeprefix(".").removesuffix(".part")).mkdir()
    assert shore.files() == []


SCRIPT = """
import os, resource, sys
from datetime import UTC, datetime
from pathlib import Path
from og_assets.errors import OgAssetsError
from og_assets.lake.lake import Lake
from og_assets.ordergroove.objects import BY_NAME

def landing(name="items"):
    return Lake(Path(sys.argv[1])).landing(
        BY_NAME[name], window="w", pulled_at=datetime.now(UTC), run_id="run", policy="hash"
    )

def page(width=1):
    # Digests hardly compress, so that files grow as fast as rows do.
    return [{"public_id": os.urandom(8).hex() * width, "order": "o", "price": "1.00"} for _ in range(1000)]

"""


def python(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT + script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )


def test_killed_landing_shows_nothing_and_the_next_one_cleans_up(shore: Shore) -> None:
    process = python(
        """
with landing() as l:
    l.add(["x" * 10_000])
    for _ in range(12):
        l.add(page())
    print("written", flush=True)
    __import__("time").sleep(60)
""",
        shore.root,
    )
    assert process.stdout
    assert process.stdout.readline() == "written\n", process.communicate()[1]
    process.send_signal(signal.SIGKILL)
    process.communicate()
    left_over = shore.files()
    assert len(left_over) == 2
    assert sum(path.stat().st_size for path in left_over) > 10_000
    assert list(shore.root.rglob("*.parquet")) == list(shore.root.rglob("*.jsonl")) == []

    shore.land("items", [{"public_id": "i"}])
    assert [path.suffix for path in shore.files()] == [".parquet"]


def test_full_disk_is_told_in_words_and_leaves_nothing_half_written(shore: Shore) -> None:
    shore.land("items", [{"public_id": "i"}])
    before = shore.files()
    process = python(
        """
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
for broken in ([], ["x" * 1000] * 300):
    try:
        with landing() as l:
            for _ in range(30):
                l.add(page() + broken)
    except OgAssetsError as error:
        print(type(error).__name__, error)
# There is room for a small one, in the same process.
with landing() as l:
    l.add([{"public_id": "i"}])
""",
        shore.root,
    )
    output, problems = process.communicate()
    assert process.returncode == 0, problems
    first, second = output.splitlines()
    for told in (first, second):
        assert told.startswith(NoRoomError.__name__)
        assert "Free space" in told
    assert "/raw/items/" in first
    assert len(shore.files()) == len(before) + 1
    assert len(shore.rows("items")) == 2


def test_folder_that_cannot_be_made_is_told_in_words(tmp_path: Path, make_shore: Callable[[Path], Shore]) -> None:
    (tmp_path / "file").touch()
    shore = make_shore(tmp_path / "file" / "lake")
    with pytest.raises(NotWritableError, match="OG_DATA_DIR"):
        shore.land("orders", [order(1)])
    with pytest.raises(NotWritableError, match="OG_DATA_DIR"):
        shore.land("orders", ["broken"])
    with pytest.raises(NotWritableError, match="OG_DATA_DIR"):
        shore.lake.prepare()
