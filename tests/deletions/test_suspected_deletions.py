"""What vanished from a store is found and asked about, and nothing else is."""

from datetime import timedelta

import pyarrow.parquet as pq

from .synced_store import Watch, hiding


def test_in_a_store_where_nothing_happened_nobody_is_asked_about(watch: Watch) -> None:
    watch.shop.requests.clear()
    watch.count()
    reports = watch.ask()
    assert {kind: report.candidates for kind, report in reports.items()} == {"order": 0, "item": 0}
    assert watch.checks() == []
    assert all("status=" in asked.query for asked in watch.shop.requests.all())


def test_what_was_deleted_is_proved_gone_with_the_looks_before_and_after(watch: Watch) -> None:
    subscription = watch.live()
    item, counted_at = watch.item_of(subscription), watch.looked
    watch.store.advance(hours=20)
    watch.store.cancel(subscription)
    watch.store.advance(hours=4)
    watch.count()
    reports = watch.ask()
    assert item["id"] in watch.gone()
    assert item["order"] in watch.gone()
    truth = {row["id"] for row in watch.store.truth.deletions()}
    assert watch.gone() <= truth, "nothing else"
    assert all(report.waiting == 0 for report in reports.values())
    (row,) = [row for row in watch.checks() if row["object_id"] == item["id"]]
    assert (row["object_type"], row["reason"]) == ("item", "left_census")
    assert row["last_listed_at"] == counted_at
    assert row["first_missed_at"] == row["checked_at"] == watch.now

    assert watch.ask()["item"].candidates == 0, "what was proved once is not asked again"
    watch.store.advance(hours=24)
    watch.count()
    watch.ask()
    assert [row["object_id"] for row in watch.checks()].count(item["id"]) == 1


def test_item_that_moved_is_not_asked_about(watch: Watch) -> None:
    subscription = watch.live()
    item = watch.item_of(subscription)
    watch.store.skip(subscription)
    assert watch.item_of(subscription)["id"] == item["id"]
    watch.store.advance(seconds=1)
    watch.count()
    reports = watch.ask()
    assert reports["item"].candidates == 0
    assert watch.gone() == {item["order"]}, "the order that it left empty was deleted"


def test_what_was_placed_after_the_last_window_lives_and_its_fresh_rows_land(watch: Watch) -> None:
    watch.store.advance(days=2)
    watch.count()
    reports = watch.ask()
    assert watch.gone() <= {row["id"] for row in watch.store.truth.deletions()}
    alive = {row["object_id"] for row in watch.checks() if row["status"] == 200}
    assert len(alive) == reports["order"].alive >= 1
    (file,) = (watch.lake.root / "raw" / "orders" / "window=retrieved").glob("*.parquet")
    rows = pq.read_table(file, partitioning=None).to_pylist()
    assert {row["public_id"] for row in rows} == alive
    assert {row["_seen_at"] for row in rows} == {watch.looked}
    assert reports["item"].candidates == 0, "the next window shows whether its items are still in it"
    watch.store.advance(seconds=60)
    watch.pull()
    watch.count()
    assert {kind: report.candidates for kind, report in watch.ask().items()} == {"order": 0, "item": 0}


def test_item_that_its_order_was_placed_without_is_asked_about(watch: Watch) -> None:
    """Nothing was looked at in between: no census ever missed it while its order was open."""
    subscription = watch.live()
    item = watch.item_of(subscription)
    product = watch.store.truth.table("subscriptions")[0]["product"]
    watch.store.add_one_time_item(item["order"], product_id=product)
    watch.store.remove_item(item["id"])
    watch.store.send_now(item["order"])
    watch.store.advance(days=1)
    watch.pull()
    watch.count()
    watch.ask()
    (row,) = [row for row in watch.checks() if row["object_id"] == item["id"]]
    assert (row["reason"], row["status"]) == ("left_order", 404)


