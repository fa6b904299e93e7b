"""Builds that follow what changed: whatever comes in whatever order, the marts are those of a build of everything."""

import os
import random
import re
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from og_assets.deletions.check_rows import ExistenceCheckRow
from testkit.dbt.runner import PROJECT, Dbt
from testkit.dbt.store import LakeFixture, Row, Warehouse, day, event, small_store
from testkit.deletions.run import run_case
from testkit.deletions.scenarios import BY_NAME, Case

# More of them: `SEEDS=20 pytest tests/dbt_project/test_changes.py`.
SEEDS = range(1, 1 + int(os.environ.get("SEEDS", "1")))
SCHEMAS = ("staging", "intermediate", "marts")
# What somebody may build by hand, and so leave the rest behind.
PARTS = ("path:models/staging", "int_changes+", "fct_churn", "int_deletions", "+fct_orders", "path:models/marts")
FOLLOWERS = """
    select model from build_log.followed
    where model in ('int_changes', 'int_known_items', 'int_order_items', 'int_subscription_states', 'fct_orders',
        'fct_order_items', 'fct_churn', 'fct_subscription_events', 'fct_subscription_periods')
"""
# Every model that follows changes, and as little else as possible.
FOLLOWING = (
    "--select",
    "+fct_orders",
    "+fct_order_items",
    "+fct_churn",
    "+fct_mrr_movements",
    "+fct_subscription_events",
    "+fct_placement_attempts",
)
NOON = datetime(2026, 6, 10, 12, tzinfo=UTC)


def assert_is_that_of_a_full_refresh(warehouse: Warehouse, *select: str) -> None:
    """Compare with a build of everything, and leave the warehouse as it was."""
    followed = warehouse.contents(*SCHEMAS)
    kept = warehouse.path.with_name("kept.duckdb")
    shutil.copy(warehouse.path, kept)
    warehouse.run("run", "--full-refresh", *select)
    whole = warehouse.contents(*SCHEMAS)
    for table in whole:
        assert followed[table] == whole[table], table
    kept.replace(warehouse.path)


def last_arrivals(lake: Path, rng: random.Random) -> tuple[list[Path], list[list[Path]]]:
    """The files of a lake: most of them, and the last ones in small batches of mixed order."""
    files = [file for file in lake.rglob("*.parquet") if file.name != "_schema.parquet"]
    files.sort(key=lambda file: (file.stat().st_mtime_ns, file.name))
    late = [*files[-8:], *rng.sample(files[:-8], 4)]
    rng.shuffle(late)
    return [file for file in files if file not in late], [late[start : start + 6] for start in range(0, 12, 6)]


@pytest.mark.parametrize("seed", SEEDS)
def test_following_equals_a_full_refresh_row_by_row(
    lake: LakeFixture, warehouse: Warehouse, tmp_path: Path, seed: int
) -> None:
    """A life with lost events, cut censuses and checks, whose files come in any order, over builds of the whole, of
    parts, and one that breaks."""
    rng = random.Random(seed)
    case = Case(scenario=BY_NAME[rng.choice(["random", "lossy"])], seed=seed, days=60, customers=25)
    run_case(case, tmp_path / "run")
    run_lake = tmp_path / "run" / "lake"

    def arrive(files: list[Path]) -> None:
        for file in files:
            target = lake.root / file.relative_to(run_lake)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)

    first, batches = last_arrivals(run_lake, rng)
    arrive(first)
    warehouse.run("seed")
    warehouse.run("run")
    for number, batch in enumerate(batches):
        arrive(batch)
        if number == 1:
            broken = lake.root / "raw" / rng.choice(["items", "orders", "subscriptions"]) / "broken.parquet"
            broken.write_bytes(b"PAR1 and no more")
            assert not warehouse.dbt("run").success
            broken.unlink()
        else:
            warehouse.run("run", "--select", rng.choice(PARTS))
        warehouse.run("run")
        assert_is_that_of_a_full_refresh(warehouse)
    assert not warehouse.rows(f"{FOLLOWERS} and began > 2"), "they followed, and did not start afresh"
    assert warehouse.rows("select * from marts.fct_deletions limit 1")
    assert warehouse.rows("select * from marts.fct_churn limit 1")


