"""The processed-file log and the scan that reads it."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from og_assets.events import ingested_files
from og_assets.events.ingested_files import IngestedFiles
from og_assets.events.scan import scan_inbox
from og_assets.events.store import ingested_files_of
from og_assets.lake.files import write_table

from .data_folder import DataFolder, event


def test_log_of_many_runs_is_compacted_to_a_few_files(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingested_files, "MAX_LOG_FILES", 5)
    for number in range(23):
        folder.put(f"{number}.jsonl", event(number))
        folder.ingest()
        assert len(list((folder.lake.root / "dumps").glob("*.parquet"))) <= 6
    assert len(ingested_files_of(folder.lake.root).index().digests) == 23
    for number in range(23):
        folder.put(f"again-{number}.jsonl", event(number))
    assert folder.ingest().copies == 23 and len(folder.event_ids()) == 23


def test_kill_during_compaction_loses_no_row(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingested_files, "MAX_LOG_FILES", 1)
    folder.put("1.jsonl", event(1))
    folder.ingest()
    folder.put("2.jsonl", event(2))

    def killed(table: Any, path: Path) -> None:
        if "-compacted" in path.name:
            raise KeyboardInterrupt
        write_table(table, path)

    with monkeypatch.context() as patch:
        patch.setattr(ingested_files, "write_table", killed)
        with pytest.raises(KeyboardInterrupt):
            folder.ingest()
    assert len(ingested_files_of(folder.lake.root).index().digests) == 2


def test_log_can_be_read_during_compaction(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.put("1.jsonl", event(1))
    folder.ingest()
    list_files, calls = IngestedFiles._files, []

    def outdated_list_first(self: IngestedFiles) -> list[Path]:
        calls.append(1)
        return [self.folder / "removed.parquet"] if len(calls) == 1 else list_files(self)

    monkeypatch.setattr(IngestedFiles, "_files", outdated_list_first)
    assert len(ingested_files_of(folder.lake.root).index().digests) == 1


def test_without_the_log_archived_files_can_be_ingested_again(folder: DataFolder) -> None:
    folder.put("a.jsonl", event(1), event(2))
    folder.ingest()
    shutil.rmtree(folder.lake.root / "dumps")
    shutil.move(folder.inbox.archive / "a.jsonl", folder.inbox.folder / "a.jsonl")
    assert folder.ingest().landed.events == 2
    assert len({(row["dump_sha256"], row["position"]) for row in folder.rows()}) == 2


def test_scan_hashes_at_most_bytes_per_scan(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    size = folder.put("a.jsonl", event(1)).stat().st_size
    folder.ingest()
    folder.put("copy.jsonl", event(1))
    monkeypatch.setattr("og_assets.events.scan.BYTES_PER_SCAN", size - 1)
    assert len(scan_inbox(folder.inbox, folder.lake).new) == 1
    monkeypatch.setattr("og_assets.events.scan.BYTES_PER_SCAN", size)
    assert scan_inbox(folder.inbox, folder.lake).copies == 1
