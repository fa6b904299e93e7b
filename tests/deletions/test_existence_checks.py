"""Existence checks: limited per run, stored per batch, and a 404 counts only beside control rows."""

from datetime import timedelta
from functools import partial
from pathlib import Path

import httpx
import pytest

from og_assets.deletions.existence_checks import BATCH
from og_assets.ordergroove.objects import BY_NAME
from ordergroove_sandbox import Store, serve

from .synced_store import FAST_CLIENT, STORE_TIME, SyncedStore, hiding


def test_objects_beyond_the_limit_wait_with_their_first_evidence(synced: SyncedStore) -> None:
    subscription = synced.subscription_alone()
    item, listed_at = synced.item_of(subscription), synced.request_time
    synced.store.cancel(subscription)
    synced.store.advance(hours=1)
    synced.list_open_ids()
    missed_at = synced.now
    first = synced.check(limit=0)["item"]
    assert (first.suspected, first.waiting, first.unconfirmed, first.deleted) == (1, 1, 1, 0)
    (waiting,) = [row for row in synced.check_rows() if row["object_id"] == item["id"]]
    assert (waiting["last_listed_at"], waiting["first_missed_at"]) == (listed_at, missed_at)
    assert (waiting["checked_at"], waiting["status"]) == (None, None)

    synced.store.advance(hours=1)
    synced.list_open_ids()
    synced.check(limit=0)
    assert [row["object_id"] for row in synced.check_rows()].count(item["id"]) == 1, "recorded once"

    synced.store.advance(hours=1)
    synced.list_open_ids()
    assert synced.check()["item"].deleted == 1
    *_, row = [row for row in synced.check_rows() if row["object_id"] == item["id"]]
    assert (row["last_listed_at"], row["first_missed_at"], row["status"]) == (listed_at, missed_at, 404)


def test_404_of_another_store_is_not_trusted(synced: SyncedStore, tmp_path: Path) -> None:
    with serve(Store(seed=6, customers=20, days=30, until=STORE_TIME + timedelta(hours=1))) as other:
        elsewhere = SyncedStore(other, tmp_path)
        elsewhere.list_open_ids()
        reports = elsewhere.check()
    assert not any(report.can_trust_404 for report in reports.values())
    assert all("ORDERGROOVE_BASE_URL" in (report.problem or "") for report in reports.values())
    assert all(report.waiting == report.suspected > 0 for report in reports.values())
    assert synced.proved_deleted() == set()


def cancelled(synced: SyncedStore, number: int) -> list[str]:
    """Cancel subscriptions and list open ids; return the ids of the items that were deleted with them."""
    items = []
    for _ in range(number):
        subscription = synced.subscription_alone()
        items.append(synced.item_of(subscription)["id"])
        synced.store.cancel(subscription)
    synced.store.advance(hours=1)
    synced.list_open_ids()
    return items


def test_one_failing_object_does_not_stop_the_others(synced: SyncedStore) -> None:
    first, second = synced.subscription_alone(), None
    items = [synced.item_of(first)]
    synced.store.cancel(first)
    second = synced.subscription_alone()
    items.append(synced.item_of(second))
    synced.store.cancel(second)
    synced.store.advance(hours=1)
    synced.list_open_ids()
    broken = min(item["id"] for item in items)
    report = synced.check(make_client=hiding(broken, status=500))["item"]
    assert (report.deleted, report.waiting, report.problem) == (1, 1, None)
    assert synced.check()["item"].deleted == 1


def test_many_failing_objects_do_not_stop_the_others_and_are_checked_last(synced: SyncedStore) -> None:
    """More than three failures in a row: as long as control rows are returned, only these objects fail."""
    ids = sorted(cancelled(synced, 6))
    *broken, last = ids
    report = synced.check(make_client=hiding(*broken, status=400))["item"]
    assert (report.deleted, report.waiting, report.problem) == (1, 5, None)
    (new,) = cancelled(synced, 1)
    report = synced.check(limit=1, make_client=hiding(*broken, status=400))["item"]
    assert (report.deleted, report.waiting) == (1, 5)
    assert synced.proved_deleted() >= {last, new}
    assert synced.check()["item"].deleted == 5


def test_outage_stops_the_checks(synced: SyncedStore) -> None:
    ids = cancelled(synced, 6)
    down = hiding(*ids, *(row["id"] for row in synced.store.truth.table("items")), status=500)
    report = synced.check(make_client=down)["item"]
    assert (report.deleted, report.waiting, report.can_trust_404) == (0, 6, True)
    assert "500" in (report.problem or "")
    assert synced.check()["item"].deleted == 6