def answers_of_the_shop_and_an_incentive(lake: LakeFixture) -> None:
    """Of one customer the log alone tells, of another an incentive; and a third has an order that was tried twice."""
    answers = [("B1", "140"), ("B2", "000")]
    lake.pull("billing_attempts", [{"public_id": key, "order": "O1", "response_code": code} for key, code in answers])
    incentives = [
        {"public_id": "V1", "item": "I9", "external_code": "SORRY", "created": NOON},
        {"public_id": "V2", "item": "I1", "customer": "C1", "external_code": "LOVE", "created": NOON},
        {"public_id": "V3", "item": "I8", "customer": "C8", "external_code": "KEEP", "created": NOON},
    ]
    lake.pull("one_time_incentives", incentives)
    order = {"public_id": "O80", "customer": "C8", "status": 5, "tries": 2, "updated": day("2026-06-02 01:00:00")}
    lake.pull("orders", [order], seen_at=NOON)


def incentives_taken_back(lake: LakeFixture) -> None:
    """They name no item any more, only their customers; and of one of the items nobody knows the order."""
    incentives = [
        {"public_id": "V2", "item": None, "customer": "C1", "external_code": "LOVE", "created": NOON},
        {"public_id": "V3", "item": None, "customer": "C8", "external_code": "KEEP", "created": NOON},
    ]
    lake.pull("one_time_incentives", incentives, pulled_at=NOON + timedelta(days=1))


def a_late_window_of_the_log_and_an_older_version(lake: LakeFixture) -> None:
    """When the first answer was given at the latest; and how another order looked after its first try."""
    lake.record_pull("billing_attempts", start=None, end=datetime(2026, 6, 1, 18, tzinfo=UTC))
    order = {"public_id": "O80", "customer": "C8", "status": 18, "tries": 1, "updated": day("2026-06-01 01:00:00")}
    lake.pull("orders", [order], seen_at=NOON - timedelta(days=9))


def a_late_window_of_items(lake: LakeFixture) -> None:
    """I3 was seen in O1 before O1 was updated; only now it is known that all items of then were pulled."""
    lake.record_pull("items", start=None, end=NOON)


def an_answer_about_an_item(lake: LakeFixture) -> None:
    lake.check(
        ExistenceCheckRow(
            object_type="item",
            object_id="I2",
            reason="left_census",
            last_listed_at=NOON - timedelta(days=3),
            first_missed_at=NOON - timedelta(days=2),
            checked_at=NOON - timedelta(days=1),
            status=404,
        )
    )


def another_price(lake: LakeFixture) -> None:
    lake.pull("products", [{"external_product_id": "P1", "price": Decimal("13.00")}], pulled_at=NOON)


def another_subscription_of_a_customer(lake: LakeFixture) -> None:
    """C2 had no subscription left when S2 was cancelled; and now they had."""
    body = {"customer": "C2", "product": "P1", "quantity": 1, "every": 1, "every_period": 3, "live": True}
    created = day("2026-04-02 10:00:00+00:00")
    told = event("E90", "subscription.create", "S20", at=created, created=int(created.timestamp()), **body)
    lake.deliver([told])


def an_item_in_the_order_of_another_customer(lake: LakeFixture) -> None:
    """Nothing of C1 came, but an order that an item of S1 stands in."""
    placed = day("2026-06-01 01:00:00")
    order = {"public_id": "O70", "customer": "C7", "status": 5, "place": day("2026-06-01 00:00:00"), "updated": placed}
    items = [
        {"public_id": "I70", "order": "O70", "subscription": "S1", "order_updated": placed, "first_placed": placed},
        {"public_id": "I71", "order": "O70", "order_updated": placed, "first_placed": day("2026-06-01 00:59:55")},
    ]
    lake.pull("orders", [order], seen_at=NOON)
    lake.pull("items", items, seen_at=NOON)


def news_of_that_customer(lake: LakeFixture) -> None:
    lake.deliver([event("E91", "order.create", "O72", at=NOON, customer="C7")])


def news_of_the_first_customer(lake: LakeFixture) -> None:
    lake.deliver([event("E92", "order.create", "O73", at=NOON, customer="C1")])


