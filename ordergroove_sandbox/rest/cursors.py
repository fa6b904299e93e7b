"""The token in a cursor link: `p`osition, `o`ffset and `r`everse, as Django REST framework writes them.

Belongs here: the token. Not here: the page that it leads to (pages).

A position is a row's second of creation and its rank in that second, counted from the oldest; rows that are gone keep
their rank. So `o` rows of second `p` are still to come, however many share it: a walk meets every row that stays
exactly once, which Django's own offset (among the rows present, at most 1,000) does not grant.
"""

from base64 import b64decode, b64encode
from binascii import Error
from datetime import datetime
from typing import NamedTuple
from urllib.parse import parse_qs, urlencode


class InvalidCursorError(Exception):
    """A token that nobody handed out."""


class Cursor(NamedTuple):
    """Between which rows a page begins: before the given one, or, reversed, after it."""

    position: datetime
    offset: int = 0
    reverse: bool = False

    def encode(self) -> str:
        """The token, with what is zero left out."""
        tokens = {"p": self.position.isoformat(" ")}
        if self.offset:
            tokens["o"] = str(self.offset)
        if self.reverse:
            tokens["r"] = "1"
        return b64encode(urlencode(tokens).encode()).decode()

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """Read a token, or raise InvalidCursorError."""
        try:
            tokens = parse_qs(b64decode(text.encode("ascii"), validate=True).decode("ascii"), strict_parsing=True)
            offset = int(tokens.get("o", ["0"])[0])
            position = datetime.strptime(tokens["p"][0], "%Y-%m-%d %H:%M:%S")
        except (Error, ValueError, KeyError):
            raise InvalidCursorError(text) from None
        if offset < 0:
            raise InvalidCursorError(text)
        return cls(position, offset, tokens.get("r", ["0"])[0] == "1")
