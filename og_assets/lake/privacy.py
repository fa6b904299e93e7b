"""Hash, drop or keep personal values and remove secret ones before they are written (decision 0004).

Known fields carry a marker from `ordergroove/fields.py`. Unknown fields and all fields of webhook events are judged by
their name, at any depth and in any spelling (`token_id`, `tokenId`). `extra_data` belongs to the merchant and is stored
unchanged.
"""

import hashlib
import json
from collections.abc import Callable
from functools import cache, lru_cache, partial
from typing import Any, Literal

from og_assets.lake.schema import nested_fields, personal_fields, secret_fields
from og_assets.ordergroove.fields import EMPTY_JSON, Personal
from og_assets.ordergroove.objects import OBJECTS
from og_assets.ordergroove.records import Record

PiiPolicy = Literal["hash", "keep", "drop"]
Protector = Callable[[str | None], str | None]

# Merchants use names that Ordergroove's documentation does not: `customer_email`, `emailAddress`, `card_last_4`.
_SECRET_ENDINGS = ("token", "cardnumber", "last4", "cvv", "cvc")
_PERSONAL_ENDINGS = ("email", "emailaddress", "phone", "phonenumber", "mobile", "firstname", "lastname", "fullname")

# Most text is not JSON: testing the first character avoids trying to parse it.
_FIRST_OF_JSON = frozenset(
    ("{", "[", '"', " ", "\t", "\n", "\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x1f", "\x85", "\xa0")
)


def hashed(value: str) -> str:
    """Return the SHA-256, in hex, of the trimmed and lower-cased value: the form that ad platforms join on."""
    # Text that is not valid Unicode gets a hash too, so that it does not reject its record.
    return hashlib.sha256(value.strip().lower().encode(errors="surrogatepass")).hexdigest()


def protectors(record: type[Record], *, policy: PiiPolicy) -> dict[str, Protector]:
    """Return, by field of a record, the function that protects its value. Fields without one are stored as they are."""
    nested: dict[str, Protector] = {name: partial(_scrubbed_json, policy=policy) for name in nested_fields(record)}
    if policy == "keep":
        return nested
    return nested | {name: _protector(marker, policy=policy) for name, marker in personal_fields(record).items()}


def scrubbed(value: Any, *, policy: PiiPolicy) -> Any:
    """Protect a value without a known schema: an event, an unknown field, or a record for the quarantine."""
    if isinstance(value, dict):
        return _scrubbed_fields(value, policy=policy)
    if isinstance(value, list):
        return [scrubbed(part, policy=policy) for part in value]
    if isinstance(value, str) and value[:1] in _FIRST_OF_JSON:
        return _scrubbed_json(value, policy=policy) if value.lstrip().startswith(("{", "[", '"')) else value
    return value


def _scrubbed_fields(fields: dict[str, Any], *, policy: PiiPolicy) -> dict[str, Any]:
    # Every webhook event passes here, and most of its fields stay unchanged: the decision by name is cached for each
    # set of names, and only values that may contain other fields are searched.
    secret, personal = _secret_and_personal(tuple(fields))
    kept = fields.copy()
    for name in secret:
        del kept[name]
    for name, field in kept.items():
        kind = type(field)
        if kind is dict or kind is list or (kind is str and field[:1] in _FIRST_OF_JSON):
            kept[name] = scrubbed(field, policy=policy)
    if personal and policy != "keep":
        for name in personal:
            field = fields[name]
            if field is not None:
                kept[name] = hashed(str(field)) if policy == "hash" else None
    return kept


def _scrubbed_json(text: str | None, *, policy: PiiPolicy) -> str | None:
    """Scrub JSON text. Text without anything to protect, and text that is not JSON, is returned unchanged."""
    if not text or text in EMPTY_JSON:
        return text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    clean = scrubbed(value, policy=policy)
    return text if clean == value else json.dumps(clean, ensure_ascii=False)


def _protector(marker: Personal, *, policy: PiiPolicy) -> Protector:
    if policy == "drop":
        return lambda _: None
    if not marker.keys:
        return lambda value: None if value is None else hashed(value)

    def protect(value: str | None) -> str | None:
        return value and json.dumps(_hash_keys(scrubbed(json.loads(value), policy=policy), keys=marker.keys))

    return protect


def _hash_keys(value: Any, *, keys: tuple[str, ...]) -> Any:
    """Hash the values of these keys, whatever their type, and text that has no key (a bare name)."""
    if isinstance(value, str):
        return hashed(value)
    if isinstance(value, list):
        return [_hash_keys(part, keys=keys) for part in value]
    if not isinstance(value, dict):
        return value
    return {name: _hash_key(field, is_personal=name in keys, keys=keys) for name, field in value.items()}


def _hash_key(field: Any, *, is_personal: bool, keys: tuple[str, ...]) -> Any:
    if is_personal and field is not None:
        return hashed(field if isinstance(field, str) else json.dumps(field))
    return field if isinstance(field, str) else _hash_keys(field, keys=keys)


@lru_cache(maxsize=1_000)
def _secret_and_personal(names: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the secret and the personal ones of these names."""
    secret = tuple(name for name in names if _is_secret(_plain(name)))
    return secret, tuple(name for name in names if name not in secret and _is_personal(_plain(name)))


def _is_secret(plain: str) -> bool:
    return plain in _marked_names()[0] or plain.endswith(_SECRET_ENDINGS)


def _is_personal(plain: str) -> bool:
    return plain in _marked_names()[1] or plain.endswith(_PERSONAL_ENDINGS)


@lru_cache(maxsize=10_000)
def _plain(name: str) -> str:
    """Normalise the spelling of a name: `Token_ID`, `token-id` and `tokenId` are the same."""
    return name.replace("_", "").replace("-", "").casefold()


@cache
def _marked_names() -> tuple[frozenset[str], frozenset[str]]:
    """Return the names that are secret, and those that are personal, in any object."""
    secret = frozenset({"one_click_token", "cc_number", "cvv"}).union(*(secret_fields(each.record) for each in OBJECTS))
    personal = frozenset(name for each in OBJECTS for name in personal_fields(each.record))
    return frozenset(map(_plain, secret)), frozenset(map(_plain, personal))
