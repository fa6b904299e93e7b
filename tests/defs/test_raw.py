"""Raw assets: materialized in the process, against a sandbox over real HTTP."""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pyarrow.parquet as pq
import pytest

from og_assets.defs.partitions import make_raw_windows, windows_of
from og_assets.defs.raw import REFERENCE_SNAPSHOTS, build_raw_asset, reference_snapshots
from og_assets.defs.resources import OrdergrooveResource
from og_assets.extraction.pull import Extractor
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


def settings(server: RunningStore, folder: Path, **changes: object) -> Settings:
    values = {
        "ordergroove_api_key": "sandbox-key",
        "ordergroove_base_url": server.url,
        "ordergroove_entitlements_url": server.url,
        "ordergroove_merchant_id": server.store.merchant,
        "ordergroove_start_date": START,
        "og_data_dir": folder,
    }
    return Settings(_env_file=None, **{**values, **changes})  # type: ignore[arg-type]


def materialize(
    name: str, chosen: Settings, *, first: str | None = None, last: str | None = None
) -> dg.ExecuteInProcessResult:
    """Materialize one raw asset; a windowed one over a range, by default all finished windows."""
    resources = {"ordergroove": OrdergrooveResource(settings=chosen)}
    if name in REFERENCE_SNAPSHOTS:
        return dg.materialize(
            [reference_snapshots], selection=[f"ordergroove/{name}"], resources=resources, raise_on_error=False
        )
    partitions = make_raw_windows(chosen)
    keys = partitions.get_partition_keys()
    tags = {
        "dagster/asset_partition_range_start": first or keys[0],
        "dagster/asset_partition_range_end": last or keys[-1],
    }
    return dg.materialize(
        [build_raw_asset(BY_NAME[name], partitions=partitions)],
        resources=resources,
        tags=tags if BY_NAME[name].window else None,
        raise_on_error=False,
    )


def whole_number(value: dg.MetadataValue) -> int:
    assert isinstance(value.value, int), "Dagster's UI adds up and draws numbers only"
    return value.value


def row_counts(result: dg.ExecuteInProcessResult, name: str) -> dict[str, tuple[int, int]]:
    """Return the rows of each partition, and of the table, as its one materialization shows them."""
    events = result.asset_materializations_for_node(f"ordergroove__{name}")
    assert len({event.partition for event in events}) == len(events)
    return {
        str(event.partition): (
            whole_number(event.metadata["dagster/partition_row_count"]),
            whole_number(event.metadata["dagster/row_count"]),
        )
        for event in events
    }


