"""An event as bytes: envelope, object, context and snapshot.

Belongs here: the envelope and its switches. Does not belong here: the object (`payloads`), delivery (`delivery`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple, cast

import orjson

from ordergroove_sandbox.domain.event_log import Event
from ordergroove_sandbox.domain.records import Customer, Entitlement, Item, Order, Row, Subscription
from ordergroove_sandbox.domain.state import API_KEY, CUSTOMER, USER, StoreState

from . import payloads
from .snapshots import snapshot


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Switches for what the documentation contradicts itself on, or leaves to the merchant.

    `nesting`: `context` and `snapshot` beside `data` ("top") or inside ("data"). `snapshot`: an empty object, the rows
    around the object ("full"), or no such field ("absent"). `context`: the actor, or null.
    """

    nesting: Literal["top", "data"] = "top"
    snapshot: Literal["empty", "full", "absent"] = "empty"
    context: Literal["actor", "null"] = "actor"


class Message(NamedTuple):
    """One event, ready to be sent; `id` is the same for every attempt and target."""

    id: str
    type: str
    at: datetime
    object_id: str
    customer: str
    body: bytes


def compose(state: StoreState, event: Event, row: Row, *, seed: int, shape: Shape) -> Message:
    """Compose the message of an event; `row` is its object at that moment."""
    data = _data(state, event, row)
    extra: dict[str, Any] = {}
    if not event.type.startswith("workflow."):
        extra["context"] = _context(state, event) if shape.context == "actor" else None
        if shape.snapshot == "full":
            extra["snapshot"] = snapshot(state, row, state.customers.by_key[event.customer])
        elif shape.snapshot == "empty":
            extra["snapshot"] = {}
    key = payloads.token("event", f"{seed}/{event.number}")
    body: dict[str, Any] = {"id": key, "type": event.type, "created": payloads.epoch(state, event.at)}
    body |= {"data": {**data, **extra}} if shape.nesting == "data" else {"data": data, **extra}
    return Message(key, event.type, event.at, event.object_id, event.customer, orjson.dumps(body))


def _data(state: StoreState, event: Event, row: Row) -> dict[str, Any]:
    details: Mapping[str, Any] = event.details or {}
    if event.type.startswith("workflow."):
        return payloads.workflow(state, cast(Customer, row), details)
    if isinstance(row, Order):
        return {"object": payloads.order(state, row)}
    if isinstance(row, Item):
        return {"object": payloads.item(state, row)}
    if isinstance(row, Subscription):
        return {"object": payloads.subscription(state, row)}
    if isinstance(row, Entitlement):
        return {"object": payloads.entitlement(state, row, details)}
    return {"object": payloads.subscriber(state, cast(Customer, row), details)}


def _context(state: StoreState, event: Event) -> dict[str, Any] | None:
    if event.type.startswith("entitlement."):
        return None
    actor: dict[str, Any] = {"type": event.actor}
    if event.actor == CUSTOMER:
        actor["customer"] = {"merchant_user_id": event.customer}
    elif event.actor == API_KEY:
        actor["api_key"] = {"public_id": payloads.token("api-key", state.merchant), "name": "sandbox"}
    elif event.actor == USER:
        actor["user"] = {"public_id": payloads.token("user", state.merchant)}
    source = (event.details or {}).get("source")
    return {"actor": actor} if source is None else {"actor": actor, "source": source}
