"""The open file: on disk before anyone is told, whole when it is seen, and taken up when its writer has died."""

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
from og_assets.receiver.lines import line_of
from og_assets.receiver.quarantine import Quarantine
from og_assets.receiver.recovery import TORN, Recovered, recover, waiting
from og_assets.settings import PROJECT_ROOT
from testkit.receiver.event_files import dumps, events, left_open, lines, quarantined
from tests.receiver.test_lines import MOMENT


class Disk(Journal):
    """A journal whose disk can be told to fail; `asked` tells in which order things happened."""

    is_full = False
    is_broken = False
    asked: list[str]

    def sync(self, descriptor: int) -> None:
        self.asked.append(f"sync of {os.fstat(descriptor).st_size}")
        if self.is_broken:
            raise OSError(errno.EIO, "Input/output error")
        if self.is_full:
            os.ftruncate(descriptor, os.fstat(descriptor).st_size - 5)
            raise OSError(errno.ENOSPC, "No space left on device")
        super().sync(descriptor)


def journal(data: Path, *, rotate_bytes: int = 10**9, rotate_seconds: float = 1e9) -> Disk:
    made = Disk(data / "inbox", rotate_bytes=rotate_bytes, rotate_seconds=rotate_seconds)
    made.asked = []
    return made


def line(number: int) -> bytes:
    return line_of(b'{"id":%d}' % number, received_at=MOMENT, key=None)


def recovered(data: Path) -> Recovered:
    return recover(data / "inbox", Quarantine(data / "lake" / "quarantine" / "webhook_deliveries"))


def take_up(data: Path) -> tuple[int, int, int]:
    found = recovered(data)
    assert found.problem is None
    return found.files, found.lines, found.torn


def blocked_day(data: Path) -> Path:
    """A file where the folder of today should be."""
    blocker = data / "inbox" / f"{datetime.now(UTC):%Y-%m-%d}"
    blocker.parent.mkdir(parents=True, exist_ok=True)
    blocker.write_text("in the way")
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
    assert file.asked == [f"sync of {2 * size}", f"sync of {3 * size}"] and file.size == 3 * size


def test_nothing_is_seen_until_it_is_rotated_and_then_it_is_whole(tmp_path: Path) -> None:
    file = journal(tmp_path)
    file.append([line(1), line(2)])
    assert dumps(tmp_path) == [] and len(left_open(tmp_path)) == 1
    target = file.rotate()
    assert target is not None and dumps(tmp_path) == [target] and left_open(tmp_path) == []
    assert target.parent.name == f"{target.name[7:11]}-{target.name[11:13]}-{target.name[13:15]}"
    assert ids(tmp_path) == [1, 2]


def test_empty_files_never_reach_the_inbox(tmp_path: Path) -> None:
    file = journal(tmp_path)
    file.open()
    assert not file.is_due and file.rotate() is None
    assert dumps(tmp_path) == [] and left_open(tmp_path) == []


def test_size_age_and_midnight_make_it_due(tmp_path: Path) -> None:
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
def test_failed_write_counts_for_nothing_and_tears_nothing(tmp_path: Path, failure: str) -> None:
    file = journal(tmp_path)
    file.append([line(1)])
    setattr(file, failure, True)
    for _ in range(3):
        with pytest.raises(OSError, match=r"Input/output|No space"):
            file.append([line(2), line(3)])
    setattr(file, failure, False)
    file.append([line(4)])
    file.rotate()
    take_up(tmp_path)
    assert sorted(ids(tmp_path)) == [1, 4] and left_open(tmp_path) == []
    assert quarantined(tmp_path) == []


def test_file_that_cannot_be_moved_is_kept_and_moved_later(tmp_path: Path) -> None:
    file = journal(tmp_path)
    file.append([line(1)])
    blocker = blocked_day(tmp_path)
    with pytest.raises(OSError):
        file.rotate()
    assert waiting(tmp_path / "inbox") == left_open(tmp_path) != []
    blocker.unlink()
    file.append([line(2)])
    assert take_up(tmp_path) == (1, 1, 0) and ids(tmp_path) == [1]
    file.rotate()
    assert sorted(ids(tmp_path)) == [1, 2]


def test_file_that_is_deleted_under_it_is_noticed(tmp_path: Path) -> None:
    file = journal(tmp_path)
    file.append([line(1)])
    shutil.rmtree(tmp_path / "inbox")
    with pytest.raises(FileNotFoundError):
        file.append([line(2)])
    file.append([line(3)])
    file.rotate()
    assert ids(tmp_path) == [3]


