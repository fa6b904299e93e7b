"""Raw assets: materialized in the process, against a sandbox over real HTTP."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pyarrow.parquet as pq
import pytest

from og_assets.defs.partitions import make_raw_windows
from og_assets.defs.raw import make_raw_asset
from og_assets.extraction.pull import Extractor
from og_assets.lake.lake import Lake
from og_assets.ordergroove.objects import BY_NAME
from og_assets.settings import Settings
from ordergroove_sandbox import RunningStore, Store, serve

DAYS = 60
UNTIL = datetime.now(ZoneInfo("America/New_York")).replace(tzinfo=None, microsecond=0) - timedelta(days=1)
START = (UNTIL - timedelta(days=DAYS)).date()


@pytest.fixture
def server() -> Iterator[RunningStore]:
    with serve(Store(seed=3, customers=60, days=DAYS, until=UNTIL)) as running:
        yield running


def settings(server: RunningStore, **changes: object) -> Settings:
    values = {
        "ordergroove_api_key": "sandbox-key",
        "ordergroove_base_url": server.url,
        "ordergroove_entitlements_url": server.url,
        "ordergroove_merchant_id": server.store.merchant,
        "ordergroove_start_date": START,
    }
    return Settings(_env_file=None, **{**values, **changes})  # type: ignore[arg-type]


def materialize(
    name: str, chosen: Settings, lake: Path, *, first: date | None = None, last: date | None = None
) -> dg.ExecuteInProcessResult:
    """Materialize one raw asset, over all finished windows unless told otherwise."""
    partitions = make_raw_windows(chosen)
    keys = partitions.get_partition_keys()
    asset = make_raw_asset(BY_NAME[name], partitions=partitions)
    tags = {
        "dagster/asset_partition_range_start": str(first or keys[0]),
        "dagster/asset_partition_range_end": str(last or keys[-1]),
    }
    return dg.materialize(
        [asset],
        resources={"extractor": Extractor(chosen, Lake(lake))},
        tags=tags if BY_NAME[name].window else None,
        raise_on_error=False,
    )


def checks(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {evaluation.check_name: evaluation.passed for evaluation in result.get_asset_check_evaluations()}


def failure(result: dg.ExecuteInProcessResult) -> str:
    """The words with which the one failed step ended."""
    (event,) = [event for event in result.all_events if event.event_type == dg.DagsterEventType.STEP_FAILURE]
    told = event.step_failure_data.user_failure_data
    assert told is not None, "the failure was not explained"
    return told.description or ""


def test_materialization_tells_what_the_pull_did(server: RunningStore, tmp_path: Path) -> None:
    result = materialize("orders", settings(server), tmp_path)
    assert result.success
    metadata = result.asset_materializations_for_node("ordergroove__orders")[-1].metadata
    shown = {name: value.value for name, value in metadata.items()}
    orders = {row["id"] for row in server.store.truth.table("orders")}
    assert shown["dagster/row_count"] >= len(orders) > 20
    assert shown["requests"] == server.requests.count("orders")
    assert shown["segments"] in (2, 3)
    assert shown["window"].startswith("the beginning to ")
    assert {"pages", "retries", "bytes", "seconds", "quarantined", "overlap hours", "newest updated"} <= set(shown)
    landed = pq.read_table(tmp_path / "raw" / "orders")["public_id"].to_pylist()
    assert set(landed) == orders
    assert all(checks(result).values()) and len(checks(result)) == 4


def test_broken_record_is_set_aside_and_the_rest_arrives(server: RunningStore, tmp_path: Path) -> None:
    orders = [row["id"] for row in server.store.truth.table("orders")]
    server.override("orders", orders[0], {"total": "not money"})
    server.override("orders", orders[1], {"gift_note": "new field"})
    result = materialize("orders", settings(server), tmp_path)
    assert result.success, "a warning does not stop the day"
    assert checks(result) == {
        "rows_lie_inside_the_window": True,
        "nothing_quarantined": False,
        "no_unknown_fields": False,
        "no_row_is_from_the_future": True,
    }
    landed = pq.read_table(tmp_path / "raw" / "orders")
    assert set(landed["public_id"].to_pylist()) == set(orders[1:])
    assert '{"gift_note": "new field"}' in landed["_extra"].to_pylist()
    (quarantined,) = (tmp_path / "quarantine" / "orders").iterdir()
    assert "total: " in quarantined.read_text() and orders[0] in quarantined.read_text()


def test_rows_outside_the_window_stop_what_lies_downstream(server: RunningStore, tmp_path: Path) -> None:
    order = server.store.truth.table("orders")[0]["id"]
    server.override("orders", order, {"updated": "2001-01-01 00:00:00"})
    keys = make_raw_windows(settings(server)).get_partition_keys()
    result = materialize("orders", settings(server), tmp_path, first=keys[1], last=keys[-1])
    if order not in pq.read_table(tmp_path / "raw" / "orders")["public_id"].to_pylist():
        pytest.fail("the order must fall into the range for this test to mean something")
    assert checks(result)["rows_lie_inside_the_window"] is False
    (evaluation,) = [
        each for each in result.get_asset_check_evaluations() if each.check_name == "rows_lie_inside_the_window"
    ]
    assert evaluation.severity == dg.AssetCheckSeverity.ERROR and evaluation.blocking


def test_time_zone_too_far_west_is_told(server: RunningStore, tmp_path: Path) -> None:
    order = server.store.truth.table("orders")[0]["id"]
    ahead = datetime.now(ZoneInfo("America/New_York")) + timedelta(hours=2)
    server.override("orders", order, {"updated": f"{ahead:%Y-%m-%d %H:%M:%S}"})
    assert checks(materialize("orders", settings(server), tmp_path))["no_row_is_from_the_future"] is False


def test_object_that_the_merchant_lacks_is_an_empty_table_and_a_note(server: RunningStore, tmp_path: Path) -> None:
    for status in (403, 404):
        server.faults.set({"missing": {"resources": status}})
        result = materialize("resources", settings(server), tmp_path)
        assert result.success
        (event,) = result.asset_materializations_for_node("ordergroove__resources")
        assert f"answered {status} while /customers/ answers" in str(event.metadata["note"].value)
        assert event.metadata["dagster/row_count"].value == 0


def test_refused_core_object_fails_at_once(server: RunningStore, tmp_path: Path) -> None:
    server.faults.set({"missing": {"orders": 403}})
    result = materialize("orders", settings(server), tmp_path)
    assert not result.success
    assert server.requests.count() == 1, "neither retried nor asked elsewhere"
    assert "Bulk Operations" in failure(result)


def test_wrong_key_is_one_request_and_one_clear_error(server: RunningStore, tmp_path: Path) -> None:
    result = materialize("customers", settings(server, ordergroove_api_key="a-wrong-key"), tmp_path)
    assert server.requests.count() == 1
    assert "ORDERGROOVE_API_KEY" in failure(result)
    assert "a-wrong-key" not in str(result.all_events)


def test_without_a_key_the_asset_says_what_to_set(server: RunningStore, tmp_path: Path) -> None:
    result = materialize("products", settings(server, ordergroove_api_key=None), tmp_path)
    assert failure(result).startswith("ORDERGROOVE_API_KEY is not set")
    assert server.requests.count() == 0


def test_entitlements_are_skipped_with_a_reason_until_configured(server: RunningStore, tmp_path: Path) -> None:
    result = materialize("entitlements", settings(server, ordergroove_merchant_id=None), tmp_path)
    (event,) = result.asset_materializations_for_node("ordergroove__entitlements")
    assert "ORDERGROOVE_MERCHANT_ID" in str(event.metadata["note"].value)
    assert server.requests.count() == 0
    result = materialize("entitlements", settings(server), tmp_path)
    (event,) = result.asset_materializations_for_node("ordergroove__entitlements")
    assert "note" not in event.metadata and server.requests.count("entitlements") == 1, "asked once it is"
