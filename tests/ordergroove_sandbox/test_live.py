"""A served store advances by itself and sends events over HTTP; the command that serves it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import create_server
from threading import Thread
from time import monotonic, sleep

import httpx
import orjson
import pytest

from ordergroove_sandbox import RunningStore, Store, serve
from ordergroove_sandbox.webhooks import DEFAULT_KEY, Webhooks
from testkit.sandbox.client import SandboxClient
from testkit.sandbox.pick import movable_subscription
from testkit.sandbox.webhook_inbox import is_signed


class Receiver(ThreadingHTTPServer):
    """Keeps every POST and responds with 204."""

    daemon_threads = True

    def __init__(self) -> None:
        self.received: list[tuple[bytes, str]] = []
        super().__init__(("127.0.0.1", 0), Answer)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hooks"


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((body, self.headers["Ordergroove-Signature"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


def wait_for(condition: object, *, seconds: float = 8) -> None:
    deadline = monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert monotonic() < deadline, "the condition was not met in time"
        sleep(0.02)


def test_live_store_advances_and_sends_events(fresh_store: Store, receiver: Receiver) -> None:
    hooks = Webhooks()
    before = fresh_store.now
    with serve(fresh_store, webhooks=hooks, day_seconds=0.5) as running:
        running.webhooks.add_target(receiver.url)
        wait_for(lambda: len(receiver.received) > 20)
        client = SandboxClient(running.url)
        shown = client.http.get("/sandbox/webhooks").json()
        assert shown["targets"][0]["success"] > 0
        assert "http-equiv" in client.http.get("/").text
        del client
    assert fresh_store.now > before
    stopped = fresh_store.now
    sleep(0.3)
    assert fresh_store.now == stopped
    for body, header in receiver.received:
        assert is_signed(body, header)
        assert orjson.loads(body)["created"] > 0


def test_failed_clock_thread_is_reported(fresh_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(fresh_store, day_seconds=0.5) as running:
        client = SandboxClient(running.url)
        assert client.http.get("/sandbox/health").status_code == 200

        def advance(**_: float) -> None:
            raise RuntimeError("no <tomorrow>")

        monkeypatch.setattr(fresh_store, "advance", advance)
        wait_for(lambda: client.http.get("/sandbox/health").status_code == 503)
        assert client.http.get("/sandbox/health").json()["detail"].endswith("failed: RuntimeError: no <tomorrow>")
        assert "no &lt;tomorrow&gt;" in client.http.get("/").text
        assert client.get("/orders/").status_code == 200


def test_store_with_a_stopped_clock_sends_events_of_mutations(
    running: RunningStore, client: SandboxClient, receiver: Receiver
) -> None:
    made = client.http.post("/webhook_targets/", json={"target_url": receiver.url})
    assert made.status_code == 201
    assert set(made.json()) == {"id", "merchant", "target_url", "enabled", "created", "updated"}
    path = f"/webhook_targets/{made.json()['id']}"
    assert client.http.post(f"{path}/filters", json={"pattern": "subscription.*|order.*"}).status_code == 201
    subscription = movable_subscription(running.store)
    client.http.patch(f"/subscriptions/{subscription.key}/change_quantity/", json={"quantity": 4})
    wait_for(lambda: receiver.received)
    body, header = receiver.received[0]
    key = client.http.get(f"{path}/signing_key").json()["signing_key"]
    assert is_signed(body, header, key=key)
    assert orjson.loads(body)["data"]["object"]["quantity"] == 4
    assert running.store.now == subscription.updated

    rotated = client.http.patch(f"{path}/signing_key/rotate").json()
    assert rotated["expiring_signing_key"] == key != rotated["signing_key"]
    running.store.change_quantity(subscription.key, quantity=5)
    wait_for(lambda: len(receiver.received) > 1)
    body, header = receiver.received[1]
    assert is_signed(body, header, key=key)
    assert is_signed(body, header, key=rotated["signing_key"])
    assert {orjson.loads(body)["type"].split(".")[0] for body, _ in receiver.received} <= {"subscription", "order"}


def test_target_administration_refuses_invalid_requests(client: SandboxClient) -> None:
    for wrong in (
        "nowhere",
        "http://",
        "https:///hooks",
        "ftp://host/",
        "http://host:port/",
        "http://a\x00b/",
        7,
        None,
    ):
        assert client.http.post("/webhook_targets/", json={"target_url": wrong}).status_code == 400
    assert client.http.post("/webhook_targets/", content=b"{").status_code == 400
    assert client.http.post("/webhook_targets/", content=b"[1]").status_code == 400
    assert client.http.get("/webhook_targets/none/signing_key").status_code == 404
    assert client.http.patch("/webhook_targets/none/signing_key/rotate").status_code == 404
    assert client.http.get("/webhook_targets/").json() == []
    assert httpx.get(f"{client.http.base_url}/webhook_targets/").status_code == 403


def test_home_page_shows_the_clock_and_the_latest_events(running: RunningStore, client: SandboxClient) -> None:
    running.store.change_quantity(movable_subscription(running.store).key, quantity=3)
    page = client.http.get("/").text
    assert str(running.store.now) in page
    assert "item.change_quantity" in page
    assert "clock is stopped" in page
    assert "http-equiv" not in page


def test_command_serves_a_live_store_and_writes_event_files(tmp_path: Path) -> None:
    with create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    arguments = [
        "--seed",
        "3",
        "--customers",
        "10",
        "--days",
        "30",
        "--port",
        str(port),
        "--live",
        "--day-seconds",
        "1",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "ordergroove_sandbox", *arguments, "--dumps", str(tmp_path / "dumps")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    url = f"http://127.0.0.1:{port}/sandbox/clock"
    try:
        wait_for(lambda: is_up(url), seconds=20)
        first = httpx.get(url).json()["now"]
        wait_for(lambda: httpx.get(url).json()["now"] > first)
    finally:
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=20)
    assert process.returncode == 0, output
    assert "ORDERGROOVE_API_KEY=sandbox-key" in output
    assert DEFAULT_KEY in output
    days = sorted(folder.name for folder in (tmp_path / "dumps").iterdir())
    assert len(days) > 5
    assert not list((tmp_path / "dumps").glob("*/.*"))


def test_command_reports_a_port_in_use(tmp_path: Path) -> None:
    with create_server(("127.0.0.1", 0)) as listener:
        arguments = ["--customers", "1", "--days", "2", "--port", str(listener.getsockname()[1])]
        done = subprocess.run(
            [sys.executable, "-m", "ordergroove_sandbox", *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            timeout=60,
            check=False,
        )
    assert done.returncode == 2
    assert "cannot be used" in done.stderr
    assert "Traceback" not in done.stderr


def is_up(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.HTTPError:
        return False
