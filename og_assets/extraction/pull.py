"""The arrow from the REST API to the lake: one walk over one list becomes one landed segment and one manifest row.

Belongs here: which segments a range has, what each asks for, fetching a page while the last one is written. Does not
belong here: how to ask (`ordergroove/`), how to land (`lake/`), when to run (`defs/`).
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby

from og_assets.extraction.connection import ACCESS_PROBE, Connection, MakeClient
from og_assets.extraction.prefetch import prefetch
from og_assets.lake.lake import SNAPSHOT, Lake
from og_assets.lake.landing import Landed, Landing
from og_assets.lake.manifest import PullRow, SegmentKey
from og_assets.ordergroove.client import OrdergrooveClient, Traffic
from og_assets.ordergroove.errors import AccessError, NotFoundError, OrdergrooveError
from og_assets.ordergroove.objects import ApiObject
from og_assets.ordergroove.wall_clock import reach_back, to_wall
from og_assets.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Window:
    """One extraction window. `start` is None for the very first one, which takes everything up to its end."""

    key: str
    start: datetime | None
    end: datetime


@dataclass(frozen=True, kw_only=True)
class Segment:
    """Neighbouring windows that are walked as one, and the range that they were asked for as part of."""

    first: str
    last: str
    start: datetime | None
    end: datetime
    range_first: str
    range_last: str

    @property
    def label(self) -> str:
        """The `window=` of the segment's file."""
        return self.first if self.first == self.last else f"{self.first}..{self.last}"


@dataclass(frozen=True, kw_only=True)
class Walk:
    """One walk that reached its end.

    `asked_from` and `asked_to` are wall times, None where there was no bound; `store_time` is the wall time at which
    the walk ended, by the time zone that is set.
    """

    pull: PullRow
    landed: Landed
    asked_from: datetime | None
    asked_to: datetime | None
    overlap: timedelta
    store_time: datetime


Progress = Callable[[str], None]


def monthly_segments(windows: Sequence[Window]) -> list[Segment]:
    """Cut neighbouring windows at the turn of each month, so that a long walk is finished bit by bit."""
    range_first, range_last = windows[0].key, windows[-1].key
    months = [list(month) for _, month in groupby(windows, key=lambda window: window.key[:7])]
    return [
        Segment(
            first=month[0].key,
            last=month[-1].key,
            start=month[0].start,
            end=month[-1].end,
            range_first=range_first,
            range_last=range_last,
        )
        for month in months
    ]


