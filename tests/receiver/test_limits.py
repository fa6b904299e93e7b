"""Slow, large and many: each is cut off, and the others are served meanwhile."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from uvicorn.protocols.http.flow_control import FlowControl

from og_assets.receiver.metrics import Metrics
from og_assets.receiver.protocol import GuardedProtocol, Limits, guarded
from og_assets.receiver.refusals import Refusals
from testkit.receiver.event_files import events
from testkit.receiver.running import PATH, Receiver, answer_to, raw_post, running, signed

TIMEOUT = 1.0
MAX_BODY = 1_000_000


OPTIONS = ("--timeout", str(TIMEOUT), "--max-body", str(MAX_BODY), "--max-connections", "60")


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    with running(tmp_path_factory.mktemp("limits") / "data", *OPTIONS) as started:
        yield started


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Receiver]:
    """One that a test may stop."""
    with running(tmp_path / "data", *OPTIONS) as started:
        yield started


@contextmanager
def connected(receiver: Receiver) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=10) as connection:
        yield connection


def drip(connection: socket.socket, raw: bytes, *, every: float = 0.1) -> bytes:
    """Send byte after byte until the other side has had enough; returns its answer."""
    connection.settimeout(every)
    received = b""
    for position in range(len(raw)):
        try:
            connection.sendall(raw[position : position + 1])
            piece = connection.recv(4096)
        except TimeoutError:
            continue
        except ConnectionError:
            break
        if not piece:
            break
        received += piece
    return received


def is_alone(receiver: Receiver) -> bool:
    """Whether every connection is gone in the end, but for the one that asks."""
    deadline = time.monotonic() + 10
    while receiver.metric("connections") > 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    return receiver.metric("connections") == 1


SLOW: dict[str, Callable[[], tuple[bytes, bytes]]] = {
    "in its request line": lambda: (b"", b"POST " + b"/" * 500),
    "in its headers": lambda: (b"POST / HTTP/1.1\r\nX: ", b"a" * 500),
    "in its body": lambda: (raw_post(b"", {"Content-Length": "500", **signed(b"")}), b"a" * 500),
    "in its chunks": lambda: (
        raw_post(b"", {"Transfer-Encoding": "chunked", **signed(b"")}).replace(b"Content-Length: 0\r\n", b""),
        b"1\r\na\r\n" * 100,
    ),
    "in empty lines": lambda: (b"", b"\r\n" * 250),
    "after it was answered": lambda: (b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n", b"a" * 500),
}


@pytest.mark.parametrize("where", SLOW)
def test_slow_sender_is_cut_off_wherever_it_is_slow(receiver: Receiver, where: str) -> None:
    head, rest = SLOW[where]()
    with ExitStack() as stack:
        answers: list[bytes] = []
        threads = []
        for _ in range(20):
            connection = stack.enter_context(connected(receiver))
            connection.sendall(head)
            threads.append(threading.Thread(target=lambda c=connection: answers.append(drip(c, rest))))
        for thread in threads:
            thread.start()
        body = b'{"id":1}'
        while any(thread.is_alive() for thread in threads):
            assert receiver.post(body).status_code == 204
            time.sleep(0.05)
        assert len(answers) == 20
        if where not in ("in empty lines", "after it was answered"):
            assert all(answer.startswith(b"HTTP/1.1 408 ") for answer in answers), answers
    assert is_alone(receiver)
    assert receiver.log.count("too_slow") <= 2


def test_requests_may_follow_each_other_without_waiting(fresh: Receiver) -> None:
    second = raw_post(b'{"id":2}')
    with connected(fresh) as connection:
        connection.sendall(raw_post(b'{"id":1}') + second[:-3])
        received = connection.recv(4096)
        time.sleep(0.2)
        connection.sendall(second[-3:] + raw_post(b'{"id":3}'))
        while received.count(b"HTTP/1.1 204 ") < 3:
            piece = connection.recv(4096)
            assert piece, received
            received += piece
    assert fresh.stop() == 0
    assert events(fresh.data) == [{"id": 1}, {"id": 2}, {"id": 3}]


def test_silent_connection_is_closed(receiver: Receiver) -> None:
    with connected(receiver) as connection:
        assert connection.recv(100) == b""


def test_a_gigabyte_is_not_read(receiver: Receiver) -> None:
    process = psutil.Process(receiver.process.pid)
    receiver.post(b"1")
    before = process.memory_info().rss
    sent = []

    def flood(promised: bool) -> None:
        length = {"Content-Length": str(10**9)} if promised else {"Transfer-Encoding": "chunked"}
        head = raw_post(b"", {**length, **signed(b"")})
        head = head if promised else head.replace(b"Content-Length: 0\r\n", b"")
        block = b"10000\r\n" + b"a" * 65_536 + b"\r\n"
        with connected(receiver) as connection:
            total = 0
            try:
                connection.sendall(head)
                while total < 10**9:
                    connection.sendall(block)
                    total += len(block)
            except OSError:
                pass
            sent.append(total)

    threads = [threading.Thread(target=flood, args=(number % 2 == 0,)) for number in range(6)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert receiver.post(b'{"id":2}').status_code == 204
    assert len(sent) == 6 and max(sent) < 50_000_000
    assert process.memory_info().rss - before < 100_000_000


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"POST / HTTP/1.1\r\n" + b"X: a\r\n" * 5000 + b"\r\n", b"431"),
        (b"POST / HTTP/1.1\r\nX: " + b"a" * 1_000_000, b"431"),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n", b"431"),
        (b"GET /healthz HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", b"400"),
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET \xff HTTP/1.1\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", b"400"),
    ],
    ids=["many headers", "endless header", "long address", "another protocol", "nonsense", "not ascii", "two lengths"],
)
def test_heads_that_are_refused(receiver: Receiver, raw: bytes, status: bytes) -> None:
    assert answer_to(receiver.port, raw).startswith(b"HTTP/1.1 " + status)


@pytest.mark.parametrize(
    ("start", "block"),
    [(b"0\r\n", b"a: b\r\n" * 10_000), (b"0\r\na: ", b"b" * 65_536), (b"1;", b"a" * 65_536)],
    ids=["trailers", "one trailer", "extension"],
)
def test_what_surrounds_a_body_is_cut_off_too(receiver: Receiver, start: bytes, block: bytes) -> None:
    head = raw_post(b"", {"Transfer-Encoding": "chunked", **signed(b"")}).replace(b"Content-Length: 0\r\n", b"")
    process = psutil.Process(receiver.process.pid)
    before, sent, enough = process.memory_info().rss, 0, 40_000_000
    with connected(receiver) as connection, suppress(ConnectionError):
        connection.sendall(head + start)
        while sent < enough:
            connection.sendall(block)
            sent += len(block)
    assert sent < enough
    assert process.memory_info().rss - before < 100_000_000


def test_rest_of_a_request_that_was_answered_is_not_waited_for(tmp_path: Path) -> None:
    with running(tmp_path / "data", "--timeout", "60") as patient, connected(patient) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
        while connection.recv(4096):
            pass


def test_too_many_connections_are_503_and_come_in_when_others_go(fresh: Receiver) -> None:
    with ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(connected(fresh))
        answer = answer_to(fresh.port, raw_post(b"1"))
        assert answer.startswith(b"HTTP/1.1 503 ") and b"Retry-After: 10\r\n" in answer
    deadline = time.monotonic() + 5
    while fresh.post(b"2").status_code != 204 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert fresh.stop() == 0
    assert 2 in events(fresh.data)


def test_too_much_at_once_is_503(tmp_path: Path) -> None:
    with running(tmp_path / "data", "--max-body", "30000000", "--timeout", "5") as receiver:
        # Four times the largest body may be in memory; each of these holds most of one, and waits.
        body = b"a" * 29_999_999
        head = raw_post(b"", {"Content-Length": str(len(body) + 1), **signed(b"")})
        with ExitStack() as stack:
            for _ in range(4):
                stack.enter_context(connected(receiver)).sendall(head + body)
            deadline = time.monotonic() + 4
            while receiver.metric("held_bytes") < 4 * len(body) and time.monotonic() < deadline:
                time.sleep(0.05)
            large = b'"' + b"a" * 10_000_000 + b'"'
            refused = receiver.post(large)
            assert refused.status_code == 503 and refused.headers["retry-after"] == "10"
            assert receiver.post(b'"small"').status_code == 204, "events of the usual size still fit"
        assert receiver.metric("held_bytes") == 0


def test_who_asks_and_never_reads_is_cut_off(receiver: Receiver) -> None:
    with connected(receiver) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(0.5)
        with pytest.raises(OSError):
            while True:
                connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 10)
        assert is_alone(receiver)


class Wire:
    """A transport that only remembers that it was dropped, and a clock that goes when it is told."""

    def __init__(self) -> None:
        self.aborted = 0
        self.planned: dict[object, Callable[[], None]] = {}

    def is_closing(self) -> bool:
        return True

    def abort(self) -> None:
        self.aborted += 1

    def call_later(self, _seconds: float, what: Callable[[], None]) -> "Handle":
        handle = Handle(self)
        self.planned[handle] = what
        return handle


class Handle:
    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    def cancel(self) -> None:
        self.wire.planned.pop(self, None)


def on_a(wire: Any) -> GuardedProtocol:
    limits = Limits(max_connections=1, max_head=1, max_body=1, timeout=1)
    bound = guarded(limits, Refusals(Metrics()))
    connection = bound.__new__(bound)
    connection.was_closing, connection._unread_timer = False, None
    connection.loop = connection.transport = wire
    connection.flow = FlowControl(wire)
    return connection


def test_connection_that_does_not_finish_closing_is_dropped() -> None:
    connection = on_a(wire := Wire())
    connection.sweep()
    assert not wire.aborted, "it gets some time"
    connection.sweep()
    assert wire.aborted


def test_connection_that_nobody_reads_is_dropped() -> None:
    connection = on_a(wire := Wire())
    connection.pause_writing()
    connection.resume_writing()
    assert not wire.planned, "it was read after all"
    connection.pause_writing()
    (drop,) = wire.planned.values()
    drop()
    assert wire.aborted


def test_stopping_does_not_wait_for_the_slow(fresh: Receiver) -> None:
    with connected(fresh) as slow:
        slow.sendall(raw_post(b"", {"Content-Length": "10", **signed(b"")}))
        assert fresh.post(b"1").status_code == 204
        assert fresh.stop() == 0
        assert slow.recv(100).startswith(b"HTTP/1.1 503 ")
    assert PATH in fresh.log and events(fresh.data) == [1]
