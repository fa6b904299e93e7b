"""The format of a line, and the JSON check."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from og_assets.receiver.lines import format_line, is_complete_line, is_json

MOMENT = datetime(2026, 11, 22, 14, 0, 0, 123_456, tzinfo=UTC)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def test_line_has_the_documented_format() -> None:
    assert format_line(b'{ "a": 1 }', received_at=MOMENT, key="0a1b2c3d4e5f") == (
        b'{"received_at":"2026-11-22T14:00:00.123456Z","key":"0a1b2c3d4e5f","event":{ "a": 1 }}\n'
    )
    assert format_line(b"1", received_at=MOMENT, key=None) == (
        b'{"received_at":"2026-11-22T14:00:00.123456Z","key":null,"event":1}\n'
    )


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[1]",
        b"null",
        b' \r\n{"a":\n1}\t',
        b'{"a":1,"a":2}',
        b'"\\ud800"',
        b"1e999",
        b"-0.0",
        b"9" * 5000,
        '"\u2028 é"'.encode(),
    ],
)
def test_json_is_accepted(body: bytes) -> None:
    assert is_json(body)
    line = format_line(body, received_at=MOMENT, key=None)
    assert line.count(b"\n") == 1 and b"\r" not in line and is_complete_line(line[:-1])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"{} {}",
        b"NaN",
        b'{"a":Infinity}',
        b"'a'",
        b'{"a":1,}',
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b"\xef\xbb\xbf{}",
        '{"a":1}'.encode("utf-16"),
        b"01",
        b'1,"event":2',
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
    ],
)
def test_other_bodies_are_not_json(body: bytes) -> None:
    assert not is_json(body)
    assert not is_complete_line(format_line(body, received_at=MOMENT, key=None)[:-1])


def test_line_break_inside_a_string_is_not_json() -> None:
    assert not is_json(b'"a\nb"')


@settings(max_examples=15, deadline=None)
@given(value=JSON, indent=st.sampled_from([None, 2]))
def test_event_is_unchanged_in_its_envelope(value: object, indent: int | None) -> None:
    body = json.dumps(value, indent=indent).encode()
    line = format_line(body, received_at=MOMENT, key="0a1b2c3d4e5f")
    assert is_json(body) and is_complete_line(line[:-1]) and line.count(b"\n") == 1
    assert json.loads(line)["event"] == value


@settings(max_examples=15, deadline=None)
@given(value=JSON, cut=st.integers(1, 200))
def test_cut_line_is_incomplete(value: object, cut: int) -> None:
    line = format_line(json.dumps(value).encode(), received_at=MOMENT, key=None)[:-1]
    assert not is_complete_line(line[: -min(cut, len(line))])
