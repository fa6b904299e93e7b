"""A real nginx with deploy/nginx.conf in front of a real receiver: what docs/receiver.md guarantees for that setup.

Attackers send from 127.0.0.1, Ordergroove's events come from 127.0.0.2: nginx counts connections for each address.
"""

import os
import re
import select
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from og_assets.receiver.server import KEEP_ALIVE_SECONDS, Options
from testkit.receiver.event_files import event_files, events
from testkit.receiver.nginx import CONFIGURATION, NGINX, Proxy, nginx
from testkit.receiver.running import Receiver, raw_post, running, signed

pytestmark = pytest.mark.skipif(
    NGINX is None and "CI" not in os.environ, reason="nginx is not installed (apt-get install nginx)"
)

EVENT = b' {"id" : "as-received",\t"a":1.50, "a":"\\ud800"} '
OTHER = "127.0.0.2"
PER_ADDRESS = 64


@dataclass
class Setup:
    receiver: Receiver
    proxy: Proxy

    def post(self, body: bytes = EVENT, headers: dict[str, str] | None = None) -> httpx.Response:
        """One event from an address that no attacker uses."""
        with self.proxy.client(OTHER) as client:
            return client.post(self.proxy.url, content=body, headers=signed(body) if headers is None else headers)


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    folder = tmp_path_factory.mktemp("nginx")
    # One second instead of ten, so that the tests wait less.
    with (
        running(folder / "data") as receiver,
        nginx(folder / "nginx", receiver_port=receiver.port, timeout="1s") as proxy,
    ):
        yield Setup(receiver, proxy)


