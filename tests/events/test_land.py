"""Landing: columns, privacy, quarantine and the bounds of memory."""

import hashlib
import json

import pyarrow.parquet as pq
import pytest

from og_assets.lake.errors import NotWritableError

from .data_folder import DataFolder, enveloped, event


def test_personal_and_secret_values_never_land(folder: DataFolder) -> None:
    secrets = {"one_click_token": "eyJhbGciOiJFUzUxMiJ9.abc", "cc_number": "4111111111111111"}
    person = {"email": " Ada@Example.com", "first_name": "Ada"}
    value = enveloped(1, **secrets, **person)
    value["event"]["data"]["subscriber"] = person
    value["event"]["snapshot"] = {"payments": [{"token_id": "tok_secret", "cc_holder": "Ada Lovelace"}]}
    folder.put("a.jsonl", value, {"id": "no event", **secrets, **person}, raw=None)
    folder.ingest()
    landed = (
        b"".join(path.read_bytes() for path in folder.lake.root.rglob("*") if path.is_file())
        + json.dumps(folder.rows(), default=str).encode()
    )
    for secret in (*secrets.values(), "Ada", "ada@example.com", "tok_secret", "Lovelace"):
        assert secret.encode() not in landed
    (row,) = folder.rows()
    assert json.loads(row["object"])["email"] == hashlib.sha256(b"ada@example.com").hexdigest()
    assert json.loads(row["extra"])["data"]["subscriber"]["email"] == json.loads(row["object"])["email"]


def test_json_that_is_no_event_is_quarantined_with_its_reason(folder: DataFolder) -> None:
    folder.put("a.jsonl", {"id": "x", "email": "ada@example.com"}, [1, "two"], enveloped(1))
    folder.ingest()
    assert folder.event_ids() == ["e1"]
    assert [line["reason"] for line in folder.quarantined()] == [
        "type: missing",
        "not a JSON object",
        "not a JSON object",
    ]
    assert folder.quarantined()[0]["record"]["id"] == "x"


def test_row_groups_are_bounded_by_size_of_events(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("og_assets.events.land.ROWS_PER_GROUP", 10_000)
    monkeypatch.setattr("og_assets.events.land.CHARACTERS_PER_GROUP", 50_000)
    folder.put("a.jsonl", *(event(number, note="x" * 20_000) for number in range(9)))
    folder.ingest()
    (file,) = (path for path in (folder.lake.root / "events").rglob("*.parquet"))
    assert pq.read_metadata(file).num_row_groups == 3


def test_quarantine_lines_per_file_are_bounded(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("og_assets.events.land.MAX_QUARANTINE_LINES_PER_FILE", 5)
    folder.put("a.csv", raw=b"".join(b"%d\n" % number for number in range(500)))
    folder.put("b.jsonl", "no event", event(1))
    assert folder.ingest().landed.quarantined == 501
    assert len(folder.quarantined()) == 6 and "counted and not listed" in folder.quarantined()[4]["reason"]


def test_only_a_key_fingerprint_lands_and_other_envelope_fields_are_kept(folder: DataFolder) -> None:
    folder.put("a.jsonl", {"event": event(1), "key": "my-secret-verification-key", "shard": 3})
    folder.ingest()
    (row,) = folder.rows()
    assert row["key"] is None and json.loads(row["extra"]) == {"envelope": {"shard": 3}}


def test_unwritable_quarantine_is_an_error_and_no_event_lands(folder: DataFolder) -> None:
    folder.put("a.jsonl", event(1), "no event")
    (folder.lake.root / "quarantine").mkdir(parents=True)
    (folder.lake.root / "quarantine" / "webhook_events").write_text("a file where a folder should be")
    with pytest.raises(NotWritableError):
        folder.ingest()
    assert folder.rows() == [] and folder.in_inbox() == ["a.jsonl"]


def test_text_that_parquet_cannot_hold_is_replaced(folder: DataFolder) -> None:
    broken = json.dumps(event(1)).replace('"e1"', '"e\\ud800"').replace('"m1"', '"\\udfff"').encode()
    huge = json.dumps(event(2, amount=10**30)).encode()
    folder.put("a.jsonl", raw=b"\n".join([broken, huge, json.dumps(event(3)).encode()]))
    folder.ingest()
    assert folder.event_ids() == ["e2", "e3", "e?"]
    for row in folder.rows():
        json.loads(row["object"])
