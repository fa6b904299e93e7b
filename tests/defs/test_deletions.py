"""Open-ID listings and existence checks as assets, materialized in the process, against a sandbox over real HTTP."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from og_assets.defs.deletions import DELETION_CHECKS, census_assets, deletion_checks
from og_assets.defs.resources import OrdergrooveResource
from og_assets.extraction.pull import Extractor, Window
from og_assets.lake.lake import Lake
from og_assets.ordergroove.objects import BY_NAME
from og_assets.settings import Settings
from ordergroove_sandbox import RunningStore, Store, serve

UNTIL = datetime(2026, 6, 10, 14)


@pytest.fixture
def shop() -> Iterator[RunningStore]:
    with serve(Store(seed=5, customers=60, days=100, until=UNTIL, emptied_orders="delete")) as running:
        yield running


def settings(shop: RunningStore, folder: Path, **changes: object) -> Settings:
    values = {"ordergroove_api_key": "sandbox-key", "ordergroove_base_url": shop.url, "og_data_dir": folder}
    return Settings(_env_file=None, **values, **changes)  # type: ignore[arg-type]


def pull(shop: RunningStore, folder: Path) -> None:
    end = shop.store.now.replace(tzinfo=ZoneInfo("America/New_York"))
    window = Window(key=f"{end:%Y-%m-%d}", start=None, end=end)
    for name in ("orders", "items"):
        extractor = Extractor(settings(shop, folder), Lake(folder / "lake"))
        list(extractor.pull_windows(BY_NAME[name], [window], run_id="run-0001", progress=lambda _message: None))


def materialize(chosen: Settings, *, job: str = "by_hand") -> dg.ExecuteInProcessResult:
    location = dg.Definitions(
        assets=[*census_assets, deletion_checks],
        jobs=[dg.define_asset_job(job, selection=[*(asset.key for asset in census_assets), DELETION_CHECKS])],
        resources={"ordergroove": OrdergrooveResource(settings=chosen)},
    )
    return location.resolve_job_def(job).execute_in_process(raise_on_error=False)


def metadata(result: dg.ExecuteInProcessResult, name: str) -> dict[str, object]:
    materializations = [event.materialization for event in result.get_asset_materialization_events()]
    (found,) = [each for each in materializations if each.asset_key.path == ["ordergroove", name]]
    return {key: value.value for key, value in found.metadata.items()}


def verdicts(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {
        f"{check.asset_key.path[-1]}.{check.check_name}": check.passed for check in result.get_asset_check_evaluations()
    }


def test_daily_sync_checks_existence_after_every_proof_of_existence(location: dg.Definitions) -> None:
    nodes = {node.name for node in location.resolve_job_def("daily_sync").all_node_defs}
    assert {"ordergroove__census_orders", "ordergroove__census_items", "ordergroove__deletion_checks"} <= nodes
    upstream = {key.path[-1] for key in location.resolve_asset_graph().get(DELETION_CHECKS).parent_keys}
    assert upstream == {"census_orders", "census_items", "orders", "items", "webhook_events"}


def test_missing_row_is_checked_and_counted_as_deleted(shop: RunningStore, tmp_path: Path) -> None:
    pull(shop, tmp_path)
    first = materialize(settings(shop, tmp_path))
    assert first.success
    assert all(verdicts(first).values())
    live = {row["id"] for row in shop.store.truth.table("items")}
    assert 0 < metadata(first, "census_items")["dagster/row_count"] < len(live)  # type: ignore[operator]

    held = [row for row in shop.store.truth.table("subscriptions") if row["live"] and row["upcoming_item"]]
    shop.store.cancel(held[0]["id"])
    shop.store.advance(hours=1)
    second = materialize(settings(shop, tmp_path))
    shown = metadata(second, "deletion_checks")
    assert [shown[f"items/{name}"] for name in ("suspected deletions", "deleted", "not checked yet")] == [1, 1, 0]
    assert all(verdicts(second).values())


def test_unchecked_suspected_deletions_are_a_warning_with_their_share(shop: RunningStore, tmp_path: Path) -> None:
    pull(shop, tmp_path)
    materialize(settings(shop, tmp_path))
    held = [row for row in shop.store.truth.table("subscriptions") if row["live"] and row["upcoming_item"]]
    for row in held[:3]:
        shop.store.cancel(row["id"])
    shop.store.advance(hours=1)
    result = materialize(settings(shop, tmp_path, og_deletion_checks=1))
    assert result.success
    (check,) = [
        one for one in result.get_asset_check_evaluations() if one.check_name == "suspected_deletions_are_checked"
    ]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    counts = {name: value.value for name, value in check.metadata.items()}
    shown = metadata(result, "deletion_checks")
    waiting = shown["items/not checked yet"] + shown["orders/not checked yet"]  # type: ignore[operator]
    assert counts["without proof"] == waiting >= 2
    assert 0 < counts["share with proof"] < 1  # type: ignore[operator]
    assert "OG_DELETION_CHECKS" in (check.description or "")


def test_key_of_another_store_proves_no_deletion(shop: RunningStore, tmp_path: Path) -> None:
    pull(shop, tmp_path)
    materialize(settings(shop, tmp_path))
    with serve(Store(seed=6, customers=5, days=5, until=UNTIL + timedelta(days=1))) as other:
        result = materialize(settings(other, tmp_path))
    assert result.success, "the marts are built all the same, without the unproved deletions"
    failed = {name for name, passed in verdicts(result).items() if not passed}
    assert failed == {
        "census_orders.at_least_half_is_still_listed",
        "census_items.at_least_half_is_still_listed",
        "deletion_checks.suspected_deletions_are_checked",
        "deletion_checks.control_rows_are_found",
    }
    shown = metadata(result, "deletion_checks")
    assert shown["orders/deleted"] == shown["items/deleted"] == 0


def test_listing_that_is_not_due_is_skipped_in_the_daily_sync_only(shop: RunningStore, tmp_path: Path) -> None:
    weekly = settings(shop, tmp_path, og_census_every_days=7)
    materialize(weekly, job="daily_sync")
    requests = len(shop.requests.all())
    result = materialize(weekly, job="daily_sync")
    assert result.success
    assert "not due before" in str(metadata(result, "census_orders")["note"])
    assert len(shop.requests.all()) == requests
    materialize(weekly)
    assert len(shop.requests.all()) > requests


def test_outage_during_a_listing_fails_its_step_with_the_errors_message(shop: RunningStore, tmp_path: Path) -> None:
    shop.faults.set({"missing": {"items": 403}})
    result = materialize(settings(shop, tmp_path))
    (event,) = [event for event in result.all_events if event.event_type == dg.DagsterEventType.STEP_FAILURE]
    failure = event.step_failure_data.user_failure_data
    assert failure is not None
    assert "ORDERGROOVE_API_KEY" in (failure.description or "")
