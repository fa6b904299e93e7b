"""Responses that fail a listing at once: refusals, bodies that are not pages, foreign links, repeating cursors.

An invalid value in one record does not: it is quarantined later.
"""

import json
from itertools import count

import httpx
import pytest

from og_assets.ordergroove import errors

from .stub_server import BASE, StubServer, failed_listing, list_ids, page, raw


@pytest.mark.parametrize("status", [401, 403])
def test_refused_access_is_final_and_names_the_permission_to_check(status: int) -> None:
    server = StubServer(httpx.Response(status, json={"detail": "Authentication Failed"}))
    error = failed_listing(server)
    assert isinstance(error, errors.AccessError)
    assert not error.retryable
    assert len(server.requests) == 1
    assert "Bulk Operations" in str(error)
    assert "ORDERGROOVE_API_KEY" in str(error)
    assert str(status) in str(error)


@pytest.mark.parametrize(
    ("status", "kind"), [(400, errors.RequestError), (404, errors.NotFoundError), (204, errors.RequestError)]
)
def test_other_client_errors_are_final(status: int, kind: type[errors.OrdergrooveError]) -> None:
    server = StubServer(httpx.Response(status))
    error = failed_listing(server)
    assert type(error) is kind
    assert not error.retryable
    assert len(server.requests) == 1


def test_expired_cursor_fails_the_listing_with_a_retryable_error() -> None:
    server = StubServer(
        page("a", following=f"{BASE}/orders/?cursor=1"), httpx.Response(404, json={"detail": "Invalid cursor"})
    )
    error = failed_listing(server)
    assert type(error) is errors.CursorError
    assert error.retryable
    assert len(server.requests) == 2


def test_redirect_is_not_followed() -> None:
    server = StubServer(httpx.Response(302, headers={"Location": "https://evil.example/"}))
    failed_listing(server)
    assert [request.url.host for request in server.requests] == ["shop.example"]


NOT_PAGES = {
    "count": {"count": 1, "next": None, "previous": None, "results": []},
    "no results": {"next": None, "detail": "Authentication Failed"},
    "results are not a list": {"next": None, "results": {"public_id": "a"}},
    "next is a number": {"next": 2, "results": []},
    "next is false": {"next": False, "results": []},
    "text": "ok",
    "null": None,
    "number": 7,
}


@pytest.mark.parametrize("name", NOT_PAGES)
def test_body_that_is_not_a_page_is_an_error_and_not_an_empty_result(name: str) -> None:
    server = StubServer(raw(json.dumps(NOT_PAGES[name]).encode()))
    error = failed_listing(server)
    assert type(error) is errors.ProtocolError
    assert not error.retryable
    assert len(server.requests) == 1


@pytest.mark.parametrize("following", [f"{BASE}/orders/?page=2", f"{BASE}/orders/?page_size=100&page=2&x=1"])
def test_page_number_in_next_link_means_that_the_version_header_was_lost(following: str) -> None:
    error = failed_listing(StubServer(page("a", following=following)))
    assert type(error) is errors.ProtocolError
    assert "X-OG-API-VERSION" in str(error)


FOREIGN_LINKS = [
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


@pytest.mark.parametrize("following", FOREIGN_LINKS, ids=lambda following: following[:40].replace("\x00", "NUL"))
def test_next_link_to_another_host_is_refused_before_the_key_is_sent(following: str) -> None:
    server = StubServer(page("a", following=following))
    error = failed_listing(server)
    assert type(error) is errors.ProtocolError
    assert "cursor=1" not in str(error)
    assert len(server.requests) == 1


def test_next_link_to_the_same_page_is_an_error() -> None:
    following = f"{BASE}/orders/?cursor=1"
    server = StubServer(page("a", following=following), page("b", following=following))
    assert type(failed_listing(server)) is errors.CursorError
    assert len(server.requests) == 2


@pytest.mark.parametrize("base", [BASE, "https://SHOP.example:443"])
def test_repeating_cursors_are_an_error_in_any_spelling_of_the_host(base: str) -> None:
    numbers = count(1)

    def repeat_cursors(request: httpx.Request) -> httpx.Response:
        number = next(numbers)
        assert number < 20, "the listing does not end"
        cursor = int(request.url.params.get("cursor", "0")) % 3 + 1
        return page(f"row {number}", following=f"{base}/orders/?cursor={cursor}")

    assert type(failed_listing(repeat_cursors)) is errors.CursorError


def test_page_received_twice_in_a_row_is_an_error() -> None:
    server = StubServer(page("a", following=f"{BASE}/orders/?cursor=1"), page("a"))
    assert type(failed_listing(server)) is errors.CursorError


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
    ids=["lone surrogate", "stray bytes", "number of 5,000 digits", "deep nesting", "NaN", "infinity", "overflow"],
)
def test_invalid_value_does_not_reject_its_page(broken: bytes) -> None:
    server = StubServer(raw(b'{"next": null, "results": [{"public_id": "a"}, {"public_id": "b", "x": %s}]}' % broken))
    assert list_ids(server) == [["a", "b"]]
    assert len(server.requests) == 1


def test_byte_order_mark_is_accepted() -> None:
    assert list_ids(StubServer(raw(b"\xef\xbb\xbf" + page("a").content))) == [["a"]]
