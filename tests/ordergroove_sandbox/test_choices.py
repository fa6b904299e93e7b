"""Switches for what the documentation leaves open, and faults of the API's clock."""

from datetime import datetime, timedelta

import httpx
import pytest

from ordergroove_sandbox import RunningStore, Store
from ordergroove_sandbox.choices import Choices
from testkit.sandbox.client import SandboxClient
from testkit.sandbox.pick import movable_subscription


def test_status_without_a_key_can_be_401(running: RunningStore) -> None:
    assert httpx.get(f"{running.url}/orders/").status_code == 403
    running.choices.unauthenticated = 401
    assert httpx.get(f"{running.url}/orders/").status_code == 401


def test_day_as_upper_bound_can_mean_its_last_second(running: RunningStore, client: SandboxClient) -> None:
    days = sorted({row["updated"][:10] for row in client.rows("/orders/")})
    day = days[len(days) // 2]
    before = {row["public_id"] for row in client.rows("/orders/") if row["updated"] <= f"{day} 00:00:00"}
    whole = {row["public_id"] for row in client.rows("/orders/") if row["updated"][:10] <= day}
    assert set(client.ids("/orders/", updated_end=day)) == before != whole
    running.choices.day_as_end = "last second"
    assert set(client.ids("/orders/", updated_end=day)) == whole


def test_unreadable_date_can_be_ignored(running: RunningStore, client: SandboxClient) -> None:
    assert client.get("/orders/", updated_start="yesterday").json() == {"updated_start": "Enter a valid date/time."}
    running.choices.bad_date = "ignore"
    assert client.ids("/orders/", updated_start="yesterday") == client.ids("/orders/")


def test_list_can_be_a_bare_array(running: RunningStore, client: SandboxClient) -> None:
    rows = client.rows("/one_time_incentives/")
    running.choices.bare_lists = ["one_time_incentives"]
    assert client.get("/one_time_incentives/").json() == rows
    assert "results" in client.get("/orders/").json()


def test_call_on_an_item_of_a_closed_order_can_return_an_error_message(
    running: RunningStore, client: SandboxClient
) -> None:
    running.choices.closed_item = 400
    placed = next(row for row in running.store.state.items if row.first_placed)
    response = client.http.delete(f"/items/{placed.key}/delete/")
    assert (response.status_code, list(response.json())) == (400, ["detail"])


def test_choices_are_set_over_http(running: RunningStore, client: SandboxClient) -> None:
    assert client.http.post("/sandbox/choices", json={"unauthenticated": 401}).json()["unauthenticated"] == 401
    for wrong in ({"unauthenticated": 500}, {"unknown": "fine"}, {"bare_lists": "all"}):
        assert client.http.post("/sandbox/choices", json=wrong).status_code == 400
    assert client.http.delete("/sandbox/choices").json()["unauthenticated"] == 403
    assert running.choices == Choices()


def test_cursor_can_be_expired(running: RunningStore, client: SandboxClient) -> None:
    link = client.page("/items/")["next"]
    running.faults.expired_cursor = "items"
    response = client.http.get(link)
    assert (response.status_code, response.json()) == (404, {"detail": "Invalid cursor"})
    assert client.get("/items/").status_code == 200
    assert client.http.get(client.page("/orders/")["next"]).status_code == 200


def test_time_can_pass_between_pages(running: RunningStore, client: SandboxClient) -> None:
    running.faults.stir_hours = 5
    before = running.store.now
    pages = client.pages("/orders/", page_size=10)
    assert running.store.now == before + timedelta(hours=5 * (len(pages) - 1))
    ids = [row["public_id"] for page in pages for row in page["results"]]
    assert len(ids) == len(set(ids))


def test_every_second_page_can_be_slow(running: RunningStore, client: SandboxClient) -> None:
    running.faults.set({"slow_every": 2, "slow_seconds": 0.15})
    seconds = [client.get("/items/").elapsed.total_seconds() for _ in range(4)]
    assert seconds[0] < 0.1 < seconds[1]
    assert seconds[2] < 0.1 < seconds[3]


@pytest.mark.parametrize(
    ("faults", "hours"), [({"clock_skew": -7200.0}, -2), ({"show_timezone": "America/Chicago"}, -1)]
)
def test_clock_of_the_api_can_be_wrong(
    running: RunningStore, client: SandboxClient, fresh_store: Store, faults: dict[str, object], hours: int
) -> None:
    subscription = movable_subscription(fresh_store)
    fresh_store.change_quantity(subscription.key, quantity=3)
    right = client.get(f"/subscriptions/{subscription.key}/").json()
    running.faults.set(faults)
    shown = client.get(f"/subscriptions/{subscription.key}/").json()
    moment = datetime.fromisoformat(right["updated"]) + timedelta(hours=hours)
    assert (shown["updated"], shown["start_date"]) == (str(moment), right["start_date"])
    assert subscription.updated == datetime.fromisoformat(right["updated"])
    found = client.ids("/subscriptions/", updated_start=moment.isoformat(), updated_end=moment.isoformat())
    assert subscription.key in found
    later = (moment + timedelta(seconds=1)).isoformat()
    assert subscription.key not in client.ids("/subscriptions/", updated_start=later)
    with pytest.raises(ValueError, match="not a valid value"):
        running.faults.set({"show_timezone": "Atlantis"})
