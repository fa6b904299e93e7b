"""One line of an event file: an envelope around the event, whose bytes stay as received.

Belongs here: the format of a line, and the JSON check. Does not belong here: files.

    {"received_at":"2026-11-22T14:00:00.123456Z","key":"0a1b2c3d4e5f","event":{…}}
"""

import json
import re
from datetime import datetime
from typing import NoReturn

import orjson

_HEAD = re.compile(rb'\{"received_at":"[0-9TZ:.+-]+","key":(?:"[0-9a-f]{12}"|null),"event":')


def format_line(body: bytes, *, received_at: datetime, key: str | None) -> bytes:
    """The line of one event; `body` must be JSON. `received_at` in UTC, `key` a fingerprint.

    JSON allows raw line breaks only between tokens, so replacing them by spaces does not change the event.
    """
    name = f'"{key}"' if key else "null"
    head = f'{{"received_at":"{received_at:%Y-%m-%dT%H:%M:%S.%fZ}","key":{name},"event":'
    return b"".join((head.encode(), body.replace(b"\n", b" ").replace(b"\r", b" "), b"}\n"))


def is_complete_line(line: bytes) -> bool:
    """Whether a line, without its line break, is complete."""
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
    # orjson rejects values that it cannot represent, such as "\ud800" and 1e999. Here numbers stay text.
    try:
        json.loads(body.decode("utf-8"), parse_constant=_refuse, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return False
    return True


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
