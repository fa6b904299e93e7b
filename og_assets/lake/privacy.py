"""What becomes of personal and secret values before they touch a disk (design D12).

Fields are marked in `ordergroove/fields.py`. A field that we do not know is judged by its name, at any depth and in any
spelling (`token_id`, `tokenId`); so are all fields of webhook events. `extra_data` of the API is the merchant's own and
lands as it came.
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

# Names that the documentation does not use and merchants do: `customer_email`, `emailAddress`, `card_last_4`.
_SECRET_ENDINGS = ("token", "cardnumber", "last4", "cvv", "cvc")
_PERSONAL_ENDINGS = ("email", "emailaddress", "phone", "phonenumber", "mobile", "firstname", "lastname", "fullname")

# Most text does not: one look at its first character spares the rest.
_MAY_BEGIN_JSON = frozenset(
    ("{", "[", '"', " ", "\t", "\n", "\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x1f", "\x85", "\xa0")
)


def hashed(value: str) -> str:
    """SHA-256, in hex, of the trimmed and lower-cased value: what ad platforms join on."""
    # Broken text has a hash too: it must not stop what it stands in.
    return hashlib.sha256(value.strip().lower().encode(errors="surrogatepass")).hexdigest()


def protectors(record: type[Record], *, policy: PiiPolicy) -> dict[str, Protector]:
    """Return, for each field of a record that may need it, the function that makes its value fit to land."""
    nested: dict[str, Protector] = {name: partial(_scrubbed_json, policy=policy) for name in nested_fields(record)}
    if policy == "keep":
        return nested
    return nested | {name: _protector(marker, policy=policy) for name, marker in personal_fields(record).items()}


def scrubbed(value: Any, *, policy: PiiPolicy) -> Any:
    """Protect what has no trusted type: events, unknown fields, and records on their way to quarantine."""
    if isinstance(value, dict):
        return _scrubbed_fields(value, policy=policy)
    if isinstance(value, list):
        return [scrubbed(part, policy=policy) for part in value]
    if isinstance(value, str) and value[:1] in _MAY_BEGIN_JSON:
        return _scrubbed_json(value, policy=policy) if value.lstrip().startswith(("{", "[", '"')) else value
    return value


def _scrubbed_fields(fields: dict[str, Any], *, policy: PiiPolicy) -> dict[str, Any]:
    # Every webhook event passes here, and nearly all of its fields stay as they are: the names are looked at once for
    # each set of names, and only values that may hold more are looked into.
    secret, personal = _fates(tuple(fields))
    kept = fields.copy()
    for name in secret:
        del kept[name]
    for name, field in kept.items():
        kind = type(field)
        if kind is dict or kind is list or (kind is str and field[:1] in _MAY_BEGIN_JSON):
            kept[name] = scrubbed(field, policy=policy)
    if personal and policy != "keep":
        for name in personal:
            field = fields[name]
            if field is not None:
                kept[name] = hashed(str(field)) if policy == "hash" else None
    return kept


def _scrubbed_json(text: str | None, *, policy: PiiPolicy) -> str | None:
    """Scrub JSON text. What holds nothing to protect, or is no JSON after all, stays as it is, to the letter."""
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
    """Hash what these keys hold, in whatever shape, and text that stands without a key: a bare name."""
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
def _fates(names: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which of these names are secret, and which personal."""
    never = tuple(name for name in names if _is_secret(_plain(name)))
    return never, tuple(name for name in names if name not in never and _is_personal(_plain(name)))


def _is_secret(plain: str) -> bool:
    return plain in _marked_names()[0] or plain.endswith(_SECRET_ENDINGS)


def _is_personal(plain: str) -> bool:
    return plain in _marked_names()[1] or plain.endswith(_PERSONAL_ENDINGS)


@lru_cache(maxsize=10_000)
def _plain(name: str) -> str:
    """A name without what spellings differ in: `Token_ID`, `token-id` and `tokenId` are one."""
    return name.replace("_", "").replace("-", "").casefold()


@cache
def _marked_names() -> tuple[frozenset[str], frozenset[str]]:
    """Names that are secret or personal in any object; a secret in one object is a secret everywhere."""
    secret = frozenset({"one_click_token", "cc_number", "cvv"}).union(*(secret_fields(each.record) for each in OBJECTS))
    personal = frozenset(name for each in OBJECTS for name in personal_fields(each.record))
    return frozenset(map(_plain, secret)), frozenset(map(_plain, personal))
