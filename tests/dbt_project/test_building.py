"""The project as a whole: it builds from an empty lake, logs each build, and building again changes nothing."""

import json
from datetime import date

import pytest

from og_assets.ordergroove.objects import OBJECTS
from testkit.dbt.runner import PROJECT, Dbt
from testkit.dbt.store import STAGING, LakeFixture, Warehouse


def outcome(warehouse: Warehouse) -> list[tuple[bool, bool, bool]]:
    """Whether each invocation finished, was full, and passed, oldest first."""
    return warehouse.rows(
        "select finished_at is not null, is_full, passed from build_log.invocations order by started_at"
    )


def test_every_model_and_test_holds_on_an_empty_lake(warehouse: Warehouse, dbt: Dbt) -> None:
    built = warehouse.run("build")
    unit_tests = [node for node in built.result if node.node.resource_type == "unit_test"]
    assert len(unit_tests) == len(dbt.manifest.unit_tests) > 0
    assert outcome(warehouse) == [(True, True, True)]
    assert all(not rows for rows in warehouse.contents("staging", "marts").values())


def test_null_in_required_columns_fails_and_is_named(small_warehouse: Warehouse) -> None:
    """One test of a model checks all its required columns; its rows name those that are null."""
    warehouse = small_warehouse
    check = ("test", "--select", "fct_orders_is_complete")
    assert warehouse.dbt(*check).success
    warehouse.execute("update marts.fct_orders set outcome = null, items = null where order_id = 'O1'")
    [failed] = [node for node in warehouse.dbt(*check).result if node.node.resource_type == "test"]
    assert (str(failed.status), failed.failures) == ("fail", 1)
    shown = warehouse.rows(f"select order_id, null_columns from ({failed.node.compiled_code})")
    assert shown == [("O1", "outcome items ")]


def test_second_build_and_full_refresh_change_no_row(small_warehouse: Warehouse) -> None:
    warehouse = small_warehouse
    once = warehouse.contents("staging", "intermediate", "marts")

    assert warehouse.rows("select * from intermediate.int_as_of")[0][1].isoformat() == "2026-06-10"
    orders = "select order_id, outcome, items, cast(placed_date as varchar) from marts.fct_orders order by 1"
    assert warehouse.rows(orders) == [
        ("O1", "placed", 1, "2026-06-02"),
        ("O2", "upcoming", 1, None),
        ("O3", "empty", 0, None),
        ("O9", "unknown", 1, None),
    ]
    items = """
        select order_item_id, outcome, nth_order_of_subscription, cast(discount as varchar)
        from marts.fct_order_items order by 1
    """
    assert warehouse.rows(items) == [
        ("I1", "placed", 1, "4.00"),
        ("I2", "open", None, "4.00"),
        ("I3", "missing", None, "4.00"),
        ("I8", "unknown", None, None),
        ("I9", "unknown", None, None),
    ]
    subscriptions = """
        select
            subscription_id, price_basis, cast(mrr as varchar), tenure_days, churn_type, orders_placed,
            cast(revenue_placed as varchar), cast(next_order_date as varchar)
        from marts.dim_subscriptions order by 1
    """
    assert warehouse.rows(subscriptions) == [
        ("S1", "open_item", "21.74", 70, None, 1, "20.00", "2026-06-30"),
        ("S2", "list_price", "0.00", 31, "involuntary", 0, "0.00", None),
        ("S9", "unknown", None, None, None, 0, "0.00", None),
    ]
    customers = "select customer_id, subscriber_status, orders_placed from marts.dim_customers order by 1"
    assert warehouse.rows(customers) == [("C1", "active", 1), ("C2", "lapsed", 0)]

    warehouse.run("run")
    assert warehouse.contents("staging", "intermediate", "marts") == once
    warehouse.run("run", "--full-refresh")
    assert warehouse.contents("staging", "intermediate", "marts") == once
    assert outcome(warehouse) == [(True, True, True), (True, False, False), (True, False, False)]


def test_failed_model_keeps_its_table(small_warehouse: Warehouse) -> None:
    warehouse = small_warehouse
    before = warehouse.rows("select * from marts.dim_customers order by all")
    assert before
    breaks = json.dumps({"new_subscriber_days": "cast(error('broken on purpose') as bigint)"})
    results = warehouse.dbt("run", "--select", "dim_customers", "--vars", breaks).result
    [broken] = [node for node in results if node.node.resource_type == "model"]
    assert "broken on purpose" in broken.message
    assert warehouse.rows("select * from marts.dim_customers order by all") == before
    warehouse.run("run", "--select", "dim_customers")
    assert warehouse.rows("select * from marts.dim_customers order by all") == before


def test_part_of_the_project_is_not_a_full_build(warehouse: Warehouse) -> None:
    warehouse.build(*STAGING)
    assert outcome(warehouse) == [(True, False, True)]


def test_only_a_full_build_drops_retired_marts(dbt: Dbt, warehouse: Warehouse) -> None:
    warehouse.run("seed")
    warehouse.execute("create schema marts", "create table marts.fct_retired as select 1 as id")
    listed = "select table_name from duckdb_tables() where schema_name = 'marts' order by 1"
    warehouse.build(*STAGING)
    assert ("fct_retired",) in warehouse.rows(listed)
    warehouse.build()
    kept = {name for (name,) in warehouse.rows(listed)}
    assert kept == {node.name for node in dbt.manifest.nodes.values() if node.schema == "marts" and node.is_relational}
    assert {"dim_subscriptions", "fct_churn", "fct_orders", "rpt_deleted_value"} <= kept


