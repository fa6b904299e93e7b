"""Objects that may have been deleted are suspected, in the right order, and no others."""

from datetime import timedelta

import pyarrow.parquet as pq

from .synced_store import SyncedStore, hiding


def test_unchanged_store_has_no_suspected_deletion(synced: SyncedStore) -> None:
    synced.server.requests.clear()
    synced.list_open_ids()
    reports = synced.check()
    assert {kind: report.suspected for kind, report in reports.items()} == {"order": 0, "item": 0}
    assert synced.check_rows() == []
    assert all("status=" in request.query for request in synced.server.requests.all())


def test_deletion_is_proved_with_the_listings_before_and_after_it(synced: SyncedStore) -> None:
    subscription = synced.subscription_alone()
    item, listed_at = synced.item_of(subscription), synced.request_time
    synced.store.advance(hours=20)
    synced.store.cancel(subscription)
    synced.store.advance(hours=4)
    synced.list_open_ids()
    reports = synced.check()
    assert item["id"] in synced.proved_deleted()
    assert item["order"] in synced.proved_deleted()
    truth = {row["id"] for row in synced.store.truth.deletions()}
    assert synced.proved_deleted() <= truth, "no other object"
    assert all(report.waiting == 0 for report in reports.values())
    (row,) = [row for row in synced.check_rows() if row["object_id"] == item["id"]]
    assert (row["object_type"], row["reason"]) == ("item", "left_census")
    assert row["last_listed_at"] == listed_at
    assert row["first_missed_at"] == row["checked_at"] == synced.now

    assert synced.check()["item"].suspected == 0, "a proved deletion is not checked again"
    synced.store.advance(hours=24)
    synced.list_open_ids()
    synced.check()
    assert [row["object_id"] for row in synced.check_rows()].count(item["id"]) == 1


def test_moved_item_is_not_suspected(synced: SyncedStore) -> None:
    subscription = synced.subscription_alone()
    item = synced.item_of(subscription)
    synced.store.skip(subscription)
    assert synced.item_of(subscription)["id"] == item["id"]
    synced.store.advance(seconds=1)
    synced.list_open_ids()
    reports = synced.check()
    assert reports["item"].suspected == 0
    assert synced.proved_deleted() == {item["order"]}, "only the order that it left empty"


def test_order_placed_after_the_last_window_is_alive_and_its_current_row_lands(synced: SyncedStore) -> None:
    synced.store.advance(days=2)
    synced.list_open_ids()
    reports = synced.check()
    assert synced.proved_deleted() <= {row["id"] for row in synced.store.truth.deletions()}
    alive = {row["object_id"] for row in synced.check_rows() if row["status"] == 200}
    assert len(alive) == reports["order"].alive >= 1
    (file,) = (synced.lake.root / "raw" / "orders" / "window=retrieved").glob("*.parquet")
    rows = pq.read_table(file, partitioning=None).to_pylist()
    assert {row["public_id"] for row in rows} == alive
    assert {row["_seen_at"] for row in rows} == {synced.request_time}
    assert reports["item"].suspected == 0, "the next window pulls its items"
    synced.store.advance(seconds=60)
    synced.pull()
    synced.list_open_ids()
    assert {kind: report.suspected for kind, report in synced.check().items()} == {"order": 0, "item": 0}


def test_item_missing_from_its_placed_order_is_checked(synced: SyncedStore) -> None:
    """No listing was taken between its removal and the placement, so no listing lacks it while its order is open."""
    subscription = synced.subscription_alone()
    item = synced.item_of(subscription)
    product = synced.store.truth.table("subscriptions")[0]["product"]
    synced.store.add_one_time_item(item["order"], product_id=product)
    synced.store.remove_item(item["id"])
    synced.store.send_now(item["order"])
    synced.store.advance(days=1)
    synced.pull()
    synced.list_open_ids()
    synced.check()
    (row,) = [row for row in synced.check_rows() if row["object_id"] == item["id"]]
    assert (row["reason"], row["status"]) == ("left_order", 404)