def test_what_a_webhook_told_is_asked_about_last_and_never_recorded_as_waiting(watch: Watch) -> None:
    told, silent = watch.live(), None
    watch.store.cancel(told)
    silent = watch.live()
    gone = [(row["id"], row["kind"]) for row in watch.store.truth.deletions()][-2:]
    for key, kind in gone:
        watch.tell("item.remove" if kind == "item" else "order.delete", key, at=watch.now)
    watch.store.cancel(silent)
    watch.store.advance(hours=1)
    watch.count()
    reports = watch.ask(limit=1)
    assert {kind: (one.gone, one.waiting, one.unproved) for kind, one in reports.items()} == {
        "order": (1, 1, 0),
        "item": (1, 1, 0),
    }
    assert not watch.gone() & {key for key, _ in gone}
    watch.ask()
    rows = {row["object_id"]: row for row in watch.checks()}
    assert all(rows[key]["reason"] == "told_deleted" and rows[key]["status"] == 404 for key, _ in gone)


def test_what_is_listed_though_a_webhook_told_it_deleted_is_asked_about_and_lives(watch: Watch) -> None:
    item = watch.item_of(watch.live())
    watch.store.advance(hours=1)
    watch.tell("item.remove", item["id"], at=watch.now)
    watch.store.advance(hours=1)
    watch.count()
    assert watch.ask()["item"].alive == 1
    (row,) = watch.checks()
    assert (row["object_id"], row["reason"], row["status"]) == (item["id"], "came_back", 200)
    watch.store.advance(hours=1)
    watch.count()
    assert watch.ask()["item"].candidates == 0


def test_what_came_back_and_was_not_answered_for_is_undeleted_by_its_listing(watch: Watch) -> None:
    """A listing is a sign of life, so it is on record even where nobody was asked; and it is asked about first."""
    kept = watch.live()
    item = watch.item_of(kept)
    watch.tell("item.remove", item["id"], at=watch.now)
    for _ in range(3):
        watch.store.cancel(watch.live(apart_from=kept))
    watch.store.advance(hours=1)
    watch.count()
    listed_at = watch.looked
    assert watch.ask(limit=0)["item"].waiting >= 3
    (row,) = [row for row in watch.checks() if row["object_id"] == item["id"]]
    assert (row["reason"], row["last_listed_at"], row["status"]) == ("came_back", listed_at, None)
    watch.store.advance(hours=1)
    watch.tell("item.remove", item["id"], at=watch.now - timedelta(minutes=30))
    watch.count()
    watch.ask(limit=1)
    *_, row = [row for row in watch.checks() if row["object_id"] == item["id"]]
    assert (row["reason"], row["status"]) == ("came_back", 200), "the first of many"


def test_backlog_and_the_newest_are_asked_about_by_turns(watch: Watch) -> None:
    for _ in range(4):
        watch.store.cancel(watch.live())
    watch.store.advance(hours=1)
    watch.count()
    watch.ask(limit=0)
    fresh = watch.item_of(watch.live())["id"]
    watch.store.cancel(watch.live())
    watch.store.advance(hours=1)
    watch.count()
    watch.ask(limit=2)
    assert fresh in watch.gone()


def test_what_only_an_event_or_a_census_ever_showed_is_found_gone_too(watch: Watch) -> None:
    subscription = watch.live()
    order = watch.item_of(subscription)["order"]
    product = watch.store.truth.table("subscriptions")[0]["product"]
    told, listed = (watch.store.add_one_time_item(order, product_id=product) for _ in range(2))
    watch.tell("item.create", told, at=watch.now, order=order)
    watch.store.remove_item(told)
    watch.store.advance(seconds=10)
    watch.count()
    watch.store.remove_item(listed)
    watch.store.advance(seconds=10)
    watch.count()
    watch.ask()
    assert watch.gone() == {told, listed}


def test_odd_ids_of_events_are_never_put_into_an_address(watch: Watch) -> None:
    for odd in ("..", "../customers", "a/b", "?x=1", "", " ", "ä", "x" * 65):
        watch.tell("item.remove", odd, at=watch.now)
    watch.store.advance(hours=1)
    watch.count()
    assert watch.ask()["item"].candidates == 0


def test_order_that_lives_and_is_never_listed_is_asked_about_less_and_less(watch: Watch) -> None:
    item = watch.item_of(watch.live())
    hidden = hiding(item["order"])
    answers = []
    for _ in range(6):
        watch.store.advance(hours=1)
        watch.count(make_client=hidden)
        answers.append(watch.ask()["order"].alive)
    assert answers == [1, 1, 1, 0, 0, 0]
