"""Folders and file names of webhook events below the root of a lake.

Does not belong here: the rows in these files (`land.py`, `ingested_files.py`).
"""

from datetime import datetime
from pathlib import Path

from og_assets.events.ingested_files import INGESTED_FILES, IngestedFiles
from og_assets.events.land import EVENTS, EventsLanding
from og_assets.lake.files import remove_partials
from og_assets.lake.lake import file_stem
from og_assets.lake.privacy import PiiPolicy


def ingested_files_of(root: Path) -> IngestedFiles:
    """Return the processed-file log of a lake."""
    return IngestedFiles(INGESTED_FILES.path(root))


def open_events_landing(root: Path, *, taken_in_at: datetime, run_id: str, policy: PiiPolicy) -> EventsLanding:
    """Open a landing for webhook events. Removes partial files of a killed run."""
    stem = file_stem(taken_in_at, run_id=run_id)
    events, quarantine = EVENTS.path(root), root / "quarantine" / "webhook_events"
    for folder in (events, quarantine):
        remove_partials(folder)
    return EventsLanding(
        events_file=events / f"day={taken_in_at:%Y-%m-%d}" / f"{stem}.parquet",
        quarantine_file=quarantine / f"{stem}.jsonl",
        taken_in_at=taken_in_at,
        run_id=run_id,
        policy=policy,
    )


def count_refused_deliveries(root: Path, *, since: datetime) -> int:
    """Count the signed bodies that are not JSON and that the receiver quarantined on or after the day of `since`."""
    folder = root / "quarantine" / "webhook_deliveries"
    days = [path for path in folder.glob("*.jsonl") if path.name[:10] >= f"{since:%Y-%m-%d}"]
    return sum(path.read_bytes().count(b"\n") for path in days)
