"""Reading a dump of webhook events, whoever wrote it: values out of bytes, and what could not be read.

JSON objects one to a file, one to a line, in an array, or one behind the other without anything between them (as
Firehose writes them); plain, gzip or zstd, told apart by their first bytes and not by their names. What is torn costs
itself only: reading goes on at the next event. Does not belong here: which files are dumps (`inbox.py`), what an event
is (`ordergroove/events.py`). Memory follows the block and the largest value, never the file.
"""

import json
import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from itertools import islice
from json import JSONDecodeError
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from og_assets.lake.errors import UnreadableError

BLOCK_BYTES = 4 * 1024**2
# An event with all rows around it has some ten kilobytes; what is longer than this is no event.
MAX_VALUE_BYTES = 16 * 1024**2

_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_BETWEEN_VALUES = re.compile(r"[\s,\[\]\ufeff]*")
# An event or an envelope, by the first field: not every brace in a torn piece is worth a try, and not too many are.
_BEGINS_EVENT = re.compile(r"\{\s*\"(?:id|type|created|data|context|snapshot|event|received_at|key)\"")
_MOST_TRIES = 1_000
_STRIDE = 512 * 1024
_NOT_UTF8 = re.compile(r"[\udc80-\udcff]")
# Of compressed data that is cut, all is lost behind the last whole step.
_STEP_BYTES = 4096
# An error this close to the end of what was read may be the end itself.
_END = 16


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """A piece of a dump that is no JSON. `at` and `length` are in bytes, after decompression.

    `is_end` tells that the dump ends in the middle of it: it may be one that is still being written.
    """

    at: int
    length: int
    reason: str
    is_end: bool = False


class EventFileReader:
    """Reads one dump from its beginning to its end, once. `begins_anew` recognizes an event behind a torn piece."""

    def __init__(self, path: Path, *, begins_anew: Callable[[Any], bool]) -> None:
        self._path = path
        self._begins_anew = begins_anew
        self._decoder = json.JSONDecoder(parse_constant=_refuse_constant)
        self._at = 0

    def values(self) -> Iterator[Any]:
        """Yield JSON values, elements of arrays one by one, and an `Unreadable` for each piece that is none.

        Raises `UnreadableError` where the file itself cannot be read.
        """
        rest = b""
        for block in self._blocks():
            if isinstance(block, Unreadable):
                yield from self._read(rest, is_end=True)
                yield block
                return
            rest = yield from self._read(rest + block, is_end=False)
        yield from self._read(rest, is_end=True)

    def _blocks(self) -> Iterator[bytes | Unreadable]:
        try:
            yield from self._blocks_of_file()
        except OSError as error:
            raise UnreadableError(
                f"{self._path} cannot be read to its end ({error.strerror or error}). Mend the disk, or move the file "
                "out of the inbox; nothing of it has been taken in."
            ) from error

    def _blocks_of_file(self) -> Iterator[bytes | Unreadable]:
        with self._path.open("rb") as file:
            start = file.read(4)
            file.seek(0)
            compression = next((name for magic, name in _MAGIC.items() if start.startswith(magic)), None)
            if compression is None:
                yield from iter(lambda: file.read(BLOCK_BYTES), b"")
                return
            stream = pa.CompressedInputStream(pa.PythonFile(file), compression)
            steps = iter(lambda: stream.read(_STEP_BYTES), b"")
            while True:
                block = bytearray()
                try:
                    for step in islice(steps, BLOCK_BYTES // _STEP_BYTES or 1):
                        block += step
                except OSError:
                    yield bytes(block)
                    reason = f"the {compression} data is cut or damaged"
                    yield Unreadable(at=self._at, length=0, reason=reason, is_end=True)
                    return
                if not block:
                    return
                yield bytes(block)

    def _read(self, data: bytes, *, is_end: bool) -> Generator[Any, None, bytes]:
        """Yield what `data` holds; return what has to wait for more."""
        position = 0
        while position < len(data):
            newline = data.find(b"\n", position)
            if newline < 0 and not is_end and len(data) - position < BLOCK_BYTES:
                break
            end = newline if newline >= 0 else len(data)
            # One value in one line is what nearly all dumps consist of, and this is the fast way to read it.
            try:
                value = orjson.loads(data[position:end])
            except orjson.JSONDecodeError:
                if data[position:end].isspace():
                    position = end + 1
                    continue
                self._at += position
                left = yield from self._read_text(data[position:].decode(errors="surrogateescape"), is_end=is_end)
                return left.encode(errors="surrogateescape")
            if type(value) is list:
                yield from _elements(value)
            else:
                yield value
            position = end + 1
        self._at += min(position, len(data))
        return data[position:]

    def _read_text(self, text: str, *, is_end: bool) -> Generator[Any, None, str]:
        """Yield what stands in `text`, whatever separates it; return what has to wait for more."""
        position = 0
        while True:
            between = _BETWEEN_VALUES.match(text, position)
            start = between.end() if between else position
            self._at += _size(text[position:start])
            if start == len(text):
                return ""
            if start > _STRIDE:
                # To say where an error is, the decoder counts lines from the beginning of the text: keep that near.
                text, start = text[start:], 0
            try:
                value, end = self._decoder.raw_decode(text, start)
            except (ValueError, RecursionError) as error:
                if not is_end and _may_go_on(error, text, start):
                    return text[start:]
                following = self._next_event(text, start + 1)
                if following is None and not is_end and len(text) - start < MAX_VALUE_BYTES:
                    return text[start:]
                end = len(text) if following is None else following
                yield self._unreadable(text[start:end], reason=_reason(error), is_end=is_end and following is None)
            else:
                if _NOT_UTF8.search(text, start, end):
                    yield self._unreadable(text[start:end], reason="not UTF-8")
                else:
                    yield from _elements(value)
            self._at += _size(text[start:end])
            position = end

    def _unreadable(self, piece: str, *, reason: str, is_end: bool = False) -> Unreadable:
        return Unreadable(at=self._at, length=_size(piece), reason=reason, is_end=is_end)

    def _next_event(self, text: str, start: int) -> int | None:
        for match in islice(_BEGINS_EVENT.finditer(text, start), _MOST_TRIES):
            try:
                value, _ = self._decoder.raw_decode(text, match.start())
            except (ValueError, RecursionError):
                continue
            if self._begins_anew(value):
                return match.start()
        return None


def _elements(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for element in value:
            yield from _elements(element)
    else:
        yield value


def _may_go_on(error: Exception, text: str, start: int) -> bool:
    """Whether a value that cannot be read may only be cut by the end of what was read so far."""
    if len(text) - start >= MAX_VALUE_BYTES or not isinstance(error, JSONDecodeError):
        return False
    return error.msg.startswith("Unterminated string") or error.pos >= len(text) - _END


def _reason(error: Exception) -> str:
    if isinstance(error, JSONDecodeError):
        return f"no JSON: {error.msg}"
    return "nested too deeply" if isinstance(error, RecursionError) else f"no JSON: {error}"


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="surrogateescape"))
