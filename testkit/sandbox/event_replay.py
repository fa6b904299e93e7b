"""Compare a store with the state that its events alone rebuild."""

from ordergroove_sandbox import Store
from testkit.sandbox.webhook_inbox import Inbox, replay

STATUSES_WITHOUT_EVENT = {9, 10, 11, 12, 13, 14, 20}
"""Statuses that no event reports: temporary ones, and 14."""


def assert_events_rebuild_store(store: Store, inbox: Inbox) -> None:
    """Assert that the replayed events equal the store."""
    for hooks in store.webhooks:
        hooks.deliver()
    known = replay(inbox.events)
    tables = store.truth.tables()
    silent = {row["id"] for row in tables["deleted_items"] if row["cause"] == "out_of_stock"}

    assert known["subscription"].keys() == {row["id"] for row in tables["subscriptions"]}
    for row in tables["subscriptions"]:
        payload = known["subscription"][row["id"]]
        for field in ("live", "product", "quantity", "every", "every_period", "customer"):
            assert payload[field] == row[field]
        assert (payload["cancelled"] is None) == row["live"]
        assert (payload["cancel_reason"] or None) == row["cancel_reason"]

    assert known["order"].keys() == {row["id"] for row in tables["orders"]}
    for row in tables["orders"]:
        payload = known["order"][row["id"]]
        assert payload["place"] == row["place"].isoformat()
        if row["status"] in STATUSES_WITHOUT_EVENT:
            continue
        assert payload["status"] == row["status"]
        if row["status"] == 5:
            assert (payload["sub_total"], payload["total"]) == (str(row["sub_total"]), str(row["total"]))

    assert known["item"].keys() - silent == {row["id"] for row in tables["items"]}
    for row in tables["items"]:
        payload = known["item"][row["id"]]
        for field in ("order", "subscription", "product", "quantity"):
            assert payload[field] == row[field]
        if row["first_placed"] is not None:
            assert (payload["price"], payload["total_price"]) == (str(row["unit_price"]), str(row["total_price"]))
