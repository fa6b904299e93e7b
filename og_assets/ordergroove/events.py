"""Parse a webhook event's envelope, in each form that Ordergroove's documentation shows.

Belongs here: the fields and their positions. Does not belong here: receiving and storing events (`receiver/`,
`events/`), what they mean (`dbt_project/`). Source: developer.ordergroove.com, pages "Webhooks overview" (envelope),
"Subscription events" and its siblings (types; some of them put `context` and `snapshot` inside `data`).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

# Every type that the documentation names, in whatever spelling.
EVENT_TYPES: frozenset[str] = frozenset(
    f"{family}.{name}"
    for family, names in {
        "subscriber": "create cancel subscriptions_created",
        "subscription": "create created cancel cancelled reactivate change_live sku_swap change_frequency "
        "change_components change_quantity change_shipping_address change_payment refresh_one_click_token",
        "order": "create change_shipping_address change_payment change_billing change_next_order_date skip_order "
        "send_now cancel success delete generic_error reject reminder retryable_placement_failure "
        "awaiting_retry_instructions refresh_one_click_token",
        "item": "create change_order change_quantity update_price sku_swap remove item_subscribe successfully_placed "
        "out_of_stock",
        "entitlement": "entitlements_granted entitlements_expiring entitlements_expired "
        "entitlements_grace_period_expired entitlements_expiration_modified expiration_modified entitlements_voided",
        "workflow": "send_communication",
    }.items()
    for name in names.split()
)

# The field with the object's id, if it is not `public_id`. An entitlement event is about a customer's entitlements.
_ID_FIELDS = {"subscriber": "merchant_user_id", "entitlement": "customer", "workflow": "execution_id"}
_ACTOR_IDS = (("customer", "merchant_user_id"), ("api_key", "public_id"), ("user", "public_id"))

# Names that become fields; the others go into `extra`.
_ENVELOPE = frozenset({"id", "type", "created", "data", "context", "snapshot"})
_DATA = frozenset({"object", "context", "snapshot"})
_CONTEXT = frozenset({"actor", "source"})

# 1990 to 2100, in seconds, so that milliseconds and dates written as digits are refused.
_EARLIEST, _LATEST = 631_152_000, 4_102_444_800


class NotAnEventError(ValueError):
    """A JSON value that is not an Ordergroove event. The text names the field, never its value."""


class WebhookEvent(NamedTuple):
    """One event. `created` is in Unix seconds; `object` is null if the event has none.

    `extra` contains everything that has no field here, at its original position.
    """

    id: str
    type: str
    object_type: str
    object_id: str | None
    created: int
    merchant: str | None
    actor_type: str | None
    actor_id: str | None
    source: str | None
    object: Any
    snapshot: Any
    extra: dict[str, Any] | None


def looks_like_event(value: Any) -> bool:
    """Return whether a JSON value may be an event or an envelope around one. Used to resume in a damaged file."""
    return isinstance(value, dict) and ("event" in value or ("id" in value and "type" in value and "data" in value))


def read_event(value: Any) -> WebhookEvent:
    """Parse an event. Raises `NotAnEventError` if id, type or time is missing; all other fields are optional."""
    if not isinstance(value, dict):
        raise NotAnEventError("not a JSON object")
    data = value.get("data")
    inside = data if isinstance(data, dict) else {}
    row = inside.get("object")
    fields = row if isinstance(row, dict) else {}
    event_type = _required(value, "type")
    # Both nestings are documented. If both are present, the outer one goes into `extra`.
    context = inside.get("context") or value.get("context")
    around = context if isinstance(context, dict) else {}
    actor_type, actor_id, is_plain = _actor(around.get("actor"))
    kind = fields.get("type")
    object_type = kind.lower() if isinstance(kind, str) and kind else event_type.partition(".")[0]
    # Positional, because this runs for every event and keywords take a tenth of its time.
    return WebhookEvent(
        _required(value, "id"),
        event_type,
        object_type,
        _text(fields.get(_ID_FIELDS.get(object_type, "public_id"))),
        _created(value),
        _text(fields.get("merchant")),
        actor_type,
        actor_id,
        _text(around.get("source")),
        row,
        inside.get("snapshot") or value.get("snapshot") or None,
        _extra(value, data=data, inside=inside, context=context, is_plain=is_plain),
    )


def _required(value: Mapping[str, Any], name: str) -> str:
    text = value.get(name)
    if not isinstance(text, str):
        text = _text(text)
    if not text:
        raise NotAnEventError(f"{name}: missing")
    return text


def _created(value: Mapping[str, Any]) -> int:
    created = value.get("created")
    if type(created) is int and _EARLIEST <= created <= _LATEST:
        return created
    # Python refuses to read numbers of thousands of digits.
    if isinstance(created, str) and len(created) < 20 and created.strip().isdecimal():
        created = int(created)
    if isinstance(created, bool) or not isinstance(created, int | float) or not _EARLIEST <= created <= _LATEST:
        raise NotAnEventError("created: not a time in Unix seconds")
    return int(created)


def _actor(actor: Any) -> tuple[str | None, str | None, bool]:
    """Return type, id, and whether the actor has no other fields."""
    if not isinstance(actor, dict):
        return None, None, actor is None
    actor_id, known = None, {"type"}
    for part, name in _ACTOR_IDS:
        if (who := actor.get(part)) is None:
            continue
        if isinstance(who, dict) and (actor_id := _text(who.get(name))) is not None:
            known.add(part)
            is_plain = actor.keys() <= known and who.keys() <= {name}
            return _text(actor.get("type")), actor_id, is_plain and isinstance(actor.get("type"), str)
    return _text(actor.get("type")), None, actor.keys() <= known and isinstance(actor.get("type"), str)


def _extra(
    value: Mapping[str, Any], *, data: Any, inside: Mapping[str, Any], context: Any, is_plain: bool
) -> dict[str, Any] | None:
    extra = {} if value.keys() <= _ENVELOPE else {name: value[name] for name in value.keys() - _ENVELOPE}
    if not isinstance(data, dict):
        if data is not None:
            extra["data"] = data
    elif not data.keys() <= _DATA:
        extra["data"] = {name: data[name] for name in data.keys() - _DATA}
    if context and not (is_plain and _is_plain_context(context)):
        extra["context"] = context
    for name in ("context", "snapshot"):
        if inside.get(name) and value.get(name) and inside[name] != value[name]:
            extra[f"other_{name}"] = value[name]
    return extra or None


def _is_plain_context(context: Any) -> bool:
    return isinstance(context, dict) and context.keys() <= _CONTEXT and isinstance(context.get("source"), str | None)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None
