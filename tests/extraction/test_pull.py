"""A pull brings every row that the store has into the lake, and reports what it requested and wrote."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from og_assets.ordergroove.objects import OBJECTS

from .store_extraction import LAST_DAY, ZONE, StoreExtraction, daily_windows, store_time_at_end


@pytest.mark.parametrize("name", ["customers", "subscriptions", "orders", "items"])
def test_backfill_pulls_every_row_of_the_store_once(extraction: StoreExtraction, name: str) -> None:
    pulls = extraction.pull(name, og_overlap_hours=0)
    assert len(pulls) == 4
    ids = extraction.ids(name)
    assert sorted(set(ids)) == extraction.true_ids(name)
    assert len(ids) - len(set(ids)) <= 3  # A row updated at 14:00:00 is in two adjacent windows.


@pytest.mark.parametrize("api_object", OBJECTS, ids=lambda api_object: api_object.name)
def test_every_object_is_pulled_without_quarantine_or_schema_drift(
    extraction: StoreExtraction, api_object: Any
) -> None:
    (pull,) = extraction.pull(api_object.name, windows=daily_windows(LAST_DAY, LAST_DAY))
    assert pull.rows == len(extraction.rows(api_object.name)) > 0
    assert (pull.quarantined, pull.rows_by_unknown_field) == (0, {})
    assert pull.note is None
    assert extraction.recorded_pulls(api_object.name) == [pull]


def test_pull_reports_rows_requests_and_times(extraction: StoreExtraction) -> None:
    extraction.server.faults.error_every = 4
    started_at = datetime.now(UTC)
    pulls = extraction.pull("orders")
    assert [pull.first_window for pull in pulls] == ["2026-03-10", "2026-04-01", "2026-05-01", "2026-06-01"]
    assert [pull.last_window for pull in pulls] == ["2026-03-31", "2026-04-30", "2026-05-31", "2026-06-09"]
    total = {name: sum(getattr(pull, name) for pull in pulls) for name in ("rows", "pages", "requests", "retries")}
    assert total["rows"] == len(extraction.rows("orders"))
    assert total["requests"] == extraction.server.requests.count() == total["pages"] + total["retries"]
    assert total["retries"] > 0
    newest = max(row["updated"] for row in extraction.rows("orders"))
    assert max(pull.newest_updated for pull in pulls if pull.newest_updated) == newest
    for pull in pulls:
        assert pull.pulled_at >= started_at
        assert pull.store_time == store_time_at_end(pull)
        assert pull.bytes > 0
        assert pull.seconds > 0
    assert extraction.recorded_pulls("orders") == pulls
    assert extraction.messages[0] == f"window 2026-03-10..2026-03-31, 1 of 4: {pulls[0].rows:,} rows"


def test_newest_update_of_instants_is_converted_to_store_time(extraction: StoreExtraction) -> None:
    (pull,) = extraction.pull("entitlements")
    newest = max(row["last_updated"] for row in extraction.rows("entitlements"))
    assert pull.newest_updated == newest.astimezone(ZONE).replace(tzinfo=None, microsecond=0)


def test_second_pull_adds_the_same_rows_and_changes_no_file(extraction: StoreExtraction) -> None:
    extraction.pull("products")
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in extraction.files()}
    ids = extraction.ids("products")
    extraction.pull("products")
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in before} == before
    assert extraction.ids("products") == sorted(ids * 2)


def test_invalid_row_is_quarantined_and_the_other_rows_are_written(extraction: StoreExtraction) -> None:
    ids = extraction.true_ids("orders")
    extraction.server.override("orders", ids[0], {"status": "broken", "total": "undefined"})
    extraction.server.override("orders", ids[1], {"gift_note": "blue"})
    pulls = extraction.pull("orders")
    assert sum(pull.quarantined for pull in pulls) == 1
    assert sum(pull.rows_by_unknown_field["gift_note"] for pull in pulls) == 1
    assert sorted(set(extraction.ids("orders"))) == ids[1:]
    (path,) = (extraction.lake.root / "quarantine" / "orders").iterdir()
    rejected = json.loads(path.read_text())
    assert rejected["record"]["public_id"] == ids[0]
    assert "status" in rejected["reason"]
    assert "total" in rejected["reason"]


def test_secrets_and_personal_values_are_not_in_the_lake(extraction: StoreExtraction) -> None:
    headers = {"x-api-key": "sandbox-key", "X-OG-API-VERSION": "2"}
    payments, addresses, customers = [
        httpx.get(f"{extraction.server.url}/{name}/?page_size=100", headers=headers).json()["results"]
        for name in ("payments", "addresses", "customers")
    ]
    secret = {row[name] for row in payments for name in ("token_id", "cc_holder") if row[name]}
    personal = {row["email"] for row in customers} | {row["address"] for row in addresses}
    assert len(secret) > 100
    assert len(personal) > 100
    broken = payments[0]["public_id"]
    extraction.server.override(
        "payments", broken, {"created": "yesterday", "payment": {"token_id": payments[0]["token_id"]}}
    )
    for name in ("payments", "addresses", "customers"):
        extraction.pull(name, windows=daily_windows(LAST_DAY, LAST_DAY))
    landed = str([extraction.rows(name) for name in ("payments", "addresses", "customers")])
    landed += "".join(path.read_bytes().decode("latin-1") for path in extraction.files())
    assert broken in landed
    assert not {value for value in secret | personal if value in landed}
    assert "sandbox-key" not in landed
