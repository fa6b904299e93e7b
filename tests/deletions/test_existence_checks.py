"""Asking about what vanished: bounded, batch by batch, and sceptical of its own answers."""

from datetime import timedelta
from functools import partial
from pathlib import Path

import httpx
import pytest

from og_assets.deletions.existence_checks import BATCH
from og_assets.ordergroove.objects import BY_NAME
from ordergroove_sandbox import Store, serve

from .synced_store import IN_A_HURRY, UNTIL, Watch, hiding


def test_what_exceeds_the_limit_waits_with_what_was_known_when_it_was_missed_first(watch: Watch) -> None:
    subscription = watch.live()
    item, counted_at = watch.item_of(subscription), watch.looked
    watch.store.cancel(subscription)
    watch.store.advance(hours=1)
    watch.count()
    missed_at = watch.now
    first = watch.ask(limit=0)["item"]
    assert (first.candidates, first.waiting, first.unproved, first.gone) == (1, 1, 1, 0)
    (waiting,) = [row for row in watch.checks() if row["object_id"] == item["id"]]
    assert (waiting["last_listed_at"], waiting["first_missed_at"]) == (counted_at, missed_at)
    assert (waiting["checked_at"], waiting["status"]) == (None, None)

    watch.store.advance(hours=1)
    watch.count()
    watch.ask(limit=0)
    assert [row["object_id"] for row in watch.checks()].count(item["id"]) == 1, "on record once"

    watch.store.advance(hours=1)
    watch.count()
    assert watch.ask()["item"].gone == 1
    *_, row = [row for row in watch.checks() if row["object_id"] == item["id"]]
    assert (row["last_listed_at"], row["first_missed_at"], row["status"]) == (counted_at, missed_at, 404)


def test_at_another_store_nothing_is_believed(watch: Watch, tmp_path: Path) -> None:
    with serve(Store(seed=6, customers=20, days=30, until=UNTIL + timedelta(hours=1))) as other:
        elsewhere = Watch(other, tmp_path)
        elsewhere.count()
        reports = elsewhere.ask()
    assert not any(report.is_believed for report in reports.values())
    assert all("ORDERGROOVE_BASE_URL" in (report.problem or "") for report in reports.values())
    assert all(report.waiting == report.candidates > 0 for report in reports.values())
    assert watch.gone() == set()


def cancelled(watch: Watch, number: int) -> list[str]:
    """Cancel so many subscriptions, and count again; returns the items that went with them."""
    items = []
    for _ in range(number):
        subscription = watch.live()
        items.append(watch.item_of(subscription)["id"])
        watch.store.cancel(subscription)
    watch.store.advance(hours=1)
    watch.count()
    return items


def test_one_row_that_cannot_be_shown_holds_up_no_other(watch: Watch) -> None:
    first, second = watch.live(), None
    items = [watch.item_of(first)]
    watch.store.cancel(first)
    second = watch.live()
    items.append(watch.item_of(second))
    watch.store.cancel(second)
    watch.store.advance(hours=1)
    watch.count()
    broken = min(item["id"] for item in items)
    report = watch.ask(make_client=hiding(broken, status=500))["item"]
    assert (report.gone, report.waiting, report.problem) == (1, 1, None)
    assert watch.ask()["item"].gone == 1


def test_rows_that_cannot_be_shown_hold_up_no_other_and_are_asked_about_last(watch: Watch) -> None:
    """Three in a row, and more: while witnesses are shown, it is their own trouble."""
    ids = sorted(cancelled(watch, 6))
    *broken, last = ids
    report = watch.ask(make_client=hiding(*broken, status=400))["item"]
    assert (report.gone, report.waiting, report.problem) == (1, 5, None)
    (fresh,) = cancelled(watch, 1)
    report = watch.ask(limit=1, make_client=hiding(*broken, status=400))["item"]
    assert (report.gone, report.waiting) == (1, 5)
    assert watch.gone() >= {last, fresh}
    assert watch.ask()["item"].gone == 5


def test_outage_stops_the_questions(watch: Watch) -> None:
    ids = cancelled(watch, 6)
    down = hiding(*ids, *(row["id"] for row in watch.store.truth.table("items")), status=500)
    report = watch.ask(make_client=down)["item"]
    assert (report.gone, report.waiting, report.is_believed) == (0, 6, True)
    assert "500" in (report.problem or "")
    assert watch.ask()["item"].gone == 6


