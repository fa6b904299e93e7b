"""The inbox: which files are complete, which cannot be read, and when an ingested file is moved."""

import json
import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from og_assets.events.inbox import EventFile, inbox_of
from og_assets.events.ingested_files import IngestedFiles
from og_assets.events.scan import scan_inbox

from .data_folder import DataFolder, enveloped, event


def test_hidden_and_incomplete_files_are_ignored(folder: DataFolder) -> None:
    for name in (".a.jsonl", ".receiving/b.jsonl", "c.jsonl.part", "d.json.tmp", "e.jsonl~"):
        folder.put(name, enveloped(1))
    assert folder.ingest().files == 0 and scan_inbox(folder.inbox, folder.lake).listed == 0
    assert len(folder.in_inbox()) == 5


def test_recently_changed_file_waits_until_it_is_settled(folder: DataFolder) -> None:
    folder.inbox = inbox_of(folder.path, settle_seconds=1)
    folder.put("a.jsonl", enveloped(1))
    assert folder.ingest().incomplete == 1 and folder.event_ids() == []
    assert len(folder.inbox.settled_contents().event_files) == 1
    assert folder.ingest().files == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux reports who has a file open")
def test_file_open_for_writing_waits_until_it_is_closed(folder: DataFolder) -> None:
    path = folder.put("a.jsonl", enveloped(1))
    with path.open("ab") as file:
        assert folder.ingest().incomplete == 1
        file.write(json.dumps(enveloped(2)).encode())
    assert folder.ingest().landed.events == 2


