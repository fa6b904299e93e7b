"""Parsing event files: every format gives the same events, and a damaged piece loses no other event.

More random examples: `EXAMPLES=2000 pytest tests/events/test_parse.py`, which `make prove` runs.
"""

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from og_assets.events import parse
from og_assets.events.parse import EventFileReader, UnreadablePiece
from og_assets.ordergroove.events import looks_like_event

Event = dict[str, Any]

EXAMPLES = int(os.environ.get("EXAMPLES", "20"))

# Text that breaks parsers which count braces, split at line ends, or take a character for a byte.
AWKWARD = ['}{"a":1', "\n", "\\", '\\"', "ö€😀", "][,", "\u2028", "", "\x7f"]


def event(number: int, note: str = "") -> Event:
    row = {"public_id": f"o{number}", "note": note, "more": [{"id": 1}, {"type": 2}, []]}
    return {"id": f"e{number}", "type": "order.delete", "created": 1_700_000_000 + number, "data": {"object": row}}


EVENTS = [event(number, AWKWARD[number % len(AWKWARD)]) for number in range(40)]


def plain(events: list[Event]) -> list[bytes]:
    return [json.dumps(each, ensure_ascii=bool(number % 2)).encode() for number, each in enumerate(events)]


FORMATS: dict[str, Callable[[list[Event]], bytes]] = {
    "lines": lambda events: b"\n".join(plain(events)),
    "lines with a final newline": lambda events: b"".join(line + b"\n" for line in plain(events)),
    "Windows lines": lambda events: b"\r\n".join(plain(events)),
    "empty lines": lambda events: b"\n\n \n".join(plain(events)),
    "no separator": lambda events: b"".join(plain(events)),
    "array": lambda events: json.dumps(events, ensure_ascii=False).encode(),
    "array over lines": lambda events: b"[\n" + b",\n".join(plain(events)) + b"\n]\n",
    "indented array": lambda events: json.dumps(events, indent=2).encode(),
    "array on each line": lambda events: b"\n".join(json.dumps(part).encode() for part in (events[:9], events[9:])),
    "indented objects": lambda events: b"\n".join(json.dumps(each, indent=2).encode() for each in events),
    "byte order mark": lambda events: b"\xef\xbb\xbf" + b"\n".join(plain(events)),
}


def zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return bytes(sink.getvalue())


COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda data: data,
    "gz": gzip.compress,
    "gz in two members": lambda data: gzip.compress(data[: len(data) // 2]) + gzip.compress(data[len(data) // 2 :]),
    "zst": zstd,
}


def read(data: bytes, folder: Path) -> list[Any]:
    path = folder / "events"
    path.write_bytes(data)
    return list(EventFileReader(path, is_event=looks_like_event).values())


def split(values: list[Any]) -> tuple[list[Event], list[UnreadablePiece]]:
    damaged = [value for value in values if isinstance(value, UnreadablePiece)]
    return [value for value in values if not isinstance(value, UnreadablePiece)], damaged


@pytest.fixture(params=[1, 61, 4096, 2**22], ids=lambda size: f"blocks of {size}")
def block_bytes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(parse, "BLOCK_BYTES", request.param)
    return int(request.param)


@pytest.mark.usefixtures("block_bytes")
@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("format_name", FORMATS)
def test_every_format_gives_the_same_events(format_name: str, compression: str, tmp_path: Path) -> None:
    assert read(COMPRESSIONS[compression](FORMATS[format_name](EVENTS)), tmp_path) == EVENTS


@pytest.mark.usefixtures("block_bytes")
@pytest.mark.parametrize("between", [b"\n", b"", b",", b"\r\n\r\n"])
def test_damaged_event_loses_no_other_event(between: bytes, tmp_path: Path) -> None:
    pieces = plain(EVENTS)
    damaged = pieces[7][:60]
    data = between.join([*pieces[:7], damaged, *pieces[8:]])
    events, bad = split(read(data, tmp_path))
    assert events == [*EVENTS[:7], *EVENTS[8:]]
    (one,) = bad
    assert data[one.at : one.at + one.length].rstrip(b"\r\n,") == damaged
    assert not one.is_end_of_file


@pytest.mark.usefixtures("block_bytes")
def test_file_that_ends_inside_an_event_is_reported_as_such(tmp_path: Path) -> None:
    data = b"\n".join(plain(EVENTS))[:-5]
    events, bad = split(read(data, tmp_path))
    assert events == EVENTS[:-1]
    assert [one.is_end_of_file for one in bad] == [True]
    assert data[bad[0].at :] == plain(EVENTS)[-1][:-5]


@pytest.mark.parametrize("compression", ["gz", "zst"])
def test_events_before_the_end_of_a_cut_off_compressed_file_are_read(compression: str, tmp_path: Path) -> None:
    many = [event(number, f"{number * 7919 % 10007}") for number in range(5000)]
    whole = COMPRESSIONS[compression](b"\n".join(plain(many)))
    events, bad = split(read(whole[: len(whole) // 2], tmp_path))
    assert events == many[: len(events)] and len(events) > 1000
    assert bad[-1].is_end_of_file and "cut off or damaged" in bad[-1].reason


@pytest.mark.parametrize(
    ("junk", "reason"),
    [
        (b'{"id": "\xff\xfe"}', "not UTF-8"),
        (b'{"id": NaN}', "NaN is not a number"),
        (b"<html>Service unavailable</html>", "not JSON"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested too deeply"),
    ],
)
def test_junk_is_reported_and_skipped(junk: bytes, reason: str, tmp_path: Path) -> None:
    pieces = plain(EVENTS[:4])
    events, bad = split(read(b"\n".join([*pieces[:2], junk, *pieces[2:]]), tmp_path))
    assert events == EVENTS[:4]
    assert reason in bad[0].reason and str(pieces) not in bad[0].reason


def test_numbers_and_text_that_orjson_refuses_are_read(tmp_path: Path) -> None:
    values = read(b'{"id":"\\ud800","n":123456789012345678901234567890}\n{"id":"b"}', tmp_path)
    assert [value["id"] for value in values] == ["\ud800", "b"]
    assert int(values[0]["n"]) == pytest.approx(123456789012345678901234567890)


@pytest.mark.parametrize("data", [b"", b"\n", b"  ", b"[]", b"\xef\xbb\xbf"])
def test_file_without_values_yields_nothing(data: bytes, tmp_path: Path) -> None:
    assert read(data, tmp_path) == []


def test_text_in_memory_is_bounded_by_the_block_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(parse, "MAX_VALUE_BYTES", 5000)
    longest = 0
    read_text = EventFileReader._read_text

    def measured(self: EventFileReader, text: str, *, is_last: bool) -> Any:
        nonlocal longest
        longest = max(longest, len(text))
        return read_text(self, text, is_last=is_last)

    monkeypatch.setattr(EventFileReader, "_read_text", measured)
    values = read(b'{"a":"' + b"x" * 200_000 + b"\n" + b"".join(plain(EVENTS)), tmp_path)
    assert longest < 10_000
    events, bad = split(values)
    assert events[-30:] == EVENTS[-30:] and bad


@pytest.mark.parametrize("piece", ['{"a":{"b":[1,2,3]},', '{"id":{"b":[1,2,3]},'])
def test_damaged_piece_with_many_braces_costs_a_bounded_number_of_attempts(piece: str, tmp_path: Path) -> None:
    (tmp_path / "events").write_bytes(piece.encode() * 5_000 + b"\n" + b"\n".join(plain(EVENTS)))
    reader = EventFileReader(tmp_path / "events", is_event=looks_like_event)
    attempts = 0
    decoder = reader._decoder

    class Counting:
        def raw_decode(self, text: str, start: int) -> Any:
            nonlocal attempts
            attempts += 1
            return decoder.raw_decode(text, start)

    reader._decoder = Counting()  # type: ignore[assignment]
    events, bad = split(list(reader.values()))
    assert attempts < 3_000
    assert bad and (events == EVENTS or piece.startswith('{"id"')), "a false event start may hide the events after it"


def test_error_far_into_a_file_is_reported_at_its_byte(tmp_path: Path) -> None:
    pieces = plain(EVENTS) * 200
    data = b"".join([*pieces, b"{damaged", *pieces])
    events, bad = split(read(data, tmp_path))
    assert len(events) == 2 * len(pieces)
    assert [(one.at, one.length) for one in bad] == [(sum(map(len, pieces)), 8)]


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    notes=st.lists(st.text(max_size=20), max_size=6),
    between=st.sampled_from([b"", b"\n", b" ", b",", b"\r\n", b"\n\n"]),
    block=st.integers(1, 300),
    cut=st.integers(0, 10_000),
)
def test_any_events_cut_off_anywhere(
    tmp_path_factory: pytest.TempPathFactory, notes: list[str], between: bytes, block: int, cut: int
) -> None:
    events = [event(number, note) for number, note in enumerate(notes)]
    data = between.join(plain(events))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parse, "BLOCK_BYTES", block)
        assert read(data, tmp_path_factory.getbasetemp()) == events
        found, bad = split(read(data[:cut], tmp_path_factory.getbasetemp()))
    assert found == events[: len(found)]
    assert len(bad) <= 1 and len(found) + len(bad) <= len(events)
    whole = sum(len(piece) for piece in plain(events)[: len(found)])
    assert cut >= whole


@settings(max_examples=EXAMPLES, deadline=None)
@given(junk=st.binary(max_size=300), block=st.integers(1, 200))
def test_any_bytes_are_read_to_the_end(tmp_path_factory: pytest.TempPathFactory, junk: bytes, block: int) -> None:
    pieces = plain(EVENTS[:3])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parse, "BLOCK_BYTES", block)
        events, bad = split(read(junk + b"\n" + b"\n".join(pieces), tmp_path_factory.getbasetemp()))
    # Junk may swallow the events after it only if it opens a string that never ends.
    assert events[-3:] == EVENTS[:3] or bad
