"""Pull one object from the REST API: each listing becomes one segment file and one manifest row in the lake.

Belongs here: the segments of a range, the filters of each, and which errors mean that an optional object is missing.
Does not belong here: HTTP (`ordergroove/`), files (`lake/`), schedules and partitions (`defs/`).
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from og_assets.extraction.connection import ACCESS_PROBE, Connection, MakeClient
from og_assets.extraction.prefetch import prefetch
from og_assets.lake.lake import SNAPSHOT, Lake
from og_assets.lake.landing import Landing
from og_assets.lake.manifest import Pull, SegmentKey, segment_label, traffic_columns
from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.errors import AccessError, NotFoundError, OrdergrooveError
from og_assets.ordergroove.objects import ApiObject
from og_assets.ordergroove.traffic import Traffic
from og_assets.ordergroove.wall_clock import reach_back, to_wall
from og_assets.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Window:
    """One extraction window. `start` is None for the very first one, which has no lower bound."""

    key: str
    start: datetime | None
    end: datetime


@dataclass(frozen=True, kw_only=True)
class Segment:
    """Consecutive windows pulled by one listing, and the first and last window of the requested range."""

    first: str
    last: str
    start: datetime | None
    end: datetime
    range_first: str
    range_last: str

    @property
    def label(self) -> str:
        """Return the `window=` of the segment's file."""
        return segment_label(self.first, self.last)

    def columns(self) -> dict[str, Any]:
        """Return the columns of a `Pull` that identify the segment."""
        return {
            "first_window": self.first,
            "last_window": self.last,
            "range_first_window": self.range_first,
            "range_last_window": self.range_last,
            "window_start": self.start,
            "window_end": self.end,
        }


Progress = Callable[[str], None]


def monthly_segments(windows: Sequence[Window]) -> list[Segment]:
    """Divide consecutive windows by month, so that a long backfill can resume after its last finished month."""
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
    """Pulls objects from one store into one lake, with a new HTTP client for each listing.

    Raises `SettingsError` if the key is missing; `OrdergrooveError` and `LakeError` while it pulls. `overlap` is how
    far a window's filter reaches back before the window.
    """

    def __init__(self, settings: Settings, lake: Lake, *, make_client: MakeClient = OrdergrooveClient) -> None:
        self._settings = settings
        self._lake = lake
        self._connection = Connection(settings, make_client)
        self.overlap = timedelta(hours=settings.og_overlap_hours)

    def check_access(self) -> None:
        """Request one row of an object that every merchant has, to learn with one request whether the key works."""
        self._connection.check_access()

    def pull_windows(
        self, api_object: ApiObject, windows: Sequence[Window], *, run_id: str, progress: Progress
    ) -> Iterator[Pull]:
        """Pull a range of windows, oldest first, and yield each segment when it is done.

        Segments that an unfinished attempt at the same range has completed are not requested again. They are yielded
        from the manifest, so that counts and checks cover the whole range.
        """
        segments = monthly_segments(windows)
        done: dict[SegmentKey, Pull] = {}
        if len(segments) > 1:
            done = self._lake.finished_segments(
                api_object,
                range_first=segments[0].range_first,
                range_last=segments[0].range_last,
                source=self._connection.source(api_object),
            )
        for number, segment in enumerate(segments, start=1):
            place = f"window {segment.label}, {number} of {len(segments)}"
            earlier = done.get((segment.first, segment.last, segment.start, segment.end))
            if earlier is None:
                pull = self._pull(api_object, segment=segment, run_id=run_id)
                progress(f"{place}: {pull.note or f'{pull.rows:,} rows'}")
            else:
                pull = self._with_store_times(earlier)
                progress(f"{place}: already in the lake, from an attempt that did not finish")
            yield pull

    def pull_snapshot(self, api_object: ApiObject, *, run_id: str, progress: Progress) -> Iterator[Pull]:
        """Pull all rows of an object."""
        pull = self._pull(api_object, segment=None, run_id=run_id)
        progress(f"snapshot: {pull.note or f'{pull.rows:,} rows'}")
        yield pull

    def _pull(self, api_object: ApiObject, *, segment: Segment | None, run_id: str) -> Pull:
        clock = time.monotonic()
        begun = self._with_store_times(
            Pull(
                object=api_object.name,
                pulled_at=datetime.now(UTC),
                run_id=run_id,
                source=self._connection.source(api_object),
                **(segment.columns() if segment else {}),
            )
        )
        landing = self._lake.landing(
            api_object,
            window=segment.label if segment else SNAPSHOT,
            pulled_at=begun.pulled_at,
            run_id=run_id,
            policy=self._settings.og_pii,
        )
        params = _filters(api_object, begun.asked_from, begun.asked_to)
        traffic, pages, note = self._fill(landing, api_object, params=params)
        pull = replace(
            begun,
            pages=pages,
            note=note,
            seconds=time.monotonic() - clock,
            **traffic_columns(traffic),
            **landing.counts.columns(zone=self._settings.zone),
        )
        self._lake.record(pull)
        return self._with_store_times(pull)

    def _with_store_times(self, pull: Pull) -> Pull:
        """Set what the manifest does not record: the filter's bounds and the end, in the store's wall clock."""
        zone = self._settings.zone
        return replace(
            pull,
            asked_from=reach_back(pull.window_start, self.overlap, zone=zone) if pull.window_start else None,
            asked_to=to_wall(pull.window_end, zone=zone) if pull.window_end else None,
            store_time=to_wall(pull.pulled_at + timedelta(seconds=pull.seconds), zone=zone),
        )

    def _fill(
        self, landing: Landing, api_object: ApiObject, *, params: dict[str, str]
    ) -> tuple[Traffic, int, str | None]:
        """Write a listing into the landing. Returns traffic, pages, and the note of a pull that is empty on purpose."""
        if api_object.host == "entitlements" and not self._settings.ordergroove_merchant_id:
            return Traffic(), 0, "skipped: set ORDERGROOVE_MERCHANT_ID to pull entitlements"
        pages = 0
        with self._connection.client(api_object) as client:
            try:
                with landing, closing(prefetch(client.pages(api_object, params))) as pages_of_rows:
                    for rows in pages_of_rows:
                        landing.add(rows, seen_at=client.traffic.first_look_at)
                        pages += 1
            except (AccessError, NotFoundError) as error:
                if pages:
                    # A 403 or 404 after a good page is a failed listing, not a missing object.
                    raise
                return client.traffic, 0, self._reason_for_absence(api_object, error)
            return client.traffic, pages, None

    def _reason_for_absence(self, api_object: ApiObject, error: OrdergrooveError) -> str:
        """Return why an optional object is missing. Raises if it must exist, or if the key has no access at all."""
        if api_object.core or self._lake.has_answered(api_object):
            # An object that was available before is not missing: the key has lost a permission.
            raise error
        try:
            self.check_access()
        except (AccessError, NotFoundError):
            raise error from None
        return f"not available: {error.path} answered {error.status} while {ACCESS_PROBE.path} answers"


def _filters(api_object: ApiObject, asked_from: datetime | None, asked_to: datetime | None) -> dict[str, str]:
    window = api_object.window
    if window is None:
        return {}
    bounds = {window.start: asked_from, window.end: asked_to}
    return {name: f"{moment:{window.time_format}}" for name, moment in bounds.items() if moment is not None}
