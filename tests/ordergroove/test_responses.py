"""Read a response: whether the page is complete, and how long Retry-After asks to wait."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from og_assets.ordergroove.errors import ProtocolError, TransientError
from og_assets.ordergroove.responses import error_of, read_envelope


def retry_after(value: str | bytes | None, *, status: int = 429) -> float | None:
    headers = (
        [] if value is None else [(b"Retry-After", value if isinstance(value, bytes) else value.encode("latin-1"))]
    )
    response = httpx.Response(status, headers=headers, request=httpx.Request("GET", "https://shop.example/orders/"))
    error = error_of(response, path="/orders/")
    assert isinstance(error, TransientError)
    return error.retry_after


@pytest.mark.parametrize("status", [429, 408, 423, 500, 503])
def test_seconds_are_read_for_every_transient_status(status: int) -> None:
    assert retry_after("17", status=status) == 17.0


@pytest.mark.parametrize(("value", "seconds"), [("0", 0.0), (" 7 ", 7.0), ("0.5", 0.5), ("9" * 400, float("inf"))])
def test_seconds_are_read_in_every_format(value: str, seconds: float) -> None:
    assert retry_after(value) == seconds


@pytest.mark.parametrize(
    "value", [None, "", "soon", "-5", "nan", "inf", "²", "1e9", "2026-01-01T00:00:00Z", "21 Oct 99999999999 07:28:00"]
)
def test_value_that_is_neither_seconds_nor_a_date_is_ignored(value: str | None) -> None:
    assert retry_after(value) is None


@pytest.fixture
def new_york_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set the time zone of this process to one that is not UTC."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("new_york_machine")
def test_date_is_read_independent_of_the_time_zone_of_the_machine() -> None:
    moment = datetime.now(UTC) + timedelta(seconds=90)
    for text in (format_datetime(moment, usegmt=True), format_datetime(moment.replace(tzinfo=None))):
        seconds = retry_after(text)
        assert seconds is not None
        assert 80 < seconds <= 90


def test_past_date_means_now() -> None:
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0


@settings(deadline=None)
@given(
    st.binary(max_size=40)
    | st.from_regex(rb"\A[A-Z][a-z]{2}, [0-9]{1,9} Oct [0-9]{1,12} [0-9:]{1,12} [+-][0-9]{1,14}\Z")
)
def test_any_header_is_read_or_ignored(value: bytes) -> None:
    seconds = retry_after(value)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize("body", [[{}] * 100, {"results": [{}] * 100}])
def test_full_page_without_next_is_an_error(body: object) -> None:
    with pytest.raises(ProtocolError):
        read_envelope(body, path="/orders/", page_size=100)
    assert read_envelope({"results": [{}] * 100, "next": None}, path="/orders/", page_size=100) == ([{}] * 100, None)


@pytest.mark.parametrize("body", [[{}] * 99, {"results": [{}] * 99}])
def test_short_page_without_next_is_the_last_page(body: object) -> None:
    assert read_envelope(body, path="/orders/", page_size=100) == ([{}] * 99, None)
