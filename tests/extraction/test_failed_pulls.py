"""Transient faults cost requests but no rows; a pull that fails writes nothing."""

from typing import Any

import pytest

from og_assets.ordergroove import errors
from og_assets.settings import SettingsError

from .store_extraction import LAST_DAY, StoreExtraction, daily_windows


@pytest.mark.parametrize("fault", ["throttle_every", "error_every", "busy_every", "garbage_every", "cut_every"])
def test_transient_faults_cost_requests_but_no_rows(extraction: StoreExtraction, fault: str) -> None:
    setattr(extraction.server.faults, fault, 3)
    extraction.server.faults.retry_after = 0.01
    pulls = extraction.pull("items", windows=daily_windows(LAST_DAY, LAST_DAY))
    assert extraction.ids("items") == extraction.true_ids("items")
    assert sum(pull.retries for pull in pulls) > 0


def test_unanswered_request_is_repeated_after_the_read_timeout(extraction: StoreExtraction) -> None:
    extraction.server.faults.hang_every = 3
    extraction.pull("items", windows=daily_windows(LAST_DAY, LAST_DAY), ordergroove_read_timeout=0.2)
    assert extraction.ids("items") == extraction.true_ids("items")


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"error_every": 1}, errors.UnavailableError),
        ({"garbage_every": 1}, errors.BodyError),
        ({"cut_every": 1}, errors.ConnectionFailedError),
        ({"throttle_every": 1, "retry_after": 3600}, errors.ThrottledError),
        ({"lose_version": "orders"}, errors.ProtocolError),
        ({"repeat_cursor": "orders"}, errors.CursorError),
        ({"foreign_next": "orders"}, errors.ProtocolError),
        ({"missing": {"orders": 403}}, errors.AccessError),
        ({"missing": {"orders": 404}}, errors.NotFoundError),
    ],
    ids=str,
)
def test_permanent_fault_fails_the_pull_and_writes_nothing(
    extraction: StoreExtraction, fault: dict[str, Any], kind: type[errors.OrdergrooveError]
) -> None:
    extraction.server.faults.set(fault)
    with pytest.raises(kind) as caught:
        extraction.pull("orders", windows=daily_windows(LAST_DAY, LAST_DAY))
    assert type(caught.value) is kind
    assert "GET /orders/" in str(caught.value)
    assert extraction.files() == []


def test_wrong_key_fails_after_one_request(extraction: StoreExtraction) -> None:
    with pytest.raises(errors.AccessError) as caught:
        extraction.pull("orders", ordergroove_api_key="wrong-key-8472")
    assert "Bulk Operations" in str(caught.value)
    assert "8472" not in str(caught.value)
    assert extraction.server.requests.count() == 1


def test_missing_key_fails_before_the_first_request(extraction: StoreExtraction) -> None:
    with pytest.raises(SettingsError, match="ORDERGROOVE_API_KEY"):
        extraction.pull("orders", ordergroove_api_key=None)
    assert extraction.server.requests.count() == 0


def test_refused_connection_names_the_host(extraction: StoreExtraction) -> None:
    with pytest.raises(errors.ConnectionFailedError, match=r"127\.0\.0\.1"):
        extraction.pull("orders", ordergroove_base_url="http://127.0.0.1:9")