@pytest.fixture(scope="module")
def patient(setup: Setup, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    """The same receiver behind an nginx that waits longer than any test takes."""
    with nginx(tmp_path_factory.mktemp("patient"), receiver_port=setup.receiver.port, timeout="60s") as proxy:
        yield Setup(setup.receiver, proxy)


def send(connection: socket.socket, raw: bytes) -> None:
    """Send bytes; nginx may have closed the connection already."""
    with suppress(OSError):
        connection.sendall(raw)


def wait_until_closed(connection: socket.socket) -> bytes:
    """Everything that arrives until nginx closes; a timeout of the socket fails the test."""
    received = b""
    try:
        while piece := connection.recv(65_536):
            received += piece
    except TimeoutError:
        raise
    except OSError:
        pass  # A reset is a close too.
    return received


def test_event_arrives_unchanged(setup: Setup) -> None:
    assert setup.post().status_code == 204
    assert setup.post(headers={}).status_code == 401
    assert setup.post(b"{").status_code == 400
    stored = b"".join(
        path.read_bytes() for path in (setup.receiver.data / "inbox" / ".receiving").glob("*.jsonl")
    ) + b"".join(path.read_bytes() for path in event_files(setup.receiver.data))
    assert b'"event":' + EVENT + b"}\n" in stored


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/", "/webhooks/ordergroove/", "/webhooks/ordergroove/../"])
def test_only_the_webhook_address_is_public(setup: Setup, path: str) -> None:
    with setup.proxy.client() as client:
        assert client.get(f"https://127.0.0.1:{setup.proxy.port}{path}").status_code == 404


def test_slow_headers_are_closed_and_never_reach_the_receiver(setup: Setup) -> None:
    head = raw_post(EVENT).partition(b"\r\n\r\n")[0]
    with ExitStack() as stack:
        slow = [stack.enter_context(setup.proxy.connected()) for _ in range(150)]
        for connection in slow:
            send(connection, head)
        assert setup.post().status_code == 204
        assert setup.receiver.metric("connections") < 50
        assert not any(wait_until_closed(connection).startswith(b"HTTP/1.1 2") for connection in slow)


def test_silent_connections_are_closed(setup: Setup) -> None:
    with socket.create_connection(("127.0.0.1", setup.proxy.port), timeout=20) as plain:
        with setup.proxy.connected() as connection:
            assert setup.post().status_code == 204
            assert wait_until_closed(connection) == b""
        assert wait_until_closed(plain) == b"", "no TLS handshake"


def test_slow_bodies_are_closed_and_never_reach_the_receiver(setup: Setup) -> None:
    requests = setup.receiver.metric("request_seconds_count")
    with ExitStack() as stack:
        slow = [stack.enter_context(setup.proxy.connected()) for _ in range(PER_ADDRESS // 2)]
        for connection in slow:
            send(connection, raw_post(EVENT)[:-5])
        assert setup.post().status_code == 204
        assert not any(wait_until_closed(connection).startswith(b"HTTP/1.1 2") for connection in slow)
    assert setup.receiver.metric("request_seconds_count") == requests + 1, "only the event of the other address"


def test_one_address_gets_only_its_share_of_connections(patient: Setup) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(patient.proxy.connected()) for _ in range(PER_ADDRESS + 20)]
        for connection in slow:
            send(connection, raw_post(EVENT)[:-5])
        answers: dict[socket.socket, bytes] = {}
        while len(answers) < 20:
            ready, _, _ = select.select([one for one in slow if one not in answers], [], [], 20)
            assert ready, f"{len(answers)} connections were refused"
            for connection in ready:
                # A readable socket may hold only a TLS session ticket.
                connection.setblocking(False)
                with suppress(ssl.SSLWantReadError):
                    answers[connection] = connection.recv(4096)
        assert all(answer.startswith(b"HTTP/1.1 503 ") for answer in answers.values()), answers
        assert patient.post().status_code == 204


@pytest.mark.parametrize("is_chunked", [False, True])
def test_huge_body_is_413_and_never_reaches_the_receiver(setup: Setup, is_chunked: bool) -> None:
    length = {"Transfer-Encoding": "chunked"} if is_chunked else {"Content-Length": str(10**9)}
    head = raw_post(b"", {**length, **signed(b"")})
    head = head.replace(b"Content-Length: 0\r\n", b"") if is_chunked else head
    requests = setup.receiver.metric("request_seconds_count")
    with setup.proxy.connected() as connection:
        send(connection, head)
        for _ in range(17):  # 8.7 MB
            send(connection, b"7d000\r\n" + b"a" * 512_000 + b"\r\n")
        assert setup.post().status_code == 204
        answer = wait_until_closed(connection)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert setup.receiver.metric("request_seconds_count") == requests + 1, "only the event of the other sender"


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"POST / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000, b"400"),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n", b"414"),
        (b"nonsense\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", b"400"),
    ],
    ids=["endless header", "long address", "nonsense", "two lengths"],
)
def test_malformed_heads_are_refused_by_nginx(setup: Setup, raw: bytes, status: bytes) -> None:
    with setup.proxy.connected() as connection:
        send(connection, raw)
        assert wait_until_closed(connection).startswith(b"HTTP/1.1 " + status)


def test_stopped_receiver_is_never_acknowledged_and_events_pass_after_its_restart(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data) as first, nginx(tmp_path / "nginx", receiver_port=first.port) as proxy, proxy.client() as client:
        body = b'{"id":1}'
        assert client.post(proxy.url, content=body, headers=signed(body)).status_code == 204
        assert first.stop() == 0
        body = b'{"id":2}'
        assert client.post(proxy.url, content=body, headers=signed(body)).status_code == 502
        with running(data, "--port", str(first.port)) as second:
            body = b'{"id":3}'
            assert client.post(proxy.url, content=body, headers=signed(body)).status_code == 204
            assert second.stop() == 0
    assert sorted(event["id"] for event in events(data)) == [1, 3]


def test_limits_of_nginx_fit_those_of_the_receiver() -> None:
    text, options = CONFIGURATION.read_text(), Options()

    def number(directive: str) -> int:
        found = re.search(rf"{directive}[ =](\d+)", text)
        assert found, directive
        return int(found[1])

    assert number("client_max_body_size") == options.max_body
    assert number("max_conns") < options.max_connections
    assert number("proxy_read_timeout") > options.timeout
    assert number(r"keepalive_timeout") < KEEP_ALIVE_SECONDS
    assert number("limit_conn per_address") == PER_ADDRESS
    assert f"server 127.0.0.1:{options.port} " in text
