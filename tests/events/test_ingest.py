"""From the inbox to the lake: everything that is whole, once, whatever it is called and whenever it came."""

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from og_assets.events import ingest as intake_module
from og_assets.events import ingested_files as ingested_files
from og_assets.events.inbox import inbox_of
from og_assets.events.ingest import EventIngestion, IngestReport, scan_inbox
from og_assets.events.ingested_files import IngestedFiles
from og_assets.events.land import EVENTS_SCHEMA
from og_assets.lake.errors import NotWritableError
from og_assets.lake.files import write_table
from og_assets.lake.lake import Lake

ALL = 2**62


def event(number: int, **fields: Any) -> dict[str, Any]:
    row = {"type": "order", "public_id": f"o{number}", "merchant": "m1", **fields}
    return {"id": f"e{number}", "type": "order.delete", "created": 1_700_000_000 + number, "data": {"object": row}}


def enveloped(number: int, **fields: Any) -> dict[str, Any]:
    received = datetime.fromtimestamp(1_700_000_060 + number, UTC).isoformat()
    return {"received_at": received, "key": "0123456789ab", "event": event(number, **fields)}


class Harbour:
    """A data directory with an inbox, and the short way to use it. Files count as whole at once."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.inbox = inbox_of(data_dir, settle_seconds=0)
        self.lake = Lake(data_dir / "lake")

    def put(self, name: str, *values: Any, raw: bytes | None = None) -> Path:
        path = self.inbox.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(json.dumps(value).encode() + b"\n" for value in values) if raw is None else raw)
        return path

    def take_in(self, *, max_bytes: int = ALL, **changes: Any) -> IngestReport:
        settings: dict[str, Any] = {"policy": "hash", "taken_dumps": "move", "run_id": "run-0001-and-more", **changes}
        return EventIngestion(inbox=self.inbox, lake=self.lake, **settings).run(
            max_bytes=max_bytes, progress=lambda _: None
        )

    def rows(self) -> list[dict[str, Any]]:
        files = sorted((self.lake.root / "events").rglob("*.parquet"))
        return [row for file in files for row in pq.read_table(file, partitioning=None).to_pylist()]

    def ids(self) -> list[str]:
        return sorted(row["event_id"] for row in self.rows())

    def set_aside(self) -> list[dict[str, Any]]:
        files = sorted((self.lake.root / "quarantine" / "webhook_events").glob("*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_text().splitlines()]

    def left(self) -> list[str]:
        return sorted(path.name for path in self.inbox.folder.rglob("*") if path.is_file())

    def archived(self) -> list[str]:
        return sorted(path.name for path in self.inbox.archive.rglob("*") if path.is_file())


@pytest.fixture
def harbour(tmp_path: Path) -> Harbour:
    return Harbour(tmp_path / "it's a [data] folder")


def test_events_land_with_where_they_came_from(harbour: Harbour) -> None:
    harbour.put("2026-11-22/a.jsonl", enveloped(1), event(2))
    report = harbour.take_in()
    assert (report.dumps, report.landed.events, report.landed.types) == (1, 2, Counter({"order.delete": 2}))
    first, second = harbour.rows()
    assert pq.read_schema(next((harbour.lake.root / "events").rglob("*.parquet"))).equals(EVENTS_SCHEMA)
    assert (first["event_id"], first["type"], first["object_type"], first["object_id"]) == (
        "e1", "order.delete", "order", "o1",
    )  # fmt: skip
    assert first["created"] == datetime.fromtimestamp(1_700_000_001, UTC)
    assert first["received_at"] == datetime.fromtimestamp(1_700_000_061, UTC)
    assert (first["key"], second["key"], second["received_at"]) == ("0123456789ab", None, None)
    assert (first["dump"], first["position"], second["position"]) == ("2026-11-22/a.jsonl", 0, 1)
    assert first["dump_sha256"] == second["dump_sha256"] and len(first["dump_sha256"]) == 64
    assert json.loads(first["object"]) == {"type": "order", "public_id": "o1", "merchant": "m1"}
    assert harbour.left() == [] and harbour.archived() == ["a.jsonl"]


def test_personal_and_secret_values_never_land(harbour: Harbour) -> None:
    secrets = {"one_click_token": "eyJhbGciOiJFUzUxMiJ9.abc", "cc_number": "4111111111111111"}
    person = {"email": " Ada@Example.com", "first_name": "Ada"}
    value = enveloped(1, **secrets, **person)
    value["event"]["data"]["subscriber"] = person
    value["event"]["snapshot"] = {"payments": [{"token_id": "tok_secret", "cc_holder": "Ada Lovelace"}]}
    harbour.put("a.jsonl", value, {"id": "no event", **secrets, **person}, raw=None)
    harbour.take_in()
    landed = (
        b"".join(path.read_bytes() for path in harbour.lake.root.rglob("*") if path.is_file())
        + json.dumps(harbour.rows(), default=str).encode()
    )
    for secret in (*secrets.values(), "Ada", "ada@example.com", "tok_secret", "Lovelace"):
        assert secret.encode() not in landed
    (row,) = harbour.rows()
    assert json.loads(row["object"])["email"] == hashlib.sha256(b"ada@example.com").hexdigest()
    assert json.loads(row["extra"])["data"]["subscriber"]["email"] == json.loads(row["object"])["email"]


def test_same_content_is_taken_in_once_under_any_name(harbour: Harbour) -> None:
    harbour.put("a.jsonl", enveloped(1))
    harbour.take_in()
    harbour.put("a.jsonl", enveloped(1))
    harbour.put("late/renamed.jsonl", enveloped(1))
    assert scan_inbox(harbour.inbox, harbour.lake).copies == 2
    report = harbour.take_in()
    assert (report.dumps, report.copies) == (0, 2)
    assert harbour.ids() == ["e1"] and harbour.left() == []
    assert len(harbour.archived()) == 3, "nothing that was put there is thrown away"


def test_two_copies_in_one_run_are_one(harbour: Harbour) -> None:
    harbour.put("a.jsonl", enveloped(1))
    harbour.put("b.jsonl", enveloped(1))
    report = harbour.take_in()
    assert (report.dumps, report.copies, harbour.ids()) == (1, 1, ["e1"])


def test_other_content_under_an_old_name_is_new(harbour: Harbour) -> None:
    for number in (1, 2):
        harbour.put("a.jsonl", enveloped(number))
        harbour.take_in()
    assert harbour.ids() == ["e1", "e2"]
    assert len(harbour.archived()) == 2


def test_very_old_file_is_found_like_any_other(harbour: Harbour) -> None:
    harbour.put("new.jsonl", enveloped(1))
    harbour.take_in()
    os.utime(harbour.put("old.jsonl", enveloped(2)), (0, 0))
    assert [dump.name for dump in scan_inbox(harbour.inbox, harbour.lake).new] == ["old.jsonl"]
    harbour.take_in()
    assert harbour.ids() == ["e1", "e2"]


@pytest.mark.parametrize(("policy", "left", "archived"), [("move", 0, 1), ("keep", 1, 0), ("delete", 0, 0)])
def test_taken_dump_goes_where_the_user_wants_it(policy: str, left: int, archived: int, harbour: Harbour) -> None:
    harbour.put("a.jsonl", enveloped(1))
    for _ in range(2):
        harbour.take_in(taken_dumps=policy)
        assert (len(harbour.left()), len(harbour.archived())) == (left, archived)
    assert harbour.ids() == ["e1"]
    assert scan_inbox(harbour.inbox, harbour.lake).new == ()


def test_dump_with_unreadable_parts_is_never_deleted(harbour: Harbour) -> None:
    path = harbour.put("a.jsonl", raw=json.dumps(event(1)).encode() + b"\n{torn\n" + json.dumps(event(2)).encode())
    report = harbour.take_in(taken_dumps="delete")
    assert harbour.ids() == ["e1", "e2"] and report.landed.quarantined == 1
    assert harbour.archived() == [path.name]
    (line,) = harbour.set_aside()
    assert (line["dump"], line["position"], line["at_byte"], line["bytes"]) == (
        "a.jsonl",
        1,
        len(json.dumps(event(1))) + 1,
        6,
    )
    assert "no JSON" in line["reason"]


def test_json_that_is_no_event_is_set_aside_with_its_reason(harbour: Harbour) -> None:
    harbour.put("a.jsonl", {"id": "x", "email": "ada@example.com"}, [1, "two"], enveloped(1))
    harbour.take_in()
    assert harbour.ids() == ["e1"]
    assert [line["reason"] for line in harbour.set_aside()] == [
        "type: missing",
        "not a JSON object",
        "not a JSON object",
    ]
    assert harbour.set_aside()[0]["record"]["id"] == "x"


def test_hidden_and_unfinished_files_are_left(harbour: Harbour) -> None:
    for name in (".a.jsonl", ".receiving/b.jsonl", "c.jsonl.part", "d.json.tmp", "e.jsonl~"):
        harbour.put(name, enveloped(1))
    assert harbour.take_in().dumps == 0 and scan_inbox(harbour.inbox, harbour.lake).looked_at == 0
    assert len(harbour.left()) == 5


def test_file_that_has_just_changed_is_left_until_it_rests(harbour: Harbour) -> None:
    harbour.inbox = inbox_of(harbour.data_dir, settle_seconds=1)
    harbour.put("a.jsonl", enveloped(1))
    assert harbour.take_in().unfinished == 1 and harbour.ids() == []
    assert len(harbour.inbox.settled().dumps) == 1
    assert harbour.take_in().dumps == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who has a file open")
def test_file_that_somebody_writes_to_is_left_until_it_is_closed(harbour: Harbour) -> None:
    path = harbour.put("a.jsonl", enveloped(1))
    with path.open("ab") as file:
        assert harbour.take_in().unfinished == 1
        file.write(json.dumps(enveloped(2)).encode())
    assert harbour.take_in().landed.events == 2


def test_young_dump_that_ends_in_an_event_waits_for_its_end(harbour: Harbour, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = b"\n".join(json.dumps(event(number)).encode() for number in (1, 2))
    harbour.put("a.jsonl", raw=whole[:-7])
    harbour.put("b.jsonl", event(3))
    report = harbour.take_in()
    assert (report.unfinished, harbour.ids(), harbour.left()) == (1, ["e3"], ["a.jsonl"])
    harbour.put("a.jsonl", raw=whole)
    harbour.take_in()
    assert harbour.ids() == ["e1", "e2", "e3"] and harbour.set_aside() == []

    harbour.put("never finished.jsonl", raw=whole.replace(b"e1", b"e4")[:-7])
    monkeypatch.setattr("og_assets.events.inbox.LONG_REST_SECONDS", 0.0)
    harbour.take_in()
    assert harbour.ids() == ["e1", "e2", "e3", "e4"] and len(harbour.set_aside()) == 1


def test_dump_that_changes_while_it_is_read_is_left(harbour: Harbour, monkeypatch: pytest.MonkeyPatch) -> None:
    harbour.put("a.jsonl", event(1))
    path = harbour.put("b.jsonl", event(2))
    read = intake_module.EventFileReader.values

    def read_and_change(self: Any) -> Any:
        yield from read(self)
        if self._path == path:
            path.write_bytes(path.read_bytes() + json.dumps(event(3)).encode())

    with monkeypatch.context() as patch:
        patch.setattr(intake_module.EventFileReader, "values", read_and_change)
        report = harbour.take_in()
    assert (report.unfinished, harbour.ids(), harbour.left()) == (1, ["e1"], ["b.jsonl"])
    harbour.take_in()
    assert harbour.ids() == ["e1", "e2", "e3"]


def test_one_run_takes_so_much_and_says_what_is_left(harbour: Harbour) -> None:
    size = max(harbour.put(f"{number}.jsonl", event(number)).stat().st_size for number in range(5))
    report = harbour.take_in(max_bytes=2 * size)
    assert (report.dumps, report.left) == (2, 3)
    report = harbour.take_in(max_bytes=1)
    assert (report.dumps, report.left) == (1, 2), "one dump at least, however large"
    assert harbour.take_in().left == 0 and len(harbour.ids()) == 5


def test_kept_dumps_do_not_use_up_what_a_run_may_take(harbour: Harbour) -> None:
    size = harbour.put("0.jsonl", event(0)).stat().st_size
    for number in range(1, 4):
        harbour.take_in(taken_dumps="keep", max_bytes=size)
        harbour.put(f"{number}.jsonl", event(number))
    report = harbour.take_in(taken_dumps="keep", max_bytes=size)
    assert report.left == 0 and len(harbour.ids()) == 4


def test_dump_that_may_not_be_read_is_named_and_the_rest_goes_on(
    harbour: Harbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever runs the tests may be allowed to read everything.
    monkeypatch.setattr("og_assets.events.inbox.os.access", lambda path, _: path.name != "a.jsonl")
    harbour.put("a.jsonl", event(1))
    harbour.put("b.jsonl", event(2))
    report = harbour.take_in()
    assert harbour.ids() == ["e2"] and "a.jsonl cannot be read by this user" in report.problems[0]


def test_dump_that_cannot_be_opened_is_named_and_the_rest_goes_on(
    harbour: Harbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    harbour.put("a.jsonl", event(1))
    harbour.put("b.jsonl", event(2))
    digest = intake_module.Dump.sha256

    def refuse(self: Any) -> str:
        if self.name == "a.jsonl":
            raise PermissionError(13, "Permission denied")
        return digest(self)

    monkeypatch.setattr(intake_module.EventFile, "sha256", refuse)
    report = harbour.take_in()
    assert harbour.ids() == ["e2"] and "a.jsonl cannot be read (Permission denied)" in report.problems[0]
    assert [dump.name for dump in scan_inbox(harbour.inbox, harbour.lake).new] == ["a.jsonl"]


def test_ledger_of_many_runs_stays_a_few_files(harbour: Harbour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingested_files, "MOST_FILES", 5)
    for number in range(23):
        harbour.put(f"{number}.jsonl", event(number))
        harbour.take_in()
        assert len(list((harbour.lake.root / "dumps").glob("*.parquet"))) <= 6
    assert len(ingested_files_of(harbour.lake.root).known().contents) == 23
    for number in range(23):
        harbour.put(f"again-{number}.jsonl", event(number))
    assert harbour.take_in().copies == 23 and len(harbour.ids()) == 23


def test_lake_that_cannot_be_written_is_explained_and_nothing_is_lost(harbour: Harbour) -> None:
    harbour.put("a.jsonl", event(1))
    harbour.lake.root.mkdir(parents=True)
    (harbour.lake.root / "events").write_text("a file where a folder should be")
    with pytest.raises(NotWritableError, match="OG_DATA_DIR"):
        harbour.take_in()
    (harbour.lake.root / "events").unlink()
    harbour.take_in()
    assert harbour.ids() == ["e1"]


def test_killed_anywhere_nothing_is_lost_and_nothing_counts_twice(
    harbour: Harbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process takes dumps in and is killed again and again; a delivery is (dump, position)."""
    monkeypatch.undo()
    for number in range(40):
        harbour.put(f"{number:02}.jsonl", *(event(number * 500 + each) for each in range(500)))
    program = (
        "import sys\nfrom pathlib import Path\nfrom og_assets.lake import intake\n"
        "from og_assets.events.inbox import inbox_of\nfrom og_assets.lake.lake import Lake\n"
        "intake.BYTES_PER_LANDING = 100_000\nroot = Path(sys.argv[1])\nprint('go', flush=True)\n"
        "intake.EventIngestion(inbox=inbox_of(root, settle_seconds=0), lake=Lake(root / 'lake'), policy='hash',"
        " taken_dumps='move', run_id=sys.argv[2]).run(max_bytes=2**62, progress=lambda _: None)\n"
    )
    chance, killed = random.Random(7), 0
    for attempt in range(9):
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(harbour.data_dir), f"attempt-{attempt}"], stdout=subprocess.PIPE
        )
        assert process.stdout is not None and process.stdout.readline() == b"go\n"
        time.sleep(chance.uniform(0, 0.12))
        process.kill()
        killed += process.wait() != 0
        process.stdout.close()
    harbour.take_in()
    rows = {(row["dump_sha256"], row["position"]): row["event_id"] for row in harbour.rows()}
    assert sorted(rows.values()) == sorted(f"e{number}" for number in range(40 * 500))
    assert killed > 3, "a kill that never hits proves nothing"
    assert not list(harbour.lake.root.rglob(".*.part"))


