"""Requests and answers: real HTTP against a real process."""

import json
import re
import signal
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from og_assets.ordergroove.signatures import fingerprint
from og_assets.settings import PROJECT_ROOT
from ordergroove_sandbox import Store
from ordergroove_sandbox.webhooks import DEFAULT_KEY, Webhooks
from testkit.receiver.event_files import event_files, events, left_open, lines, quarantined
from testkit.receiver.running import CLIENT, KEY, PATH, Receiver, answer_to, raw_post, running, signed

EVENT = b'{"id":"evt_1","type":"order.delete","created":1592570790,"data":{"object":{"type":"order","public_id":"f9"}}}'
MAX_BODY = 100_000


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    data = tmp_path_factory.mktemp("receiver") / "data"
    # --allow-unsigned must not matter where keys are set: every test of a signature shows it.
    with running(data, "--max-body", str(MAX_BODY), "--rotate-seconds", "0.3", "--allow-unsigned") as started:
        yield started
        assert started.stop() == 0
        assert left_open(data) == []


def arrived(receiver: Receiver, body: bytes) -> list[dict[str, object]]:
    """The lines of an event, after the next rotation."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and left_open(receiver.data):
        time.sleep(0.05)
    return [line for line in lines(receiver.data) if line["event"] == json.loads(body)]


def test_signed_event_is_acknowledged_and_stored_unchanged(receiver: Receiver) -> None:
    body = b' {"id" : "as-received",\r\n "a":1.50, "a":"\\ud800", "n":%d}\n' % 10**400
    before = datetime.now(UTC)
    assert receiver.post(body).status_code == 204
    (line,) = arrived(receiver, body)
    assert line["key"] == fingerprint(KEY)
    assert before <= datetime.fromisoformat(str(line["received_at"])) <= datetime.now(UTC)
    content = b"".join(path.read_bytes() for path in event_files(receiver.data))
    assert b'"event":' + body.replace(b"\r\n", b"  ").replace(b"\n", b" ") + b"}\n" in content
    assert event_files(receiver.data)[0].parent.name == f"{before:%Y-%m-%d}"


@pytest.mark.parametrize("body", [b"null", b"[]", b'"a string"', b"1e999", b"[" * 500 + b"]" * 500])
def test_json_that_is_not_an_object_is_accepted(receiver: Receiver, body: bytes) -> None:
    assert receiver.post(body).status_code == 204


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Ordergroove-Signature": ""},
        {"Ordergroove-Signature": "ts=1,sig=" + "0" * 64},
        {"Ordergroove-Signature": signed(EVENT)["Ordergroove-Signature"].partition(",")[2]},
        {"Ordergroove-Signature": "ts=1,sig=\u00e9".encode("latin-1")},
        signed(EVENT, "another-key"),
        signed(EVENT + b" "),
    ],
    ids=["none", "empty", "wrong", "without ts", "not ascii", "another key", "another body"],
)
def test_missing_or_wrong_signature_is_401(receiver: Receiver, headers: dict[str, str]) -> None:
    accepted = f'events_accepted_total{{key="{fingerprint(KEY)}"}}'
    before = receiver.metric(accepted), len(quarantined(receiver.data))
    refused = receiver.post(EVENT, headers)
    assert refused.status_code == 401 and refused.headers["connection"] == "close"
    assert (receiver.metric(accepted), len(quarantined(receiver.data))) == before


def test_header_name_is_case_insensitive(receiver: Receiver) -> None:
    value = signed(EVENT)["Ordergroove-Signature"]
    for name in ("OrderGroove-Signature", "ORDERGROOVE-SIGNATURE", "ordergroove-signature"):
        assert receiver.post(EVENT, {name: value}).status_code == 204


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"NaN", b"[" * 50_000])
def test_signed_body_that_is_not_json_is_400_and_quarantined_once(receiver: Receiver, body: bytes) -> None:
    for _ in range(2):
        assert receiver.post(body).status_code == 400
    (entry,) = [entry for entry in quarantined(receiver.data) if entry["body"] == body]
    assert entry["reason"] == "not_json" and entry["key"] == fingerprint(KEY)


def test_body_at_the_limit_is_accepted_and_one_byte_more_is_413(receiver: Receiver) -> None:
    largest = b'"' + b"a" * (MAX_BODY - 2) + b'"'
    assert receiver.post(largest).status_code == 204
    assert receiver.post(largest + b" ").status_code == 413


def test_content_length_over_the_limit_is_refused_before_the_body(receiver: Receiver) -> None:
    head = raw_post(b"", {"Content-Length": "999999999", **signed(b"")})
    assert answer_to(receiver.port, head).startswith(b"HTTP/1.1 413 ")


def test_chunked_body_over_the_limit_is_413(receiver: Receiver) -> None:
    head = raw_post(b"", {"Transfer-Encoding": "chunked", **signed(b"")}).replace(b"Content-Length: 0\r\n", b"")
    answer = answer_to(receiver.port, head + (b"1000\r\n" + b"a" * 0x1000 + b"\r\n") * 200)
    assert answer.startswith(b"HTTP/1.1 413 ") and b"connection: close" in answer.lower()


def test_chunks_are_joined(receiver: Receiver) -> None:
    def pieces() -> Iterator[bytes]:
        for start in range(0, len(EVENT), 7):
            yield EVENT[start : start + 7]

    assert CLIENT.post(receiver.url, content=pieces(), headers=signed(EVENT)).status_code == 204


def test_other_addresses_and_methods_are_refused(receiver: Receiver) -> None:
    assert CLIENT.get(receiver.url).status_code == 405
    for path in ("/", f"{PATH}/", "/webhooks", "/docs"):
        assert CLIENT.post(f"http://127.0.0.1:{receiver.port}{path}", content=EVENT).status_code == 404
    assert receiver.page("/healthz").json() == {"status": "ok"}


def test_metrics_count_accepted_and_refused_requests(receiver: Receiver) -> None:
    name = f'events_accepted_total{{key="{fingerprint(KEY)}"}}'
    before = receiver.metric(name), receiver.metric('requests_refused_total{reason="no_signature"}')
    receiver.post(EVENT)
    receiver.post(EVENT, {})
    assert (receiver.metric(name), receiver.metric('requests_refused_total{reason="no_signature"}')) == (
        before[0] + 1,
        before[1] + 1,
    )
    assert receiver.metric("seconds_since_last_event") < 60 and receiver.metric("writable") == 1
    assert receiver.page("/metrics").headers["content-type"].startswith("text/plain; version=0.0.4")
    assert KEY not in receiver.page("/metrics").text


def test_every_metric_is_documented(receiver: Receiver) -> None:
    page = (PROJECT_ROOT / "docs" / "receiver.md").read_text()
    for name in re.findall(r"^# HELP (og_receiver_\w+)", receiver.page("/metrics").text, re.MULTILINE):
        assert name.removesuffix("_created") in page, name


def test_files_rotate_by_size_and_ctrl_c_moves_the_last_one(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data, "--rotate-bytes", "1000") as receiver:
        for number in range(30):
            assert receiver.post(b'{"id":%d}' % number).status_code == 204
            if number == 14:
                deadline = time.monotonic() + 20
                while left_open(data) and time.monotonic() < deadline:
                    time.sleep(0.02)
        assert len(event_files(data)) >= 1
        receiver.process.send_signal(signal.SIGINT)
        assert receiver.process.wait(20) == 0
    assert left_open(data) == [] and len(event_files(data)) >= 2
    assert sorted(event["id"] for event in events(data)) == list(range(30))


def test_next_receivers_recover_the_file_of_a_killed_one_and_share_the_inbox(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data) as killed:
        assert killed.post(b"0").status_code == 204
        killed.process.kill()
    (path,) = left_open(data)
    with path.open("ab") as file:
        file.write(path.read_bytes()[:40])
    with running(data) as old:
        assert events(data) == [0] and left_open(data) == []
        assert "1 events, and 1 incomplete lines" in old.log
        assert old.post(b"1").status_code == 204
        with running(data) as new:
            assert new.post(b"2").status_code == 204 and old.post(b"3").status_code == 204
            assert old.stop() == 0
            assert sorted(events(data)) == [0, 1, 3], "the open file of the other receiver stays"
            assert new.post(b"4").status_code == 204
            assert new.stop() == 0
    assert sorted(events(data)) == [0, 1, 2, 3, 4] and len(quarantined(data)) == 1


def test_full_disk_is_503_until_space_is_free(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    if not hasattr(resource, "prlimit"):
        pytest.skip("needs a system where another process can be given limits")
    with running(tmp_path / "data") as receiver:
        kept = b'{"id":"kept"}'
        assert receiver.post(kept).status_code == 204
        _, hard = resource.prlimit(receiver.process.pid, resource.RLIMIT_FSIZE)
        # No file can grow beyond the middle of the next line, as on a full disk.
        resource.prlimit(receiver.process.pid, resource.RLIMIT_FSIZE, (4096, hard))
        refused = receiver.post(b'{"id":"%s"}' % (b"x" * 5000))
        assert refused.status_code == 503 and refused.headers["retry-after"] == "10"
        assert receiver.post(b"{" * 5000).status_code == 503, "the quarantine is on the same disk"
        assert receiver.page("/healthz").status_code == 503 and receiver.metric("writable") == 0
        assert "Cannot write below" in receiver.log and "Free disk space" in receiver.log
        resource.prlimit(receiver.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        deadline = time.monotonic() + 20
        while receiver.page("/healthz").status_code != 200 and time.monotonic() < deadline:
            time.sleep(0.05)
        after = b'{"id":"after"}'
        assert receiver.post(after).status_code == 204
        assert receiver.stop() == 0
    assert sorted(event["id"] for event in events(tmp_path / "data")) == ["after", "kept"]
    assert quarantined(tmp_path / "data") == []


def test_blocked_inbox_does_not_stop_events_and_is_logged_once(tmp_path: Path) -> None:
    data = tmp_path / "data"
    blocker = data / "inbox" / f"{datetime.now(UTC):%Y-%m-%d}"
    blocker.parent.mkdir(parents=True)
    blocker.write_text("blocks the folder of the day")
    with running(data, "--rotate-seconds", "0.1") as receiver:
        number, until = 0, time.monotonic() + 20
        while time.monotonic() < until:
            assert receiver.post(b'{"id":%d}' % number).status_code == 204
            health = receiver.page("/healthz")
            assert health.status_code == 200 and health.json()["status"] == "ok"
            number += 1
            if "warning" in health.json():
                # Time for a wrong immediate retry, and for a second open file.
                until = min(until, time.monotonic() + 1.5)
            time.sleep(0.05)
        assert "files cannot be moved" in health.json()["warning"]
        assert receiver.metric("writable") == 1 and receiver.metric("write_failures_total") == 0
        assert receiver.metric("rotation_failures_total") == 1, "it is not retried twice a second"
        assert receiver.stop() == 1
    waiting = left_open(data)
    assert receiver.log.count("Cannot move files") == 1 and f"{blocker}: File exists" in receiver.log
    assert "with 503" not in receiver.log and "are in the inbox." not in receiver.log
    assert len(waiting) == 2 and all(path.name in receiver.log for path in waiting)
    with running(data) as second:
        assert second.post(b'{"id":-1}').status_code == 204, "a blocked inbox does not prevent the start"
        assert second.log.count("Cannot move files") == 1
        blocker.unlink()
        assert second.stop() == 0, "the stop includes a last attempt"
    assert left_open(data) == [] and "all acknowledged events are in the inbox." in second.log
    assert sorted(event["id"] for event in events(data)) == list(range(-1, number))


def _accepts_connections(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True


def test_second_ctrl_c_still_reports_files_that_are_left_open(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data) as receiver, socket.create_connection(("127.0.0.1", receiver.port)) as slow:
        assert receiver.post(EVENT).status_code == 204
        slow.sendall(raw_post(EVENT)[:-5])
        receiver.process.send_signal(signal.SIGINT)
        # Two signals that are pending at the same time arrive as one, so the second waits for the first's effect.
        while _accepts_connections(receiver.port):
            time.sleep(0.01)
        receiver.process.send_signal(signal.SIGINT)
        code = receiver.process.wait(10)
    is_complete = "all acknowledged events are in the inbox." in receiver.log
    assert is_complete == (code == 0) == (left_open(data) == [])


def test_all_events_of_the_sandbox_arrive_during_a_key_rotation(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data, keys=f"a-new-key,{DEFAULT_KEY}") as receiver:
        hooks = Webhooks()
        target = hooks.add_target(receiver.url)
        store = Store(seed=3, customers=8, days=40, until=datetime(2026, 11, 22, 14), webhooks=hooks)
        sent = hooks.deliver()
        hooks.rotate_key(target, "a-new-key")
        store.advance(days=3)
        sent += hooks.deliver()
        hooks.close()
        assert target.counts["success"] == sent > 50 and hooks.pending == 0
        assert receiver.stop() == 0
    assert len(events(data)) == sent
    assert {line["key"] for line in lines(data)} == {fingerprint(DEFAULT_KEY), fingerprint("a-new-key")}


def test_unsigned_events_are_accepted_without_keys_if_allowed(tmp_path: Path) -> None:
    with running(tmp_path / "data", "--allow-unsigned", keys=None) as receiver:
        assert receiver.post(EVENT, {}).status_code == 204
        assert "UNSIGNED" in receiver.log
        assert receiver.stop() == 0
    assert [line["key"] for line in lines(tmp_path / "data")] == [None]


def test_event_files_are_readable_by_owner_and_group_only(receiver: Receiver) -> None:
    receiver.post(EVENT)
    arrived(receiver, EVENT)
    for path in event_files(receiver.data):
        assert path.stat().st_mode & 0o007 == 0
