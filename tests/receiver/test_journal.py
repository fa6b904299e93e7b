"""The open file: on disk before `append` returns, complete in the inbox, recovered after its writer was killed."""

import errno
import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from og_assets.receiver.journal import Journal
from og_assets.receiver.lines import format_line
from og_assets.receiver.quarantine import Quarantine
from og_assets.receiver.recovery import TORN, RecoveryResult, find_unlocked_files, recover
from og_assets.settings import PROJECT_ROOT
from testkit.receiver.event_files import event_files, events, left_open, lines, quarantined
from tests.receiver.test_lines import MOMENT


class Disk(Journal):
    """A journal whose disk can fail; `synced` records the file size at each sync."""

    is_full = False
    is_broken = False
    synced: list[int]

    def sync(self, descriptor: int) -> None:
        self.synced.append(os.fstat(descriptor).st_size)
        if self.is_broken:
            raise OSError(errno.EIO, "Input/output error")
        if self.is_full:
            os.ftruncate(descriptor, os.fstat(descriptor).st_size - 5)
            raise OSError(errno.ENOSPC, "No space left on device")
        super().sync(descriptor)


def journal(data: Path, *, rotate_bytes: int = 10**9, rotate_seconds: float = 1e9) -> Disk:
    made = Disk(data / "inbox", rotate_bytes=rotate_bytes, rotate_seconds=rotate_seconds)
    made.synced = []
    return made


def line(number: int) -> bytes:
    return format_line(b'{"id":%d}' % number, received_at=MOMENT, key=None)


def recover_inbox(data: Path) -> RecoveryResult:
    return recover(data / "inbox", Quarantine(data / "lake" / "quarantine" / "webhook_deliveries"))


def recover_all(data: Path) -> tuple[int, int, int]:
    found = recover_inbox(data)
    assert found.problem is None
    return found.files, found.lines, found.torn


def blocked_day(data: Path) -> Path:
    """A file at the path of today's folder."""
    blocker = data / "inbox" / f"{datetime.now(UTC):%Y-%m-%d}"
    blocker.parent.mkdir(parents=True, exist_ok=True)
    blocker.write_text("blocks the folder")
    return blocker


def ids(data: Path) -> list[int]:
    return [event["id"] for event in events(data)]


def ids_in(folder: Path) -> list[int]:
    return [json.loads(text)["event"]["id"] for path in folder.iterdir() for text in path.read_text().splitlines()]


def test_append_returns_after_the_sync_of_everything(tmp_path: Path) -> None:
    file = journal(tmp_path)
    file.append([line(1), line(2)])
    file.append([line(3)])
    size = len(line(1))
    assert file.synced == [2 * size, 3 * size] and file.size == 3 * size


def test_open_file_is_invisible_until_it_is_rotated(tmp_path: Path) -> None:
    file = journal(tmp_path)
    file.append([line(1), line(2)])
    assert event_files(tmp_path) == [] and len(left_open(tmp_path)) == 1
    target = file.rotate()
    assert target is not None and event_files(tmp_path) == [target] and left_open(tmp_path) == []
    assert target.parent.name == f"{target.name[7:11]}-{target.name[11:13]}-{target.name[13:15]}"
    assert ids(tmp_path) == [1, 2]


def test_empty_file_is_not_moved_into_the_inbox(tmp_path: Path) -> None:
    file = journal(tmp_path)
    file.open()
    assert not file.is_due and file.rotate() is None
    assert event_files(tmp_path) == [] and left_open(tmp_path) == []


def test_size_age_and_midnight_make_rotation_due(tmp_path: Path) -> None:
    large, old, young = (
        journal(tmp_path, rotate_bytes=10),
        journal(tmp_path, rotate_seconds=0),
        journal(tmp_path),
    )
    for file in (large, old, young):
        file.append([line(1)])
    assert large.is_due and old.is_due and not young.is_due
    (path,) = [path for path in left_open(tmp_path) if path == young._path]
    young._path = path.rename(path.with_name("20000101T235959Z-abc.jsonl"))
    assert young.is_due
    assert young.rotate() == tmp_path / "inbox" / "2000-01-01" / "events-20000101T235959Z-abc.jsonl"


@pytest.mark.parametrize("failure", ["is_full", "is_broken"])
def test_failed_write_stores_nothing_and_leaves_no_incomplete_line(tmp_path: Path, failure: str) -> None:
    file = journal(tmp_path)
    file.append([line(1)])
    setattr(file, failure, True)
    for _ in range(3):
        with pytest.raises(OSError, match=r"Input/output|No space"):
            file.append([line(2), line(3)])
    setattr(file, failure, False)
    file.append([line(4)])
    file.rotate()
    recover_all(tmp_path)
    assert sorted(ids(tmp_path)) == [1, 4] and left_open(tmp_path) == []
    assert quarantined(tmp_path) == []


def test_file_that_cannot_be_moved_is_moved_later(tmp_path: Path) -> None:
    file = journal(tmp_path)
    file.append([line(1)])
    blocker = blocked_day(tmp_path)
    with pytest.raises(OSError, match="File exists"):
        file.rotate()
    assert find_unlocked_files(tmp_path / "inbox") == left_open(tmp_path) != []
    blocker.unlink()
    file.append([line(2)])
    assert recover_all(tmp_path) == (1, 1, 0) and ids(tmp_path) == [1]
    file.rotate()
    assert sorted(ids(tmp_path)) == [1, 2]


