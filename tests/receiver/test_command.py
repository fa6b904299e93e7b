"""Starting: what cannot work is said in one sentence, before anything is accepted."""

import os
import socket
from pathlib import Path

import pytest

from testkit.receiver.running import KEY, running, start


def refused(data: Path, *options: str, keys: str | None = KEY) -> tuple[int, str]:
    receiver = start(data, *options, keys=keys, wait=False)
    code = receiver.process.wait(timeout=20)
    assert "Traceback" not in receiver.log and KEY not in receiver.log
    return code, receiver.log


@pytest.mark.parametrize("keys", [None, "", " , "])
def test_without_a_key_it_does_not_start(tmp_path: Path, keys: str | None) -> None:
    code, told = refused(tmp_path / "data", keys=keys)
    assert code == 2 and "ORDERGROOVE_WEBHOOK_KEYS is not set" in told and "--allow-unsigned" in told
    assert not (tmp_path / "data" / "inbox").exists()


def test_taken_port_is_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        code, told = refused(tmp_path / "data", "--port", str(other.getsockname()[1]))
    assert code == 2 and "Choose another with --host and --port" in told


def test_address_of_nobody_is_a_sentence(tmp_path: Path) -> None:
    code, told = refused(tmp_path / "data", "--host", "192.0.2.1")
    assert code == 2 and "Cannot listen at 192.0.2.1" in told


def test_inbox_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    code, told = refused(tmp_path / "file")
    assert code == 1 and "Make OG_DATA_DIR a folder that this user may write" in told


def test_it_listens_on_six_too(tmp_path: Path) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    receiver = start(tmp_path / "data", "--host", "::1", wait=False)
    try:
        while "Listening at http://[::1]:" not in receiver.log:
            assert receiver.process.poll() is None, receiver.log
    finally:
        receiver.process.terminate()
    assert receiver.process.wait(20) == 0


def test_a_setting_that_is_wrong_is_named(tmp_path: Path) -> None:
    receiver = start(tmp_path / "data", keys=f"{KEY},\u00e9", wait=False)
    assert receiver.process.wait(20) == 2
    assert "ORDERGROOVE_WEBHOOK_KEYS holds characters that no key has" in receiver.log and KEY not in receiver.log


def test_nothing_of_it_needs_dagster_or_the_lake(tmp_path: Path) -> None:
    with running(tmp_path / "data") as receiver:
        maps = Path(f"/proc/{receiver.process.pid}/maps")
        if not maps.exists() or os.name != "posix":
            pytest.skip("needs /proc")
        assert "pyarrow" not in maps.read_text()