def a_tried_order_is_deleted_and_made_up_for(lake: LakeFixture) -> None:
    """Of a third customer, whose only subscription gets a cheaper item in another order at once."""
    order = {"customer": "C85", "place": day("2026-06-09 00:00:00"), "updated": day("2026-06-09 01:00:00")}
    lake.pull("orders", [{"public_id": "O85", "status": 18, "tries": 1, **order}], seen_at=NOON - timedelta(days=1))
    item = {"subscription": "S85", "customer": "C85", "product": "P1", "quantity": 1}
    told = [
        event("E84", "item.create", "I85", at=NOON - timedelta(days=9), order="O85", total_price="20.00", **item),
        event("E85", "item.remove", "I85", at=NOON, order="O85", total_price="20.00", **item),
        event("E86", "order.delete", "O85", at=NOON, customer="C85"),
        event("E87", "item.create", "I86", at=NOON + timedelta(seconds=5), order="O86", total_price="15.00", **item),
    ]
    lake.deliver(told)


def a_cancellation_that_explains_the_deletion(lake: LakeFixture) -> None:
    """Nothing comes of the order or its items, and yet more was lost by it: nothing is made up for."""
    lake.deliver([event("E88", "subscription.cancel", "S85", at=NOON, customer="C85")])


def an_item_is_of_another_subscription(lake: LakeFixture) -> None:
    """And no row tells any more of which it was: that one has an order less."""
    placed = day("2026-06-01 01:00:00")
    item = {"public_id": "I70", "order": "O70", "subscription": "S70", "order_updated": placed, "first_placed": placed}
    lake.pull("items", [item], seen_at=NOON + timedelta(days=1))


def a_subscription(lake: LakeFixture, *, of: str, pulled_at: datetime) -> None:
    created = day("2026-04-03 10:00:00")
    body = {"product": "P1", "quantity": 1, "every": 1, "every_period": 3, "live": True, "created": created}
    lake.pull("subscriptions", [{"public_id": "S77", "customer": of, "updated": created, **body}], pulled_at=pulled_at)


def a_subscription_of_a_new_customer(lake: LakeFixture) -> None:
    a_subscription(lake, of="C77", pulled_at=NOON)


def the_same_version_of_it_with_another_customer(lake: LakeFixture) -> None:
    """It takes the place of the one that was there."""
    a_subscription(lake, of="C78", pulled_at=NOON + timedelta(days=1))


def an_order_in_another_currency(lake: LakeFixture) -> None:
    """What bore no currency was in the only one that there was; and now it may be in either."""
    order = {"public_id": "O74", "customer": "C74", "status": 1, "currency_code": "CAD"}
    lake.pull("orders", [order | {"updated": day("2026-06-05 01:00:00")}], seen_at=NOON)


ARRIVALS: tuple[tuple[Callable[[LakeFixture], None], *tuple[str, ...]], ...] = (
    (
        answers_of_the_shop_and_an_incentive,
        "select response_code from marts.fct_placement_attempts where order_id = 'O1' order by attempt_number",
        "select incentive_codes from marts.fct_order_items where order_item_id = 'I9'",
    ),
    (
        incentives_taken_back,
        "select incentive_codes from marts.fct_order_items where order_item_id = 'I1'",
        "select incentive_codes from marts.fct_order_items where order_item_id = 'I8'",
    ),
    (
        a_late_window_of_the_log_and_an_older_version,
        "select attempted_at from marts.fct_placement_attempts where order_id = 'O1' order by attempt_number",
        "select attempted_at from marts.fct_placement_attempts where order_id = 'O80' order by attempt_number",
    ),
    (a_late_window_of_items, "select outcome from marts.fct_order_items where order_item_id = 'I3'"),
    (an_answer_about_an_item, "select outcome, deleted_at from marts.fct_order_items where order_item_id = 'I2'"),
    (another_price, "select list_price from marts.fct_order_items where order_item_id = 'I1'"),
    (another_subscription_of_a_customer, "select was_last_of_customer from marts.fct_churn"),
    (
        an_item_in_the_order_of_another_customer,
        "select nth_order_of_subscription from marts.fct_order_items where order_item_id = 'I1'",
    ),
    (news_of_that_customer, "select count(*) from marts.fct_orders"),
    (news_of_the_first_customer, "select count(*) from marts.fct_orders"),
    (
        a_tried_order_is_deleted_and_made_up_for,
        "select order_value, recovery from marts.fct_placement_attempts where order_id = 'O85'",
    ),
    (
        a_cancellation_that_explains_the_deletion,
        "select order_value from marts.fct_placement_attempts where order_id = 'O85'",
        "select cause, value_lost from marts.fct_deletions where object_id = 'O85'",
    ),
    (
        an_item_is_of_another_subscription,
        "select nth_order_of_subscription from marts.fct_order_items where order_item_id = 'I1'",
        "select orders_placed from intermediate.int_subscriptions where subscription_id = 'S1'",
    ),
    (a_subscription_of_a_new_customer, "select count(*) from marts.fct_mrr_movements where subscriber_id = 'C77'"),
    (
        the_same_version_of_it_with_another_customer,
        "select count(*) from marts.fct_mrr_movements where subscriber_id = 'C77'",
    ),
    # The last, for everything begins afresh with it.
    (an_order_in_another_currency, "select currency_code from marts.fct_orders where order_id = 'O3'"),
)