def test_file_without_read_permission_is_reported_and_others_are_ingested(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    # root may read every file, so os.access is replaced.
    monkeypatch.setattr("og_assets.events.inbox.os.access", lambda path, _: path.name != "a.jsonl")
    folder.put("a.jsonl", event(1))
    folder.put("b.jsonl", event(2))
    report = folder.ingest()
    assert folder.event_ids() == ["e2"] and "a.jsonl cannot be read by this user" in report.problems[0]


def test_file_that_cannot_be_opened_is_reported_and_others_are_ingested(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.put("a.jsonl", event(1))
    folder.put("b.jsonl", event(2))
    digest = EventFile.sha256

    def refuse(self: Any) -> str:
        if self.name == "a.jsonl":
            raise PermissionError(13, "Permission denied")
        return digest(self)

    monkeypatch.setattr(EventFile, "sha256", refuse)
    report = folder.ingest()
    assert folder.event_ids() == ["e2"] and "a.jsonl cannot be read (Permission denied)" in report.problems[0]
    assert [file.name for file in scan_inbox(folder.inbox, folder.lake).new] == ["a.jsonl"]


def test_file_that_changes_after_it_was_read_is_not_moved(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder.put("a.jsonl", event(1))
    add = IngestedFiles.add

    def add_and_append(self: IngestedFiles, *arguments: Any, **named: Any) -> None:
        add(self, *arguments, **named)
        with path.open("ab") as file:
            file.write(json.dumps(event(2)).encode())

    with monkeypatch.context() as patch:
        patch.setattr(IngestedFiles, "add", add_and_append)
        folder.ingest()
    assert folder.in_inbox() == ["a.jsonl"]
    folder.ingest()
    assert set(folder.event_ids()) == {"e1", "e2"} and folder.in_inbox() == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux reports who has a file open")
def test_file_opened_for_writing_during_ingestion_is_not_moved(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder.put("a.jsonl", event(1))
    add, writers = IngestedFiles.add, []

    def add_and_open(self: IngestedFiles, *arguments: Any, **named: Any) -> None:
        add(self, *arguments, **named)
        writers.append(path.open("ab"))

    with monkeypatch.context() as patch:
        patch.setattr(IngestedFiles, "add", add_and_open)
        folder.ingest()
    assert folder.in_inbox() == ["a.jsonl"]
    with writers[0] as file:
        file.write(json.dumps(event(2)).encode())
    folder.ingest()
    assert set(folder.event_ids()) == {"e1", "e2"} and folder.in_inbox() == []


def test_file_with_unknown_writer_is_moved_only_after_the_grace_time(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("og_assets.events.inbox.is_open_for_writing", lambda _: None)
    folder.put("a.jsonl", event(1))
    assert folder.ingest().files == 1
    assert folder.in_inbox() == ["a.jsonl"] and scan_inbox(folder.inbox, folder.lake).new == ()
    monkeypatch.setattr("og_assets.events.inbox.WRITER_GRACE_SECONDS", 0.0)
    assert folder.ingest().landed.events == 0
    assert folder.in_inbox() == [] and folder.in_archive() == ["a.jsonl"]


def test_file_always_reported_open_is_ingested_after_the_grace_time(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("og_assets.events.inbox.is_open_for_writing", lambda _: True)
    folder.put("a.jsonl", event(1))
    assert folder.ingest().incomplete == 1
    monkeypatch.setattr("og_assets.events.inbox.WRITER_GRACE_SECONDS", 0.0)
    folder.ingest()
    assert folder.event_ids() == ["e1"] and folder.in_inbox() == ["a.jsonl"]


@pytest.mark.parametrize(("seconds_ahead", "is_complete"), [(2, False), (3000, False), (4000, True)])
def test_change_time_slightly_in_the_future_counts_as_recent(
    seconds_ahead: float, is_complete: bool, folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.inbox = inbox_of(folder.path, settle_seconds=5)
    folder.put("a.jsonl", event(1))
    monkeypatch.setattr("og_assets.events.inbox.time.time", lambda: datetime.now(UTC).timestamp() - seconds_ahead)
    assert bool(folder.inbox.contents().event_files) == is_complete


def test_content_changed_under_an_old_modification_time_is_ingested(folder: DataFolder) -> None:
    path = folder.put("a.jsonl", event(1))
    os.utime(path, (1_600_000_000, 1_600_000_000))
    folder.ingest(ingested_file_policy="keep")
    path.write_bytes(path.read_bytes().replace(b"e1", b"e2"))
    os.utime(path, (1_600_000_000, 1_600_000_000))
    folder.ingest(ingested_file_policy="keep")
    assert folder.event_ids() == ["e1", "e2"]


def test_file_name_that_is_not_utf8_is_escaped(folder: DataFolder) -> None:
    folder.put("b.jsonl", event(2))
    Path(os.fsdecode(os.fsencode(folder.inbox.folder) + b"/Bestellungen-M\xfcnchen.jsonl")).write_bytes(
        json.dumps(event(1)).encode()
    )
    folder.ingest()
    assert folder.event_ids() == ["e1", "e2"] and folder.in_inbox() == []
    assert {row["dump"] for row in folder.rows()} == {"b.jsonl", "Bestellungen-M\\xfcnchen.jsonl"}


def test_archive_with_a_file_in_place_of_a_folder_still_takes_the_file(folder: DataFolder) -> None:
    folder.put("a", event(1))
    folder.ingest()
    folder.put("a/b.jsonl", event(2))
    assert folder.ingest().problems == []
    assert folder.in_archive() == ["a", "b.jsonl"] and folder.in_inbox() == []


def test_file_that_cannot_be_moved_is_reported_and_others_are_ingested(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.put("a.jsonl", event(1))
    folder.put("b.jsonl", event(2))
    move = shutil.move

    def refuse(source: Path, target: Path) -> None:
        if source.name == "a.jsonl":
            raise PermissionError(13, "Permission denied")
        move(source, target)

    monkeypatch.setattr("og_assets.events.inbox.shutil.move", refuse)
    report = folder.ingest()
    assert folder.event_ids() == ["e1", "e2"] and folder.in_inbox() == ["a.jsonl"]
    assert "a.jsonl was ingested, but cannot be moved" in report.problems[0]


def test_linked_folders_are_listed_and_link_loops_end(folder: DataFolder, tmp_path: Path) -> None:
    folder.put("a.jsonl", event(1))
    elsewhere = tmp_path / "bucket"
    elsewhere.mkdir()
    (elsewhere / "b.jsonl").write_text(json.dumps(event(2)))
    (elsewhere / "circle").symlink_to(folder.inbox.folder)
    (folder.inbox.folder / "bucket").symlink_to(elsewhere)
    assert folder.ingest().files == 2
    assert not (elsewhere / "b.jsonl").exists()


def test_folder_that_cannot_be_listed_is_reported(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.put("a.jsonl", event(1))
    folder.put("locked/b.jsonl", event(2))
    scandir = os.scandir

    def refuse(path: Any) -> Any:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr("os.scandir", refuse)
    report = folder.ingest()
    assert folder.event_ids() == ["e1"] and "locked cannot be listed (Permission denied)" in report.problems[0]
    assert scan_inbox(folder.inbox, folder.lake).problems
