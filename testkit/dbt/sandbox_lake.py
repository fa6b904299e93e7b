"""Brings a sandbox store into a lake, as production does: pulls through HTTP, event files through ingestion."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from og_assets.events.inbox import Inbox
from og_assets.events.ingest import EventIngestion
from og_assets.extraction.pull import Extractor, Window
from og_assets.lake.lake import Lake
from og_assets.ordergroove.objects import BY_NAME
from og_assets.settings import Settings
from ordergroove_sandbox import RunningStore

ZONE = ZoneInfo("America/New_York")
OBJECTS = ("customers", "subscriptions", "orders", "items")
# Sales need these two besides.
SALES_OBJECTS = (*OBJECTS, "one_time_incentives", "billing_attempts")


def pull(shop: RunningStore, lake: Path, *, since: datetime | None, names: Sequence[str] = OBJECTS) -> datetime:
    """Pull the rows updated since then; returns the end of the window, by the store's clock."""
    settings = Settings(ordergroove_api_key="sandbox-key", ordergroove_base_url=shop.url)
    extractor = Extractor(settings, Lake(lake))
    end = shop.store.now.replace(tzinfo=ZONE)
    window = Window(key=f"{end:%Y-%m-%d}", start=since, end=end)
    for name in names:
        list(extractor.pull_windows(BY_NAME[name], [window], run_id=window.key, progress=lambda _message: None))
    return end


def ingest(files: Path, lake: Path, *, runs: int = 3) -> None:
    """Ingest a folder of event files, in several runs."""
    paths = sorted(files.rglob("*.jsonl"))
    for start in range(runs):
        inbox = Inbox(files.with_name(f"inbox-{start}"), files.with_name("archive"), settle_seconds=0)
        for path in paths[start::runs]:
            target = inbox.folder / path.relative_to(files)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
        ingestion = EventIngestion(
            inbox=inbox, lake=Lake(lake), policy="hash", ingested_file_policy="move", run_id=f"run-{start}"
        )
        ingestion.run(max_bytes=2**62, progress=lambda _message: None)