def test_each_kind_of_news_reaches_all_that_it_concerns(lake: LakeFixture, warehouse: Warehouse) -> None:
    """One after the other, and nothing else comes: a build that heals what an earlier one left would go unnoticed.

    What staging holds is read again in no refresh here: test_taking_in.py compares that. Of the refreshes a sample is
    made, each third and the last one, unless there are more seeds: then after each arrival.
    """
    small_store(lake, records_items=False)
    warehouse.run("seed")
    warehouse.run("run", *FOLLOWING)
    for number, (arrive, *queries) in enumerate(ARRIVALS, start=1):
        before = [warehouse.rows(query) for query in queries]
        arrive(lake)
        warehouse.run("run", *FOLLOWING)
        for query, rows in zip(queries, before, strict=True):
            assert warehouse.rows(query) != rows, f"{arrive.__name__}: {query}"
        if len(SEEDS) > 1 or number % 3 == 0 or number == len(ARRIVALS):
            assert_is_that_of_a_full_refresh(warehouse, *FOLLOWING, "--exclude", "path:models/staging")


def test_a_mart_that_was_built_before_what_it_is_made_of_is_built_again(
    lake: LakeFixture, warehouse: Warehouse
) -> None:
    """It has followed no further than that: what it could not know yet is not passed over."""
    small_store(lake)
    warehouse.run("seed")
    warehouse.run("run", *FOLLOWING)
    known = "select count(*) from marts.fct_order_items where order_item_id = 'I90'"
    lake.deliver([event("E90", "item.create", "I90", at=NOON, order="O1", subscription="S1")])
    warehouse.run("run", "--select", "path:models/staging", "int_list_prices", "int_changes", "fct_order_items")
    assert warehouse.rows(known) == [(0,)]
    warehouse.run("run", *FOLLOWING)
    assert warehouse.rows(known) == [(1,)]


def test_only_what_changed_is_computed_again(lake: LakeFixture, warehouse: Warehouse) -> None:
    """What is tampered with comes back only when it is computed anew: each mart within its own reach."""
    small_store(lake)
    warehouse.run("seed")
    warehouse.run("run", *FOLLOWING)
    of_order = ("marts.fct_orders", "order_status", "order_id = 'O1'")
    of_subscription = ("marts.fct_order_items", "discount_basis", "order_item_id = 'I1'")
    of_customer = ("marts.fct_mrr_movements", "movement", "subscriber_id = 'C1'")
    marts = (of_order, of_subscription, of_customer)
    warehouse.execute(*(f"update {mart} set {column} = 'tampered' where {row}" for mart, column, row in marts))

    def come_back_with(*deliveries: Row) -> list[str]:
        lake.deliver(deliveries)
        warehouse.run("run", *FOLLOWING)
        return [
            mart
            for mart, column, row in marts
            if not warehouse.rows(f"select * from {mart} where {row} and {column} = 'tampered'")
        ]

    item = {"customer": "C1", "order": "O91", "subscription": "S1"}
    assert come_back_with() == [], "nothing came"
    assert come_back_with(event("E90", "order.create", "O90", at=NOON, customer="C9")) == [], "another customer's"
    assert warehouse.rows("select customer_id from marts.fct_orders where order_id = 'O90'") == [("C9",)]
    assert come_back_with(event("E91", "order.create", "O91", at=NOON, customer="C1")) == [], "another order"
    assert come_back_with(event("E92", "subscription.create", "S20", at=NOON, customer="C1")) == [of_customer[0]]
    came_back = [of_subscription[0], of_customer[0]]
    assert come_back_with(event("E93", "item.create", "I91", at=NOON, **item)) == came_back
    # It was in the order once.
    moved = {"customer": "C2", "order": "O2", "subscription": "S2"}
    assert come_back_with(event("E94", "item.out_of_stock", "I3", at=NOON, **moved)) == [of_order[0], *came_back]