def test_deletion_reported_by_webhook_is_checked_last_and_never_recorded_as_waiting(synced: SyncedStore) -> None:
    reported, unreported = synced.subscription_alone(), None
    synced.store.cancel(reported)
    unreported = synced.subscription_alone()
    deleted = [(row["id"], row["kind"]) for row in synced.store.truth.deletions()][-2:]
    for key, kind in deleted:
        synced.report_by_webhook("item.remove" if kind == "item" else "order.delete", key, at=synced.now)
    synced.store.cancel(unreported)
    synced.store.advance(hours=1)
    synced.list_open_ids()
    reports = synced.check(limit=1)
    assert {kind: (one.deleted, one.waiting, one.unconfirmed) for kind, one in reports.items()} == {
        "order": (1, 1, 0),
        "item": (1, 1, 0),
    }
    assert not synced.proved_deleted() & {key for key, _ in deleted}
    synced.check()
    rows = {row["object_id"]: row for row in synced.check_rows()}
    assert all(rows[key]["reason"] == "told_deleted" and rows[key]["status"] == 404 for key, _ in deleted)


def test_listed_item_that_a_webhook_reported_deleted_is_checked_and_alive(synced: SyncedStore) -> None:
    item = synced.item_of(synced.subscription_alone())
    synced.store.advance(hours=1)
    synced.report_by_webhook("item.remove", item["id"], at=synced.now)
    synced.store.advance(hours=1)
    synced.list_open_ids()
    assert synced.check()["item"].alive == 1
    (row,) = synced.check_rows()
    assert (row["object_id"], row["reason"], row["status"]) == (item["id"], "came_back", 200)
    synced.store.advance(hours=1)
    synced.list_open_ids()
    assert synced.check()["item"].suspected == 0


def test_listing_of_a_deleted_item_is_recorded_before_its_check(synced: SyncedStore) -> None:
    """A listing proves existence, so it is recorded even without a check; and the check comes first."""
    kept = synced.subscription_alone()
    item = synced.item_of(kept)
    synced.report_by_webhook("item.remove", item["id"], at=synced.now)
    for _ in range(3):
        synced.store.cancel(synced.subscription_alone(other_than=kept))
    synced.store.advance(hours=1)
    synced.list_open_ids()
    listed_at = synced.request_time
    assert synced.check(limit=0)["item"].waiting >= 3
    (row,) = [row for row in synced.check_rows() if row["object_id"] == item["id"]]
    assert (row["reason"], row["last_listed_at"], row["status"]) == ("came_back", listed_at, None)
    synced.store.advance(hours=1)
    synced.report_by_webhook("item.remove", item["id"], at=synced.now - timedelta(minutes=30))
    synced.list_open_ids()
    synced.check(limit=1)
    *_, row = [row for row in synced.check_rows() if row["object_id"] == item["id"]]
    assert (row["reason"], row["status"]) == ("came_back", 200), "checked first"


def test_backlog_and_newest_suspicions_alternate(synced: SyncedStore) -> None:
    for _ in range(4):
        synced.store.cancel(synced.subscription_alone())
    synced.store.advance(hours=1)
    synced.list_open_ids()
    synced.check(limit=0)
    newest = synced.item_of(synced.subscription_alone())["id"]
    synced.store.cancel(synced.subscription_alone())
    synced.store.advance(hours=1)
    synced.list_open_ids()
    synced.check(limit=2)
    assert newest in synced.proved_deleted()


def test_item_known_only_by_an_event_or_a_listing_is_proved_deleted(synced: SyncedStore) -> None:
    subscription = synced.subscription_alone()
    order = synced.item_of(subscription)["order"]
    product = synced.store.truth.table("subscriptions")[0]["product"]
    by_event, by_listing = (synced.store.add_one_time_item(order, product_id=product) for _ in range(2))
    synced.report_by_webhook("item.create", by_event, at=synced.now, order=order)
    synced.store.remove_item(by_event)
    synced.store.advance(seconds=10)
    synced.list_open_ids()
    synced.store.remove_item(by_listing)
    synced.store.advance(seconds=10)
    synced.list_open_ids()
    synced.check()
    assert synced.proved_deleted() == {by_event, by_listing}


def test_malformed_ids_of_events_are_never_requested(synced: SyncedStore) -> None:
    for malformed in ("..", "../customers", "a/b", "?x=1", "", " ", "ä", "x" * 65):
        synced.report_by_webhook("item.remove", malformed, at=synced.now)
    synced.store.advance(hours=1)
    synced.list_open_ids()
    assert synced.check()["item"].suspected == 0


def test_existing_order_that_is_never_listed_is_checked_less_and_less_often(synced: SyncedStore) -> None:
    item = synced.item_of(synced.subscription_alone())
    hidden = hiding(item["order"])
    answers = []
    for _ in range(6):
        synced.store.advance(hours=1)
        synced.list_open_ids(make_client=hidden)
        answers.append(synced.check()["order"].alive)
    assert answers == [1, 1, 1, 0, 0, 0]
