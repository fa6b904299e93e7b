"""The `Date` header of every response is the store's simulated time, which webhooks use too."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import pytest

from ordergroove_sandbox import RunningStore, Store, serve
from testkit.sandbox.client import SandboxClient
from testkit.sandbox.webhook_inbox import connect_inbox

# 14:00 in New York, in winter.
AT = "Sun, 22 Nov 2026 19:00:00 GMT"


def test_date_header_is_the_time_of_the_store(running: RunningStore, client: SandboxClient) -> None:
    assert client.get("/orders/").headers.get_list("date") == [AT]
    running.store.advance(days=1, seconds=7)
    assert client.get("/orders/").headers["date"] == "Mon, 23 Nov 2026 19:00:07 GMT"


@pytest.mark.parametrize("fault", ["throttle_every", "busy_every", "error_every", "garbage_every"])
def test_faulty_response_has_the_date_header(running: RunningStore, client: SandboxClient, fault: str) -> None:
    setattr(running.faults, fault, 1)
    assert client.get("/items/").headers.get_list("date") == [AT]


def test_error_response_has_the_date_header(client: SandboxClient) -> None:
    assert client.get("/orders/none/").headers["date"] == AT
    assert client.get("/orders/", cursor="none").headers["date"] == AT
    assert client.http.get("/orders/", headers={"x-api-key": "wrong"}).headers["date"] == AT
    assert client.http.get("/sandbox/clock").headers["date"] == AT


def test_mutation_response_has_the_date_header(running: RunningStore, client: SandboxClient) -> None:
    order = next(row["id"] for row in running.store.truth.table("orders") if row["status"] == 1 and row["items"])
    assert client.http.patch(f"/orders/{order}/send_now/").headers.get_list("date") == [AT]


def test_clock_faults_do_not_change_the_date_header(running: RunningStore, client: SandboxClient) -> None:
    before = client.rows("/orders/")[0]["updated"]
    running.faults.set({"clock_skew": -7200.0, "show_timezone": "Asia/Tokyo"})
    assert client.rows("/orders/")[0]["updated"] != before
    assert client.get("/orders/").headers["date"] == AT


def test_date_header_advances_between_pages(running: RunningStore, client: SandboxClient) -> None:
    running.faults.stir_hours = 3
    first = client.get("/items/")
    second = client.http.get(first.json()["next"])
    assert (first.headers["date"], second.headers["date"]) == (AT, "Sun, 22 Nov 2026 22:00:00 GMT")


@pytest.mark.parametrize(
    ("wall_clock", "gmt"),
    [
        # Of a repeated hour, the first occurrence.
        (datetime(2026, 11, 1, 1, 30), datetime(2026, 11, 1, 5, 30)),
        (datetime(2026, 11, 1, 2, 0), datetime(2026, 11, 1, 7, 0)),
        (datetime(2026, 3, 8, 1, 59, 59), datetime(2026, 3, 8, 6, 59, 59)),
        (datetime(2026, 3, 8, 3, 0), datetime(2026, 3, 8, 7, 0)),
    ],
)
def test_date_header_and_webhooks_agree_on_days_of_clock_changes(wall_clock: datetime, gmt: datetime) -> None:
    store = Store(seed=5, customers=5, days=60, until=wall_clock)
    inbox, hooks = connect_inbox(store)
    store.reactivate(next(row["id"] for row in store.truth.table("subscriptions") if not row["live"]))
    hooks.deliver()
    with serve(store, webhooks=hooks) as running:
        date = parsedate_to_datetime(SandboxClient(running.url).get("/orders/").headers["date"])
    assert date == gmt.replace(tzinfo=UTC)
    assert {event["created"] for event in inbox.events} == {date.timestamp()}


def test_delayed_error_has_the_time_of_its_first_byte(running: RunningStore) -> None:
    running.faults.set({"hang_every": 1, "hang_seconds": 0.05})
    running.store.advance(hours=1)
    assert httpx.get(f"{running.url}/items/").headers["date"] == "Sun, 22 Nov 2026 20:00:00 GMT"
