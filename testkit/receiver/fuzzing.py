"""Random requests to a receiver, for a short test and for `make prove`: no 5xx, and no acknowledged unsigned event."""

import json
import socket
from contextlib import closing

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from og_assets.receiver.lines import is_json
from testkit.receiver.running import PATH, Receiver, answer_to, raw_post, signed

_TOKEN = st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=":"), min_size=1)
_VALUE = st.binary(max_size=60).map(lambda raw: raw.replace(b"\r", b"").replace(b"\n", b""))
_NAMES = ("Ordergroove-Signature", "Content-Length", "Transfer-Encoding", "Connection", "Expect", "Upgrade", "Host")
_VALUES = (b"chunked", b"close", b"keep-alive", b"100-continue", b"h2c", b"0", b"5", b"-1", b"ts=1,sig=")
_HEADERS = st.lists(st.tuples(st.sampled_from(_NAMES) | _TOKEN, st.sampled_from(_VALUES) | _VALUE), max_size=6)
_BODY = st.binary(max_size=300) | st.text(max_size=100).map(lambda text: json.dumps(text).encode())
_PIECES = (
    *(b"POST ", b"GET ", b"HEAD ", b"CONNECT ", b"OPTIONS * ", PATH.encode(), b"/healthz", b"/metrics"),
    *(b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", b"\r\n", b"\r\n\r\n", b"Host: x\r\n", b"Transfer-Encoding: chunked\r\n"),
    *(b"Content-Length: 3\r\n", b"5\r\nabcde\r\n0\r\n\r\n", raw_post(b"{}"), raw_post(b"{"), raw_post(b"{}", {})),
)
_BYTES = st.lists(st.binary(max_size=50) | st.sampled_from(_PIECES), max_size=8).map(b"".join)


def fuzz_signed_bodies(receiver: Receiver, *, examples: int) -> None:
    """A signed body is acknowledged if it is JSON, else 400."""

    @_settings(examples)
    @given(body=_BODY)
    def check(body: bytes) -> None:
        answer = answer_to(receiver.port, raw_post(body, {**signed(body), "Connection": "close"}))
        assert _statuses(answer) == [204 if is_json(body) else 400]

    check()


def fuzz_headers(receiver: Receiver, *, examples: int) -> None:
    """Random headers cause no 5xx, and an unsigned event is never acknowledged."""

    @_settings(examples)
    @given(headers=_HEADERS, body=_BODY, is_signed=st.booleans())
    def check(headers: list[tuple[str, bytes]], body: bytes, is_signed: bool) -> None:
        lines = [f"{name}: ".encode() + value for name, value in headers]
        lines += [f"Ordergroove-Signature: {signed(body)['Ordergroove-Signature']}".encode()] if is_signed else []
        lines += [b"Content-Length: %d" % len(body)]
        answers = _ask(receiver, f"POST {PATH} HTTP/1.1\r\n".encode() + b"\r\n".join(lines) + b"\r\n\r\n" + body)
        assert all(status < 500 for status in answers), answers
        assert is_signed or 204 not in answers

    check()


def fuzz_bytes(receiver: Receiver, *, examples: int) -> None:
    """Random bytes cause no 5xx."""

    @_settings(examples)
    @given(raw=_BYTES)
    @example(raw=raw_post(b"{}") + b"nonsense\r\n\r\n")
    @example(raw=raw_post(b"{}") * 3 + b"POST / HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n")
    def check(raw: bytes) -> None:
        answers = _ask(receiver, raw)
        assert all(status < 500 for status in answers), answers

    check()


def _settings(examples: int) -> settings:
    return settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def _ask(receiver: Receiver, raw: bytes) -> list[int]:
    """Send bytes, close the sending side, and read the statuses of all answers."""
    with closing(socket.create_connection(("127.0.0.1", receiver.port), timeout=20)) as connection:
        received = b""
        try:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65_536):
                received += piece
        except ConnectionError:
            pass
    return _statuses(received)


def _statuses(received: bytes) -> list[int]:
    return [int(line.split()[1]) for line in received.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
