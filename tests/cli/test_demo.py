"""The demo's store: its clock is that of its own time zone, wherever the demo runs."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from og_assets.cli.demo import DEMO_ZONE, demo_store, store_now


@pytest.fixture
def machine_in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("machine_in_tokyo")
def test_history_ends_now_in_the_time_zone_of_the_store() -> None:
    now = datetime.now(DEMO_ZONE)
    age = store_now().replace(tzinfo=DEMO_ZONE) - now
    assert timedelta(seconds=-1) <= age <= timedelta(minutes=1)


def test_store_and_sync_use_the_same_time_zone() -> None:
    assert demo_store(datetime(2026, 6, 10, 14), inbox=None).state.zone == DEMO_ZONE
