"""The line of a dump: an envelope around the event, which stays byte for byte what came.

Belongs here: what a line is, and whether bytes are JSON. Does not belong here: files.

    {"received_at":"2026-11-22T14:00:00.123456Z","key":"0a1b2c3d4e5f","event":{…}}
"""

import json
import re
from datetime import datetime
from typing import NoReturn

import orjson

_HEAD = re.compile(rb'\{"received_at":"[0-9TZ:.+-]+","key":(?:"[0-9a-f]{12}"|null),"event":')


def line_of(body: bytes, *, received_at: datetime, key: str | None) -> bytes:
    """One line for one event; `body` must be JSON. `received_at` in UTC, `key` a fingerprint.

    JSON allows raw line breaks only between tokens, so making them spaces changes nothing in the event.
    """
    name = f'"{key}"' if key else "null"
    head = f'{{"received_at":"{received_at:%Y-%m-%dT%H:%M:%S.%fZ}","key":{name},"event":'
    return b"".join((head.encode(), body.replace(b"\n", b" ").replace(b"\r", b" "), b"}\n"))


def is_line(line: bytes) -> bool:
    """Whether a line, without its line break, is whole."""
    head = _HEAD.match(line)
    return head is not None and line.endswith(b"}") and is_json(line[head.end() : -1])


def is_json(body: bytes) -> bool:
    """Whether bytes are JSON by RFC 8259: UTF-8, no NaN; lone surrogates and numbers of any size are allowed."""
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return _is_json_by_grammar(body)
    return True


def _is_json_by_grammar(body: bytes) -> bool:
    # orjson refuses what it cannot represent, such as "\ud800" and 1e999. Numbers are not read here, only recognized.
    try:
        json.loads(body.decode("utf-8"), parse_constant=_refuse, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return False
    return True


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
