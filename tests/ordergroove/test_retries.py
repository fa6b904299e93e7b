"""Transient faults are retried, with pauses that follow the back-off and Retry-After."""

import gzip

import httpx
import pytest

from og_assets.ordergroove import errors

from .stub_server import BASE, ORDERS, Outcome, StubServer, client, failed_listing, list_ids, page, raw

FAULTS: dict[str, tuple[Outcome, type[errors.TransientError]]] = {
    "429": (httpx.Response(429), errors.ThrottledError),
    "408": (httpx.Response(408), errors.UnavailableError),
    "423": (httpx.Response(423, json={"details": "in use"}), errors.UnavailableError),
    "500 without a body": (httpx.Response(500), errors.UnavailableError),
    "502 with HTML": (httpx.Response(502, html="<h1>Bad gateway</h1>"), errors.UnavailableError),
    "503": (httpx.Response(503), errors.UnavailableError),
    "504": (httpx.Response(504), errors.UnavailableError),
    "no connection": (httpx.ConnectError("refused"), errors.ConnectionFailedError),
    "connection broke": (httpx.ReadError("reset by peer"), errors.ConnectionFailedError),
    "connection cut": (httpx.RemoteProtocolError("incomplete body"), errors.ConnectionFailedError),
    "connecting took too long": (httpx.ConnectTimeout("10 s"), errors.ConnectionFailedError),
    "response took too long": (httpx.ReadTimeout("60 s"), errors.ConnectionFailedError),
    "truncated JSON": (raw(b'{"next": null, "results": [{"public_id": "a"'), errors.BodyError),
    "empty body": (raw(b""), errors.BodyError),
    "a web page": (raw(b"<html>We'll be right back</html>"), errors.BodyError),
    "JSON with trailing text": (raw(b'{"next": null, "results": []} oops'), errors.BodyError),
    "nested 200,000 levels deep": (raw(b"[" * 200_000), errors.BodyError),
}


def raise_decoding_error(request: httpx.Request) -> httpx.Response:
    raise httpx.DecodingError("incorrect header check", request=request)


@pytest.mark.parametrize("fault", FAULTS)
def test_transient_fault_costs_one_retry_and_no_row(fault: str) -> None:
    outcome, _ = FAULTS[fault]
    server = StubServer(page("a", following=f"{BASE}/orders/?cursor=1"), outcome, page("b"))
    with client(server) as opened:
        assert [rows[0]["public_id"] for rows in opened.pages(ORDERS)] == ["a", "b"]
        assert (opened.traffic.requests, opened.traffic.retries) == (3, 1)
    assert server.requests[1].url == server.requests[2].url


@pytest.mark.parametrize("fault", FAULTS)
def test_permanent_fault_raises_after_the_last_attempt(fault: str) -> None:
    outcome, kind = FAULTS[fault]
    server = StubServer(page("a", following=f"{BASE}/orders/?cursor=1"), outcome)
    error = failed_listing(server, max_attempts=4)
    assert type(error) is kind
    assert error.retryable
    assert len(server.requests) == 1 + 4
    assert "GET /orders/" in str(error)
    assert error.what_to_do in str(error)
    if error.status is not None:
        assert str(error.status) in str(error)
    assert ("time-out" in str(error)) is ("too long" in fault)


def test_body_that_cannot_be_decompressed_is_requested_again() -> None:
    error = failed_listing(raise_decoding_error)
    assert isinstance(error, errors.ConnectionFailedError)
    compressed = raw(gzip.compress(page("a").content), encoding="gzip")
    assert list_ids(StubServer(compressed)) == [["a"]]


def test_pauses_are_capped(pauses: list[float]) -> None:
    failed_listing(StubServer(httpx.Response(500)), max_attempts=12, longest_wait=20.0)
    assert len(pauses) == 11
    assert max(pauses) <= 20.0


def test_client_waits_for_retry_after(pauses: list[float]) -> None:
    list_ids(StubServer(httpx.Response(429, headers={"Retry-After": "17"}), page("a")))
    assert pauses == [17.0]


def test_back_off_applies_to_retry_after_zero(pauses: list[float]) -> None:
    failed_listing(StubServer(httpx.Response(429, headers={"Retry-After": "0"})), max_attempts=7, longest_wait=20.0)
    assert len(pauses) == 6
    assert all(pause > 0 for pause in pauses)


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_of_an_hour_is_reported_and_not_waited_for(status: int, pauses: list[float]) -> None:
    server = StubServer(httpx.Response(status, headers={"Retry-After": "3600"}))
    error = failed_listing(server, max_attempts=8)
    assert pauses == []
    assert len(server.requests) == 1
    assert "3600 s" in str(error)
    assert error.retryable