def test_so_many_failures_end_a_run(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("og_assets.deletions.existence_checks.MOST_FAILURES", 2)
    ids = cancelled(watch, 5)
    report = watch.ask(make_client=hiding(*ids, status=500))["item"]
    assert (report.gone, report.waiting) == (0, 5)
    assert "the rest waits" in (report.problem or "")


def test_time_that_a_run_may_take_is_bounded(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("og_assets.deletions.existence_checks.MOST_SECONDS", 0.0)
    cancelled(watch, 3)
    report = watch.ask()["item"]
    assert (report.gone, report.waiting) == (0, 3)
    assert "minutes" in (report.problem or "")


def test_question_that_is_refused_leaves_the_day_as_it_is(watch: Watch) -> None:
    """The lists may be open to a key, and single objects not."""
    ids = cancelled(watch, 2)
    everything = [row["id"] for name in ("orders", "items") for row in watch.store.truth.table(name)]
    reports = watch.ask(make_client=hiding(*ids, *everything, status=403))
    assert all("ORDERGROOVE_API_KEY" in (report.problem or "") for report in reports.values())
    assert watch.gone() == set()


def test_404_of_something_in_between_is_no_proof(watch: Watch) -> None:
    ids = cancelled(watch, 2)
    report = watch.ask(make_client=hiding(*ids, status=404, told="<html>no such page</html>"))["item"]
    assert (report.gone, report.waiting) == (0, 2)


def test_wrong_store_that_was_pulled_and_counted_too_proves_nothing(watch: Watch, tmp_path: Path) -> None:
    watch.store.advance(days=1)
    with serve(Store(seed=6, customers=40, days=90, until=UNTIL + timedelta(days=1))) as other:
        elsewhere = Watch(other, tmp_path)
        elsewhere.pull()
        for _ in range(2):
            elsewhere.count()
            reports = elsewhere.ask()
            assert not any(report.is_believed for report in reports.values())
            other.store.advance(days=1)
    assert watch.gone() == set()


@pytest.mark.parametrize("days", [1, 3])
def test_key_that_sees_one_customer_only_proves_nothing(watch: Watch, days: int) -> None:
    """As one without the Bulk Operations permission does: it is shown rows, and most others are 404 for it."""
    orders = watch.store.truth.table("orders")
    items = watch.store.truth.table("items")
    whose = next(row["customer"] for row in orders if row["status"] == 1 and row["items"])
    seen = {row["id"] for row in orders if row["customer"] == whose}
    hidden = {row["id"] for row in orders} - seen | {row["id"] for row in items if row["order"] not in seen}
    blind = hiding(*hidden, status=404, told={"detail": "Unable to find requested asset."})
    for _ in range(days):
        watch.store.advance(days=1)
        watch.pull(make_client=blind)
        watch.count(make_client=blind)
        reports = watch.ask(make_client=blind)
        assert not any(report.is_believed for report in reports.values())
    assert watch.gone() == set()
    watch.store.advance(days=1)
    watch.pull()
    watch.count()
    watch.ask()
    assert watch.gone() <= {row["id"] for row in watch.store.truth.deletions()}


def test_rows_that_are_shown_land_beside_a_walk_that_is_under_way(watch: Watch) -> None:
    walk = watch.lake.landing(
        BY_NAME["orders"], window="2026-06-01", pulled_at=watch.now, run_id="walking", policy="hash"
    )
    with walk:
        walk.add([{"public_id": f"o{number}"} for number in range(10_001)])
        watch.tell("order.delete", watch.item_of(watch.live())["order"], at=watch.now)
        watch.store.advance(hours=1)
        watch.count()
        assert watch.ask()["order"].alive == 1
    assert walk.landed.rows == 10_001


def test_batches_are_landed_one_by_one(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that dies in its second batch has not asked for nothing."""
    monkeypatch.setattr("og_assets.deletions.existence_checks.BATCH", 2)
    assert BATCH > 2
    for _ in range(5):
        watch.store.cancel(watch.live())
    watch.store.advance(hours=1)
    watch.count()

    class KilledError(Exception):
        pass

    asked = 0

    class Dying(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            nonlocal asked
            asked += 1
            # Each batch of two has questions about four witnesses before and after it.
            if asked > 14:
                raise KilledError
            return super().handle_request(request)

    with pytest.raises(KilledError):
        watch.ask(make_client=partial(IN_A_HURRY, transport=Dying()))
    assert len(watch.gone()) == 2
    watch.ask()
    assert len(watch.gone()) == 10
    assert len(watch.checks()) == 10


def test_before_anything_was_pulled_there_is_nobody_to_ask_about(tmp_path: Path) -> None:
    with serve(Store(seed=5, customers=10, days=10, until=UNTIL)) as shop:
        watch = Watch(shop, tmp_path)
        assert watch.ask() == {}
        watch.count()
        assert {kind: report.candidates for kind, report in watch.ask().items()} == {"order": 0, "item": 0}