def checks(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {evaluation.check_name: evaluation.passed for evaluation in result.get_asset_check_evaluations()}


def failure(result: dg.ExecuteInProcessResult) -> str:
    """Return the description of the one failed step."""
    (event,) = [event for event in result.all_events if event.event_type == dg.DagsterEventType.STEP_FAILURE]
    shown = event.step_failure_data.user_failure_data
    assert shown is not None, "the failure has no description"
    return shown.description or ""


def test_materialization_shows_what_the_pull_did(server: RunningStore, tmp_path: Path) -> None:
    result = materialize("orders", settings(server, tmp_path))
    assert result.success
    metadata = result.asset_materializations_for_node("ordergroove__orders")[-1].metadata
    shown = {name: value.value for name, value in metadata.items()}
    orders = {row["id"] for row in server.store.truth.table("orders")}
    landed = pq.read_table(tmp_path / "lake" / "raw" / "orders")["public_id"].to_pylist()
    assert shown["pull/rows"] == shown["dagster/row_count"] == len(landed) >= len(orders) > 20
    assert shown["pull/requests"] == server.requests.count("orders")
    assert shown["pull/segments"] in (2, 3)
    assert str(shown["pull/requested"]).startswith("no lower bound to ")
    assert {"pull/pages", "pull/retries", "pull/bytes", "pull/seconds", "pull/quarantined", "pull/windows"} <= set(
        shown
    )
    assert "pull/newest updated" in shown
    assert set(landed) == orders
    assert all(checks(result).values()) and len(checks(result)) == 4


@pytest.mark.parametrize("name", ["orders", "items"])
def test_each_partition_of_a_range_shows_its_own_rows(name: str, server: RunningStore, tmp_path: Path) -> None:
    chosen = settings(server, tmp_path)
    partitions = make_raw_windows(chosen)
    shown = row_counts(materialize(name, chosen), name)
    api_object = BY_NAME[name]
    table = pq.read_table(tmp_path / "lake" / "raw" / name)
    # A row of the overlap lands twice and belongs to one window.
    versions = {tuple(row.values()) for row in table.select([*api_object.key, api_object.updated]).to_pylist()}
    windows = windows_of(list(shown), partitions=partitions)
    starts = [datetime.min, *(window.end.replace(tzinfo=None) for window in windows[:-1])]
    expected = dict.fromkeys(partitions.get_partition_keys(), 0)
    for *_, updated in versions:
        expected[windows[bisect_right(starts, updated) - 1].key] += 1
    assert {key: rows for key, (rows, _) in shown.items()} == expected
    assert len(set(expected.values())) > 3, "the windows must differ for this test to mean something"
    assert {total for _, total in shown.values()} == {table.num_rows}


def test_partition_that_is_pulled_again_shows_its_own_rows(server: RunningStore, tmp_path: Path) -> None:
    chosen = settings(server, tmp_path)
    before = row_counts(materialize("orders", chosen), "orders")
    key = max(before, key=lambda key: before[key][0] if key != min(before) else 0)
    ((again, (rows, total)),) = row_counts(materialize("orders", chosen, first=key, last=key), "orders").items()
    assert (again, rows) == (key, before[key][0])
    assert total > before[key][1], "the rows that were pulled again are in the table"


def test_small_snapshots_share_a_step_and_can_be_selected_alone(server: RunningStore, tmp_path: Path) -> None:
    chosen = settings(server, tmp_path)
    resources = {"ordergroove": OrdergrooveResource(settings=chosen)}
    result = dg.materialize([reference_snapshots], resources=resources)
    events = {event.materialization.asset_key.path[-1] for event in result.get_asset_materialization_events()}
    assert events == set(REFERENCE_SNAPSHOTS)
    assert {step.step_key for step in result.all_events if step.step_key} == {"reference_snapshots"}
    evaluations = result.get_asset_check_evaluations()
    assert {evaluation.asset_key.path[-1] for evaluation in evaluations} == set(REFERENCE_SNAPSHOTS)
    before = server.requests.count("products")
    alone = materialize("cancel_reasons", chosen)
    (event,) = alone.get_asset_materialization_events()
    assert event.materialization.asset_key.path[-1] == "cancel_reasons"
    assert server.requests.count("products") == before


def test_failing_snapshot_fails_the_step_and_does_not_stop_the_others(server: RunningStore, tmp_path: Path) -> None:
    resources = {"ordergroove": OrdergrooveResource(settings=settings(server, tmp_path))}
    assert dg.materialize([reference_snapshots], resources=resources).success
    server.faults.set({"missing": {"product_groups": 403}})
    result = dg.materialize([reference_snapshots], resources=resources, raise_on_error=False)
    assert not result.success
    pulled = {event.asset_key.path[-1] for event in result.get_asset_materialization_events() if event.asset_key}
    assert pulled == set(REFERENCE_SNAPSHOTS) - {"product_groups"}
    (failed,) = [event for event in result.all_events if event.event_type == dg.DagsterEventType.STEP_FAILURE]
    described = failed.step_failure_data.user_failure_data
    assert described is not None
    assert (described.description or "").startswith("product_groups: ")


class InterruptedStore(OrdergrooveResource):
    """A store whose first request is interrupted, as by Terminate in the UI."""

    def extractor(self) -> Extractor:
        INTERRUPTED.append("request")
        raise KeyboardInterrupt


INTERRUPTED: list[str] = []


def test_interrupted_step_lists_no_further_snapshot(server: RunningStore, tmp_path: Path) -> None:
    INTERRUPTED.clear()
    resources = {"ordergroove": InterruptedStore(settings=settings(server, tmp_path))}
    assert not dg.materialize([reference_snapshots], resources=resources, raise_on_error=False).success
    assert INTERRUPTED == ["request"]


def test_invalid_record_is_quarantined_and_the_rest_arrives(server: RunningStore, tmp_path: Path) -> None:
    orders = [row["id"] for row in server.store.truth.table("orders")]
    server.override("orders", orders[0], {"total": "not money"})
    server.override("orders", orders[1], {"gift_note": "new field"})
    result = materialize("orders", settings(server, tmp_path))
    assert result.success, "a warning does not stop the day"
    assert checks(result) == {
        "rows_are_inside_the_window": True,
        "nothing_quarantined": False,
        "no_unknown_fields": False,
        "no_row_is_from_the_future": True,
    }
    landed = pq.read_table(tmp_path / "lake" / "raw" / "orders")
    assert set(landed["public_id"].to_pylist()) == set(orders[1:])
    assert '{"gift_note": "new field"}' in landed["_extra"].to_pylist()
    (quarantined,) = (tmp_path / "lake" / "quarantine" / "orders").iterdir()
    assert "total: " in quarantined.read_text() and orders[0] in quarantined.read_text()


def test_rows_outside_the_window_block_downstream_assets(server: RunningStore, tmp_path: Path) -> None:
    order = server.store.truth.table("orders")[0]["id"]
    server.override("orders", order, {"updated": "2001-01-01 00:00:00"})
    keys = make_raw_windows(settings(server, tmp_path)).get_partition_keys()
    result = materialize("orders", settings(server, tmp_path), first=keys[1], last=keys[-1])
    if order not in pq.read_table(tmp_path / "lake" / "raw" / "orders")["public_id"].to_pylist():
        pytest.fail("the order must fall into the range for this test to mean something")
    assert checks(result)["rows_are_inside_the_window"] is False
    (evaluation,) = [
        each for each in result.get_asset_check_evaluations() if each.check_name == "rows_are_inside_the_window"
    ]
    assert evaluation.severity == dg.AssetCheckSeverity.ERROR and evaluation.blocking


def test_time_zone_too_far_west_fails_a_check(server: RunningStore, tmp_path: Path) -> None:
    order = server.store.truth.table("orders")[0]["id"]
    ahead = datetime.now(ZoneInfo("America/New_York")) + timedelta(hours=2)
    server.override("orders", order, {"updated": f"{ahead:%Y-%m-%d %H:%M:%S}"})
    assert checks(materialize("orders", settings(server, tmp_path)))["no_row_is_from_the_future"] is False


def test_unavailable_object_is_an_empty_table_and_a_note(server: RunningStore, tmp_path: Path) -> None:
    for status in (403, 404):
        server.faults.set({"missing": {"resources": status}})
        result = materialize("resources", settings(server, tmp_path))
        assert result.success
        (event,) = result.asset_materializations_for_node("reference_snapshots")
        assert f"answered {status} while /customers/ answers" in str(event.metadata["note"].value)
        assert event.metadata["dagster/row_count"].value == 0


def test_refused_core_object_fails_without_retry(server: RunningStore, tmp_path: Path) -> None:
    server.faults.set({"missing": {"orders": 403}})
    result = materialize("orders", settings(server, tmp_path))
    assert not result.success
    assert server.requests.count() == 1, "neither retried nor asked elsewhere"
    assert "Bulk Operations" in failure(result)


def test_wrong_key_costs_one_request_and_names_the_setting(server: RunningStore, tmp_path: Path) -> None:
    result = materialize("customers", settings(server, tmp_path, ordergroove_api_key="a-wrong-key"))
    assert server.requests.count() == 1
    assert "ORDERGROOVE_API_KEY" in failure(result)
    assert "a-wrong-key" not in str(result.all_events)


def test_missing_key_names_the_setting(server: RunningStore, tmp_path: Path) -> None:
    result = materialize("products", settings(server, tmp_path, ordergroove_api_key=None))
    assert "ORDERGROOVE_API_KEY is not set" in failure(result)
    assert server.requests.count() == 0


def test_entitlements_are_skipped_until_the_merchant_id_is_set(server: RunningStore, tmp_path: Path) -> None:
    result = materialize("entitlements", settings(server, tmp_path, ordergroove_merchant_id=None))
    (event,) = result.asset_materializations_for_node("ordergroove__entitlements")
    assert "ORDERGROOVE_MERCHANT_ID" in str(event.metadata["note"].value)
    assert server.requests.count() == 0
    result = materialize("entitlements", settings(server, tmp_path))
    (event,) = result.asset_materializations_for_node("ordergroove__entitlements")
    assert "note" not in event.metadata and server.requests.count("entitlements") == 1, "asked once it is"
