"""A test receiver of webhooks that keeps what it gets and returns prepared statuses."""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import orjson

from ordergroove_sandbox import Store
from ordergroove_sandbox.webhooks import Shape, Webhooks

KEY = "sandbox-verification-key"


@dataclass
class Inbox:
    """Replaces HTTP: called with address, body and headers, it returns a status."""

    statuses: list[int | None] = field(default_factory=list)
    otherwise: int | None = 204
    received: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)

    def __call__(self, _url: str, body: bytes, headers: dict[str, str]) -> int | None:
        """Keep one request and return the next prepared status, or the default."""
        self.received.append((body, headers))
        return self.statuses.pop(0) if self.statuses else self.otherwise

    @property
    def events(self) -> list[dict[str, Any]]:
        """The parsed bodies of all requests."""
        return [orjson.loads(body) for body, _ in self.received]

    @property
    def seconds(self) -> list[int]:
        """The timestamps in the signatures of all requests."""
        return [int(headers["Ordergroove-Signature"].split(",")[0][3:]) for _, headers in self.received]


def connect_inbox(store: Store, *, inbox: Inbox | None = None, **settings: Any) -> tuple[Inbox, Webhooks]:
    """Send a store's events from now on to an inbox."""
    inbox = inbox or Inbox()
    hooks = Webhooks(post=inbox, **settings)
    store.attach_webhooks(hooks)
    hooks.add_target("https://receiver.example.com/hooks")
    return inbox, hooks


def store_with_events(seed: int, *, shape: Shape | None = None, **arguments: Any) -> tuple[Store, Inbox]:
    """Create a store, and an inbox with all its events."""
    inbox = Inbox()
    hooks = Webhooks(post=inbox, shape=shape)
    hooks.add_target("https://receiver.example.com/hooks")
    store = Store(seed=seed, webhooks=hooks, **arguments)
    hooks.deliver()
    return store, inbox


def is_signed(body: bytes, header: str, *, key: str = KEY) -> bool:
    """Whether one of the signatures is valid; written from the documentation, independently of the sandbox."""
    parts = [part.split("=", 1) for part in header.split(",")]
    ts = next(value for name, value in parts if name == "ts")
    right = hmac.new(key.encode(), ts.encode() + b"." + body, sha256).hexdigest()
    return any(hmac.compare_digest(value, right) for name, value in parts if name == "sig")


def replay(events: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the newest object of each id, without deleted ones, as a receiver would keep them."""
    known: dict[str, dict[str, Any]] = {"subscription": {}, "order": {}, "item": {}}
    for event in events:
        payload = event["data"]["object"]
        if payload["type"] not in known:
            continue
        if event["type"] in ("order.delete", "item.remove"):
            del known[payload["type"]][payload["public_id"]]
        else:
            known[payload["type"]][payload["public_id"]] = payload
    return known