class Extractor:
    """Pulls objects from one store into one lake. Makes an HTTP client anew for each walk.

    Raises `SettingsError` where the key is missing, `OrdergrooveError` and `LakeError` while walking.
    """

    def __init__(self, settings: Settings, lake: Lake, *, make_client: MakeClient = OrdergrooveClient) -> None:
        self._settings = settings
        self._lake = lake
        self._connection = Connection(settings, make_client)
        self._overlap = timedelta(hours=settings.og_overlap_hours)

    def check_access(self) -> None:
        """Ask for one row of what every merchant has, to learn with one request whether the key is right."""
        self._connection.check_access()

    def pull_windows(
        self, api_object: ApiObject, windows: Sequence[Window], *, run_id: str, progress: Progress
    ) -> Iterator[Walk]:
        """Walk a range of windows, oldest first, and yield each segment as it is done.

        Segments that an unfinished attempt at the same range has brought are not asked for again; they are yielded
        too, as the manifest tells them, so that what is said of the range is said of all of it.
        """
        segments = monthly_segments(windows)
        done: dict[SegmentKey, PullRow] = {}
        if len(segments) > 1:
            done = self._lake.finished_segments(
                api_object,
                range_first=segments[0].range_first,
                range_last=segments[0].range_last,
                source=self._connection.source(api_object),
            )
        for number, segment in enumerate(segments, start=1):
            place = f"window {segment.label}, {number} of {len(segments)}"
            before = done.get((segment.first, segment.last, segment.start, segment.end))
            if before is not None:
                progress(f"{place}: already in the lake, from an attempt that did not reach its end")
                yield self._walked_before(before, segment)
                continue
            walk = self._walk(api_object, segment=segment, run_id=run_id)
            progress(f"{place}: {walk.pull.note or f'{walk.landed.rows:,} rows'}")
            yield walk

    def pull_snapshot(self, api_object: ApiObject, *, run_id: str, progress: Progress) -> Iterator[Walk]:
        """List an object whole."""
        walk = self._walk(api_object, segment=None, run_id=run_id)
        progress(f"snapshot: {walk.pull.note or f'{walk.landed.rows:,} rows'}")
        yield walk

    def _walk(self, api_object: ApiObject, *, segment: Segment | None, run_id: str) -> Walk:
        pulled_at, clock = datetime.now(UTC), time.monotonic()
        asked_from, asked_to = self._bounds(segment)
        landing = self._lake.landing(
            api_object,
            window=segment.label if segment else SNAPSHOT,
            pulled_at=pulled_at,
            run_id=run_id,
            policy=self._settings.og_pii,
        )
        traffic, pages, note = self._fill(landing, api_object, params=_filters(api_object, asked_from, asked_to))
        landed = self._on_the_wall(landing.landed)
        pull = PullRow(
            object=api_object.name,
            first_window=segment.first if segment else None,
            last_window=segment.last if segment else None,
            range_first_window=segment.range_first if segment else None,
            range_last_window=segment.range_last if segment else None,
            window_start=segment.start if segment else None,
            window_end=segment.end if segment else None,
            pulled_at=pulled_at,
            run_id=run_id,
            pages=pages,
            rows=landed.rows,
            quarantined=landed.quarantined,
            requests=traffic.requests,
            retries=traffic.retries,
            bytes=traffic.bytes,
            seconds=time.monotonic() - clock,
            oldest_updated=landed.oldest_updated,
            newest_updated=landed.newest_updated,
            unknown_fields=json.dumps(landed.unknown_fields, sort_keys=True),
            source=self._connection.source(api_object),
            note=note,
            first_look_at=traffic.first_look_at,
            last_answer_at=traffic.last_answer_at,
        )
        self._lake.record(pull)
        return Walk(
            pull=pull,
            landed=landed,
            asked_from=asked_from,
            asked_to=asked_to,
            overlap=self._overlap,
            store_time=to_wall(datetime.now(UTC), zone=self._settings.zone),
        )

    def _walked_before(self, pull: PullRow, segment: Segment) -> Walk:
        asked_from, asked_to = self._bounds(segment)
        landed = Landed(
            rows=pull.rows,
            quarantined=pull.quarantined,
            oldest_updated=pull.oldest_updated,
            newest_updated=pull.newest_updated,
            unknown_fields=Counter(json.loads(pull.unknown_fields)),
        )
        return Walk(
            pull=pull,
            landed=landed,
            asked_from=asked_from,
            asked_to=asked_to,
            overlap=self._overlap,
            store_time=to_wall(pull.pulled_at, zone=self._settings.zone),
        )

    def _fill(
        self, landing: Landing, api_object: ApiObject, *, params: dict[str, str]
    ) -> tuple[Traffic, int, str | None]:
        """Walk the list into the landing. Returns the traffic, the pages, and why nothing came, if on purpose."""
        if api_object.host == "entitlements" and not self._settings.ordergroove_merchant_id:
            return Traffic(), 0, "skipped: set ORDERGROOVE_MERCHANT_ID to pull entitlements"
        pages = 0
        with self._connection.client(api_object) as client:
            try:
                with landing, closing(prefetch(client.pages(api_object, params))) as walk:
                    for rows in walk:
                        landing.add(rows, seen_at=client.traffic.first_look_at)
                        pages += 1
            except (AccessError, NotFoundError) as error:
                if pages:
                    # What has answered once is there: to take this for its absence would lose rows in silence.
                    raise
                return client.traffic, 0, self._reason_of_absence(api_object, error)
            return client.traffic, pages, None

    def _reason_of_absence(self, api_object: ApiObject, error: OrdergrooveError) -> str:
        """Say why an optional object may be missing, or raise: a core object must be there, and so must the key."""
        if api_object.core or self._lake.has_answered(api_object):
            # What has answered before is there: to take a lost permission for its absence would lose rows in silence.
            raise error
        try:
            self.check_access()
        except (AccessError, NotFoundError):
            raise error from None
        return f"not available: {error.path} answered {error.status} while {ACCESS_PROBE.path} answers"

    def _bounds(self, segment: Segment | None) -> tuple[datetime | None, datetime | None]:
        if segment is None:
            return None, None
        zone = self._settings.zone
        start = reach_back(segment.start, self._overlap, zone=zone) if segment.start else None
        return start, to_wall(segment.end, zone=zone)

    def _on_the_wall(self, landed: Landed) -> Landed:
        """Bring the update times of objects that tell instants (entitlements) to the wall time that all others tell."""
        oldest, newest = (
            to_wall(time, zone=self._settings.zone) if time is not None and time.tzinfo is not None else time
            for time in (landed.oldest_updated, landed.newest_updated)
        )
        return replace(landed, oldest_updated=oldest, newest_updated=newest)


def _filters(api_object: ApiObject, asked_from: datetime | None, asked_to: datetime | None) -> dict[str, str]:
    window = api_object.window
    if window is None:
        return {}
    bounds = {window.start: asked_from, window.end: asked_to}
    return {name: f"{moment:{window.time_format}}" for name, moment in bounds.items() if moment is not None}
