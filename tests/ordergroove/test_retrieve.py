"""Asking for one object by its id: shown, not there, or an error; and when the server says that it answered."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import sleep

import httpx
import pytest

from og_assets.ordergroove import errors
from og_assets.ordergroove.client import Endpoint, OrdergrooveClient
from og_assets.ordergroove.objects import BY_NAME

ORDERS = BY_NAME["orders"]
NOT_THERE = httpx.Response(404, json={"detail": "Unable to find requested asset."})


def client(*answers: httpx.Response) -> tuple[OrdergrooveClient, list[httpx.Request]]:
    asked: list[httpx.Request] = []
    waiting = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    endpoint = Endpoint(base_url="https://shop.example", api_key="sk-1")
    transport = httpx.MockTransport(answer)
    return OrdergrooveClient(endpoint, transport=transport, longest_wait=0.001, max_attempts=3), asked


def test_object_that_is_there_is_shown() -> None:
    opened, asked = client(httpx.Response(200, json={"public_id": "a1", "status": 5}))
    with opened:
        assert opened.retrieve(ORDERS, "a1") == {"public_id": "a1", "status": 5}
    assert [str(request.url) for request in asked] == ["https://shop.example/orders/a1/"]
    assert asked[0].headers["x-api-key"] == "sk-1"


def test_404_means_that_there_is_none_and_is_not_tried_again() -> None:
    opened, asked = client(NOT_THERE)
    with opened:
        assert opened.retrieve(ORDERS, "a1") is None
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(403), errors.AccessError),
        (httpx.Response(400), errors.RequestError),
        (httpx.Response(500), errors.UnavailableError),
        (httpx.Response(200, content=b"<html>"), errors.BodyError),
        (httpx.Response(200, json={"public_id": "another"}), errors.ProtocolError),
        (httpx.Response(200, json={"results": []}), errors.ProtocolError),
        (httpx.Response(200, json=[]), errors.ProtocolError),
        # Of something in between.
        (httpx.Response(404, content=b"<html>no such page</html>"), errors.NotFoundError),
        (httpx.Response(404), errors.NotFoundError),
    ],
)
def test_anything_else_is_an_error_and_no_proof(answer: httpx.Response, error: type[Exception]) -> None:
    opened, _ = client(answer)
    with opened, pytest.raises(error):
        opened.retrieve(ORDERS, "a1")


def test_busy_server_is_asked_again() -> None:
    opened, asked = client(httpx.Response(503), NOT_THERE)
    with opened:
        assert opened.retrieve(ORDERS, "a1") is None
    assert len(asked) == 2


def test_id_stays_inside_its_part_of_the_address() -> None:
    opened, asked = client(NOT_THERE)
    with opened:
        opened.retrieve(ORDERS, "a/../b?c=d#e")
    assert asked[0].url.raw_path == b"/orders/a%2F..%2Fb%3Fc%3Dd%23e/"


@pytest.mark.parametrize(
    ("header", "moment"),
    [
        ("Mon, 01 Jun 2026 10:00:05 GMT", datetime(2026, 6, 1, 10, 0, 5, tzinfo=UTC)),
        ("Mon, 01 Jun 2026 10:00:05 -0500", datetime(2026, 6, 1, 15, 0, 5, tzinfo=UTC)),
        ("Mon, 01 Jun 2026 10:00:05", datetime(2026, 6, 1, 10, 0, 5, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize(
    "ask", [lambda opened: opened.retrieve(ORDERS, "a1"), lambda opened: list(opened.pages(ORDERS))]
)
def test_time_of_an_answer_is_the_servers(
    header: str, moment: datetime, ask: Callable[[OrdergrooveClient], object]
) -> None:
    body = {"public_id": "a1", "results": [], "next": None}
    opened, _ = client(httpx.Response(200, json=body, headers={"Date": header}))
    with opened:
        ask(opened)
    traffic = opened.traffic
    assert traffic.last_answer_at == moment
    assert traffic.first_look_at == traffic.last_look_at == moment - timedelta(seconds=1), "asked before it was dated"


def test_time_of_a_404_and_the_first_and_last_of_many_answers_are_kept() -> None:
    dates = [f"Mon, 01 Jun 2026 10:00:0{second} GMT" for second in range(3)]
    opened, _ = client(*(httpx.Response(404, json={}, headers={"Date": date}) for date in dates))
    with opened:
        for _ in dates:
            opened.retrieve(ORDERS, "a1")
    assert opened.traffic.first_look_at == datetime(2026, 6, 1, 9, 59, 59, tzinfo=UTC)
    assert opened.traffic.last_look_at == datetime(2026, 6, 1, 10, 0, 1, tzinfo=UTC)
    assert opened.traffic.last_answer_at == datetime(2026, 6, 1, 10, 0, 2, tzinfo=UTC)


@pytest.mark.parametrize("header", ["", "now", "Mon, 99 Jun 2026 10:00:05 GMT", "1"])
def test_server_that_does_not_say_the_time_answered_when_our_clock_says(header: str) -> None:
    before = datetime.now(UTC)
    opened, _ = client(httpx.Response(404, json={}, headers={"Date": header}))
    with opened:
        opened.retrieve(ORDERS, "a1")
    assert opened.traffic.last_answer_at is not None
    assert before <= opened.traffic.last_answer_at <= datetime.now(UTC)


def test_answer_that_took_long_shows_what_was_true_when_it_was_asked_for() -> None:
    def slow(_request: httpx.Request) -> httpx.Response:
        sleep(1.2)
        return httpx.Response(200, json={"public_id": "a1"}, headers={"Date": "Mon, 01 Jun 2026 10:00:05 GMT"})

    endpoint = Endpoint(base_url="https://shop.example", api_key="sk-1")
    with OrdergrooveClient(endpoint, transport=httpx.MockTransport(slow)) as opened:
        opened.retrieve(ORDERS, "a1")
    assert opened.traffic.last_look_at == datetime(2026, 6, 1, 10, 0, 3, tzinfo=UTC)
