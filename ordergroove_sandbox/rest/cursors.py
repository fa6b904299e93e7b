"""The token in a cursor link: `p`osition, `o`ffset and `r`everse, as Django REST framework writes them.

Belongs here: the token. Does not belong here: the page that it leads to (`pages`).

A position is a row's second of creation and its rank in that second, counted from the oldest; removed rows keep their
rank. A complete walk therefore returns every row that still exists exactly once, however many rows share a second.
Django's own offset (among existing rows, at most 1,000) does not guarantee this.
"""

from base64 import b64decode, b64encode
from binascii import Error
from datetime import datetime
from typing import NamedTuple
from urllib.parse import parse_qs, urlencode


class InvalidCursorError(Exception):
    """The token was not created by this API."""


class Cursor(NamedTuple):
    """The position of a page: before a row, or, reversed, after it."""

    position: datetime
    offset: int = 0
    reverse: bool = False

    def encode(self) -> str:
        """Return the token, without zero values."""
        tokens = {"p": self.position.isoformat(" ")}
        if self.offset:
            tokens["o"] = str(self.offset)
        if self.reverse:
            tokens["r"] = "1"
        return b64encode(urlencode(tokens).encode()).decode()

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """Parse a token; raise InvalidCursorError if it is invalid."""
        try:
            tokens = parse_qs(b64decode(text.encode("ascii"), validate=True).decode("ascii"), strict_parsing=True)
            offset = int(tokens.get("o", ["0"])[0])
            position = datetime.strptime(tokens["p"][0], "%Y-%m-%d %H:%M:%S")
        except (Error, ValueError, KeyError):
            raise InvalidCursorError(text) from None
        if offset < 0:
            raise InvalidCursorError(text)
        return cls(position, offset, tokens.get("r", ["0"])[0] == "1")
