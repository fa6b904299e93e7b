"""Whatever is sent: no 5xx, no traceback, no key in the log, and afterwards it still works."""

import json
import random
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from og_assets.receiver.lines import is_json
from testkit.receiver.event_files import events, quarantined
from testkit.receiver.running import PATH, Receiver, answer_to, raw_post, running, signed

QUICK = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))

TOKEN = st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=":"), min_size=1)
VALUE = st.binary(max_size=60).map(lambda raw: raw.replace(b"\r", b"").replace(b"\n", b""))
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            ["Ordergroove-Signature", "Content-Length", "Transfer-Encoding", "Connection", "Expect", "Upgrade", "Host"]
        )
        | TOKEN,
        st.sampled_from([b"chunked", b"close", b"keep-alive", b"100-continue", b"h2c", b"0", b"5", b"-1", b"ts=1,sig="])
        | VALUE,
    ),
    max_size=6,
)
BODY = st.binary(max_size=300) | st.text(max_size=100).map(lambda text: json.dumps(text).encode())


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    data = tmp_path_factory.mktemp("fuzz") / "data"
    with running(data, "--timeout", "1", "--rotate-seconds", "600") as started:
        yield started
        assert started.page("/healthz").status_code == 200
        assert started.post(b'"still there"').status_code == 204
        assert started.stop() == 0
        assert "still there" in events(data)
        assert started.log.count("\n") < 60, "the log is not for senders to fill"


def statuses(received: bytes) -> list[int]:
    """The status of each answer in what was received."""
    return [int(line.split()[1]) for line in received.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]


def ask(receiver: Receiver, raw: bytes) -> list[int]:
    """Send bytes, say that no more will come, and read all that is answered."""
    with closing(socket.create_connection(("127.0.0.1", receiver.port), timeout=5)) as connection:
        received = b""
        try:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65_536):
                received += piece
        except ConnectionError:
            pass
    return statuses(received)


@QUICK
@given(body=BODY)
def test_any_signed_body_is_kept_one_way_or_the_other(receiver: Receiver, body: bytes) -> None:
    (status,) = statuses(answer_to(receiver.port, raw_post(body, {**signed(body), "Connection": "close"})))
    assert status == (204 if is_json(body) else 400)


def test_what_was_not_json_is_all_in_quarantine(receiver: Receiver) -> None:
    rng = random.Random(5)
    bodies = {rng.randbytes(20) + b"\xff" for _ in range(50)}
    for body in bodies:
        assert receiver.post(body).status_code == 400
    assert bodies <= {entry["body"] for entry in quarantined(receiver.data)}


@QUICK
@given(headers=HEADERS, body=BODY, is_signed=st.booleans())
def test_any_headers(receiver: Receiver, headers: list[tuple[str, bytes]], body: bytes, is_signed: bool) -> None:
    lines = [f"{name}: ".encode() + value for name, value in headers]
    lines += [f"Ordergroove-Signature: {signed(body)['Ordergroove-Signature']}".encode()] if is_signed else []
    lines += [b"Content-Length: %d" % len(body)]
    raw = f"POST {PATH} HTTP/1.1\r\n".encode() + b"\r\n".join(lines) + b"\r\n\r\n" + body
    answered = ask(receiver, raw)
    assert all(status < 500 for status in answered), answered
    assert is_signed or 204 not in answered


@QUICK
@given(
    raw=st.lists(
        st.binary(max_size=50)
        | st.sampled_from(
            [
                b"POST ",
                b"GET ",
                b"HEAD ",
                b"CONNECT ",
                b"OPTIONS * ",
                PATH.encode(),
                b"/healthz",
                b"/metrics",
                b" HTTP/1.1\r\n",
                b" HTTP/1.0\r\n",
                b"\r\n",
                b"\r\n\r\n",
                b"Host: x\r\n",
                b"Transfer-Encoding: chunked\r\n",
                b"Content-Length: 3\r\n",
                b"5\r\nabcde\r\n0\r\n\r\n",
                raw_post(b"{}"),
                raw_post(b"{"),
                raw_post(b"{}", {}),
            ]
        ),
        max_size=8,
    ).map(b"".join)
)
# What comes behind a request that is still being answered ends the connection under it.
@example(raw=raw_post(b"{}") + b"nonsense\r\n\r\n")
@example(raw=raw_post(b"{}") * 3 + b"POST / HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n")
def test_any_bytes_on_the_socket(receiver: Receiver, raw: bytes) -> None:
    answered = ask(receiver, raw)
    assert all(status < 500 for status in answered), answered
