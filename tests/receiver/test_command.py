"""Start of the receiver: a wrong setting is one message, before any event is accepted."""

import logging
import os
import socket
from pathlib import Path

import pytest

from og_assets.receiver.errors import InboxError
from og_assets.receiver.server import Options, run
from og_assets.settings import Settings, SettingsError, load_settings
from testkit.receiver.running import KEY, running


def start_in_process(monkeypatch: pytest.MonkeyPatch, options: Options, *, keys: str = KEY) -> None:
    """Start a receiver that is expected to raise before it serves."""
    monkeypatch.setenv("ORDERGROOVE_WEBHOOK_KEYS", keys)
    monkeypatch.setattr(logging, "raiseExceptions", True)  # run() changes it.
    run(Settings(), options)


@pytest.mark.parametrize("keys", ["", " , "])
def test_missing_key_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: str) -> None:
    with pytest.raises(SettingsError, match=r"ORDERGROOVE_WEBHOOK_KEYS is not set.*--allow-unsigned"):
        start_in_process(monkeypatch, Options(), keys=keys)
    assert not (tmp_path / "data" / "inbox").exists()


def test_port_in_use_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        pytest.raises(SettingsError, match="Choose another with --host and --port"),
    ):
        start_in_process(monkeypatch, Options(port=other.getsockname()[1]))


def test_foreign_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match=r"Cannot listen at 192\.0\.2\.1"):
        start_in_process(monkeypatch, Options(host="192.0.2.1", port=0))


def test_folder_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("OG_DATA_DIR", str(tmp_path / "file"))
    with pytest.raises(InboxError, match=r"Set OG_DATA_DIR to a folder that this user can write"):
        start_in_process(monkeypatch, Options(port=0))


def test_key_with_invalid_characters_is_refused_and_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERGROOVE_WEBHOOK_KEYS", f"{KEY},\u00e9")
    with pytest.raises(SettingsError, match="ORDERGROOVE_WEBHOOK_KEYS") as error:
        load_settings()
    assert KEY not in str(error.value)


def test_ipv6_address_works_and_pyarrow_is_not_loaded(tmp_path: Path) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        host = "::1"
    except OSError:
        host = "127.0.0.1"
    with running(tmp_path / "data", "--host", host) as receiver:
        shown = "[::1]" if ":" in host else host
        assert f"Listening at http://{shown}:" in receiver.log
        maps = Path(f"/proc/{receiver.process.pid}/maps")
        # The receiver must start fast and small, without the lake's libraries.
        assert not maps.exists() or os.name != "posix" or "pyarrow" not in maps.read_text()
        assert receiver.stop() == 0
