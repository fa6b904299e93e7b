"""Asking about what vanished: bounded, batch by batch, and sceptical of its own answers."""

from datetime import timedelta
from functools import partial
from pathlib import Path

import httpx
import pytest

from og_assets.deletion_checks import BATCH
from og_assets.ordergroove import errors
from og_assets.sandbox import Store, serve

from .watch import IN_A_HURRY, UNTIL, Watch, hiding


def test_what_exceeds_the_limit_waits_with_what_was_known_when_it_was_missed_first(watch: Watch) -> None:
    subscription = watch.live()
    item, counted_at = watch.item_of(subscription), watch.now
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


def test_outage_stops_the_questions_and_keeps_the_answers(watch: Watch) -> None:
    ids = []
    for _ in range(6):
        subscription = watch.live()
        ids.append(watch.item_of(subscription)["id"])
        watch.store.cancel(subscription)
    watch.store.advance(hours=1)
    watch.count()
    answered, *broken = sorted(ids)
    report = watch.ask(make_client=hiding(*broken, status=500))["item"]
    assert (report.gone, report.waiting) == (1, 5)
    assert "500" in (report.problem or "")
    assert answered in watch.gone()
    assert watch.ask()["item"].gone == 5


def test_key_that_is_refused_is_an_error(watch: Watch) -> None:
    watch.store.cancel(watch.live())
    watch.store.advance(hours=1)
    watch.count()
    watch.shop.faults.set({"missing": {"orders": 403}})
    with pytest.raises(errors.AccessError):
        watch.ask()


def test_batches_are_landed_one_by_one(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that dies in its second batch has not asked for nothing."""
    monkeypatch.setattr("og_assets.deletion_checks.BATCH", 2)
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
            # Each batch of two has a question about a witness before and after it.
            if asked > 6:
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
