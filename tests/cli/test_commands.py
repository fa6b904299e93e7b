"""The command line explains what is wrong in one sentence that says what to do, without a traceback."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ordergroove_sandbox import RunningStore, Store, serve

YESTERDAY = datetime.now(ZoneInfo("America/New_York")).replace(tzinfo=None, microsecond=0) - timedelta(days=2)
START = (YESTERDAY - timedelta(days=3)).date().isoformat()


@pytest.fixture(scope="module")
def server() -> Iterator[RunningStore]:
    with serve(Store(seed=5, customers=30, days=30, until=YESTERDAY)) as running:
        yield running


def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "og_assets", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def pointed_at(server: RunningStore, data_dir: Path, **changes: str) -> dict[str, str]:
    return {
        "ORDERGROOVE_API_KEY": "sandbox-key",
        "ORDERGROOVE_BASE_URL": server.url,
        "ORDERGROOVE_START_DATE": START,
        "OG_DATA_DIR": str(data_dir),
        **changes,
    }


@pytest.mark.parametrize(
    ("variable", "value", "advice"),
    [
        ("ORDERGROOVE_BASE_URL", "restapi.ordergroove.com", "write scheme and host"),
        ("OG_SYNC_HOURS", "25", "write hours from 0 to 23"),
        ("OG_SYNC_HOURS", "2", "twice or not at all on daylight-saving days"),
        ("ORDERGROOVE_TIMEZONE", "America/Gotham", "not an IANA time zone"),
        ("ORDERGROOVE_START_DATE", "2999-01-01", "write an earlier day"),
        ("OG_PII", "shred", "'hash', 'keep' or 'drop'"),
    ],
)
def test_wrong_setting_is_named_with_what_to_write(variable: str, value: str, advice: str) -> None:
    code, _, errors = run("sync", **{"ORDERGROOVE_API_KEY": "a-secret-key", variable: value})
    assert code == 2
    assert variable in errors and advice in errors
    assert "Traceback" not in errors and "a-secret-key" not in errors


def test_without_a_key_it_says_what_to_set() -> None:
    code, _, errors = run("sync")
    assert code == 2 and "ORDERGROOVE_API_KEY is not set" in errors and "Traceback" not in errors


def test_wrong_key_is_one_request_and_one_sentence(server: RunningStore, tmp_path: Path) -> None:
    server.requests.clear()
    code, _, errors = run("sync", **pointed_at(server, tmp_path / "data", ORDERGROOVE_API_KEY="a-wrong-key"))
    assert code == 1 and server.requests.count() == 1
    assert "ORDERGROOVE_API_KEY" in errors and "Bulk Operations" in errors
    assert "Traceback" not in errors and "a-wrong-key" not in errors


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--from", "yesterday"), "is not a day"),
        (("--from", "2001-01-01", "--to", "2001-02-01"), "No finished window lies between"),
    ],
)
def test_impossible_range_is_explained(
    arguments: tuple[str, ...], message: str, server: RunningStore, tmp_path: Path
) -> None:
    code, _, errors = run("sync", *arguments, **pointed_at(server, tmp_path / "data"))
    assert code == 2 and message in errors and "Traceback" not in errors


@pytest.mark.parametrize("home", ["relative", "/nowhere/at/all"])
def test_dagster_home_without_the_pools_is_refused(home: str, server: RunningStore, tmp_path: Path) -> None:
    code, _, errors = run("sync", **pointed_at(server, tmp_path / "data", DAGSTER_HOME=home))
    assert code == 2 and "Copy the project's dagster.yaml there, or unset DAGSTER_HOME" in errors
    assert "Traceback" not in errors


def test_data_directory_that_cannot_be_made_is_explained(server: RunningStore, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    code, _, errors = run("sync", **pointed_at(server, tmp_path / "file" / "data"))
    assert code == 1 and "Make OG_DATA_DIR a folder that this user may write" in errors and "Traceback" not in errors


@pytest.mark.parametrize("command", ["dev", "ingest", "receiver"])
def test_wrong_setting_is_explained_by_every_command(command: str) -> None:
    code, _, errors = run(command, OG_SYNC_HOURS="25")
    assert code == 2 and "write hours from 0 to 23" in errors and "Traceback" not in errors


def test_bracket_in_a_folder_name_is_printed_as_it_is(tmp_path: Path) -> None:
    data_dir = tmp_path / "[data]"
    data_dir.write_text("a file where a folder should be")
    code, _, errors = run("sync", ORDERGROOVE_API_KEY="a-secret-key", OG_DATA_DIR=str(data_dir))
    assert code == 1 and str(data_dir) in errors


@pytest.mark.parametrize(("redirection", "seen"), [(">&-", True), ("2>&-", False), (">&- 2>&-", False)])
def test_closed_stream_is_not_an_error(redirection: str, seen: bool, tmp_path: Path) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f'"$0" -m og_assets ingest {redirection}', sys.executable],
        env={**os.environ, "OG_DATA_DIR": str(tmp_path / "data"), "OG_SYNC_HOURS": "25"},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 2
    assert ("write hours from 0 to 23" in done.stderr) == seen and "Traceback" not in done.stderr
