"""One ingestion run: every event of a complete file lands once, under any file name and at any time."""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pyarrow.parquet as pq
import pytest

from og_assets.events import ingest
from og_assets.events.ingest import EventIngestion
from og_assets.events.ingested_files import IngestedFiles
from og_assets.events.land import EVENTS
from og_assets.events.parse import EventFileReader
from og_assets.events.scan import scan_inbox
from og_assets.lake.errors import NotWritableError

from .data_folder import DataFolder, enveloped, event


def test_events_land_with_their_origin(folder: DataFolder) -> None:
    folder.put("2026-11-22/a.jsonl", enveloped(1), event(2))
    report = folder.ingest()
    assert (report.files, report.landed.events, report.landed.types) == (1, 2, Counter({"order.delete": 2}))
    first, second = folder.rows()
    assert pq.read_schema(next((folder.lake.root / "events").rglob("*.parquet"))).equals(EVENTS.schema)
    assert (first["event_id"], first["type"], first["object_type"], first["object_id"]) == (
        "e1", "order.delete", "order", "o1",
    )  # fmt: skip
    assert first["created"] == datetime.fromtimestamp(1_700_000_001, UTC)
    assert first["received_at"] == datetime.fromtimestamp(1_700_000_061, UTC)
    assert (first["key"], second["key"], second["received_at"]) == ("0123456789ab", None, None)
    assert (first["dump"], first["position"], second["position"]) == ("2026-11-22/a.jsonl", 0, 1)
    assert first["dump_sha256"] == second["dump_sha256"] and len(first["dump_sha256"]) == 64
    assert json.loads(first["object"]) == {"type": "order", "public_id": "o1", "merchant": "m1"}
    assert folder.in_inbox() == [] and folder.in_archive() == ["a.jsonl"]


def test_same_content_is_ingested_once_under_any_name(folder: DataFolder) -> None:
    folder.put("a.jsonl", enveloped(1))
    folder.ingest()
    folder.put("a.jsonl", enveloped(1))
    folder.put("late/renamed.jsonl", enveloped(1))
    assert scan_inbox(folder.inbox, folder.lake).copies == 2
    report = folder.ingest()
    assert (report.files, report.copies) == (0, 2)
    assert folder.event_ids() == ["e1"] and folder.in_inbox() == []
    assert len(folder.in_archive()) == 3, "copies are archived, too"


def test_two_copies_in_one_run_are_ingested_once(folder: DataFolder) -> None:
    folder.put("a.jsonl", enveloped(1))
    folder.put("b.jsonl", enveloped(1))
    report = folder.ingest()
    assert (report.files, report.copies, folder.event_ids()) == (1, 1, ["e1"])


def test_new_content_under_an_old_name_is_ingested(folder: DataFolder) -> None:
    for number in (1, 2):
        folder.put("a.jsonl", enveloped(number))
        folder.ingest()
    assert folder.event_ids() == ["e1", "e2"]
    assert len(folder.in_archive()) == 2


def test_very_old_file_is_ingested(folder: DataFolder) -> None:
    folder.put("new.jsonl", enveloped(1))
    folder.ingest()
    os.utime(folder.put("old.jsonl", enveloped(2)), (0, 0))
    assert [file.name for file in scan_inbox(folder.inbox, folder.lake).new] == ["old.jsonl"]
    folder.ingest()
    assert folder.event_ids() == ["e1", "e2"]


@pytest.mark.parametrize(("policy", "in_inbox", "in_archive"), [("move", 0, 1), ("keep", 1, 0), ("delete", 0, 0)])
def test_ingested_file_is_moved_kept_or_deleted_by_policy(
    policy: str, in_inbox: int, in_archive: int, folder: DataFolder
) -> None:
    folder.put("a.jsonl", enveloped(1))
    for _ in range(2):
        folder.ingest(ingested_file_policy=policy)
        assert (len(folder.in_inbox()), len(folder.in_archive())) == (in_inbox, in_archive)
    assert folder.event_ids() == ["e1"]
    assert scan_inbox(folder.inbox, folder.lake).new == ()


def test_damaged_file_is_never_deleted(folder: DataFolder) -> None:
    path = folder.put("a.jsonl", raw=json.dumps(event(1)).encode() + b"\n{damaged\n" + json.dumps(event(2)).encode())
    report = folder.ingest(ingested_file_policy="delete")
    assert folder.event_ids() == ["e1", "e2"] and report.landed.quarantined == 1
    assert folder.in_archive() == [path.name]
    (line,) = folder.quarantined()
    assert (line["dump"], line["position"], line["at_byte"], line["bytes"]) == (
        "a.jsonl",
        1,
        len(json.dumps(event(1))) + 1,
        9,
    )
    assert "not JSON" in line["reason"]


def test_damaged_file_that_was_kept_is_not_deleted_by_a_later_policy(folder: DataFolder) -> None:
    folder.put("a.jsonl", raw=json.dumps(event(1)).encode() + b"\n{damaged\n" + json.dumps(event(2)).encode())
    folder.ingest(ingested_file_policy="keep")
    folder.ingest(ingested_file_policy="delete")
    assert folder.in_archive() == ["a.jsonl"] and folder.in_inbox() == []


def test_run_ingests_at_most_max_bytes_and_reports_the_rest(folder: DataFolder) -> None:
    size = max(folder.put(f"{number}.jsonl", event(number)).stat().st_size for number in range(5))
    report = folder.ingest(max_bytes=2 * size)
    assert (report.files, report.remaining) == (2, 3)
    report = folder.ingest(max_bytes=1)
    assert (report.files, report.remaining) == (1, 2), "at least one file, however large"
    assert folder.ingest().remaining == 0 and len(folder.event_ids()) == 5


