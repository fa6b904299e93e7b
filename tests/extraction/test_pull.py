"""Pulling over real HTTP from a sandbox store into a lake: whole, resumable, one request at a time."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event
from time import monotonic, sleep
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import httpx
import pyarrow.parquet as pq
import pytest

from og_assets.extraction.prefetch import prefetch
from og_assets.extraction.pull import Extractor, Window, monthly_segments
from og_assets.lake.errors import NotWritableError
from og_assets.lake.lake import Lake
from og_assets.lake.manifest import Pull, read_pulls
from og_assets.ordergroove import errors
from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.objects import BY_NAME, OBJECTS
from og_assets.settings import Settings, SettingsError
from ordergroove_sandbox import RunningStore, Store, serve

ZONE = ZoneInfo("America/New_York")
UNTIL = datetime(2026, 6, 10, 12)
FIRST, LAST = date(2026, 3, 10), date(2026, 6, 9)
ORDERS = BY_NAME["orders"]
IN_A_HURRY = partial(OrdergrooveClient, longest_wait=0.01)


@pytest.fixture(scope="module")
def running() -> Iterator[RunningStore]:
    with serve(Store(seed=5, customers=120, days=100, until=UNTIL)) as running:
        yield running


@pytest.fixture
def shop(running: RunningStore) -> Iterator[RunningStore]:
    """The store in good health, with an empty log."""
    running.requests.clear()
    yield running
    running.faults.clear()
    running.store.overrides.clear()


def settings(shop: RunningStore, **changes: Any) -> Settings:
    values = {
        "ordergroove_api_key": "sandbox-key",
        "ordergroove_base_url": shop.url,
        "ordergroove_entitlements_url": shop.url,
        "ordergroove_merchant_id": shop.store.merchant,
    }
    return Settings(**(values | changes))


class Puller:
    """An extractor, and the short way to use it."""

    def __init__(self, shop: RunningStore, folder: Path) -> None:
        self.shop = shop
        self.lake = Lake(folder / "lake")
        self.said: list[str] = []

    def walks(
        self,
        name: str,
        *,
        windows: list[Window] | None = None,
        make_client: Callable[..., OrdergrooveClient] = IN_A_HURRY,
        **changes: Any,
    ) -> Iterator[Pull]:
        extractor = Extractor(settings(self.shop, **changes), self.lake, make_client=make_client)
        if BY_NAME[name].window is None:
            return extractor.pull_snapshot(BY_NAME[name], run_id="run-1", progress=self.said.append)
        chosen = days(FIRST, LAST) if windows is None else windows
        return extractor.pull_windows(BY_NAME[name], chosen, run_id="run-1", progress=self.said.append)

    def pull(self, name: str, **options: Any) -> list[Pull]:
        return list(self.walks(name, **options))

    def files(self) -> list[Path]:
        return sorted(path for path in self.lake.root.rglob("*") if path.is_file())

    def rows(self, name: str) -> list[dict[str, Any]]:
        paths = sorted(self.lake.raw_folder(BY_NAME[name]).rglob("*.parquet"))
        return [row for path in paths for row in pq.read_table(path, partitioning=None).to_pylist()]

    def ids(self, name: str) -> list[str]:
        return sorted(row[BY_NAME[name].key[0]] for row in self.rows(name))

    def pulls(self, name: str) -> list[Pull]:
        return list(read_pulls(self.lake.root / "pulls" / name))

    def asked(self) -> list[dict[str, list[str]]]:
        return [parse_qs(request.query) for request in self.shop.requests.all()]


@pytest.fixture
def puller(shop: RunningStore, tmp_path: Path) -> Puller:
    return Puller(shop, tmp_path)


def days(first: date, last: date, *, is_first: bool = True) -> list[Window]:
    """Daily windows that end at 14:00 on the next day."""

    def end(day: date) -> datetime:
        return datetime(day.year, day.month, day.day, 14, tzinfo=ZONE) + timedelta(days=1)

    every = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [
        Window(key=str(day), start=None if is_first and day == first else end(day) - timedelta(days=1), end=end(day))
        for day in every
    ]


def true_ids(shop: RunningStore, name: str) -> list[str]:
    return sorted(row["id"] for row in shop.store.truth.table(name))


# What arrives


@pytest.mark.parametrize("name", ["customers", "subscriptions", "orders", "items"])
def test_backfill_brings_every_row_that_is_true_once(puller: Puller, name: str) -> None:
    pulls = puller.pull(name, og_overlap_hours=0)
    assert len(pulls) == 4
    ids = puller.ids(name)
    assert sorted(set(ids)) == true_ids(puller.shop, name)
    assert len(ids) - len(set(ids)) <= 3  # Windows touch: a row of the very second of 14:00 is in two.


@pytest.mark.parametrize("api_object", OBJECTS, ids=lambda api_object: api_object.name)
def test_every_object_lands_without_quarantine_or_drift(puller: Puller, api_object: Any) -> None:
    pulls = puller.pull(api_object.name, windows=days(LAST, LAST))
    (pull,) = pulls
    assert pull.rows == len(puller.rows(api_object.name)) > 0
    assert (pull.quarantined, pull.rows_by_unknown_field) == (0, {})
    assert pull.note is None
    assert puller.pulls(api_object.name) == [pull]


def test_first_window_has_no_beginning_and_the_next_one_reaches_back(puller: Puller) -> None:
    puller.pull("orders", windows=days(date(2026, 6, 8), date(2026, 6, 8)))
    puller.pull("orders", windows=days(LAST, LAST, is_first=False), og_overlap_hours=1.5)
    first, second = (query for query in puller.asked() if "cursor" not in query)
    assert "updated_start" not in first
    assert first["updated_end"] == ["2026-06-09T14:00:00"]
    assert second["updated_start"] == ["2026-06-09T12:30:00"]
    assert second["updated_end"] == ["2026-06-10T14:00:00"]


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("items", ("order_updated_start", "2026-06-09T12:00:00"), ("order_updated_end", "2026-06-10T14:00:00")),
        ("billing_attempts", ("start_date", "2026-06-09 12:00:00"), ("end_date", "2026-06-10 14:00:00")),
        (
            "one_time_incentives",
            ("last_updated_start", "2026-06-09T12:00:00"),
            ("last_updated_end", "2026-06-10T14:00:00"),
        ),
    ],
)
def test_each_list_is_filtered_in_its_own_words(
    puller: Puller, name: str, start: tuple[str, str], end: tuple[str, str]
) -> None:
    (pull,) = puller.pull(name, windows=days(LAST, LAST, is_first=False))
    query = puller.asked()[0]
    assert (query[start[0]], query[end[0]]) == ([start[1]], [end[1]])
    assert (pull.asked_from, pull.asked_to) == (datetime(2026, 6, 9, 12), datetime(2026, 6, 10, 14))


def test_filters_are_in_the_stores_own_time(puller: Puller) -> None:
    puller.pull("orders", windows=days(LAST, LAST, is_first=False), ordergroove_timezone="America/Chicago")
    assert puller.asked()[0]["updated_end"] == ["2026-06-10T13:00:00"]


def test_pull_tells_what_it_cost_and_brought(puller: Puller) -> None:
    puller.shop.faults.error_every = 4
    began = datetime.now(UTC)
    pulls = puller.pull("orders")
    assert [pull.first_window for pull in pulls] == ["2026-03-10", "2026-04-01", "2026-05-01", "2026-06-01"]
    assert [pull.last_window for pull in pulls] == ["2026-03-31", "2026-04-30", "2026-05-31", "2026-06-09"]
    total = {name: sum(getattr(pull, name) for pull in pulls) for name in ("rows", "pages", "requests", "retries")}
    assert total["rows"] == len(puller.rows("orders"))
    assert total["requests"] == puller.shop.requests.count() == total["pages"] + total["retries"]
    assert total["retries"] > 0
    newest = max(row["updated"] for row in puller.rows("orders"))
    assert max(pull.newest_updated for pull in pulls if pull.newest_updated) == newest
    for pull in pulls:
        assert pull.pulled_at >= began
        assert pull.store_time is not None
        assert abs(pull.store_time - datetime.now(ZONE).replace(tzinfo=None)) < timedelta(minutes=1)
        assert pull.bytes > 0
        assert pull.seconds > 0
    assert puller.pulls("orders") == pulls
    assert puller.said[0] == f"window 2026-03-10..2026-03-31, 1 of 4: {pulls[0].rows:,} rows"


def test_newest_update_is_wall_time_even_of_objects_that_tell_instants(puller: Puller) -> None:
    (pull,) = puller.pull("entitlements")
    newest = max(row["last_updated"] for row in puller.rows("entitlements"))
    assert pull.newest_updated == newest.astimezone(ZONE).replace(tzinfo=None, microsecond=0)


def test_pulling_twice_adds_the_same_rows_and_touches_no_file(puller: Puller) -> None:
    puller.pull("products")
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in puller.files()}
    once = puller.ids("products")
    puller.pull("products")
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in before} == before
    assert puller.ids("products") == sorted(once * 2)


def test_row_that_does_not_fit_is_set_aside_and_the_rest_arrives(puller: Puller) -> None:
    ids = true_ids(puller.shop, "orders")
    puller.shop.override("orders", ids[0], {"status": "broken", "total": "undefined"})
    puller.shop.override("orders", ids[1], {"mood": "blue"})
    pulls = puller.pull("orders")
    assert sum(pull.quarantined for pull in pulls) == 1
    assert sum(pull.rows_by_unknown_field["mood"] for pull in pulls) == 1
    assert sorted(set(puller.ids("orders"))) == ids[1:]
    (path,) = (puller.lake.root / "quarantine" / "orders").iterdir()
    aside = json.loads(path.read_text())
    assert aside["record"]["public_id"] == ids[0]
    assert "status" in aside["reason"]
    assert "total" in aside["reason"]


def test_secrets_of_the_store_are_nowhere_in_the_lake(puller: Puller) -> None:
    headers = {"x-api-key": "sandbox-key", "X-OG-API-VERSION": "2"}
    shown = [
        httpx.get(f"{puller.shop.url}/{name}/?page_size=100", headers=headers).json()["results"]
        for name in ("payments", "addresses", "customers")
    ]
    payments, addresses, customers = shown
    secret = {row[name] for row in payments for name in ("token_id", "cc_holder") if row[name]}
    personal = {row["email"] for row in customers} | {row["address"] for row in addresses}
    assert len(secret) > 100
    assert len(personal) > 100
    broken = payments[0]["public_id"]
    puller.shop.override("payments", broken, {"created": "yesterday", "payment": {"token_id": payments[0]["token_id"]}})
    for name in ("payments", "addresses", "customers"):
        puller.pull(name, windows=days(LAST, LAST))
    landed = str([puller.rows(name) for name in ("payments", "addresses", "customers")])
    landed += "".join(path.read_bytes().decode("latin-1") for path in puller.files())
    assert broken in landed
    assert not {value for value in secret | personal if value in landed}
    assert "sandbox-key" not in landed


# Faults


@pytest.mark.parametrize("fault", ["throttle_every", "error_every", "busy_every", "garbage_every", "cut_every"])
def test_faults_that_pass_change_nothing_but_the_number_of_requests(puller: Puller, fault: str) -> None:
    setattr(puller.shop.faults, fault, 3)
    puller.shop.faults.retry_after = 0.01
    pulls = puller.pull("items", windows=days(LAST, LAST))
    assert puller.ids("items") == true_ids(puller.shop, "items")
    assert sum(pull.retries for pull in pulls) > 0


def test_request_that_is_never_answered_is_asked_again(puller: Puller) -> None:
    puller.shop.faults.hang_every = 3
    puller.pull("items", windows=days(LAST, LAST), ordergroove_read_timeout=0.2)
    assert puller.ids("items") == true_ids(puller.shop, "items")


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"error_every": 1}, errors.UnavailableError),
        ({"garbage_every": 1}, errors.BodyError),
        ({"cut_every": 1}, errors.ConnectionFailedError),
        ({"throttle_every": 1, "retry_after": 3600}, errors.ThrottledError),
        ({"lose_version": "orders"}, errors.ProtocolError),
        ({"repeat_cursor": "orders"}, errors.CursorError),
        ({"foreign_next": "orders"}, errors.ProtocolError),
        ({"missing": {"orders": 403}}, errors.AccessError),
        ({"missing": {"orders": 404}}, errors.NotFoundError),
    ],
    ids=str,
)
def test_fault_that_stays_lands_and_records_nothing(
    puller: Puller, fault: dict[str, Any], kind: type[errors.OrdergrooveError]
) -> None:
    puller.shop.faults.set(fault)
    with pytest.raises(kind) as caught:
        puller.pull("orders", windows=days(LAST, LAST))
    assert type(caught.value) is kind
    assert "GET /orders/" in str(caught.value)
    assert puller.files() == []


def test_wrong_key_is_told_and_not_repeated(puller: Puller) -> None:
    with pytest.raises(errors.AccessError) as caught:
        puller.pull("orders", ordergroove_api_key="wrong-key-8472")
    assert "Bulk Operations" in str(caught.value)
    assert "8472" not in str(caught.value)
    assert puller.shop.requests.count() == 1


def test_missing_key_is_told_before_anything_is_asked(puller: Puller) -> None:
    with pytest.raises(SettingsError, match="ORDERGROOVE_API_KEY"):
        puller.pull("orders", ordergroove_api_key=None)
    assert puller.shop.requests.count() == 0


def test_nobody_there_is_told_in_words(puller: Puller) -> None:
    with pytest.raises(errors.ConnectionFailedError, match=r"127\.0\.0\.1"):
        puller.pull("orders", ordergroove_base_url="http://127.0.0.1:9")


# What a merchant may lack


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize("name", ["one_time_incentives", "resources"])
def test_optional_object_may_be_missing(puller: Puller, name: str, status: int) -> None:
    puller.shop.faults.missing = {name: status}
    (pull,) = puller.pull(name, windows=days(LAST, LAST))
    assert pull.note
    assert pull.note.startswith("not available")
    assert str(status) in pull.note
    assert (pull.rows, pull.pages) == (0, 0)
    assert puller.rows(name) == []
    assert puller.pulls(name) == [pull]


@pytest.mark.parametrize(("witness", "kind"), [(403, errors.AccessError), (500, errors.UnavailableError)])
def test_wrong_key_or_outage_is_not_taken_for_a_missing_feature(
    puller: Puller, witness: int, kind: type[errors.OrdergrooveError]
) -> None:
    puller.shop.faults.missing = {"resources": 403, "customers": witness}
    with pytest.raises(kind):
        puller.pull("resources")
    assert puller.files() == []


@pytest.mark.parametrize("status", [401, 403])
def test_refusal_in_the_middle_of_a_walk_is_not_taken_for_a_missing_feature(puller: Puller, status: int) -> None:
    def refuses_the_second_page(request: httpx.Request) -> httpx.Response:
        if "cursor" in request.url.params:
            return httpx.Response(status)
        following = str(request.url.copy_merge_params({"cursor": "1"}))
        return httpx.Response(200, json={"next": following, "results": [{"public_id": "a"}]})

    fake = partial(IN_A_HURRY, transport=httpx.MockTransport(refuses_the_second_page))
    with pytest.raises(errors.AccessError):
        puller.pull("resources", make_client=fake)
    assert puller.files() == []


def test_entitlements_are_skipped_without_a_merchant_and_the_pull_says_so(puller: Puller) -> None:
    (pull,) = puller.pull("entitlements", ordergroove_merchant_id=None)
    assert "ORDERGROOVE_MERCHANT_ID" in (pull.note or "")
    assert "ORDERGROOVE_MERCHANT_ID" in puller.said[0]
    assert puller.shop.requests.count() == 0
    assert puller.rows("entitlements") == []


def test_entitlements_are_asked_at_their_own_host_for_one_merchant(puller: Puller) -> None:
    (pull,) = puller.pull("entitlements", ordergroove_base_url="http://127.0.0.1:9")
    assert pull.rows > 0
    assert puller.asked()[0]["merchant"] == [puller.shop.store.merchant]
    assert pull.source.startswith(puller.shop.url)


def test_entitlements_may_lead_on_to_the_rest_host_and_nowhere_else(puller: Puller) -> None:
    def leads_to(host: str, request: httpx.Request) -> httpx.Response:
        following = None if "cursor" in request.url.params else f"{host}/entitlements/?cursor=1"
        return httpx.Response(200, json={"next": following, "results": [{"public_id": str(request.url)}]})

    def fake(host: str) -> partial[OrdergrooveClient]:
        return partial(IN_A_HURRY, transport=httpx.MockTransport(partial(leads_to, host)))

    urls = {"ordergroove_base_url": "https://rest.example", "ordergroove_entitlements_url": "https://rights.example"}
    (pull,) = puller.pull("entitlements", make_client=fake("https://rest.example"), **urls)
    assert pull.rows == 2
    with pytest.raises(errors.ProtocolError):
        puller.pull("entitlements", make_client=fake("https://evil.example"), **urls)
    with pytest.raises(errors.ProtocolError):
        puller.pull("resources", make_client=fake("https://rights.example"), **urls)


# Cut and resumed


def test_windows_are_cut_at_the_turn_of_each_month() -> None:
    windows = days(date(2025, 11, 29), date(2026, 1, 2))
    segments = monthly_segments(windows)
    assert [segment.label for segment in segments] == [
        "2025-11-29..2025-11-30",
        "2025-12-01..2025-12-31",
        "2026-01-01..2026-01-02",
    ]
    assert segments[0].start is None
    assert [before.end for before in segments[:-1]] == [after.start for after in segments[1:]]
    assert segments[-1].end == windows[-1].end
    assert {(segment.range_first, segment.range_last) for segment in segments} == {("2025-11-29", "2026-01-02")}
    assert [segment.label for segment in monthly_segments(windows[:1])] == ["2025-11-29"]


def cut_after_two_months(puller: Puller) -> list[Pull]:
    walks = puller.walks("orders")
    walked = [next(walks), next(walks)]
    puller.shop.faults.error_every = 1
    with pytest.raises(errors.UnavailableError):
        next(walks)
    puller.shop.faults.clear()
    puller.shop.requests.clear()
    return walked


def test_cut_backfill_keeps_its_months_and_does_not_ask_for_them_again(puller: Puller) -> None:
    cut_after_two_months(puller)
    kept = set(puller.files())
    assert len(puller.pulls("orders")) == 2
    pulls = puller.pull("orders")
    assert [pull.first_window for pull in pulls][2:] == ["2026-05-01", "2026-06-01"] and len(pulls) == 4
    assert sum(pull.rows for pull in pulls) == len(puller.ids("orders")), "what is told is told of the whole range"
    assert {query["updated_end"][0] for query in puller.asked()} == {"2026-06-01T14:00:00", "2026-06-10T14:00:00"}
    assert kept < set(puller.files())
    assert sorted(set(puller.ids("orders"))) == true_ids(puller.shop, "orders")
    assert "already in the lake" in puller.said[-4]


def test_what_was_set_aside_before_the_cut_is_still_told_after_it(puller: Puller) -> None:
    orders = true_ids(puller.shop, "orders")
    for order in orders:
        puller.shop.store.override("orders", order, {"total": "not money"})
    cut_after_two_months(puller)
    puller.shop.store.overrides.clear()
    pulls = puller.pull("orders")
    assert sum(pull.quarantined for pull in pulls) == pulls[0].quarantined + pulls[1].quarantined
    assert pulls[0].quarantined > 0 and pulls[1].quarantined > 0


def test_segment_with_other_bounds_is_not_taken_for_the_same(puller: Puller) -> None:
    chosen = days(FIRST, LAST, is_first=False)
    walks = puller.walks("orders", windows=chosen)
    first = next(walks)
    del walks
    assert first.asked_from is not None
    again = puller.pull("orders", windows=days(FIRST, LAST, is_first=True))
    assert again[0].asked_from is None and again[0].window_start is None
    assert not any("already in the lake" in line for line in puller.said)


def test_object_that_has_answered_before_is_not_taken_for_absent(puller: Puller) -> None:
    puller.pull("resources")
    puller.shop.faults.missing = {"resources": 403}
    with pytest.raises(errors.AccessError):
        puller.pull("resources")


def test_months_of_a_cut_backfill_are_told_as_they_were_pulled(puller: Puller) -> None:
    for order in true_ids(puller.shop, "orders"):
        puller.shop.override("orders", order, {"mood": "blue"})
    before = cut_after_two_months(puller)
    # As if the attempt had been cut two days ago.
    folder = puller.lake.root / "pulls" / "orders"
    old = [replace(pull, pulled_at=pull.pulled_at - timedelta(days=2)) for pull in puller.pulls("orders")]
    for path in folder.iterdir():
        path.unlink()
    for pull in old:
        puller.lake.record(pull)
    told = puller.pull("orders")[:2]
    assert told == old
    for then, now in zip(before, told, strict=True):
        assert now.rows_by_unknown_field["mood"] == then.rows > 0
        assert (now.asked_from, now.asked_to) == (then.asked_from, then.asked_to)
        assert then.store_time and now.store_time
        assert now.store_time == then.store_time - timedelta(days=2)


def test_finished_backfill_is_pulled_again_when_asked(puller: Puller) -> None:
    cut_after_two_months(puller)
    puller.pull("orders")
    assert len(puller.pull("orders")) == 4


@pytest.mark.parametrize(
    "other",
    [
        {"og_pii": "keep"},
        {"ordergroove_timezone": "America/Chicago"},
        {"windows": days(FIRST, LAST - timedelta(days=1))},
        {"windows": days(FIRST + timedelta(days=1), LAST)},
    ],
    ids=["privacy", "zone", "end", "beginning"],
)
def test_other_range_zone_or_privacy_starts_from_the_beginning(puller: Puller, other: dict[str, Any]) -> None:
    cut_after_two_months(puller)
    assert len(puller.pull("orders", **other)) == 4


# One request at a time


def test_walk_has_one_request_in_flight(puller: Puller) -> None:
    puller.shop.faults.delay = 0.01
    puller.pull("items", windows=days(LAST, LAST))
    assert puller.shop.requests.count("items") > 3
    assert puller.shop.requests.peak_in_flight("items") == 1


def test_next_page_is_fetched_while_the_last_one_is_worked_on() -> None:
    fetched = Event()

    def pages() -> Iterator[list[int]]:
        yield [1]
        fetched.set()
        yield [2]

    walk = prefetch(pages())
    assert next(walk) == [1]
    assert fetched.wait(timeout=5)
    assert list(walk) == [[2]]


def test_error_of_a_page_comes_after_the_pages_before_it() -> None:
    def pages() -> Iterator[list[int]]:
        yield [1]
        raise errors.CursorError("lost.", what_to_do="Again.")

    walk = prefetch(pages())
    assert next(walk) == [1]
    with pytest.raises(errors.CursorError):
        next(walk)


def test_no_more_than_two_pages_are_fetched_ahead() -> None:
    started: list[int] = []

    def pages() -> Iterator[list[int]]:
        for number in range(10):
            started.append(number)
            yield [number]

    walk = prefetch(pages())
    next(walk)
    until = monotonic() + 5
    while len(started) < 3 and monotonic() < until:
        sleep(0.001)
    sleep(0.05)
    assert started == [0, 1, 2]
    walk.close()
    sleep(0.05)
    assert started == [0, 1, 2]


def test_caller_that_fails_asks_no_further_page(shop: RunningStore, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    newest = max(shop.store.truth.table("items"), key=lambda row: row["created"])
    shop.override("items", newest["id"], {"price": "undefined"})
    Puller(shop, tmp_path / "whole").pull("items", windows=days(LAST, LAST))
    pages = shop.requests.count()
    shop.requests.clear()
    shop.faults.delay = 1
    puller = Puller(shop, tmp_path / "file")
    with pytest.raises(NotWritableError):
        puller.pull("items", windows=days(LAST, LAST))
    sleep(0.3)  # What was sent has come: how much was fetched ahead until then, depends on the machine.
    asked = shop.requests.count()
    assert asked < pages
    sleep(1.5)
    assert shop.requests.count() == asked


def test_process_ends_without_waiting_for_a_request_that_nobody_wants(shop: RunningStore, tmp_path: Path) -> None:
    shop.faults.hang_every = shop.requests.total + 2
    script = """
import sys
from og_assets.extraction.prefetch import prefetch
from og_assets.ordergroove.client import Endpoint, OrdergrooveClient
from og_assets.ordergroove.objects import BY_NAME
with OrdergrooveClient(Endpoint(base_url=sys.argv[1], api_key="sandbox-key")) as client:
    for page in prefetch(client.pages(BY_NAME["items"])):
        print(len(page), flush=True)
        sys.stdin.readline()
        raise SystemExit(7)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script, shop.url],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    assert process.stdout
    assert process.stdout.readline() == "100\n"
    while shop.requests.count() < 2:
        sleep(0.01)
    began = monotonic()
    process.communicate("\n", timeout=30)
    assert process.returncode == 7
    assert monotonic() - began < 5
