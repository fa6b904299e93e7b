"""The server: control pages, request log, concurrent use, Parquet files of the truth."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ordergroove_sandbox import RunningStore, Store, serve
from testkit.sandbox.client import SandboxClient

from .conftest import UNTIL


def test_clock_can_be_read_and_advanced(running: RunningStore, client: SandboxClient) -> None:
    assert client.http.get("/sandbox/clock").json() == {"now": "2026-11-22 14:00:00", "timezone": "America/New_York"}
    assert client.http.post("/sandbox/clock", json={"days": 2, "hours": 1}).json()["now"] == "2026-11-24 15:00:00"
    assert running.store.now == UNTIL + timedelta(days=2, hours=1)


def test_invalid_clock_request_is_refused(client: SandboxClient) -> None:
    for body in (b"{}{", b'{"years": 1}', b'{"days": "two"}', b"[1]"):
        assert client.http.post("/sandbox/clock", content=body).status_code == 400


def test_truth_can_be_read_over_http(running: RunningStore, client: SandboxClient) -> None:
    names = client.http.get("/sandbox/truth").json()
    assert set(names) >= {"subscriptions", "orders", "items", "deleted_items", "moves", "events", "daily"}
    orders = client.http.get("/sandbox/truth/orders").json()
    assert [row["id"] for row in orders] == [row["id"] for row in running.store.truth.table("orders")]
    assert orders[0]["total"].count(".") == 1
    assert client.http.get("/sandbox/truth/unknown").status_code == 404


def test_home_page_shows_the_settings_of_a_client(running: RunningStore, client: SandboxClient) -> None:
    page = client.http.get("/").text
    assert f"ORDERGROOVE_BASE_URL={running.url}" in page
    assert "ORDERGROOVE_API_KEY=sandbox-key" in page
    assert "/placement_logs/responses/" in page
    assert client.http.get("/sandbox/health").json() == {"status": "ok"}


def test_api_requests_are_logged_and_control_pages_are_not(running: RunningStore, client: SandboxClient) -> None:
    client.get("/items/", page_size=3)
    client.get("/orders/none/")
    client.http.get("/sandbox/clock")
    log = running.requests
    assert [(request.object_type, request.path, request.status) for request in log.all()] == [
        ("items", "/items/", 200),
        ("orders", "/orders/none/", 404),
    ]
    assert "page_size=3" in log.all()[0].query
    assert (log.count(), log.count("items")) == (2, 1)
    assert client.http.get("/sandbox/requests").json()[0]["object_type"] == "items"
    log.clear()
    assert (log.count(), log.peak_in_flight()) == (0, 0)


def test_sequential_requests_have_a_peak_of_one(running: RunningStore, client: SandboxClient) -> None:
    client.pages("/items/", page_size=5)
    assert running.requests.peak_in_flight() == 1


def test_concurrent_requests_are_counted(running: RunningStore, client: SandboxClient) -> None:
    running.faults.delay = 0.1
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(client.get, ["/items/", "/items/", "/items/", "/orders/"]))
    assert running.requests.peak_in_flight("items") == 3
    assert running.requests.peak_in_flight("orders") == 1
    assert running.requests.peak_in_flight() == 4


def test_time_can_advance_during_requests(running: RunningStore, client: SandboxClient) -> None:
    with ThreadPoolExecutor(1) as pool:
        clock = pool.submit(lambda: [running.store.advance(hours=1) for _ in range(400)])
        while not clock.done():
            for page in client.pages("/items/", page_size=50):
                for row in page["results"]:
                    assert row["order_updated"]
        clock.result()


def test_two_stores_can_be_served_at_once(fresh_store: Store, running: RunningStore) -> None:
    with serve(fresh_store, keys=("other",)) as other:
        assert other.url != running.url
        assert SandboxClient(other.url).get("/items/").status_code == 403


def test_parquet_types_do_not_depend_on_the_rows(tmp_path: Path) -> None:
    Store(customers=0, days=2, until=UNTIL).truth.write(tmp_path / "empty")
    store = Store(seed=5, customers=40, days=120, until=UNTIL)
    store.truth.write(tmp_path / "full")
    for file in (tmp_path / "full").iterdir():
        schema = pq.read_schema(file)
        assert schema == pq.read_schema(tmp_path / "empty" / file.name)
        assert pa.null() not in schema.types
    orders = pq.read_table(tmp_path / "full" / "orders.parquet")
    assert orders.schema.field("total").type == pa.decimal128(18, 2)
    assert orders.to_pylist() == store.truth.table("orders")


@pytest.mark.parametrize(
    "span",
    [{"days": -1}, {"seconds": -0.5}, {"days": 1e300}, {"days": 10**12}, {"hours": 1e9}, {"days": 4000}, {"days": "1"},
     {"days": True}, {"days": None}, {"weeks": 1}, [1]],
)  # fmt: skip
def test_clock_refuses_negative_and_too_long_steps(running: RunningStore, client: SandboxClient, span: object) -> None:
    before = running.store.now
    response = client.http.post("/sandbox/clock", json=span)
    assert (response.status_code, list(response.json())) == (400, ["detail"])
    assert client.http.post("/sandbox/clock", content=b"{").status_code == 400
    assert running.store.now == before


@pytest.mark.parametrize("days", [-1.0, float("nan"), float("inf"), float("-inf"), 1e12])
def test_advance_refuses_impossible_spans(fresh_store: Store, days: float) -> None:
    before = fresh_store.now
    with pytest.raises(ValueError, match=r"time|NaN"):
        fresh_store.advance(days=days)
    assert fresh_store.now == before