def test_torn_dump_that_was_kept_is_not_deleted_later_either(harbour: Harbour) -> None:
    harbour.put("a.jsonl", raw=json.dumps(event(1)).encode() + b"\n{torn\n" + json.dumps(event(2)).encode())
    harbour.take_in(taken_dumps="keep")
    harbour.take_in(taken_dumps="delete")
    assert harbour.archived() == ["a.jsonl"] and harbour.left() == []


def test_dump_that_changes_after_it_was_read_stays(harbour: Harbour, monkeypatch: pytest.MonkeyPatch) -> None:
    path = harbour.put("a.jsonl", event(1))
    add = IngestedFiles.add

    def add_and_append(self: IngestedFiles, *arguments: Any, **named: Any) -> None:
        add(self, *arguments, **named)
        with path.open("ab") as file:
            file.write(json.dumps(event(2)).encode())

    with monkeypatch.context() as patch:
        patch.setattr(IngestedFiles, "add", add_and_append)
        harbour.take_in()
    assert harbour.left() == ["a.jsonl"]
    harbour.take_in()
    assert set(harbour.ids()) == {"e1", "e2"} and harbour.left() == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who has a file open")
def test_dump_that_gets_a_writer_while_it_is_taken_in_is_not_moved_away_from_it(
    harbour: Harbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = harbour.put("a.jsonl", event(1))
    add, writers = IngestedFiles.add, []

    def add_and_open(self: IngestedFiles, *arguments: Any, **named: Any) -> None:
        add(self, *arguments, **named)
        writers.append(path.open("ab"))

    with monkeypatch.context() as patch:
        patch.setattr(IngestedFiles, "add", add_and_open)
        harbour.take_in()
    assert harbour.left() == ["a.jsonl"]
    with writers[0] as file:
        file.write(json.dumps(event(2)).encode())
    harbour.take_in()
    assert set(harbour.ids()) == {"e1", "e2"} and harbour.left() == []


def test_dump_whose_writer_cannot_be_known_is_taken_in_and_moved_only_after_a_long_rest(
    harbour: Harbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("og_assets.events.inbox.is_open_for_writing", lambda _: None)
    harbour.put("a.jsonl", event(1))
    assert harbour.take_in().dumps == 1
    assert harbour.left() == ["a.jsonl"] and scan_inbox(harbour.inbox, harbour.lake).new == ()
    monkeypatch.setattr("og_assets.events.inbox.LONG_REST_SECONDS", 0.0)
    assert harbour.take_in().landed.events == 0
    assert harbour.left() == [] and harbour.archived() == ["a.jsonl"]


def test_disk_that_calls_every_file_open_gets_its_dumps_taken_in_after_a_long_rest(
    harbour: Harbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("og_assets.events.inbox.is_open_for_writing", lambda _: True)
    harbour.put("a.jsonl", event(1))
    assert harbour.take_in().unfinished == 1
    monkeypatch.setattr("og_assets.events.inbox.LONG_REST_SECONDS", 0.0)
    harbour.take_in()
    assert harbour.ids() == ["e1"] and harbour.left() == ["a.jsonl"]


@pytest.mark.parametrize(("seconds_ahead", "is_whole"), [(2, False), (3000, False), (4000, True)])
def test_clock_of_a_file_server_may_be_a_little_ahead(
    seconds_ahead: float, is_whole: bool, harbour: Harbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    harbour.inbox = inbox_of(harbour.data_dir, settle_seconds=5)
    harbour.put("a.jsonl", event(1))
    monkeypatch.setattr("og_assets.events.inbox.time.time", lambda: datetime.now(UTC).timestamp() - seconds_ahead)
    assert bool(harbour.inbox.contents().dumps) == is_whole


def test_content_that_changed_under_an_old_time_is_seen(harbour: Harbour) -> None:
    path = harbour.put("a.jsonl", event(1))
    os.utime(path, (1_600_000_000, 1_600_000_000))
    harbour.take_in(taken_dumps="keep")
    path.write_bytes(path.read_bytes().replace(b"e1", b"e2"))
    os.utime(path, (1_600_000_000, 1_600_000_000))
    harbour.take_in(taken_dumps="keep")
    assert harbour.ids() == ["e1", "e2"]


def test_dump_stays_where_it_is_until_it_is_recorded(harbour: Harbour, monkeypatch: pytest.MonkeyPatch) -> None:
    harbour.put("a.jsonl", event(1))

    def refuse(*_: Any, **__: Any) -> None:
        raise NotWritableError("full")

    with monkeypatch.context() as patch:
        patch.setattr(IngestedFiles, "add", refuse)
        with pytest.raises(NotWritableError):
            harbour.take_in()
    assert harbour.left() == ["a.jsonl"]
    harbour.take_in()
    assert len({(row["dump_sha256"], row["position"]) for row in harbour.rows()}) == 1


def test_killed_while_the_ledger_becomes_one_file_nothing_is_forgotten(
    harbour: Harbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingested_files, "MOST_FILES", 1)
    harbour.put("1.jsonl", event(1))
    harbour.take_in()
    harbour.put("2.jsonl", event(2))

    def killed(table: Any, path: Path) -> None:
        if "and-before" in path.name:
            raise KeyboardInterrupt
        write_table(table, path)

    with monkeypatch.context() as patch:
        patch.setattr(ingested_files, "write_table", killed)
        with pytest.raises(KeyboardInterrupt):
            harbour.take_in()
    assert len(ingested_files_of(harbour.lake.root).known().contents) == 2


def test_ledger_can_be_read_while_it_becomes_one_file(harbour: Harbour, monkeypatch: pytest.MonkeyPatch) -> None:
    harbour.put("1.jsonl", event(1))
    harbour.take_in()
    files, looks = IngestedFiles._files, []

    def old_list_first(self: IngestedFiles) -> list[Path]:
        looks.append(1)
        return [self.folder / "gone.parquet"] if len(looks) == 1 else files(self)

    monkeypatch.setattr(IngestedFiles, "_files", old_list_first)
    assert len(ingested_files_of(harbour.lake.root).known().contents) == 1


def test_ledger_that_was_removed_lets_archived_dumps_be_taken_in_again(harbour: Harbour) -> None:
    harbour.put("a.jsonl", event(1), event(2))
    harbour.take_in()
    shutil.rmtree(harbour.lake.root / "dumps")
    shutil.move(harbour.inbox.archive / "a.jsonl", harbour.inbox.folder / "a.jsonl")
    assert harbour.take_in().landed.events == 2
    assert len({(row["dump_sha256"], row["position"]) for row in harbour.rows()}) == 2


def test_file_name_that_is_no_text_is_a_name_like_any_other(harbour: Harbour) -> None:
    harbour.put("b.jsonl", event(2))
    Path(os.fsdecode(os.fsencode(harbour.inbox.folder) + b"/Bestellungen-M\xfcnchen.jsonl")).write_bytes(
        json.dumps(event(1)).encode()
    )
    harbour.take_in()
    assert harbour.ids() == ["e1", "e2"] and harbour.left() == []
    assert {row["dump"] for row in harbour.rows()} == {"b.jsonl", "Bestellungen-M\\xfcnchen.jsonl"}


def test_archive_that_has_a_file_where_a_folder_should_be_takes_the_dump_all_the_same(harbour: Harbour) -> None:
    harbour.put("a", event(1))
    harbour.take_in()
    harbour.put("a/b.jsonl", event(2))
    assert harbour.take_in().problems == []
    assert harbour.archived() == ["a", "b.jsonl"] and harbour.left() == []


def test_dump_that_cannot_be_put_away_is_named_and_the_rest_goes_on(
    harbour: Harbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    harbour.put("a.jsonl", event(1))
    harbour.put("b.jsonl", event(2))
    move = shutil.move

    def refuse(source: Path, target: Path) -> None:
        if source.name == "a.jsonl":
            raise PermissionError(13, "Permission denied")
        move(source, target)

    monkeypatch.setattr("og_assets.events.inbox.shutil.move", refuse)
    report = harbour.take_in()
    assert harbour.ids() == ["e1", "e2"] and harbour.left() == ["a.jsonl"]
    assert "a.jsonl is in the lake, and cannot be put away" in report.problems[0]


def test_linked_folder_is_looked_into_and_a_circle_is_walked_once(harbour: Harbour, tmp_path: Path) -> None:
    harbour.put("a.jsonl", event(1))
    elsewhere = tmp_path / "bucket"
    elsewhere.mkdir()
    (elsewhere / "b.jsonl").write_text(json.dumps(event(2)))
    (elsewhere / "circle").symlink_to(harbour.inbox.folder)
    (harbour.inbox.folder / "bucket").symlink_to(elsewhere)
    assert harbour.take_in().dumps == 2
    assert not (elsewhere / "b.jsonl").exists()


def test_folder_that_cannot_be_listed_is_a_problem(harbour: Harbour, monkeypatch: pytest.MonkeyPatch) -> None:
    harbour.put("a.jsonl", event(1))
    harbour.put("locked/b.jsonl", event(2))
    scandir = os.scandir

    def refuse(path: Any) -> Any:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr("os.scandir", refuse)
    report = harbour.take_in()
    assert harbour.ids() == ["e1"] and "locked cannot be listed (Permission denied)" in report.problems[0]
    assert scan_inbox(harbour.inbox, harbour.lake).problems


def test_look_reads_so_much_and_no_more(harbour: Harbour, monkeypatch: pytest.MonkeyPatch) -> None:
    size = harbour.put("a.jsonl", event(1)).stat().st_size
    harbour.take_in()
    harbour.put("copy.jsonl", event(1))
    monkeypatch.setattr(intake_module, "BYTES_PER_LOOK", size - 1)
    assert len(scan_inbox(harbour.inbox, harbour.lake).new) == 1
    monkeypatch.setattr(intake_module, "BYTES_PER_LOOK", size)
    assert scan_inbox(harbour.inbox, harbour.lake).copies == 1


def test_memory_follows_the_size_of_events_too(harbour: Harbour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("og_assets.events.land.ROWS_PER_GROUP", 10_000)
    monkeypatch.setattr("og_assets.events.land.CHARACTERS_PER_GROUP", 50_000)
    harbour.put("a.jsonl", *(event(number, note="x" * 20_000) for number in range(9)))
    harbour.take_in()
    (file,) = (path for path in (harbour.lake.root / "events").rglob("*.parquet"))
    assert pq.read_metadata(file).num_row_groups == 3


def test_file_of_something_else_is_not_listed_piece_by_piece(harbour: Harbour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("og_assets.events.land.PIECES_PER_DUMP", 5)
    harbour.put("a.csv", raw=b"".join(b"%d\n" % number for number in range(500)))
    harbour.put("b.jsonl", "no event", event(1))
    assert harbour.take_in().landed.quarantined == 501
    assert len(harbour.set_aside()) == 6 and "counted and not listed" in harbour.set_aside()[4]["reason"]


def test_only_a_fingerprint_lands_as_key_and_the_rest_of_an_envelope_is_kept(harbour: Harbour) -> None:
    harbour.put("a.jsonl", {"event": event(1), "key": "my-secret-verification-key", "shard": 3})
    harbour.take_in()
    (row,) = harbour.rows()
    assert row["key"] is None and json.loads(row["extra"]) == {"envelope": {"shard": 3}}


def test_quarantine_that_cannot_be_written_keeps_the_events_back(harbour: Harbour) -> None:
    harbour.put("a.jsonl", event(1), "no event")
    (harbour.lake.root / "quarantine").mkdir(parents=True)
    (harbour.lake.root / "quarantine" / "webhook_events").write_text("a file where a folder should be")
    with pytest.raises(NotWritableError):
        harbour.take_in()
    assert harbour.rows() == [] and harbour.left() == ["a.jsonl"]


def test_torn_young_dumps_are_found_in_one_go(harbour: Harbour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_module, "BYTES_PER_LANDING", 2**30)
    for number in range(10):
        harbour.put(f"{number}.jsonl", raw=json.dumps(event(number)).encode()[: None if number % 2 else -3])
    landings = []
    land = EventIngestion._land
    monkeypatch.setattr(EventIngestion, "_land", lambda *arguments: landings.append(1) or land(*arguments))
    report = harbour.take_in()
    assert (report.unfinished, report.dumps, len(landings)) == (5, 5, 2)


def test_text_that_parquet_cannot_hold_does_not_stop_the_rest(harbour: Harbour) -> None:
    broken = json.dumps(event(1)).replace('"e1"', '"e\\ud800"').replace('"m1"', '"\\udfff"').encode()
    huge = json.dumps(event(2, amount=10**30)).encode()
    harbour.put("a.jsonl", raw=b"\n".join([broken, huge, json.dumps(event(3)).encode()]))
    harbour.take_in()
    assert harbour.ids() == ["e2", "e3", "e?"]
    for row in harbour.rows():
        json.loads(row["object"])


@pytest.fixture(autouse=True)
def _small_landings(monkeypatch: pytest.MonkeyPatch) -> None:
    # Several landings in one run, and several row groups in one file.
    monkeypatch.setattr(intake_module, "BYTES_PER_LANDING", 300)
    monkeypatch.setattr("og_assets.events.land.ROWS_PER_GROUP", 3)
