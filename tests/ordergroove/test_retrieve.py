"""Retrieve one object by its id: found, deleted or an error; and the time of the response."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

import httpx
import pytest

from og_assets.ordergroove import errors
from og_assets.ordergroove.client import OrdergrooveClient

from .stub_server import KEY, ORDERS, StubServer, client

NOT_FOUND = httpx.Response(404, json={"detail": "Unable to find requested asset."})


def stub(*responses: httpx.Response) -> tuple[OrdergrooveClient, list[httpx.Request]]:
    """Return a client of a server with prepared responses, and the list of its requests."""
    server = StubServer(*responses)
    return client(server), server.requests


@pytest.fixture(autouse=True)
def response_seconds(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let each request take a quarter of a second by the client's clock. Returns how to change that."""

    def set_seconds(seconds: float) -> None:
        readings = count(step=seconds)
        monkeypatch.setattr("og_assets.ordergroove.client.monotonic", lambda: next(readings))

    set_seconds(0.25)
    return set_seconds


def test_existing_object_is_returned() -> None:
    opened, requests = stub(httpx.Response(200, json={"public_id": "a1", "status": 5}))
    with opened:
        assert opened.retrieve(ORDERS, "a1") == {"public_id": "a1", "status": 5}
    assert [str(request.url) for request in requests] == ["https://shop.example/orders/a1/"]
    assert requests[0].headers["x-api-key"] == KEY


def test_404_means_not_found_and_is_not_retried() -> None:
    opened, requests = stub(NOT_FOUND)
    with opened:
        assert opened.retrieve(ORDERS, "a1") is None
    assert len(requests) == 1


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (httpx.Response(403), errors.AccessError),
        (httpx.Response(400), errors.RequestError),
        (httpx.Response(500), errors.UnavailableError),
        (httpx.Response(200, content=b"<html>"), errors.BodyError),
        (httpx.Response(200, json={"public_id": "another"}), errors.ProtocolError),
        (httpx.Response(200, json={"results": []}), errors.ProtocolError),
        (httpx.Response(200, json=[]), errors.ProtocolError),
        # From a proxy: the API answers 404 with a JSON object.
        (httpx.Response(404, content=b"<html>no such page</html>"), errors.NotFoundError),
        (httpx.Response(404), errors.NotFoundError),
    ],
)
def test_any_other_response_is_an_error(response: httpx.Response, error: type[Exception]) -> None:
    opened, _ = stub(response)
    with opened, pytest.raises(error):
        opened.retrieve(ORDERS, "a1")


def test_busy_server_is_retried() -> None:
    opened, requests = stub(httpx.Response(503), NOT_FOUND)
    with opened:
        assert opened.retrieve(ORDERS, "a1") is None
    assert len(requests) == 2


def test_id_is_escaped_in_the_path() -> None:
    opened, requests = stub(NOT_FOUND)
    with opened:
        opened.retrieve(ORDERS, "a/../b?c=d#e")
    assert requests[0].url.raw_path == b"/orders/a%2F..%2Fb%3Fc%3Dd%23e/"


@pytest.mark.parametrize(
    ("header", "moment"),
    [
        ("Mon, 01 Jun 2026 10:00:05 GMT", datetime(2026, 6, 1, 10, 0, 5, tzinfo=UTC)),
        ("Mon, 01 Jun 2026 10:00:05 -0500", datetime(2026, 6, 1, 15, 0, 5, tzinfo=UTC)),
        ("Mon, 01 Jun 2026 10:00:05", datetime(2026, 6, 1, 10, 0, 5, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize(
    "send", [lambda opened: opened.retrieve(ORDERS, "a1"), lambda opened: list(opened.pages(ORDERS))]
)
def test_observation_time_is_the_date_header_minus_the_duration_of_the_request(
    header: str, moment: datetime, send: Callable[[OrdergrooveClient], object]
) -> None:
    body: dict[str, object] = {"public_id": "a1", "results": [], "next": None}
    opened, _ = stub(httpx.Response(200, json=body, headers={"Date": header}))
    with opened:
        send(opened)
    traffic = opened.traffic
    assert traffic.last_answer_at == moment
    assert traffic.first_look_at == traffic.last_look_at == moment - timedelta(seconds=1)


def test_first_and_last_observation_times_are_kept_for_404_too() -> None:
    dates = [f"Mon, 01 Jun 2026 10:00:0{second} GMT" for second in range(3)]
    opened, _ = stub(*(httpx.Response(404, json={}, headers={"Date": date}) for date in dates))
    with opened:
        for _ in dates:
            opened.retrieve(ORDERS, "a1")
    assert opened.traffic.first_look_at == datetime(2026, 6, 1, 9, 59, 59, tzinfo=UTC)
    assert opened.traffic.last_look_at == datetime(2026, 6, 1, 10, 0, 1, tzinfo=UTC)
    assert opened.traffic.last_answer_at == datetime(2026, 6, 1, 10, 0, 2, tzinfo=UTC)


@pytest.mark.parametrize("header", ["", "now", "Mon, 99 Jun 2026 10:00:05 GMT", "1"])
def test_response_without_a_valid_date_is_timed_by_our_clock(header: str) -> None:
    before = datetime.now(UTC)
    opened, _ = stub(httpx.Response(404, json={}, headers={"Date": header}))
    with opened:
        opened.retrieve(ORDERS, "a1")
    assert opened.traffic.last_answer_at is not None
    assert before <= opened.traffic.last_answer_at <= datetime.now(UTC)


def test_slow_response_shows_the_state_when_the_request_was_sent(response_seconds: Callable[[float], None]) -> None:
    response_seconds(1.2)
    opened, _ = stub(httpx.Response(200, json={"public_id": "a1"}, headers={"Date": "Mon, 01 Jun 2026 10:00:05 GMT"}))
    with opened:
        opened.retrieve(ORDERS, "a1")
    assert opened.traffic.last_look_at == datetime(2026, 6, 1, 10, 0, 3, tzinfo=UTC)
