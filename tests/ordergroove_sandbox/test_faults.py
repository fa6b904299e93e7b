"""Each fault has its effect on every n-th request and on no other."""

from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep

import httpx
import pytest

from ordergroove_sandbox import Faults, RunningStore, Store, serve
from ordergroove_sandbox.faults import LISTS
from ordergroove_sandbox.request_log import object_type_of
from ordergroove_sandbox.rest.listings import LISTINGS
from testkit.sandbox.client import V2, SandboxClient


def statuses(client: SandboxClient, count: int) -> list[int]:
    return [client.get("/items/").status_code for _ in range(count)]


@pytest.mark.parametrize(("fault", "status"), [("throttle_every", 429), ("error_every", 500), ("busy_every", 423)])
def test_every_third_request_is_refused(running: RunningStore, client: SandboxClient, fault: str, status: int) -> None:
    setattr(running.faults, fault, 3)
    assert statuses(client, 6) == [200, 200, status, 200, 200, status]


def test_429_has_retry_after_only_if_set(running: RunningStore, client: SandboxClient) -> None:
    running.faults.throttle_every = 1
    assert "retry-after" not in client.get("/items/").headers
    running.faults.retry_after = 2
    assert client.get("/items/").headers["retry-after"] == "2"


def test_500_has_no_body(running: RunningStore, client: SandboxClient) -> None:
    running.faults.error_every = 1
    assert client.get("/items/").content == b""


def test_423_has_details(running: RunningStore, client: SandboxClient) -> None:
    running.faults.busy_every = 1
    assert list(client.get("/items/").json()) == ["details"]


def test_garbage_has_status_200(running: RunningStore, client: SandboxClient) -> None:
    running.faults.garbage_every = 1
    response = client.get("/items/")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    with pytest.raises(ValueError, match="Expecting value"):
        response.json()


def test_cut_response_is_shorter_than_its_content_length(running: RunningStore, client: SandboxClient) -> None:
    whole = len(client.get("/items/", page_size=50).content)
    running.faults.cut_every = 2
    with client.http.stream("GET", "/items/", params={"page_size": 50, "merchant": "m"}) as response:
        assert int(response.headers["content-length"]) == whole
        with pytest.raises(httpx.RemoteProtocolError):
            response.read()
    assert client.get("/items/", page_size=50).status_code == 200


def test_hanging_request_gets_no_response(running: RunningStore, client: SandboxClient) -> None:
    running.faults.hang_every = 2
    assert client.get("/items/").status_code == 200
    with pytest.raises(httpx.ReadTimeout):
        client.http.get("/items/", timeout=0.2)
    assert client.get("/items/").status_code == 200
    for _ in range(100):
        if running.requests.all()[1].ended:
            break
        sleep(0.01)
    assert running.requests.all()[1].status is None


def test_hanging_request_ends_with_504(running: RunningStore, client: SandboxClient) -> None:
    running.faults.hang_every, running.faults.hang_seconds = 1, 0.05
    assert client.get("/items/").status_code == 504


def test_hanging_request_does_not_delay_shutdown(fresh_store: Store) -> None:
    with ThreadPoolExecutor(1) as pool:
        with serve(fresh_store) as running:
            running.faults.hang_every = 1
            answer = pool.submit(httpx.get, f"{running.url}/items/", headers=V2, timeout=30)
            while not running.requests.count():
                sleep(0.01)
            began = monotonic()
        assert monotonic() - began < 1.5
        assert answer.exception() or answer.result().status_code == 504


def test_every_page_can_be_slow(running: RunningStore, client: SandboxClient) -> None:
    running.faults.delay = 0.1
    began = monotonic()
    assert statuses(client, 2) == [200, 200]
    assert monotonic() - began >= 0.2


def test_lists_can_be_unavailable(running: RunningStore, client: SandboxClient) -> None:
    running.faults.missing = {"resources": 404, "entitlements": 403}
    assert client.get("/resources/").status_code == 404
    assert client.get("/entitlements/").status_code == 403
    assert client.get("/products/").status_code == 200


def test_next_link_can_repeat_its_own_page(running: RunningStore, client: SandboxClient) -> None:
    second = client.page("/items/")["next"]
    running.faults.repeat_cursor = "items"
    first = client.page("/items/")
    assert client.http.get(first["next"]).json()["results"] == first["results"]
    page = client.http.get(second).json()
    assert page["next"] == second
    assert client.page("/orders/")["next"] != str(client.http.build_request("GET", "/orders/").url)


def test_next_link_can_name_another_host(running: RunningStore, client: SandboxClient) -> None:
    running.faults.foreign_next = "items"
    assert httpx.URL(client.page("/items/")["next"]).host == "elsewhere.example.com"
    assert httpx.URL(client.page("/orders/")["next"]).host == "127.0.0.1"


def test_version_header_can_be_ignored(running: RunningStore, client: SandboxClient) -> None:
    running.faults.lose_version = "items"
    assert "count" in client.page("/items/")
    assert "count" not in client.page("/orders/")


def test_one_counter_covers_all_object_types(running: RunningStore, client: SandboxClient) -> None:
    running.faults.error_every = 2
    found = [client.get(path).status_code for path in ("/items/", "/orders/", "/items/", "/customers/")]
    assert found == [200, 500, 200, 500]


def test_faults_are_set_read_and_cleared_over_http(running: RunningStore, client: SandboxClient) -> None:
    settings = {"error_every": 2, "missing": {"resources": 404}, "retry_after": None}
    assert client.http.post("/sandbox/faults", json=settings).status_code == 200
    assert client.http.get("/sandbox/faults").json()["error_every"] == running.faults.error_every == 2
    assert client.http.delete("/sandbox/faults").json()["error_every"] == 0
    assert running.faults == Faults()


@pytest.mark.parametrize(
    "settings",
    [{"explode_every": 1}, {"error_every": "often"}, {"missing": "all"}, ["error"], {"error_every": True},
     {"error_every": -1}, {"error_every": 2.5}, {"error_every": None}, {"delay": -1}, {"delay": 1e300}, {"delay": True},
     {"delay": "1"}, {"hang_seconds": None}, {"stir_hours": 10**9}, {"clock_skew": 1e18},
     {"missing": {"orders": "404"}}, {"missing": {"orders": 200}}, {"missing": {"orders": 600}},
     {"missing": {"orders": True}},
     {"missing": {"ordres": 404}},
     {"repeat_cursor": "ordres"}, {"foreign_next": 1}, {"show_timezone": "Berlin"}],
)  # fmt: skip
def test_invalid_fault_is_refused_and_changes_nothing(
    running: RunningStore, client: SandboxClient, settings: object
) -> None:
    mixed = {"throttle_every": 1, **settings} if isinstance(settings, dict) else settings
    assert client.http.post("/sandbox/faults", json=mixed).status_code == 400
    assert running.faults == Faults()


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), float("-inf")])
def test_infinite_fault_durations_are_refused(seconds: float) -> None:
    for name in ("delay", "slow_seconds", "hang_seconds", "retry_after", "clock_skew", "shuffle_events"):
        with pytest.raises(ValueError, match="not a valid value"):
            Faults().set({name: seconds})


def test_fault_settings_know_the_lists_of_the_api() -> None:
    assert {listing.name for listing in LISTINGS} <= LISTS
    assert {object_type_of(listing.path) for listing in LISTINGS} <= LISTS


def test_invalid_json_is_refused_by_control_pages(client: SandboxClient) -> None:
    for handle in ("faults", "choices", "clock"):
        assert client.http.post(f"/sandbox/{handle}", content=b"{").status_code == 400
