"""Find out what an ingestion run would find new in the inbox, without ingesting it.

Belongs here: telling new files from copies. Does not belong here: listing the inbox (`inbox.py`), when the sensor
starts a run (`defs/inbox_sensor.py`).
"""

from dataclasses import dataclass
from functools import lru_cache

from og_assets.events.inbox import EventFile, Inbox, printable
from og_assets.events.store import ingested_files_of
from og_assets.lake.lake import Lake

# A scan hashes at most this many bytes to find copies. Files beyond it count as new; the run hashes them.
BYTES_PER_SCAN = 256 * 1024**2


@dataclass(frozen=True, kw_only=True)
class InboxScan:
    """New event files, the number of copies of ingested ones, and the number of incomplete files.

    `listed` counts complete and incomplete files; `problems` has a sentence per path that cannot be listed or read.
    """

    listed: int
    new: tuple[EventFile, ...]
    copies: int
    incomplete: int
    problems: tuple[str, ...]


def scan_inbox(inbox: Inbox, lake: Lake) -> InboxScan:
    """Compare the inbox with the processed-file log of the lake."""
    contents, ingested = inbox.contents(), ingested_files_of(lake.root).index()
    new, copies, budget = [], 0, BYTES_PER_SCAN
    for file in contents.event_files:
        if file.identity in ingested.identities:
            continue
        budget -= file.bytes
        if budget >= 0 and _sha256_or_none(file) in ingested.digests:
            copies += 1
        else:
            new.append(file)
    return InboxScan(
        listed=len(contents.event_files) + contents.incomplete,
        new=tuple(new),
        copies=copies,
        incomplete=contents.incomplete,
        problems=tuple(printable(problem) for problem in contents.problems),
    )


def _sha256_or_none(file: EventFile) -> str | None:
    try:
        return _sha256(file)
    except OSError:
        return None


@lru_cache(maxsize=100_000)
def _sha256(file: EventFile) -> str:
    # A copy that stays in the inbox appears in every scan. The cache keeps it from being read each time.
    return file.sha256()
