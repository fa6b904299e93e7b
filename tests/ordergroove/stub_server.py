"""A server of prepared responses behind `httpx.MockTransport`, and short functions to list from it."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from og_assets.ordergroove import errors
from og_assets.ordergroove.client import Endpoint, OrdergrooveClient
from og_assets.ordergroove.objects import BY_NAME

BASE = "https://shop.example"
KEY = "key-that-must-not-be-shown"
ORDERS = BY_NAME["orders"]

Outcome = httpx.Response | Exception
Handler = Callable[[httpx.Request], httpx.Response]


def page(*ids: str, following: str | None = None) -> httpx.Response:
    rows = [{"public_id": id_} for id_ in ids]
    return httpx.Response(200, json={"next": following, "previous": None, "results": rows})


def raw(content: bytes, *, encoding: str | None = None) -> httpx.Response:
    return httpx.Response(200, content=content, headers={"Content-Encoding": encoding} if encoding else None)


class StubServer:
    """Returns prepared responses in order, repeats the last one, and records the requests."""

    def __init__(self, *outcomes: Outcome) -> None:
        self._outcomes = list(outcomes)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        outcome = self._outcomes.pop(0) if len(self._outcomes) > 1 else self._outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def client(handler: Handler, **options: Any) -> OrdergrooveClient:
    settings = {"longest_wait": 0.001, "max_attempts": 3} | options
    endpoint = settings.pop("endpoint", Endpoint(base_url=BASE, api_key=KEY))
    return OrdergrooveClient(endpoint, transport=httpx.MockTransport(handler), **settings)


def list_ids(handler: Handler, params: dict[str, str] | None = None, **options: Any) -> list[list[str]]:
    """List orders to the end; return the ids of each page."""
    with client(handler, **options) as opened:
        return [[row["public_id"] for row in rows] for rows in opened.pages(ORDERS, params)]


def failed_listing(handler: Handler, **options: Any) -> errors.OrdergrooveError:
    """List orders, expect an error, and return it. No error shows the key."""
    with pytest.raises(errors.OrdergrooveError) as caught:
        list_ids(handler, **options)
    assert KEY not in str(caught.value) + repr(caught.value)
    assert "/orders/" in str(caught.value)
    return caught.value
