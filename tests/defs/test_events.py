"""The asset of webhook events: real event files, materialized in the process."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg

from og_assets.defs.events import IngestConfig, webhook_events
from og_assets.defs.resources import InboxResource
from og_assets.settings import Settings


def event(number: int, event_type: str = "order.delete") -> dict[str, Any]:
    row = {"type": "order", "public_id": f"o{number}"}
    return {"id": f"e{number}", "type": event_type, "created": 1_700_000_000 + number, "data": {"object": row}}


def put(folder: Path, name: str, *lines: Any) -> None:
    path = folder / "inbox" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))


def ingest(folder: Path, **config: int) -> dg.ExecuteInProcessResult:
    settings = Settings(_env_file=None, og_data_dir=folder, og_inbox_settle=0)
    return dg.materialize(
        [webhook_events],
        resources={"inbox": InboxResource(settings=settings)},
        run_config={"ops": {"ordergroove__webhook_events": {"config": config}}},
    )


def failed_checks(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    return {each.check_name: each for each in result.get_asset_check_evaluations() if not each.passed}


def shown(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    (materialization,) = result.asset_materializations_for_node("ordergroove__webhook_events")
    return {name: value.value for name, value in materialization.metadata.items()}


def test_materialization_shows_what_was_ingested(tmp_path: Path) -> None:
    put(tmp_path, "a.jsonl", event(1), event(2, "order.success"), event(3, "order.success"))
    result = ingest(tmp_path)
    metadata = shown(result)
    assert [metadata[f"ingested/{name}"] for name in ("events", "files", "quarantined")] == [3, 1, 0]
    assert metadata["ingested/oldest event"] == 1_700_000_001 and metadata["ingested/newest event"] == 1_700_000_003
    assert "| order.success | 2 |" in metadata["ingested/event types"]
    assert not failed_checks(result)


def test_row_count_is_that_of_the_table(tmp_path: Path) -> None:
    put(tmp_path, "a.jsonl", event(1), event(2))
    ingest(tmp_path)
    put(tmp_path, "b.jsonl", event(3))
    metadata = shown(ingest(tmp_path))
    assert (metadata["dagster/row_count"], metadata["ingested/events"]) == (3, 1)


def test_anomalies_are_warnings(tmp_path: Path) -> None:
    put(tmp_path, "a.jsonl", event(1, "order.teleport"), "{torn", event(2))
    result = ingest(tmp_path)
    assert result.success
    failed = failed_checks(result)
    assert failed.keys() == {"nothing_quarantined", "event_types_are_known"}
    assert "order.teleport (1)" in str(failed["event_types_are_known"].description)
    assert all(each.severity == dg.AssetCheckSeverity.WARN for each in failed.values())


def test_empty_inbox_is_no_failure(tmp_path: Path) -> None:
    assert ingest(tmp_path).success


def test_one_run_ingests_as_many_bytes_as_its_config_says(tmp_path: Path) -> None:
    for number in range(3):
        put(tmp_path, f"{number}.jsonl", event(number))
    assert shown(ingest(tmp_path, max_bytes=1))["files left for the next run"] == 2
    assert IngestConfig().max_bytes < 2**40, "one run is bounded by default"


def test_anomalies_are_reported_for_a_week(tmp_path: Path) -> None:
    put(tmp_path, "a.jsonl", event(1, "order.teleport"), "{torn", event(2))
    ingest(tmp_path)
    put(tmp_path, "b.jsonl", event(3))
    assert failed_checks(ingest(tmp_path)).keys() == {"nothing_quarantined", "event_types_are_known"}


def test_deliveries_that_the_receiver_refused_are_reported(tmp_path: Path) -> None:
    refused = tmp_path / "lake" / "quarantine" / "webhook_deliveries" / f"{datetime.now(UTC):%Y-%m-%d}-7.jsonl"
    refused.parent.mkdir(parents=True)
    refused.write_text("{}\n{}\n")
    refused.with_name("2020-01-01-7.jsonl").write_text("{}\n")
    (check,) = failed_checks(ingest(tmp_path)).values()
    assert "2 signed deliveries" in str(check.description)
