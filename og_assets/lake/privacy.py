"""What becomes of personal and secret values before they touch a disk (design D12).

Fields are marked in `ordergroove/fields.py`. A field that we do not know is judged by its name, at any depth.
`extra_data` is the merchant's own and lands as it came.
"""

import hashlib
import json
from collections.abc import Callable
from functools import cache
from typing import Any, Literal

from og_assets.lake.schema import personal_fields, secret_fields
from og_assets.ordergroove.fields import Personal
from og_assets.ordergroove.objects import OBJECTS
from og_assets.ordergroove.records import Record

PiiPolicy = Literal["hash", "keep", "drop"]
Protector = Callable[[str | None], str | None]


def hashed(value: str) -> str:
    """SHA-256, in hex, of the trimmed and lower-cased value: what ad platforms join on."""
    return hashlib.sha256(value.strip().lower().encode()).hexdigest()


def protectors(record: type[Record], *, policy: PiiPolicy) -> dict[str, Protector]:
    """Return, for each personal field of a record, the function that makes its value fit to land."""
    if policy == "keep":
        return {}
    return {name: _protector(marker, policy=policy) for name, marker in personal_fields(record).items()}


def scrubbed(value: Any, *, policy: PiiPolicy) -> Any:
    """Protect what has no trusted type: unknown fields, and records on their way to quarantine."""
    if isinstance(value, list):
        return [scrubbed(part, policy=policy) for part in value]
    if not isinstance(value, dict):
        return value
    secret, personal = _marked_names()
    kept: dict[str, Any] = {}
    for name, field in value.items():
        if name in secret:
            continue
        if name in personal and policy != "keep" and field is not None:
            kept[name] = hashed(str(field)) if policy == "hash" else None
        else:
            kept[name] = scrubbed(field, policy=policy)
    return kept


def _protector(marker: Personal, *, policy: PiiPolicy) -> Protector:
    if policy == "drop":
        return lambda _: None
    if not marker.keys:
        return lambda value: None if value is None else hashed(value)
    return lambda value: None if value is None else json.dumps(_hash_keys(json.loads(value), keys=marker.keys))


def _hash_keys(value: Any, *, keys: tuple[str, ...]) -> Any:
    if isinstance(value, list):
        return [_hash_keys(part, keys=keys) for part in value]
    if isinstance(value, dict):
        return {
            name: hashed(field) if name in keys and isinstance(field, str) else _hash_keys(field, keys=keys)
            for name, field in value.items()
        }
    return value


@cache
def _marked_names() -> tuple[frozenset[str], frozenset[str]]:
    """Names that are secret or personal in any object; a secret in one object is a secret everywhere."""
    secret = frozenset({"one_click_token", "cc_number", "cvv"}).union(*(secret_fields(each.record) for each in OBJECTS))
    personal = frozenset(name for each in OBJECTS for name in personal_fields(each.record))
    return secret, personal
