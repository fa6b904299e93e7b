"""Reads the receiver's files as the ingestion would: visible files only, and every line must be complete."""

import base64
import json
from pathlib import Path
from typing import Any


def event_files(data: Path, folder: str = "inbox") -> list[Path]:
    """The visible files of the inbox, or of another folder below `data`."""
    found = sorted(path for path in (data / folder).rglob("*") if path.is_file())
    return [path for path in found if not any(part.startswith(".") for part in path.relative_to(data).parts)]


def lines(data: Path, folder: str = "inbox") -> list[dict[str, Any]]:
    """Every line of every event file; fails where one is incomplete."""
    found = []
    for path in event_files(data, folder):
        content = path.read_bytes()
        assert content.endswith(b"\n"), f"{path} ends in the middle of a line"
        assert content.count(b"\n") == len(content.splitlines())
        found += [json.loads(line) for line in content.split(b"\n")[:-1]]
    return found


def events(data: Path) -> list[Any]:
    """The events without their envelopes."""
    return [line["event"] for line in lines(data)]


def left_open(data: Path) -> list[Path]:
    """Files that are not in the inbox yet."""
    return sorted((data / "inbox" / ".receiving").glob("*.jsonl"))


def quarantined(data: Path) -> list[dict[str, Any]]:
    """The entries of the receiver's quarantine, with their bodies as bytes."""
    folder = data / "lake" / "quarantine" / "webhook_deliveries"
    found = [json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.read_text().splitlines()]
    return [{**entry, "body": base64.b64decode(entry["body"])} for entry in found]
