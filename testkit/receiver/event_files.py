"""Reading dumps as the next in line would: only what is visible, every line whole."""

import base64
import json
from pathlib import Path
from typing import Any


def dumps(data: Path, folder: str = "inbox") -> list[Path]:
    """The files of the inbox, hidden ones left out, and everything in it is where it belongs."""
    found = sorted(path for path in (data / folder).rglob("*") if path.is_file())
    return [path for path in found if not any(part.startswith(".") for part in path.relative_to(data).parts)]


def lines(data: Path, folder: str = "inbox") -> list[dict[str, Any]]:
    """Every line of every dump; fails where one is torn."""
    found = []
    for path in dumps(data, folder):
        content = path.read_bytes()
        assert content.endswith(b"\n"), f"{path} ends in the middle of a line"
        assert content.count(b"\n") == len(content.splitlines())
        found += [json.loads(line) for line in content.split(b"\n")[:-1]]
    return found


def events(data: Path) -> list[Any]:
    """The events alone."""
    return [line["event"] for line in lines(data)]


def left_open(data: Path) -> list[Path]:
    """Files that no reader sees yet."""
    return sorted((data / "inbox" / ".receiving").glob("*.jsonl"))


def quarantined(data: Path) -> list[dict[str, Any]]:
    """What is in quarantine, with its body as bytes."""
    folder = data / "lake" / "quarantine" / "webhook_deliveries"
    found = [json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.read_text().splitlines()]
    return [{**entry, "body": base64.b64decode(entry["body"])} for entry in found]
