"""Objects that a merchant may not have, and entitlements, which are on another host."""

from functools import partial

import httpx
import pytest

from og_assets.ordergroove import errors
from og_assets.ordergroove.client import OrdergrooveClient

from .store_extraction import FAST_CLIENT, LAST_DAY, StoreExtraction, daily_windows


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize("name", ["one_time_incentives", "resources"])
def test_optional_object_may_be_missing(extraction: StoreExtraction, name: str, status: int) -> None:
    extraction.server.faults.missing = {name: status}
    (pull,) = extraction.pull(name, windows=daily_windows(LAST_DAY, LAST_DAY))
    assert pull.note
    assert pull.note.startswith("not available")
    assert str(status) in pull.note
    assert (pull.rows, pull.pages) == (0, 0)
    assert extraction.rows(name) == []
    assert extraction.recorded_pulls(name) == [pull]


@pytest.mark.parametrize(("control_status", "kind"), [(403, errors.AccessError), (500, errors.UnavailableError)])
def test_wrong_key_or_outage_is_not_a_missing_object(
    extraction: StoreExtraction, control_status: int, kind: type[errors.OrdergrooveError]
) -> None:
    extraction.server.faults.missing = {"resources": 403, "customers": control_status}
    with pytest.raises(kind):
        extraction.pull("resources")
    assert extraction.files() == []


@pytest.mark.parametrize("status", [401, 403])
def test_refusal_after_the_first_page_is_not_a_missing_object(extraction: StoreExtraction, status: int) -> None:
    def refuse_second_page(request: httpx.Request) -> httpx.Response:
        if "cursor" in request.url.params:
            return httpx.Response(status)
        following = str(request.url.copy_merge_params({"cursor": "1"}))
        return httpx.Response(200, json={"next": following, "results": [{"public_id": "a"}]})

    make_client = partial(FAST_CLIENT, transport=httpx.MockTransport(refuse_second_page))
    with pytest.raises(errors.AccessError):
        extraction.pull("resources", make_client=make_client)
    assert extraction.files() == []


def test_entitlements_are_skipped_with_a_note_without_a_merchant_id(extraction: StoreExtraction) -> None:
    (pull,) = extraction.pull("entitlements", ordergroove_merchant_id=None)
    assert "ORDERGROOVE_MERCHANT_ID" in (pull.note or "")
    assert "ORDERGROOVE_MERCHANT_ID" in extraction.messages[0]
    assert extraction.server.requests.count() == 0
    assert extraction.rows("entitlements") == []


def test_entitlements_are_requested_from_their_own_host_for_one_merchant(extraction: StoreExtraction) -> None:
    (pull,) = extraction.pull("entitlements", ordergroove_base_url="http://127.0.0.1:9")
    assert pull.rows > 0
    assert extraction.queries()[0]["merchant"] == [extraction.server.store.merchant]
    assert pull.source.startswith(extraction.server.url)


def test_next_link_of_entitlements_may_point_to_the_rest_host_only(extraction: StoreExtraction) -> None:
    def link_to(host: str, request: httpx.Request) -> httpx.Response:
        following = None if "cursor" in request.url.params else f"{host}/entitlements/?cursor=1"
        return httpx.Response(200, json={"next": following, "results": [{"public_id": str(request.url)}]})

    def client_linked_to(host: str) -> partial[OrdergrooveClient]:
        return partial(FAST_CLIENT, transport=httpx.MockTransport(partial(link_to, host)))

    urls = {
        "ordergroove_base_url": "https://rest.example",
        "ordergroove_entitlements_url": "https://entitlements.example",
    }
    (pull,) = extraction.pull("entitlements", make_client=client_linked_to("https://rest.example"), **urls)
    assert pull.rows == 2
    with pytest.raises(errors.ProtocolError):
        extraction.pull("entitlements", make_client=client_linked_to("https://evil.example"), **urls)
    with pytest.raises(errors.ProtocolError):
        extraction.pull("resources", make_client=client_linked_to("https://entitlements.example"), **urls)


def test_object_that_was_available_before_is_not_a_missing_object(extraction: StoreExtraction) -> None:
    extraction.pull("resources")
    extraction.server.faults.missing = {"resources": 403}
    with pytest.raises(errors.AccessError):
        extraction.pull("resources")