def test_what_a_number_means_can_change_and_old_rows_follow(lake: LakeFixture, warehouse: Warehouse) -> None:
    """A variable, a seed that is loaded after the build that had to know it, and staging that lost a row."""
    small_store(lake)
    warehouse.run("seed")
    warehouse.run("run", *FOLLOWING)
    dates = "select churn_date from marts.fct_churn"
    assert warehouse.rows(dates) == [(date(2026, 5, 2),)]
    warehouse.run("run", "--vars", "churn_date_rule: day_after")
    assert warehouse.rows(dates) == [(date(2026, 5, 3),)]
    warehouse.run("run", *FOLLOWING)
    assert warehouse.rows(dates) == [(date(2026, 5, 2),)]

    types = "select churn_type from marts.fct_churn"
    assert warehouse.rows(types) == [("involuntary",)]
    warehouse.execute("update intermediate.cancel_reasons set churn_type = 'voluntary' where cancel_reason_code = 9")
    warehouse.run("run", *FOLLOWING)
    assert warehouse.rows(types) == [("voluntary",)]

    orders = "select count(*) from marts.fct_orders where order_id = 'O9'"
    assert warehouse.rows(orders) == [(1,)]
    (file,) = [file for file in (lake.root / "raw" / "orders").rglob("0*.parquet") if b"O9" in file.read_bytes()]
    file.unlink()
    warehouse.run("run", "--full-refresh", "--select", "stg_ordergroove__orders")
    warehouse.run("run", *FOLLOWING)
    assert warehouse.rows(orders) == [(0,)]


def test_numbers_of_builds_grow_though_their_log_is_emptied(lake: LakeFixture, warehouse: Warehouse) -> None:
    small_store(lake)
    warehouse.run("seed")
    warehouse.run("run", *FOLLOWING)
    warehouse.execute("delete from build_log.invocations")
    lake.deliver([event("E90", "order.create", "O90", at=NOON, customer="C9")])
    warehouse.run("run", *FOLLOWING)
    assert warehouse.rows("select customer_id from marts.fct_orders where order_id = 'O90'") == [("C9",)]


def test_no_model_is_made_of_what_looks_further(dbt: Dbt) -> None:
    """Rows of what it is made of would be computed anew that it does not look at; whole tables between them or not."""
    reaches = ["order", "subscription", "customer"]
    models = {key: node for key, node in dbt.manifest.nodes.items() if node.resource_type == "model"}
    # Events are followed as they come.
    followers = {key for key in models if models[key].config.meta.get("follows", "event_id") != "event_id"}
    reach = {key: reaches.index(models[key].config.meta["reach"]) for key in followers}
    assert set(reach.values()) == {0, 1, 2}

    def made_of(key: str) -> set[str]:
        parents = models.keys() & models[key].depends_on.nodes
        return parents.union(*(made_of(parent) for parent in parents))

    for key in followers:
        for parent in followers & made_of(key):
            assert reach[parent] <= reach[key], f"{key} is made of {parent}"
        # Of a customer's other subscriptions, orders and items are not listed.
        if reach[key] == reaches.index("customer"):
            assert "'order" not in "".join(re.findall(r"changed_only\(.*", models[key].raw_code)), key
            assert not models[key].config.meta["follows"].startswith("order"), key


def test_every_definition_is_part_of_the_recipe(dbt: Dbt) -> None:
    """Otherwise a changed one would leave old rows with the old meaning."""
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())
    macro = dbt.manifest.macros["macro.og_assets.definitions"].macro_sql
    listed = re.findall(r"'(\w+)'", macro.partition("names = [")[2].partition("]")[0])
    assert project["vars"].keys() - {"macros"} == set(listed)
