"""A real nginx with `deploy/nginx.conf`, on a loopback port in front of a receiver.

The configuration is used as it is shipped; only paths, ports and waiting times are replaced.
"""

import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from testkit.receiver.running import PATH

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx.conf"
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
_CERTIFICATE = "/etc/letsencrypt/live/hooks.example.com/"


@dataclass
class Proxy:
    """A running nginx."""

    process: subprocess.Popen[bytes]
    port: int
    certificate: Path
    tls: ssl.SSLContext

    @property
    def url(self) -> str:
        """The address for webhooks."""
        return f"https://127.0.0.1:{self.port}{PATH}"

    @contextmanager
    def client(self, address: str = "127.0.0.1") -> Iterator[httpx.Client]:
        """A client that sends from one loopback address: nginx counts connections for each address."""
        with httpx.Client(transport=httpx.HTTPTransport(verify=self.tls, local_address=address), timeout=20) as client:
            yield client

    @contextmanager
    def connected(self, address: str = "127.0.0.1") -> Iterator[ssl.SSLSocket]:
        """A TLS connection that sends from one loopback address."""
        target = ("127.0.0.1", self.port)
        with (
            socket.create_connection(target, timeout=20, source_address=(address, 0)) as plain,
            self.tls.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
        ):
            yield connection


def render(folder: Path, *, port: int, receiver_port: int, timeout: str = "10s") -> str:
    """`deploy/nginx.conf` with paths below `folder`, these ports, and `timeout` for each wait for a sender."""
    text = CONFIGURATION.read_text()
    replacements = {
        # Worker processes of another user could not write below a test's folder.
        "user www-data;": "user root;" if os.getuid() == 0 else "",
        "worker_rlimit_nofile 16384;": "",
        "/run/nginx.pid": f"{folder}/nginx.pid",
        "/var/log/nginx/error.log": f"{folder}/error.log",
        "/var/lib/nginx/": f"{folder}/",
        _CERTIFICATE: f"{folder}/",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "127.0.0.1:8900": f"127.0.0.1:{receiver_port}",
        "client_header_timeout 10s": f"client_header_timeout {timeout}",
        "client_body_timeout 10s": f"client_body_timeout {timeout}",
    }
    for old, new in replacements.items():
        if old not in text:
            raise AssertionError(f"deploy/nginx.conf no longer contains {old!r}")
        text = text.replace(old, new)
    return text


@contextmanager
def nginx(folder: Path, *, receiver_port: int, timeout: str = "10s") -> Iterator[Proxy]:
    """Run nginx until the end of the block."""
    assert NGINX is not None
    folder.mkdir(parents=True, exist_ok=True)
    certificate = _make_certificate(folder)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    configuration = folder / "nginx.conf"
    configuration.write_text(render(folder, port=port, receiver_port=receiver_port, timeout=timeout))
    command = [NGINX, "-p", str(folder), "-e", f"{folder}/error.log", "-c", str(configuration), "-g", "daemon off;"]
    with (folder / "nginx.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _await_listening(process, port, folder / "nginx.log")
        yield Proxy(process, port, certificate, ssl.create_default_context(cafile=certificate))
    finally:
        process.terminate()
        process.wait(timeout=20)


def _make_certificate(folder: Path) -> Path:
    certificate = folder / "fullchain.pem"
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{folder}/privkey.pem"]
    command = ["openssl", "req", "-x509", "-days", "2", *names, *key, "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate


def _await_listening(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"nginx did not start: {log.read_text()}") from None
            time.sleep(0.02)
        else:
            return
