"""The client against shops that throttle, fail, cut, lie and lead astray, each a few lines of `httpx.MockTransport`."""

import gzip
import json
import logging
from collections.abc import Callable, Iterable
from itertools import count
from time import monotonic
from typing import Any

import httpx
import pytest

from og_assets.ordergroove import errors
from og_assets.ordergroove.client import Endpoint, OrdergrooveClient
from og_assets.ordergroove.objects import BY_NAME

BASE = "https://shop.example"
KEY = "key-that-nobody-may-read"
ORDERS = BY_NAME["orders"]

Answer = httpx.Response | Exception
Handler = Callable[[httpx.Request], httpx.Response]


def page(*ids: str, following: str | None = None) -> httpx.Response:
    return httpx.Response(
        200, json={"next": following, "previous": None, "results": [{"public_id": id_} for id_ in ids]}
    )


def raw(content: bytes, *, encoding: str | None = None) -> httpx.Response:
    return httpx.Response(200, content=content, headers={"Content-Encoding": encoding} if encoding else None)


class Shop:
    """Gives the prepared answers in their order, the last one for ever, and remembers what it was asked."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def client(handler: Handler, **options: Any) -> OrdergrooveClient:
    settings = {"longest_wait": 0.001, "max_attempts": 3} | options
    endpoint = settings.pop("endpoint", Endpoint(base_url=BASE, api_key=KEY))
    return OrdergrooveClient(endpoint, transport=httpx.MockTransport(handler), **settings)


def walk(handler: Handler, params: dict[str, str] | None = None, **options: Any) -> list[list[str]]:
    with client(handler, **options) as opened:
        return [[row["public_id"] for row in rows] for rows in opened.pages(ORDERS, params)]


def failed_walk(handler: Handler, **options: Any) -> errors.OrdergrooveError:
    with pytest.raises(errors.OrdergrooveError) as caught:
        walk(handler, **options)
    assert KEY not in str(caught.value) + repr(caught.value)
    assert "/orders/" in str(caught.value)
    return caught.value


# What is asked


def test_every_request_carries_key_and_version() -> None:
    shop = Shop(page("a", following=f"{BASE}/orders/?cursor=1"), httpx.Response(503), page("b"))
    walk(shop)
    assert len(shop.asked) == 3
    for request in shop.asked:
        assert request.headers["x-api-key"] == KEY
        assert request.headers["X-OG-API-VERSION"] == "2"
        assert request.method == "GET"


def test_first_request_carries_the_page_size_and_the_filters() -> None:
    shop = Shop(page("a"))
    walk(shop, {"updated_start": "2026-06-01T14:00:00", "updated_end": "2026-06-02T14:00:00"})
    assert shop.asked[0].url.path == "/orders/"
    assert dict(shop.asked[0].url.params) == {
        "page_size": "100",
        "updated_start": "2026-06-01T14:00:00",
        "updated_end": "2026-06-02T14:00:00",
    }


def test_parameters_of_object_and_endpoint_are_sent() -> None:
    shop = Shop(page("a"))
    endpoint = Endpoint(base_url=BASE, api_key=KEY, params={"merchant": "m1"})
    with client(shop, endpoint=endpoint) as opened:
        list(opened.pages(BY_NAME["products"]))
    assert dict(shop.asked[0].url.params) == {
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
def test_next_is_followed_to_the_letter(query: str) -> None:
    shop = Shop(page("a", following=f"{BASE}/orders/?{query}"), page("b"))
    assert walk(shop, {"updated_start": "2026-06-01T14:00:00"}) == [["a"], ["b"]]
    assert shop.asked[1].url.raw_path == f"/orders/?{query}".encode()


def test_connecting_may_take_10_seconds_and_an_answer_60() -> None:
    shop = Shop(page("a"))
    walk(shop)
    assert shop.asked[0].extensions["timeout"]["connect"] == 10.0
    assert shop.asked[0].extensions["timeout"]["read"] == 60.0


def test_nothing_is_asked_before_it_is_wanted() -> None:
    shop = Shop(page("a", following=f"{BASE}/orders/?cursor=1"), page("b"))
    with client(shop) as opened:
        pages = opened.pages(ORDERS)
        assert len(shop.asked) == 0
        next(pages)
        assert len(shop.asked) == 1


def test_closed_client_asks_nothing() -> None:
    shop = Shop(page("a", following=f"{BASE}/orders/?cursor=1"), page("b"))
    with client(shop) as opened:
        pages = opened.pages(ORDERS)
        next(pages)
    with pytest.raises(RuntimeError):
        next(pages)
    assert len(shop.asked) == 1


# Where a walk ends


@pytest.mark.parametrize("end", [None, ""])
def test_walk_goes_on_until_there_is_no_next(end: str | None) -> None:
    shop = Shop(
        page("a", "b", following=f"{BASE}/orders/?cursor=1"),
        page("c", following=f"{BASE}/orders/?cursor=2"),
        page("d", following=end),
    )
    assert walk(shop) == [["a", "b"], ["c"], ["d"]]


def test_empty_page_with_a_next_is_not_the_end() -> None:
    shop = Shop(page(following=f"{BASE}/orders/?cursor=1"), page(following=f"{BASE}/orders/?cursor=2"), page("a"))
    assert walk(shop) == [[], [], ["a"]]


def test_bare_list_is_one_page() -> None:
    assert walk(Shop(raw(b'[{"public_id": "a"}]'))) == [["a"]]


def test_next_may_spell_the_same_host_in_another_way() -> None:
    shop = Shop(page("a", following="https://SHOP.example:443/orders/?cursor=1"), page("b"))
    assert walk(shop) == [["a"], ["b"]]


def test_next_may_lead_to_a_host_that_was_allowed_besides() -> None:
    shop = Shop(page("a", following="https://rest.example/orders/?cursor=1"), page("b"))
    endpoint = Endpoint(base_url=BASE, api_key=KEY, also_allowed=("https://rest.example",))
    assert walk(shop, endpoint=endpoint) == [["a"], ["b"]]


# What passes


FAULTS: dict[str, tuple[Answer, type[errors.TransientError]]] = {
    "429": (httpx.Response(429), errors.ThrottledError),
    "408": (httpx.Response(408), errors.UnavailableError),
    "423": (httpx.Response(423, json={"details": "in use"}), errors.UnavailableError),
    "500 without a body": (httpx.Response(500), errors.UnavailableError),
    "502 with a page": (httpx.Response(502, html="<h1>Bad gateway</h1>"), errors.UnavailableError),
    "503": (httpx.Response(503), errors.UnavailableError),
    "504": (httpx.Response(504), errors.UnavailableError),
    "no connection": (httpx.ConnectError("refused"), errors.ConnectionFailedError),
    "connection broke": (httpx.ReadError("reset by peer"), errors.ConnectionFailedError),
    "connection cut": (httpx.RemoteProtocolError("incomplete body"), errors.ConnectionFailedError),
    "connecting took too long": (httpx.ConnectTimeout("10 s"), errors.ConnectionFailedError),
    "answer took too long": (httpx.ReadTimeout("60 s"), errors.ConnectionFailedError),
    "cut JSON": (raw(b'{"next": null, "results": [{"public_id": "a"'), errors.BodyError),
    "nothing": (raw(b""), errors.BodyError),
    "a web page": (raw(b"<html>We'll be right back</html>"), errors.BodyError),
    "JSON with a tail": (raw(b'{"next": null, "results": []} oops'), errors.BodyError),
    "nested beyond reason": (raw(b"[" * 200_000), errors.BodyError),
}


def gzipped_garbage(request: httpx.Request) -> httpx.Response:
    raise httpx.DecodingError("incorrect header check", request=request)


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_that_passes_costs_a_retry_and_no_row(fault: str) -> None:
    answer, _ = FAULTS[fault]
    shop = Shop(page("a", following=f"{BASE}/orders/?cursor=1"), answer, page("b"))
    with client(shop) as opened:
        assert [rows[0]["public_id"] for rows in opened.pages(ORDERS)] == ["a", "b"]
        assert (opened.traffic.requests, opened.traffic.retries) == (3, 1)
    assert shop.asked[1].url == shop.asked[2].url


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_that_stays_ends_the_walk_in_words(fault: str) -> None:
    answer, kind = FAULTS[fault]
    shop = Shop(page("a", following=f"{BASE}/orders/?cursor=1"), answer)
    error = failed_walk(shop, max_attempts=4)
    assert type(error) is kind
    assert error.retryable
    assert len(shop.asked) == 1 + 4
    assert "GET /orders/" in str(error)
    assert error.what_to_do in str(error)
    if error.status is not None:
        assert str(error.status) in str(error)
    assert ("time-out" in str(error)) is ("too long" in fault)


def test_body_that_cannot_be_unpacked_is_asked_for_again() -> None:
    error = failed_walk(gzipped_garbage)
    assert isinstance(error, errors.ConnectionFailedError)
    packed = raw(gzip.compress(page("a").content), encoding="gzip")
    assert walk(Shop(packed)) == [["a"]]


def test_pauses_are_capped() -> None:
    began = monotonic()
    failed_walk(Shop(httpx.Response(500)), max_attempts=12, longest_wait=0.01)
    assert monotonic() - began < 1


# How long to wait


def test_retry_after_is_waited() -> None:
    began = monotonic()
    walk(Shop(httpx.Response(429, headers={"Retry-After": "0.3"}), page("a")))
    assert monotonic() - began >= 0.3


def test_retry_after_zero_does_not_use_up_all_attempts_at_once() -> None:
    began = monotonic()
    failed_walk(Shop(httpx.Response(429, headers={"Retry-After": "0"})), max_attempts=7, longest_wait=0.1)
    # Six pauses, even between 0 and 0.1 s: this little by chance in one of a billion runs.
    assert monotonic() - began > 0.005


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_of_an_hour_is_told_and_not_slept(status: int) -> None:
    shop = Shop(httpx.Response(status, headers={"Retry-After": "3600"}))
    began = monotonic()
    error = failed_walk(shop, max_attempts=8)
    assert monotonic() - began < 1
    assert len(shop.asked) == 1
    assert "3600 s" in str(error)
    assert error.retryable


# What does not pass


@pytest.mark.parametrize("status", [401, 403])
def test_refusal_is_final_and_says_which_permission_to_check(status: int) -> None:
    shop = Shop(httpx.Response(status, json={"detail": "Authentication Failed"}))
    error = failed_walk(shop)
    assert isinstance(error, errors.AccessError)
    assert not error.retryable
    assert len(shop.asked) == 1
    assert "Bulk Operations" in str(error)
    assert "ORDERGROOVE_API_KEY" in str(error)
    assert str(status) in str(error)


@pytest.mark.parametrize(
    ("status", "kind"), [(400, errors.RequestError), (404, errors.NotFoundError), (204, errors.RequestError)]
)
def test_other_refusals_are_final(status: int, kind: type[errors.OrdergrooveError]) -> None:
    shop = Shop(httpx.Response(status))
    error = failed_walk(shop)
    assert type(error) is kind
    assert not error.retryable
    assert len(shop.asked) == 1


def test_lost_cursor_ends_the_walk_but_a_new_one_may_succeed() -> None:
    shop = Shop(page("a", following=f"{BASE}/orders/?cursor=1"), httpx.Response(404, json={"detail": "Invalid cursor"}))
    error = failed_walk(shop)
    assert type(error) is errors.CursorError
    assert error.retryable
    assert len(shop.asked) == 2


def test_redirect_is_not_followed() -> None:
    shop = Shop(httpx.Response(302, headers={"Location": "https://evil.example/"}))
    failed_walk(shop)
    assert [request.url.host for request in shop.asked] == ["shop.example"]


NO_PAGES = {
    "count": {"count": 1, "next": None, "previous": None, "results": []},
    "no results": {"next": None, "detail": "Authentication Failed"},
    "results are no list": {"next": None, "results": {"public_id": "a"}},
    "next is a number": {"next": 2, "results": []},
    "next is false": {"next": False, "results": []},
    "text": "ok",
    "null": None,
    "number": 7,
}


@pytest.mark.parametrize("name", NO_PAGES)
def test_answer_that_is_no_page_is_an_error_and_no_empty_result(name: str) -> None:
    shop = Shop(raw(json.dumps(NO_PAGES[name]).encode()))
    error = failed_walk(shop)
    assert type(error) is errors.ProtocolError
    assert not error.retryable
    assert len(shop.asked) == 1


@pytest.mark.parametrize("following", [f"{BASE}/orders/?page=2", f"{BASE}/orders/?page_size=100&page=2&x=1"])
def test_page_number_in_next_means_that_the_version_was_lost(following: str) -> None:
    error = failed_walk(Shop(page("a", following=following)))
    assert type(error) is errors.ProtocolError
    assert "X-OG-API-VERSION" in str(error)


ASTRAY = [
    "https://evil.example/orders/?cursor=1",
    "https://shop.example.evil.example/orders/?cursor=1",
    "https://shop.example@evil.example/orders/?cursor=1",
    "https://shop.example:8443/orders/?cursor=1",
    "http://shop.example/orders/?cursor=1",
    "//evil.example/orders/?cursor=1",
    "/orders/?cursor=1",
    "ftp://shop.example/orders/?cursor=1",
    "https://shop.example:port/orders/",
    "https://[shop.example/orders/",
    "https://shop.example/\x00orders/",
    "https://shop.example/" + "x" * 70_000,
    "not an address",
]


@pytest.mark.parametrize("following", ASTRAY, ids=lambda following: following[:40].replace("\x00", "NUL"))
def test_next_that_leads_away_is_refused_before_the_key_is_sent(following: str) -> None:
    shop = Shop(page("a", following=following))
    error = failed_walk(shop)
    assert type(error) is errors.ProtocolError
    assert "cursor=1" not in str(error)
    assert len(shop.asked) == 1


# Walks in circles


def test_next_that_leads_to_its_own_page_is_noticed() -> None:
    following = f"{BASE}/orders/?cursor=1"
    shop = Shop(page("a", following=following), page("b", following=following))
    assert type(failed_walk(shop)) is errors.CursorError
    assert len(shop.asked) == 2


@pytest.mark.parametrize("base", [BASE, "https://SHOP.example:443"])
def test_circle_of_pages_is_noticed_however_it_is_spelt(base: str) -> None:
    asked = count(1)

    def circle(request: httpx.Request) -> httpx.Response:
        number = next(asked)
        assert number < 20, "it walks in circles"
        cursor = int(request.url.params.get("cursor", "0")) % 3 + 1
        return page(f"row {number}", following=f"{base}/orders/?cursor={cursor}")

    assert type(failed_walk(circle)) is errors.CursorError


def test_page_that_comes_twice_in_a_row_is_noticed() -> None:
    shop = Shop(page("a", following=f"{BASE}/orders/?cursor=1"), page("a"))
    assert type(failed_walk(shop)) is errors.CursorError


# One broken record


@pytest.mark.parametrize(
    "broken",
    [
        b'"\\ud800"',
        b'"\xff\xfe"',
        b"1" * 5000,
        b"[" * 300 + b"]" * 300,
        b"NaN",
        b"-Infinity",
        b"1e999",
    ],
    ids=["lone surrogate", "stray bytes", "endless number", "deep nesting", "NaN", "infinity", "overflow"],
)
def test_one_broken_value_does_not_cost_its_page(broken: bytes) -> None:
    shop = Shop(raw(b'{"next": null, "results": [{"public_id": "a"}, {"public_id": "b", "x": %s}]}' % broken))
    assert walk(shop) == [["a", "b"]]
    assert len(shop.asked) == 1


def test_byte_order_mark_is_no_fault() -> None:
    assert walk(Shop(raw(b"\xef\xbb\xbf" + page("a").content))) == [["a"]]


# What is told


def test_traffic_counts_requests_retries_and_bytes() -> None:
    bodies = [page("a", following=f"{BASE}/orders/?cursor=1").content, b"oops", page("b").content]
    answers = [
        httpx.Response(status, stream=httpx.ByteStream(body))
        for status, body in zip((200, 500, 200), bodies, strict=True)
    ]
    with client(Shop(*answers)) as opened:
        list(opened.pages(ORDERS))
        traffic = opened.traffic
    assert (traffic.requests, traffic.retries, traffic.bytes) == (3, 1, sum(map(len, bodies)))


def test_key_is_in_no_log_and_no_repr(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    walk(Shop(httpx.Response(500), httpx.ConnectError("refused"), page("a")))
    assert "attempt 1" in caplog.text
    assert KEY not in caplog.text
    assert KEY not in repr(Endpoint(base_url=BASE, api_key=KEY))


def test_probe_asks_for_one_row_once() -> None:
    shop = Shop(page("a", following=f"{BASE}/orders/?cursor=1"))
    with client(shop) as opened:
        opened.probe(ORDERS)
    assert [dict(request.url.params) for request in shop.asked] == [{"page_size": "1"}]


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, errors.AccessError), (403, errors.AccessError), (404, errors.NotFoundError), (503, errors.UnavailableError)],
)
def test_probe_tells_a_refusal_from_an_outage(status: int, kind: type[errors.OrdergrooveError]) -> None:
    with client(Shop(httpx.Response(status))) as opened, pytest.raises(kind):
        opened.probe(ORDERS)


def all_kinds(kind: type[errors.OrdergrooveError] = errors.OrdergrooveError) -> Iterable[type[errors.OrdergrooveError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from all_kinds(below)


@pytest.mark.parametrize("kind", list(all_kinds()))
def test_every_error_says_method_path_status_and_what_to_do(kind: type[errors.OrdergrooveError]) -> None:
    error = kind("it broke.", what_to_do="Mend it.", path="/orders/", status=418)
    assert str(error) == "GET /orders/ answered 418: it broke. Mend it."
    assert (error.method, error.path, error.status) == ("GET", "/orders/", 418)
