"""OpenIdListings and deletion checks as assets: materialized in the process, against a store over real HTTP."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from og_assets.definitions import defs
from og_assets.defs.deletions import DELETION_CHECKS, census_assets, deletion_checks
from og_assets.deletions.existence_checks import ExistenceChecker
from og_assets.deletions.open_id_lister import OpenIdLister
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


def settings(shop: RunningStore, **changes: object) -> Settings:
    values = {"ordergroove_api_key": "sandbox-key", "ordergroove_base_url": shop.url}
    return Settings(_env_file=None, **values, **changes)  # type: ignore[arg-type]


def pull(shop: RunningStore, folder: Path) -> None:
    end = shop.store.now.replace(tzinfo=ZoneInfo("America/New_York"))
    window = Window(key=f"{end:%Y-%m-%d}", start=None, end=end)
    for name in ("orders", "items"):
        extractor = Extractor(settings(shop), Lake(folder))
        list(extractor.pull_windows(BY_NAME[name], [window], run_id="run-0001", progress=lambda _said: None))


def materialize(chosen: Settings, folder: Path, *, job: str = "by_hand") -> dg.ExecuteInProcessResult:
    lake = Lake(folder)
    location = dg.Definitions(
        assets=[*census_assets, deletion_checks],
        jobs=[dg.define_asset_job(job, selection=[*(asset.key for asset in census_assets), DELETION_CHECKS])],
        resources={"open_id_lister": OpenIdLister(chosen, lake), "existence_checker": ExistenceChecker(chosen, lake)},
    )
    return location.resolve_job_def(job).execute_in_process(raise_on_error=False)


def metadata(result: dg.ExecuteInProcessResult, name: str) -> dict[str, object]:
    (event,) = [
        event for event in result.get_asset_materialization_events() if event.asset_key.path == ["ordergroove", name]
    ]
    return {key: value.value for key, value in event.materialization.metadata.items()}


def verdicts(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {
        f"{check.asset_key.path[-1]}.{check.check_name}": check.passed for check in result.get_asset_check_evaluations()
    }


def test_daily_sync_takes_the_censuses_and_asks_after_all_that_shows_rows_alive() -> None:
    graph = defs().resolve_asset_graph()
    job = defs().resolve_job_def("daily_sync")
    assert {"ordergroove__census_orders", "ordergroove__census_items", "ordergroove__deletion_checks"} <= {
        node.name for node in job.all_node_defs
    }
    pools = {node.name: node.pool for node in job.all_node_defs if isinstance(node, dg.OpDefinition)}
    for name in ("orders", "items"):
        assert pools[f"ordergroove__census_{name}"] == pools[f"ordergroove__{name}"], "one walk of a type at a time"
    upstream = {key.path[-1] for key in graph.get(DELETION_CHECKS).parent_keys}
    assert upstream == {"census_orders", "census_items", "orders", "items", "webhook_events"}


def test_what_vanished_is_asked_about_and_told(shop: RunningStore, tmp_path: Path) -> None:
    pull(shop, tmp_path)
    first = materialize(settings(shop), tmp_path)
    assert first.success
    assert all(verdicts(first).values())
    live = {row["id"] for row in shop.store.truth.table("items")}
    assert 0 < metadata(first, "census_items")["dagster/row_count"] < len(live)  # type: ignore[operator]

    held = [row for row in shop.store.truth.table("subscriptions") if row["live"] and row["upcoming_item"]]
    shop.store.cancel(held[0]["id"])
    shop.store.advance(hours=1)
    second = materialize(settings(shop), tmp_path)
    told = metadata(second, "deletion_checks")
    assert (told["items/suspected"], told["items/deleted"], told["items/waiting"]) == (1, 1, 0)
    assert all(verdicts(second).values())


def test_what_waits_is_warned_of_with_its_share(shop: RunningStore, tmp_path: Path) -> None:
    pull(shop, tmp_path)
    materialize(settings(shop), tmp_path)
    held = [row for row in shop.store.truth.table("subscriptions") if row["live"] and row["upcoming_item"]]
    for row in held[:3]:
        shop.store.cancel(row["id"])
    shop.store.advance(hours=1)
    result = materialize(settings(shop, og_deletion_checks=1), tmp_path)
    assert result.success
    (check,) = [one for one in result.get_asset_check_evaluations() if one.check_name == "deletions_are_confirmed"]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    counts = {name: value.value for name, value in check.metadata.items()}
    told = metadata(result, "deletion_checks")
    assert counts["without proof"] == told["items/waiting"] + told["orders/waiting"] >= 2  # type: ignore[operator]
    assert 0 < counts["share with proof"] < 1  # type: ignore[operator]
    assert "OG_DELETION_CHECKS" in (check.description or "")


def test_key_that_sees_nothing_any_more_makes_nothing_gone(shop: RunningStore, tmp_path: Path) -> None:
    pull(shop, tmp_path)
    materialize(settings(shop), tmp_path)
    with serve(Store(seed=6, customers=5, days=5, until=UNTIL + timedelta(days=1))) as other:
        result = materialize(settings(other), tmp_path)
    assert result.success, "the marts are built all the same, without what is not believed"
    failed = {name for name, passed in verdicts(result).items() if not passed}
    assert failed == {
        "census_orders.most_is_still_listed",
        "census_items.most_is_still_listed",
        "deletion_checks.deletions_are_confirmed",
        "deletion_checks.answers_can_be_believed",
    }
    told = metadata(result, "deletion_checks")
    assert told["orders/deleted"] == told["items/deleted"] == 0


def test_census_that_is_not_due_is_passed_over_in_the_daily_sync_only(shop: RunningStore, tmp_path: Path) -> None:
    weekly = settings(shop, og_census_every_days=7)
    materialize(weekly, tmp_path, job="daily_sync")
    asked = len(shop.requests.all())
    result = materialize(weekly, tmp_path, job="daily_sync")
    assert result.success
    assert "not due before" in str(metadata(result, "census_orders")["note"])
    assert len(shop.requests.all()) == asked
    materialize(weekly, tmp_path)
    assert len(shop.requests.all()) > asked


def test_outage_in_a_census_fails_its_step_in_words(shop: RunningStore, tmp_path: Path) -> None:
    shop.faults.set({"missing": {"items": 403}})
    result = materialize(settings(shop), tmp_path)
    (event,) = [event for event in result.all_events if event.event_type == dg.DagsterEventType.STEP_FAILURE]
    told = event.step_failure_data.user_failure_data
    assert told is not None
    assert "ORDERGROOVE_API_KEY" in (told.description or "")
