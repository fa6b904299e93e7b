"""Read an event file: yield its JSON values, and a record of each piece that is no JSON.

Accepted formats: one JSON object per file, one per line, an array, or objects without any separator (as Firehose writes
them); uncompressed, gzip or zstd, detected by the first bytes and not by the file name. After a damaged piece, reading
continues at the next event. Memory depends on the block size and the largest value, never on the file size. Does not
belong here: which files are event files (`inbox.py`), what an event is (`ordergroove/events.py`).
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
# An event with its snapshot has some ten kilobytes. A longer value is treated as damaged.
MAX_VALUE_BYTES = 16 * 1024**2

_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_BETWEEN_VALUES = re.compile(r"[\s,\[\]\ufeff]*")
# The first field of an event or an envelope. The parser tries to resume only at such a brace, and a bounded number of
# times: trying each brace of a damaged piece would take quadratic time.
_EVENT_START = re.compile(r"\{\s*\"(?:id|type|created|data|context|snapshot|event|received_at|key)\"")
_MAX_RESUME_ATTEMPTS = 1_000
_MAX_OFFSET = 512 * 1024
_NOT_UTF8 = re.compile(r"[\udc80-\udcff]")
# Compressed data is read in steps of this size. If it is cut off, everything after the last complete step is lost.
_STEP_BYTES = 4096
# A syntax error within this many characters of the end of a block may be caused by the end of the block.
_BLOCK_END = 16


@dataclass(frozen=True, kw_only=True)
class UnreadablePiece:
    """A piece of an event file that is no JSON. `at` and `length` are in bytes after decompression.

    `is_end_of_file` is true if the file ends inside the piece: a writer may not have finished it.
    """

    at: int
    length: int
    reason: str
    is_end_of_file: bool = False


class EventFileReader:
    """Reads one event file once, from beginning to end. `is_event` decides where to resume after a damaged piece."""

    def __init__(self, path: Path, *, is_event: Callable[[Any], bool]) -> None:
        self._path = path
        self._is_event = is_event
        self._decoder = json.JSONDecoder(parse_constant=_refuse_constant)
        self._at = 0

    def values(self) -> Iterator[Any]:
        """Yield JSON values, the elements of arrays one by one, and an `UnreadablePiece` for each damaged piece.

        Raises `UnreadableError` if the file cannot be read.
        """
        rest = b""
        for block in self._blocks():
            if isinstance(block, UnreadablePiece):
                yield from self._read(rest, is_last=True)
                yield block
                return
            rest = yield from self._read(rest + block, is_last=False)
        yield from self._read(rest, is_last=True)

    def _blocks(self) -> Iterator[bytes | UnreadablePiece]:
        try:
            yield from self._blocks_of_file()
        except OSError as error:
            raise UnreadableError(
                f"{self._path} cannot be read to its end ({error.strerror or error}). No event of it was ingested. "
                "Check the disk, or move the file out of the inbox."
            ) from error

    def _blocks_of_file(self) -> Iterator[bytes | UnreadablePiece]:
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
                    reason = f"the {compression} data is cut off or damaged"
                    yield UnreadablePiece(at=self._at, length=0, reason=reason, is_end_of_file=True)
                    return
                if not block:
                    return
                yield bytes(block)

    def _read(self, data: bytes, *, is_last: bool) -> Generator[Any, None, bytes]:
        """Yield the values in `data`; return the bytes at its end that need the next block."""
        position = 0
        while position < len(data):
            newline = data.find(b"\n", position)
            if newline < 0 and not is_last and len(data) - position < BLOCK_BYTES:
                break
            end = newline if newline >= 0 else len(data)
            # Nearly all event files have one value per line; orjson on whole lines is the fast path for them.
            try:
                value = orjson.loads(data[position:end])
            except orjson.JSONDecodeError:
                if data[position:end].isspace():
                    position = end + 1
                    continue
                self._at += position
                rest = yield from self._read_text(data[position:].decode(errors="surrogateescape"), is_last=is_last)
                return rest.encode(errors="surrogateescape")
            if type(value) is list:
                yield from _elements(value)
            else:
                yield value
            position = end + 1
        self._at += min(position, len(data))
        return data[position:]

    def _read_text(self, text: str, *, is_last: bool) -> Generator[Any, None, str]:
        """Yield the values in `text`, whatever separates them; return the text at its end that needs the next block."""
        position = 0
        while True:
            between = _BETWEEN_VALUES.match(text, position)
            start = between.end() if between else position
            self._at += _size(text[position:start])
            if start == len(text):
                return ""
            if start > _MAX_OFFSET:
                # For each error, the decoder counts the lines from the beginning of the text. Keep the text short.
                text, start = text[start:], 0
            try:
                value, end = self._decoder.raw_decode(text, start)
            except (ValueError, RecursionError) as error:
                if not is_last and _may_be_incomplete(error, text, start):
                    return text[start:]
                next_event = self._next_event(text, start + 1)
                if next_event is None and not is_last and len(text) - start < MAX_VALUE_BYTES:
                    return text[start:]
                end = len(text) if next_event is None else next_event
                is_end_of_file = is_last and next_event is None
                yield self._unreadable(text[start:end], reason=_reason(error), is_end_of_file=is_end_of_file)
            else:
                if _NOT_UTF8.search(text, start, end):
                    yield self._unreadable(text[start:end], reason="not UTF-8")
                else:
                    yield from _elements(value)
            self._at += _size(text[start:end])
            position = end

    def _unreadable(self, piece: str, *, reason: str, is_end_of_file: bool = False) -> UnreadablePiece:
        return UnreadablePiece(at=self._at, length=_size(piece), reason=reason, is_end_of_file=is_end_of_file)

    def _next_event(self, text: str, start: int) -> int | None:
        for match in islice(_EVENT_START.finditer(text, start), _MAX_RESUME_ATTEMPTS):
            try:
                value, _ = self._decoder.raw_decode(text, match.start())
            except (ValueError, RecursionError):
                continue
            if self._is_event(value):
                return match.start()
        return None


def _elements(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for element in value:
            yield from _elements(element)
    else:
        yield value


def _may_be_incomplete(error: Exception, text: str, start: int) -> bool:
    """Whether the error may be caused by the end of the block, so that the next block completes the value."""
    if len(text) - start >= MAX_VALUE_BYTES or not isinstance(error, JSONDecodeError):
        return False
    return error.msg.startswith("Unterminated string") or error.pos >= len(text) - _BLOCK_END


def _reason(error: Exception) -> str:
    if isinstance(error, JSONDecodeError):
        return f"not JSON: {error.msg}"
    return "nested too deeply" if isinstance(error, RecursionError) else f"not JSON: {error}"


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="surrogateescape"))
