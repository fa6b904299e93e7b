"""What the client requests, where a listing ends, and what the client counts and logs."""

import logging
from collections.abc import Iterable

import httpx
import pytest

from og_assets.ordergroove import errors
from og_assets.ordergroove.client import Endpoint
from og_assets.ordergroove.objects import BY_NAME

from .stub_server import BASE, KEY, ORDERS, StubServer, client, list_ids, page, raw


def test_every_request_carries_key_and_version() -> None:
    server = StubServer(page("a", following=f"{BASE}/orders/?cursor=1"), httpx.Response(503), page("b"))
    list_ids(server)
    assert len(server.requests) == 3
    for request in server.requests:
        assert request.headers["x-api-key"] == KEY
        assert request.headers["X-OG-API-VERSION"] == "2"
        assert request.method == "GET"


def test_first_request_carries_the_page_size_and_the_filters() -> None:
    server = StubServer(page("a"))
    list_ids(server, {"updated_start": "2026-06-01T14:00:00", "updated_end": "2026-06-02T14:00:00"})
    assert server.requests[0].url.path == "/orders/"
    assert dict(server.requests[0].url.params) == {
        "page_size": "100",
        "updated_start": "2026-06-01T14:00:00",
        "updated_end": "2026-06-02T14:00:00",
    }


def test_parameters_of_object_and_endpoint_are_sent() -> None:
    server = StubServer(page("a"))
    endpoint = Endpoint(base_url=BASE, api_key=KEY, params={"merchant": "m1"})
    with client(server, endpoint=endpoint) as opened:
        list(opened.pages(BY_NAME["products"]))
    assert dict(server.requests[0].url.params) == {
        "page_size": "100",
        "autoship_enabled": "all",
        "allow_discontinued": "true",
        "merchant": "m1",
    }


@pytest.mark.parametrize(
    "query",
    [
        "cursor=cD0yMDI0LTA0LTEwKzEwJTNBMjElM0EwMQ%3D%3D&updated_end=2024-06-26",
        "cursor=a%2Bb%2F%3D&x=%20y",
        "b=2&a=1&a=0",
    ],
)
def test_next_link_is_requested_unchanged(query: str) -> None:
    server = StubServer(page("a", following=f"{BASE}/orders/?{query}"), page("b"))
    assert list_ids(server, {"updated_start": "2026-06-01T14:00:00"}) == [["a"], ["b"]]
    assert server.requests[1].url.raw_path == f"/orders/?{query}".encode()


def test_connect_timeout_is_10_seconds_and_read_timeout_60() -> None:
    server = StubServer(page("a"))
    list_ids(server)
    assert server.requests[0].extensions["timeout"]["connect"] == 10.0
    assert server.requests[0].extensions["timeout"]["read"] == 60.0


def test_page_is_requested_only_when_the_caller_asks_for_it() -> None:
    server = StubServer(page("a", following=f"{BASE}/orders/?cursor=1"), page("b"))
    with client(server) as opened:
        pages = opened.pages(ORDERS)
        assert len(server.requests) == 0
        next(pages)
        assert len(server.requests) == 1


def test_closed_client_sends_no_request() -> None:
    server = StubServer(page("a", following=f"{BASE}/orders/?cursor=1"), page("b"))
    with client(server) as opened:
        pages = opened.pages(ORDERS)
        next(pages)
    with pytest.raises(RuntimeError):
        next(pages)
    assert len(server.requests) == 1


@pytest.mark.parametrize("end", [None, ""])
def test_listing_continues_until_there_is_no_next_link(end: str | None) -> None:
    server = StubServer(
        page("a", "b", following=f"{BASE}/orders/?cursor=1"),
        page("c", following=f"{BASE}/orders/?cursor=2"),
        page("d", following=end),
    )
    assert list_ids(server) == [["a", "b"], ["c"], ["d"]]


def test_empty_page_with_a_next_link_is_not_the_end() -> None:
    server = StubServer(
        page(following=f"{BASE}/orders/?cursor=1"), page(following=f"{BASE}/orders/?cursor=2"), page("a")
    )
    assert list_ids(server) == [[], [], ["a"]]


def test_bare_list_is_one_page() -> None:
    assert list_ids(StubServer(raw(b'[{"public_id": "a"}]'))) == [["a"]]


def test_next_link_may_spell_the_host_differently() -> None:
    server = StubServer(page("a", following="https://SHOP.example:443/orders/?cursor=1"), page("b"))
    assert list_ids(server) == [["a"], ["b"]]


def test_next_link_may_point_to_an_additional_allowed_host() -> None:
    server = StubServer(page("a", following="https://rest.example/orders/?cursor=1"), page("b"))
    endpoint = Endpoint(base_url=BASE, api_key=KEY, also_allowed=("https://rest.example",))
    assert list_ids(server, endpoint=endpoint) == [["a"], ["b"]]


def test_traffic_counts_requests_retries_and_bytes() -> None:
    bodies = [page("a", following=f"{BASE}/orders/?cursor=1").content, b"oops", page("b").content]
    responses = [
        httpx.Response(status, stream=httpx.ByteStream(body))
        for status, body in zip((200, 500, 200), bodies, strict=True)
    ]
    with client(StubServer(*responses)) as opened:
        list(opened.pages(ORDERS))
        traffic = opened.traffic
    assert (traffic.requests, traffic.retries, traffic.bytes) == (3, 1, sum(map(len, bodies)))


def test_key_is_not_in_logs_or_repr(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    list_ids(StubServer(httpx.Response(500), httpx.ConnectError("refused"), page("a")))
    assert "attempt 1" in caplog.text
    assert KEY not in caplog.text
    assert KEY not in repr(Endpoint(base_url=BASE, api_key=KEY))


def test_probe_requests_one_row_once() -> None:
    server = StubServer(page("a", following=f"{BASE}/orders/?cursor=1"))
    with client(server) as opened:
        opened.probe(ORDERS)
    assert [dict(request.url.params) for request in server.requests] == [{"page_size": "1"}]


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, errors.AccessError), (403, errors.AccessError), (404, errors.NotFoundError), (503, errors.UnavailableError)],
)
def test_probe_distinguishes_refused_access_from_an_outage(status: int, kind: type[errors.OrdergrooveError]) -> None:
    with client(StubServer(httpx.Response(status))) as opened, pytest.raises(kind):
        opened.probe(ORDERS)


def error_types(
    kind: type[errors.OrdergrooveError] = errors.OrdergrooveError,
) -> Iterable[type[errors.OrdergrooveError]]:
    yield kind
    for subclass in kind.__subclasses__():
        yield from error_types(subclass)


@pytest.mark.parametrize("kind", list(error_types()))
def test_every_error_says_method_path_status_and_what_to_do(kind: type[errors.OrdergrooveError]) -> None:
    error = kind("it failed.", what_to_do="Fix it.", path="/orders/", status=418)
    assert str(error) == "GET /orders/ answered 418: it failed. Fix it."
    assert (error.method, error.path, error.status) == ("GET", "/orders/", 418)
