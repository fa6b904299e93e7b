"""A receiver in its own process, and requests to it. Signatures are implemented from Ordergroove's documentation."""

import hmac
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx

KEY = "a-key-for-these-tests-alone"
PATH = "/webhooks/ordergroove"
# One connection per request, as most senders do. No certificates: loading them for plain HTTP costs CPU.
CLIENT = httpx.Client(
    verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), timeout=10, limits=httpx.Limits(max_keepalive_connections=0)
)
_LISTENING = re.compile(r"Listening at http://[^ ]*?:(\d+)/")


def signed(body: bytes, *keys: str, ts: int = 1_592_570_791) -> dict[str, str]:
    """The signature header of a body."""
    sigs = [hmac.new(key.encode(), f"{ts}.".encode() + body, sha256).hexdigest() for key in keys or (KEY,)]
    return {"Ordergroove-Signature": ",".join((f"ts={ts}", *(f"sig={sig}" for sig in sigs)))}


def raw_post(body: bytes, headers: dict[str, str] | None = None) -> bytes:
    """A complete request as bytes."""
    lines = {"Host": "x", "Content-Length": str(len(body)), **(signed(body) if headers is None else headers)}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {PATH} HTTP/1.1\r\n{head}\r\n".encode() + body


def answer_to(port: int, raw: bytes, *, seconds: float = 5) -> bytes:
    """Send bytes, and read until the receiver closes the connection or `seconds` pass without data."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        received = b""
        try:
            connection.sendall(raw)
            while piece := connection.recv(65_536):
                received += piece
        except (TimeoutError, ConnectionError):
            pass
        return received


@dataclass
class Receiver:
    """A running receiver."""

    process: subprocess.Popen[bytes]
    port: int
    data: Path
    log_file: Path

    @property
    def url(self) -> str:
        """The address that events are posted to."""
        return f"http://127.0.0.1:{self.port}{PATH}"

    @property
    def log(self) -> str:
        """Everything that the receiver wrote to stderr so far."""
        return self.log_file.read_text()

    def page(self, path: str) -> httpx.Response:
        """Get one of the pages of the receiver, such as /metrics."""
        return CLIENT.get(f"http://127.0.0.1:{self.port}{path}")

    def post(self, body: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
        """Post a body, by default with a valid signature."""
        return CLIENT.post(self.url, content=body, headers=signed(body) if headers is None else headers)

    def metric(self, name: str) -> float:
        """One sample of /metrics; 0 where it is missing."""
        found = re.search(rf"^og_receiver_{re.escape(name)} (\S+)$", self.page("/metrics").text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    def stop(self) -> int:
        """Send SIGTERM; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)


def start(data: Path, *options: str, keys: str | None = KEY, wait: bool = True, **environment: str) -> Receiver:
    """Start a receiver on a free port, unless the options name a port."""
    data.parent.mkdir(parents=True, exist_ok=True)
    log_file = data.parent / f"receiver-{time.monotonic_ns()}.log"
    variables = {**os.environ, "OG_DATA_DIR": str(data), **environment}
    if keys is not None:
        variables["ORDERGROOVE_WEBHOOK_KEYS"] = keys
    command = [sys.executable, "-m", "og_assets", "receiver", "--port", "0", *options]
    with log_file.open("wb") as log:
        process = subprocess.Popen(command, env=variables, stdout=log, stderr=log)
    receiver = Receiver(process, 0, data, log_file)
    deadline = time.monotonic() + 20
    while wait and not receiver.port:
        if found := _LISTENING.search(receiver.log):
            receiver.port = int(found[1])
        elif process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise RuntimeError(f"the receiver did not start: {receiver.log}")
        else:
            time.sleep(0.01)
    return receiver


@contextmanager
def running(data: Path, *options: str, **arguments: Any) -> Iterator[Receiver]:
    """Run a receiver until the end of the block. Its log must hold no traceback and no key."""
    receiver = start(data, *options, **arguments)
    try:
        yield receiver
    finally:
        if receiver.process.poll() is None:
            receiver.process.kill()
        receiver.process.wait()
    assert "Traceback" not in receiver.log, receiver.log
    assert KEY not in receiver.log