@pytest.mark.parametrize("command", [["run", *STAGING], ["seed"]])
def test_commands_that_change_tables_without_testing_all_of_them_do_not_pass(
    warehouse: Warehouse, command: list[str]
) -> None:
    warehouse.run(*command)
    assert outcome(warehouse) == [(True, False, False)]


def test_empty_flag_is_refused(lake: LakeFixture, warehouse: Warehouse) -> None:
    """A file counts as ingested: without its rows, they would be missing until a full refresh."""
    lake.pull("payments", [{"public_id": "PAY1"}])
    result = warehouse.dbt("run", "--select", "stg_ordergroove__payments", "--empty")
    assert not result.success
    assert "without --empty" in str(result.exception or [node.message for node in result.result])
    warehouse.run("run", "--select", "stg_ordergroove__payments")
    assert warehouse.rows("select payment_id from staging.stg_ordergroove__payments") == [("PAY1",)]


@pytest.mark.parametrize("command", [["parse"], ["ls"], ["compile", "--select", "dim_products"]])
def test_commands_that_change_nothing_leave_no_trace(warehouse: Warehouse, command: list[str]) -> None:
    warehouse.run("seed")
    warehouse.run(*command)
    assert len(outcome(warehouse)) == 1


def test_failing_test_is_a_build_that_did_not_pass(lake: LakeFixture, warehouse: Warehouse) -> None:
    lake.pull("payments", [{"public_id": "PAY1"}])
    warehouse.build("--select", "stg_ordergroove__payments")
    warehouse.execute("insert into staging.stg_ordergroove__payments select * from staging.stg_ordergroove__payments")
    result = warehouse.dbt("build", "--select", "stg_ordergroove__payments")
    assert not result.success
    assert outcome(warehouse) == [(True, False, True), (True, False, False)]


def test_every_object_has_a_source_and_a_staging_model_that_reads_it(dbt: Dbt) -> None:
    objects = {api_object.name for api_object in OBJECTS}
    sources = {source.name for source in dbt.manifest.sources.values() if source.source_name == "ordergroove"}
    assert sources == objects | {"webhook_events", "deletion_checks"}
    read = {
        node.name.removeprefix("stg_ordergroove__"): node.sources
        for node in dbt.models.values()
        if node.name.startswith("stg_ordergroove__")
    }
    # Histories read a source a second time: orders of items, attempts of orders, versions of subscriptions.
    histories = {
        "item_places": [["ordergroove", "items"]],
        "order_tries": [["ordergroove", "orders"]],
        "subscription_versions": [["ordergroove", "subscriptions"]],
    }
    # The tables of one family of events read the table of all events, not files.
    families: dict[str, list[list[str]]] = {
        f"{family}_events": [] for family in ("subscription", "order", "item", "subscriber")
    }
    assert read == {name: [["ordergroove", name]] for name in sources} | families | histories


def test_every_column_of_a_mart_has_a_type_and_a_description(dbt: Dbt) -> None:
    marts = [model for model in dbt.models.values() if model.schema == "marts"]
    assert len(marts) >= 8
    for mart in marts:
        assert mart.contract.enforced
        assert "One row per" in mart.description
        assert [name for name, column in mart.columns.items() if not (column.data_type and column.description)] == []


def test_descriptions_land_in_the_warehouse(warehouse: Warehouse) -> None:
    warehouse.run("build", "--select", "+dim_products", "--exclude-resource-type", "test", "unit_test")
    (comment,) = warehouse.rows("select comment from duckdb_tables() where table_name = 'dim_products'")
    assert comment[0].endswith("One row per product.")
    columns = "select count(*) from duckdb_columns() where table_name = 'dim_products' and comment is null"
    assert warehouse.rows(columns) == [(0,)]


def test_manifest_names_no_folder_of_the_lake(dbt: Dbt) -> None:
    """One manifest serves every data folder: the path is known only when dbt runs."""
    sources = json.dumps([source.to_dict() for source in dbt.manifest.sources.values()])
    assert "getvariable('lake')" in sources
    assert "pytest" not in sources.replace(str(PROJECT), "")


def test_one_build_in_ten_removes_deleted_rows(warehouse: Warehouse) -> None:
    warehouse.run("seed")
    keep_deleted_rows = "set global max_vacuum_tasks = 0"
    warehouse.execute("create table intermediate.half_deleted as select range as n from range(500_000)", "checkpoint")
    warehouse.execute(keep_deleted_rows, "delete from intermediate.half_deleted where n % 2 = 0")
    groups = "select count(distinct row_group_id) from pragma_storage_info('intermediate.half_deleted')"
    found = []
    for build in (9, 10):
        warehouse.execute(keep_deleted_rows, f"update build_log.invocations set build = {build - 1}")
        warehouse.run("seed", "--select", "every_periods")
        found.extend(warehouse.rows(groups))
    assert found == [(5,), (3,)]


def test_kept_forecast_accepts_a_later_column(small_warehouse: Warehouse) -> None:
    warehouse = small_warehouse
    days = "select distinct as_of_date, forecast_days from marts.rpt_upcoming"
    assert warehouse.rows(days) == [(date(2026, 6, 10), 90)]
    warehouse.execute("alter table marts.rpt_upcoming drop column forecast_days")
    warehouse.run("run", "--select", "+int_forecast_ends")
    assert warehouse.rows(days) == [(date(2026, 6, 10), None)]