def test_kept_files_do_not_count_towards_max_bytes(folder: DataFolder) -> None:
    size = folder.put("0.jsonl", event(0)).stat().st_size
    for number in range(1, 4):
        folder.ingest(ingested_file_policy="keep", max_bytes=size)
        folder.put(f"{number}.jsonl", event(number))
    report = folder.ingest(ingested_file_policy="keep", max_bytes=size)
    assert report.remaining == 0 and len(folder.event_ids()) == 4


def test_recent_file_that_ends_inside_an_event_waits_for_its_end(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = b"\n".join(json.dumps(event(number)).encode() for number in (1, 2))
    folder.put("a.jsonl", raw=whole[:-7])
    folder.put("b.jsonl", event(3))
    report = folder.ingest()
    assert (report.incomplete, folder.event_ids(), folder.in_inbox()) == (1, ["e3"], ["a.jsonl"])
    folder.put("a.jsonl", raw=whole)
    folder.ingest()
    assert folder.event_ids() == ["e1", "e2", "e3"] and folder.quarantined() == []

    folder.put("never completed.jsonl", raw=whole.replace(b"e1", b"e4")[:-7])
    monkeypatch.setattr("og_assets.events.inbox.WRITER_GRACE_SECONDS", 0.0)
    folder.ingest()
    assert folder.event_ids() == ["e1", "e2", "e3", "e4"] and len(folder.quarantined()) == 1


def test_file_that_changes_while_it_is_read_waits(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.put("a.jsonl", event(1))
    path = folder.put("b.jsonl", event(2))
    read = EventFileReader.values

    def read_and_change(self: Any) -> Any:
        yield from read(self)
        if self._path == path:
            path.write_bytes(path.read_bytes() + json.dumps(event(3)).encode())

    with monkeypatch.context() as patch:
        patch.setattr(EventFileReader, "values", read_and_change)
        report = folder.ingest()
    assert (report.incomplete, folder.event_ids(), folder.in_inbox()) == (1, ["e1"], ["b.jsonl"])
    folder.ingest()
    assert folder.event_ids() == ["e1", "e2", "e3"]


def test_cut_off_files_of_a_batch_cost_one_repetition(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "BYTES_PER_LANDING", 2**30)
    for number in range(10):
        folder.put(f"{number}.jsonl", raw=json.dumps(event(number)).encode()[: None if number % 2 else -3])
    landings = []
    land = EventIngestion._land

    def count_and_land(*arguments: Any) -> Any:
        landings.append(arguments)
        return land(*arguments)

    monkeypatch.setattr(EventIngestion, "_land", count_and_land)
    report = folder.ingest()
    assert (report.incomplete, report.files, len(landings)) == (5, 5, 2)


def test_unwritable_lake_is_an_error_and_no_event_is_lost(folder: DataFolder) -> None:
    folder.put("a.jsonl", event(1))
    folder.lake.root.mkdir(parents=True)
    (folder.lake.root / "events").write_text("a file where a folder should be")
    with pytest.raises(NotWritableError, match="OG_DATA_DIR"):
        folder.ingest()
    (folder.lake.root / "events").unlink()
    folder.ingest()
    assert folder.event_ids() == ["e1"]


def test_file_is_moved_only_after_it_is_recorded(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.put("a.jsonl", event(1))

    def refuse(*_: Any, **__: Any) -> None:
        raise NotWritableError("full")

    with monkeypatch.context() as patch:
        patch.setattr(IngestedFiles, "add", refuse)
        with pytest.raises(NotWritableError):
            folder.ingest()
    assert folder.in_inbox() == ["a.jsonl"]
    folder.ingest()
    assert len({(row["dump_sha256"], row["position"]) for row in folder.rows()}) == 1


def test_kill_at_any_moment_loses_and_duplicates_no_event(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that ingests is killed again and again. A delivery is identified by (dump_sha256, position)."""
    monkeypatch.undo()
    for number in range(40):
        folder.put(f"{number:02}.jsonl", *(event(number * 500 + each) for each in range(500)))
    program = (
        "import sys\nfrom pathlib import Path\nfrom og_assets.events import ingest\n"
        "from og_assets.events.inbox import inbox_of\nfrom og_assets.lake.lake import Lake\n"
        "ingest.BYTES_PER_LANDING = 100_000\nroot = Path(sys.argv[1])\nprint('go', flush=True)\n"
        "ingest.EventIngestion(inbox=inbox_of(root, settle_seconds=0), lake=Lake(root / 'lake'), policy='hash',"
        " ingested_file_policy='move', run_id=sys.argv[2]).run(max_bytes=2**62, progress=lambda _: None)\n"
    )
    rng, killed = random.Random(7), 0
    for attempt in range(int(os.environ.get("KILLS", "5"))):
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(folder.path), f"attempt-{attempt}"], stdout=subprocess.PIPE
        )
        assert process.stdout is not None and process.stdout.readline() == b"go\n"
        time.sleep(rng.uniform(0, 0.12))
        process.kill()
        killed += process.wait() != 0
        process.stdout.close()
    folder.ingest()
    rows = {(row["dump_sha256"], row["position"]): row["event_id"] for row in folder.rows()}
    assert sorted(rows.values()) == sorted(f"e{number}" for number in range(40 * 500))
    assert killed > 1, "too few attempts were killed before they ended"
    assert not list(folder.lake.root.rglob(".*.part"))