def test_deleted_open_file_is_an_error(tmp_path: Path) -> None:
    file = journal(tmp_path)
    file.append([line(1)])
    shutil.rmtree(tmp_path / "inbox")
    with pytest.raises(FileNotFoundError):
        file.append([line(2)])
    file.append([line(3)])
    file.rotate()
    assert ids(tmp_path) == [3]


def orphaned(data: Path, content: bytes) -> Path:
    """An open file whose writer was killed."""
    file = journal(data)
    file.append([content])
    path = file._path
    file._close()
    return path


def test_complete_file_is_recovered_once(tmp_path: Path) -> None:
    orphaned(tmp_path, line(1) + line(2))
    assert recover_all(tmp_path) == (1, 2, 0) and recover_all(tmp_path) == (0, 0, 0)
    assert ids(tmp_path) == [1, 2] and left_open(tmp_path) == []


@pytest.mark.parametrize("cut", [1, 2, 20, 60])
def test_incomplete_last_line_goes_to_quarantine(tmp_path: Path, cut: int) -> None:
    orphaned(tmp_path, line(1) + line(2) + line(3)[:-cut])
    assert recover_all(tmp_path) == (1, 2, 1)
    assert ids(tmp_path) == [1, 2] and left_open(tmp_path) == []
    (entry,) = quarantined(tmp_path)
    assert entry["body"] == line(3)[:-cut] and entry["reason"] == TORN and entry["key"] is None


def test_zero_bytes_after_a_power_cut_go_to_quarantine(tmp_path: Path) -> None:
    orphaned(tmp_path, line(1) + b"\0" * 300 + b"\n" + line(2) + b"\0" * 100)
    assert recover_all(tmp_path) == (1, 2, 2) and ids(tmp_path) == [1, 2]


def test_file_with_only_an_incomplete_line_creates_no_event_file(tmp_path: Path) -> None:
    orphaned(tmp_path, line(1)[:30])
    assert recover_all(tmp_path) == (0, 0, 1)
    assert event_files(tmp_path) == [] and left_open(tmp_path) == [] and len(quarantined(tmp_path)) == 1


def test_file_of_an_interrupted_probe_is_removed(tmp_path: Path) -> None:
    orphaned(tmp_path, b" " * 65_536)
    assert recover_all(tmp_path) == (0, 0, 0) and left_open(tmp_path) == []


def test_locked_file_is_not_recovered(tmp_path: Path) -> None:
    ours, theirs = journal(tmp_path), journal(tmp_path)
    ours.append([line(1)])
    theirs.append([line(2)])
    code = (
        "import sys; from pathlib import Path; from og_assets.receiver.quarantine import Quarantine; "
        "from og_assets.receiver.recovery import recover; "
        "print(recover(Path(sys.argv[1]) / 'inbox', Quarantine(Path(sys.argv[1]) / 'quarantine')))"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT)}
    nothing = "RecoveryResult(files=0, lines=0, torn=0, problem=None)"
    assert recover_all(tmp_path) == (0, 0, 0)
    other = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert other.stdout.strip() == nothing, "another process"
    assert recover_all(tmp_path) == (0, 0, 0)
    ours.rotate()
    theirs.rotate()
    assert sorted(ids(tmp_path)) == [1, 2] and len(event_files(tmp_path)) == 2


def test_file_that_cannot_be_recovered_does_not_stop_the_others(tmp_path: Path) -> None:
    stuck = orphaned(tmp_path, line(1) + line(2)[:-5])
    other = orphaned(tmp_path, line(3))
    other.rename(other.with_name("29990101T000000Z-after-it.jsonl"))
    (tmp_path / "inbox" / ".receiving" / "00000000T000000Z-no-file.jsonl").mkdir()
    blocker = blocked_day(tmp_path)
    for files in (1, 0):
        found = recover_inbox(tmp_path)
        assert (found.files, found.torn) == (files, 0) and found.problem is not None
    assert ids_in(tmp_path / "inbox" / "2999-01-01") == [3]
    assert quarantined(tmp_path) == [], "a file that cannot be moved is not read"
    assert stuck in find_unlocked_files(tmp_path / "inbox")
    blocker.unlink()
    found = recover_inbox(tmp_path)
    assert (found.files, found.lines, found.torn) == (1, 1, 1) and not stuck.exists()


def test_more_files_than_one_recovery_takes_are_recovered_by_the_next(tmp_path: Path) -> None:
    for number in range(120):
        orphaned(tmp_path, line(number))
    assert [recover_all(tmp_path)[0] for _ in range(3)] == [100, 20, 0]
    assert sorted(ids(tmp_path)) == list(range(120))


def test_only_unlocked_files_with_content_are_found(tmp_path: Path) -> None:
    locked, empty = journal(tmp_path), journal(tmp_path)
    locked.append([line(1)])
    empty.open()
    empty._close()
    path = orphaned(tmp_path, line(2))
    assert find_unlocked_files(tmp_path / "inbox") == [path]


def test_same_body_is_quarantined_once(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path / "lake" / "quarantine" / "webhook_deliveries")
    assert [quarantine.add(body, reason="not_json", key="0a1b2c3d4e5f") for body in (b"a", b"b", b"a")] == [
        True,
        True,
        False,
    ]
    assert [entry["body"] for entry in quarantined(tmp_path)] == [b"a", b"b"]
    assert lines(tmp_path) == []
