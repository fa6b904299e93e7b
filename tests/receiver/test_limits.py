"""Limits that hold without nginx: the body's size and time, memory, connections, and the time of stopping."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from testkit.receiver.event_files import events
from testkit.receiver.running import Receiver, answer_to, raw_post, running, signed

MAX_BODY = 1_000_000
EVENT = b'{"id":1}'


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    data = tmp_path_factory.mktemp("limits") / "data"
    with running(data, "--timeout", "1", "--max-body", str(MAX_BODY), "--max-connections", "60") as started:
        yield started


@contextmanager
def connected(receiver: Receiver) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=20) as connection:
        yield connection


def chunked_head() -> bytes:
    head = raw_post(b"", {"Transfer-Encoding": "chunked", **signed(b"")})
    return head.replace(b"Content-Length: 0\r\n", b"")


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


@pytest.mark.parametrize("is_chunked", [False, True])
def test_slow_body_is_408_and_does_not_delay_others(receiver: Receiver, is_chunked: bool) -> None:
    head = chunked_head() if is_chunked else raw_post(b"", {"Content-Length": "500", **signed(b"")})
    piece = b"1\r\na\r\n" if is_chunked else b"a"
    with ExitStack() as stack:
        slow = [stack.enter_context(connected(receiver)) for _ in range(20)]
        for connection in slow:
            connection.sendall(head)
        # A piece now and then must not extend the time limit, which counts from the headers.
        for _ in range(3):
            for connection in slow:
                with suppress(ConnectionError):  # On a slow machine it is cut off already.
                    connection.sendall(piece)
            assert receiver.post(EVENT).status_code == 204
        answers = [connection.recv(4096) for connection in slow]
    assert all(answer.startswith(b"HTTP/1.1 408 ") for answer in answers), answers
    assert receiver.log.count("too_slow") <= 3, "one log line every ten seconds"


def test_slow_body_is_408_although_bytes_keep_coming(receiver: Receiver) -> None:
    with connected(receiver) as connection:
        connection.sendall(raw_post(b"", {"Content-Length": "100000", **signed(b"")}))
        connection.settimeout(0.1)
        answer = b""
        for _ in range(200):
            with suppress(ConnectionError):
                connection.sendall(b"a")
            with suppress(TimeoutError):
                answer = connection.recv(4096)
                break
    assert answer.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("is_chunked", [False, True])
def test_gigabyte_body_is_refused_after_the_limit(receiver: Receiver, is_chunked: bool) -> None:
    process = psutil.Process(receiver.process.pid)
    receiver.post(EVENT)
    before, sent = process.memory_info().rss, 0
    head = chunked_head() if is_chunked else raw_post(b"", {"Content-Length": str(10**9), **signed(b"")})
    block = b"10000\r\n" + b"a" * 65_536 + b"\r\n"
    with connected(receiver) as connection, suppress(ConnectionError):
        connection.sendall(head)
        while sent < 10**9:
            connection.sendall(block)
            sent += len(block)
    assert sent < 50_000_000
    assert process.memory_info().rss - before < 50_000_000
    assert receiver.metric('requests_refused_total{reason="too_large"}') >= 1


def test_more_connections_than_the_limit_are_503(receiver: Receiver) -> None:
    with ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(connected(receiver))
        assert answer_to(receiver.port, raw_post(EVENT)).startswith(b"HTTP/1.1 503 ")
    assert eventually(lambda: receiver.post(EVENT).status_code == 204)


def test_requests_in_one_segment_are_all_answered(receiver: Receiver) -> None:
    second = raw_post(b'{"id":"b"}')
    with connected(receiver) as connection:
        connection.sendall(raw_post(b'{"id":"a"}') + second[:-3])
        received = connection.recv(4096)
        connection.sendall(second[-3:] + raw_post(b'{"id":"c"}'))
        while received.count(b"HTTP/1.1 204 ") < 3:
            piece = connection.recv(4096)
            assert piece, received
            received += piece


def test_too_many_large_bodies_are_503_and_small_events_are_still_accepted(tmp_path: Path) -> None:
    with running(tmp_path / "data", "--max-body", "30000000", "--timeout", "30") as receiver:
        # Four times --max-body may be in memory; each of these bodies lacks its last byte.
        body = b"a" * 29_999_999
        head = raw_post(b"", {"Content-Length": str(len(body) + 1), **signed(b"")})
        with ExitStack() as stack:
            for _ in range(4):
                stack.enter_context(connected(receiver)).sendall(head + body)
            assert eventually(lambda: receiver.metric("held_bytes") >= 4 * len(body))
            refused = receiver.post(b'"' + b"a" * 10_000_000 + b'"')
            assert refused.status_code == 503 and refused.headers["retry-after"] == "10"
            assert receiver.post(EVENT).status_code == 204
        assert eventually(lambda: receiver.metric("held_bytes") == 0)


def test_stopping_waits_for_a_slow_body_no_longer_than_the_timeout(tmp_path: Path) -> None:
    with running(tmp_path / "data", "--timeout", "1") as receiver, connected(receiver) as slow:
        slow.sendall(raw_post(b"", {"Content-Length": "10", **signed(b"")}))
        assert receiver.post(EVENT).status_code == 204
        receiver.process.terminate()
        assert slow.recv(100).startswith(b"HTTP/1.1 408 ")
        assert receiver.process.wait(20) == 0
    assert events(tmp_path / "data") == [{"id": 1}]
