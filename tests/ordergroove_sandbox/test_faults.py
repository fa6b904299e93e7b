"""Each fault does what it says, to every n-th request, and nothing else."""

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


def test_a_throttled_client_is_told_how_long_to_wait_only_if_that_is_set(
    running: RunningStore, client: SandboxClient
) -> None:
    running.faults.throttle_every = 1
    assert "retry-after" not in client.get("/items/").headers
    running.faults.retry_after = 2
    assert client.get("/items/").headers["retry-after"] == "2"


def test_an_error_has_no_body(running: RunningStore, client: SandboxClient) -> None:
    running.faults.error_every = 1
    assert client.get("/items/").content == b""


def test_a_busy_resource_says_so_in_details(running: RunningStore, client: SandboxClient) -> None:
    running.faults.busy_every = 1
    assert list(client.get("/items/").json()) == ["details"]


def test_garbage_comes_as_a_success(running: RunningStore, client: SandboxClient) -> None:
    running.faults.garbage_every = 1
    response = client.get("/items/")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    with pytest.raises(ValueError, match="Expecting value"):
        response.json()


def test_a_cut_answer_promises_more_than_it_holds(running: RunningStore, client: SandboxClient) -> None:
    whole = len(client.get("/items/", page_size=50).content)
    running.faults.cut_every = 2
    with client.http.stream("GET", "/items/", params={"page_size": 50, "merchant": "m"}) as response:
        assert int(response.headers["content-length"]) == whole
        with pytest.raises(httpx.RemoteProtocolError):
            response.read()
    assert client.get("/items/", page_size=50).status_code == 200


def test_a_hanging_request_is_never_answered(running: RunningStore, client: SandboxClient) -> None:
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


def test_a_hanging_request_ends_as_a_gateway_would_end_it(running: RunningStore, client: SandboxClient) -> None:
    running.faults.hang_every, running.faults.hang_seconds = 1, 0.05
    assert client.get("/items/").status_code == 504


def test_a_hanging_request_does_not_hold_up_the_end(living: Store) -> None:
    with ThreadPoolExecutor(1) as pool:
        with serve(living) as running:
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


def test_object_types_can_be_missing(running: RunningStore, client: SandboxClient) -> None:
    running.faults.missing = {"resources": 404, "entitlements": 403}
    assert client.get("/resources/").status_code == 404
    assert client.get("/entitlements/").status_code == 403
    assert client.get("/products/").status_code == 200


def test_a_cursor_can_lead_back_to_its_own_page(running: RunningStore, client: SandboxClient) -> None:
    second = client.page("/items/")["next"]
    running.faults.repeat_cursor = "items"
    first = client.page("/items/")
    assert client.http.get(first["next"]).json()["results"] == first["results"]
    page = client.http.get(second).json()
    assert page["next"] == second
    assert client.page("/orders/")["next"] != str(client.http.build_request("GET", "/orders/").url)


def test_the_next_link_can_lead_elsewhere(running: RunningStore, client: SandboxClient) -> None:
    running.faults.foreign_next = "items"
    assert httpx.URL(client.page("/items/")["next"]).host == "elsewhere.example.com"
    assert httpx.URL(client.page("/orders/")["next"]).host == "127.0.0.1"


def test_the_version_can_get_lost(running: RunningStore, client: SandboxClient) -> None:
    running.faults.lose_version = "items"
    assert "count" in client.page("/items/")
    assert "count" not in client.page("/orders/")


def test_one_counter_runs_over_all_object_types(running: RunningStore, client: SandboxClient) -> None:
    running.faults.error_every = 2
    asked = [client.get(path).status_code for path in ("/items/", "/orders/", "/items/", "/customers/")]
    assert asked == [200, 500, 200, 500]


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
def test_a_fault_that_cannot_be_is_refused_whole(
    running: RunningStore, client: SandboxClient, settings: object
) -> None:
    mixed = {"throttle_every": 1, **settings} if isinstance(settings, dict) else settings
    assert client.http.post("/sandbox/faults", json=mixed).status_code == 400
    assert running.faults == Faults()


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), float("-inf")])
def test_a_fault_lasts_for_a_time_that_can_pass(seconds: float) -> None:
    for name in ("delay", "slow_seconds", "hang_seconds", "retry_after", "clock_skew", "shuffle_events"):
        with pytest.raises(ValueError, match="not possible"):
            Faults().set({name: seconds})


def test_faults_know_the_lists_of_the_api() -> None:
    assert {listing.name for listing in LISTINGS} <= LISTS
    assert {object_type_of(listing.path) for listing in LISTINGS} <= LISTS


def test_a_body_that_is_no_json_sets_nothing(client: SandboxClient) -> None:
    for handle in ("faults", "choices", "clock"):
        assert client.http.post(f"/sandbox/{handle}", content=b"{").status_code == 400
