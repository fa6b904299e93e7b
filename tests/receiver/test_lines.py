"""A line: the event as it came, in an envelope that tells when and by which key."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from og_assets.receiver.lines import is_json, is_line, line_of

MOMENT = datetime(2026, 11, 22, 14, 0, 0, 123_456, tzinfo=UTC)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def test_line_is_the_agreed_one() -> None:
    assert line_of(b'{ "a": 1 }', received_at=MOMENT, key="0a1b2c3d4e5f") == (
        b'{"received_at":"2026-11-22T14:00:00.123456Z","key":"0a1b2c3d4e5f","event":{ "a": 1 }}\n'
    )
    assert line_of(b"1", received_at=MOMENT, key=None) == (
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
def test_json_by_its_grammar_is_json(body: bytes) -> None:
    assert is_json(body)
    line = line_of(body, received_at=MOMENT, key=None)
    assert line.count(b"\n") == 1 and b"\r" not in line and is_line(line[:-1])


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
def test_other_things_are_not(body: bytes) -> None:
    assert not is_json(body)
    assert not is_line(line_of(body, received_at=MOMENT, key=None)[:-1])


def test_line_break_within_a_string_is_not_json() -> None:
    assert not is_json(b'"a\nb"')


@settings(max_examples=100, deadline=None)
@given(value=JSON, indent=st.sampled_from([None, 2]))
def test_event_survives_its_envelope(value: object, indent: int | None) -> None:
    body = json.dumps(value, indent=indent).encode()
    line = line_of(body, received_at=MOMENT, key="0a1b2c3d4e5f")
    assert is_json(body) and is_line(line[:-1]) and line.count(b"\n") == 1
    assert json.loads(line)["event"] == value


@settings(max_examples=100, deadline=None)
@given(value=JSON, cut=st.integers(1, 200))
def test_line_that_is_cut_is_known(value: object, cut: int) -> None:
    line = line_of(json.dumps(value).encode(), received_at=MOMENT, key=None)[:-1]
    assert not is_line(line[: -min(cut, len(line))])