def test_failures_of_a_run_are_limited(synced: SyncedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("og_assets.deletions.existence_checks.MAX_FAILURES", 2)
    ids = cancelled(synced, 5)
    report = synced.check(make_client=hiding(*ids, status=500))["item"]
    assert (report.deleted, report.waiting) == (0, 5)
    assert "the rest waits" in (report.problem or "")


def test_time_of_a_run_is_limited(synced: SyncedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("og_assets.deletions.existence_checks.MAX_SECONDS", 0.0)
    cancelled(synced, 3)
    report = synced.check()["item"]
    assert (report.deleted, report.waiting) == (0, 3)
    assert "minutes" in (report.problem or "")


def test_refused_retrieve_calls_are_a_problem_and_prove_nothing(synced: SyncedStore) -> None:
    """A key may have access to lists, but not to single objects."""
    ids = cancelled(synced, 2)
    everything = [row["id"] for name in ("orders", "items") for row in synced.store.truth.table(name)]
    reports = synced.check(make_client=hiding(*ids, *everything, status=403))
    assert all("ORDERGROOVE_API_KEY" in (report.problem or "") for report in reports.values())
    assert synced.proved_deleted() == set()


def test_404_that_is_not_json_is_no_proof(synced: SyncedStore) -> None:
    ids = cancelled(synced, 2)
    report = synced.check(make_client=hiding(*ids, status=404, body="<html>no such page</html>"))["item"]
    assert (report.deleted, report.waiting) == (0, 2)


def test_wrong_store_that_was_pulled_and_listed_proves_nothing(synced: SyncedStore, tmp_path: Path) -> None:
    synced.store.advance(days=1)
    with serve(Store(seed=6, customers=40, days=90, until=STORE_TIME + timedelta(days=1))) as other:
        elsewhere = SyncedStore(other, tmp_path)
        elsewhere.pull()
        for _ in range(2):
            elsewhere.list_open_ids()
            reports = elsewhere.check()
            assert not any(report.can_trust_404 for report in reports.values())
            other.store.advance(days=1)
    assert synced.proved_deleted() == set()


@pytest.mark.parametrize("days", [1, 3])
def test_key_limited_to_one_customer_proves_nothing(synced: SyncedStore, days: int) -> None:
    """A key without the Bulk Operations permission gets some rows, and 404 for most others."""
    orders = synced.store.truth.table("orders")
    items = synced.store.truth.table("items")
    customer = next(row["customer"] for row in orders if row["status"] == 1 and row["items"])
    visible = {row["id"] for row in orders if row["customer"] == customer}
    hidden = {row["id"] for row in orders} - visible | {row["id"] for row in items if row["order"] not in visible}
    restricted = hiding(*hidden, status=404, body={"detail": "Unable to find requested asset."})
    for _ in range(days):
        synced.store.advance(days=1)
        synced.pull(make_client=restricted)
        synced.list_open_ids(make_client=restricted)
        reports = synced.check(make_client=restricted)
        assert not any(report.can_trust_404 for report in reports.values())
    assert synced.proved_deleted() == set()
    synced.store.advance(days=1)
    synced.pull()
    synced.list_open_ids()
    synced.check()
    assert synced.proved_deleted() <= {row["id"] for row in synced.store.truth.deletions()}


def test_retrieved_rows_land_during_a_pull_of_the_same_object(synced: SyncedStore) -> None:
    landing = synced.lake.landing(
        BY_NAME["orders"], window="2026-06-01", pulled_at=synced.now, run_id="pull", policy="hash"
    )
    with landing:
        landing.add([{"public_id": f"o{number}"} for number in range(10_001)])
        synced.report_by_webhook("order.delete", synced.item_of(synced.subscription_alone())["order"], at=synced.now)
        synced.store.advance(hours=1)
        synced.list_open_ids()
        assert synced.check()["order"].alive == 1
    assert landing.counts.rows == 10_001


def test_each_batch_is_stored_before_the_next(synced: SyncedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is killed in its second batch keeps the answers of the first."""
    monkeypatch.setattr("og_assets.deletions.existence_checks.BATCH", 2)
    assert BATCH > 2
    for _ in range(5):
        synced.store.cancel(synced.subscription_alone())
    synced.store.advance(hours=1)
    synced.list_open_ids()

    class KilledError(Exception):
        pass

    requests = 0

    class KilledTransport(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            nonlocal requests
            requests += 1
            # Each batch of two has retrieve calls for four control rows before and after it.
            if requests > 14:
                raise KilledError
            return super().handle_request(request)

    with pytest.raises(KilledError):
        synced.check(make_client=partial(FAST_CLIENT, transport=KilledTransport()))
    assert len(synced.proved_deleted()) == 2
    synced.check()
    assert len(synced.proved_deleted()) == 10
    assert len(synced.check_rows()) == 10


def test_without_a_pull_nothing_is_suspected(tmp_path: Path) -> None:
    with serve(Store(seed=5, customers=10, days=10, until=STORE_TIME)) as server:
        synced = SyncedStore(server, tmp_path)
        assert synced.check() == {}
        synced.list_open_ids()
        assert {kind: report.suspected for kind, report in synced.check().items()} == {"order": 0, "item": 0}