def dead(data: Path, content: bytes) -> Path:
    """An open file whose writer has died."""
    file = journal(data)
    file.append([content])
    path = file._path
    file._set_aside()
    return path


def test_whole_file_of_the_dead_is_taken_up_once(tmp_path: Path) -> None:
    dead(tmp_path, line(1) + line(2))
    assert take_up(tmp_path) == (1, 2, 0) and take_up(tmp_path) == (0, 0, 0)
    assert ids(tmp_path) == [1, 2] and left_open(tmp_path) == []


@pytest.mark.parametrize("cut", [1, 2, 20, 60])
def test_cut_last_line_is_kept_apart(tmp_path: Path, cut: int) -> None:
    dead(tmp_path, line(1) + line(2) + line(3)[:-cut])
    assert take_up(tmp_path) == (1, 2, 1)
    assert ids(tmp_path) == [1, 2] and left_open(tmp_path) == []
    (entry,) = quarantined(tmp_path)
    assert entry["body"] == line(3)[:-cut] and entry["reason"] == TORN and entry["key"] is None


def test_holes_that_a_power_cut_leaves_are_kept_apart(tmp_path: Path) -> None:
    dead(tmp_path, line(1) + b"\0" * 300 + b"\n" + line(2) + b"\0" * 100)
    assert take_up(tmp_path) == (1, 2, 2) and ids(tmp_path) == [1, 2]


def test_nothing_but_a_torn_line_leaves_no_dump(tmp_path: Path) -> None:
    dead(tmp_path, line(1)[:30])
    assert take_up(tmp_path) == (0, 0, 1)
    assert dumps(tmp_path) == [] and left_open(tmp_path) == [] and len(quarantined(tmp_path)) == 1


def test_room_that_a_probe_took_is_nothing(tmp_path: Path) -> None:
    dead(tmp_path, b" " * 65_536)
    assert take_up(tmp_path) == (0, 0, 0) and left_open(tmp_path) == []


def test_file_of_the_living_is_left_alone(tmp_path: Path) -> None:
    ours, theirs = journal(tmp_path), journal(tmp_path)
    ours.append([line(1)])
    theirs.append([line(2)])
    code = (
        "import sys; from pathlib import Path; from tests.receiver.test_journal import take_up; "
        "print(take_up(Path(sys.argv[1])))"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT)}
    for _ in range(2):
        assert take_up(tmp_path) == (0, 0, 0)
        other = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert other.stdout.strip() == "(0, 0, 0)"
    ours.rotate()
    theirs.rotate()
    assert sorted(ids(tmp_path)) == [1, 2] and len(dumps(tmp_path)) == 2


def test_file_that_cannot_be_taken_up_keeps_back_no_other(tmp_path: Path) -> None:
    stuck = dead(tmp_path, line(1) + line(2)[:-5])
    other = dead(tmp_path, line(3))
    other.rename(other.with_name("29990101T000000Z-after-it.jsonl"))
    (tmp_path / "inbox" / ".receiving" / "00000000T000000Z-no-file.jsonl").mkdir()
    blocker = blocked_day(tmp_path)
    for files in (1, 0):
        found = recovered(tmp_path)
        assert (found.files, found.torn) == (files, 0) and found.problem is not None
    assert ids_in(tmp_path / "inbox" / "2999-01-01") == [3]
    assert quarantined(tmp_path) == [], "what cannot be moved is not even read"
    assert stuck in waiting(tmp_path / "inbox")
    blocker.unlink()
    found = recovered(tmp_path)
    assert (found.files, found.lines, found.torn) == (1, 1, 1) and not stuck.exists()


def test_more_files_than_are_taken_up_at_once_are_taken_up_in_turn(tmp_path: Path) -> None:
    for number in range(120):
        dead(tmp_path, line(number))
    assert [take_up(tmp_path)[0] for _ in range(3)] == [100, 20, 0]
    assert sorted(ids(tmp_path)) == list(range(120))


def test_only_what_nobody_holds_waits(tmp_path: Path) -> None:
    living, empty = journal(tmp_path), journal(tmp_path)
    living.append([line(1)])
    empty.open()
    empty._set_aside()
    path = dead(tmp_path, line(2))
    assert waiting(tmp_path / "inbox") == [path]


def test_same_body_is_quarantined_once(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path / "lake" / "quarantine" / "webhook_deliveries")
    assert [quarantine.add(body, reason="not_json", key="0a1b2c3d4e5f") for body in (b"a", b"b", b"a")] == [
        True,
        True,
        False,
    ]
    assert [entry["body"] for entry in quarantined(tmp_path)] == [b"a", b"b"]
    assert lines(tmp_path) == []
