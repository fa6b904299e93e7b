"""Staging ingests the files of the lake: in any order, the rows equal those of reading all files at once."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from testkit.dbt.store import LakeFixture, Row, Warehouse, day

PAYMENTS = ("--select", "stg_ordergroove__payments")


def payments(warehouse: Warehouse) -> list[tuple[str, str]]:
    return warehouse.rows("select payment_id, payment_method from staging.stg_ordergroove__payments order by 1")


def ingested(warehouse: Warehouse) -> int:
    ((files,),) = warehouse.rows("select count(*) from build_log.taken_files")
    return int(files)


def version(method: str, *, updated: str, key: str = "PAY1") -> Row:
    return {"public_id": key, "payment_method": method, "last_updated": day(updated)}


def noon(day_of_june: int) -> datetime:
    return datetime(2026, 6, day_of_june, 12, tzinfo=UTC)


def test_older_version_that_arrives_late_never_replaces_a_newer(lake: LakeFixture, warehouse: Warehouse) -> None:
    lake.pull("payments", [version("new", updated="2026-06-02")], pulled_at=noon(2))
    warehouse.run("run", *PAYMENTS)
    lake.pull("payments", [version("old", updated="2026-06-01")], pulled_at=noon(9))
    warehouse.run("run", *PAYMENTS)
    assert payments(warehouse) == [("PAY1", "new")]
    assert ingested(warehouse) == 2


def test_late_file_with_older_times_is_ingested(lake: LakeFixture, warehouse: Warehouse) -> None:
    lake.pull("payments", [version("first", updated="2026-06-09")], pulled_at=noon(9), file="20260609.parquet")
    warehouse.run("run", *PAYMENTS)
    late = [version("late", updated="2026-06-01", key="PAY0")]
    lake.pull("payments", late, pulled_at=noon(1), file="20260601.parquet")
    warehouse.run("run", *PAYMENTS)
    assert payments(warehouse) == [("PAY0", "late"), ("PAY1", "first")]


def test_files_are_known_by_name_and_read_once(lake: LakeFixture, warehouse: Warehouse) -> None:
    path = lake.pull("payments", [version("as pulled", updated="2026-06-01")])
    warehouse.run("run", *PAYMENTS)
    warehouse.run("run", *PAYMENTS)
    assert warehouse.rows("select model, file from build_log.taken_files") == [
        ("stg_ordergroove__payments", str(path.relative_to(lake.root)))
    ]
    # Files are immutable. This one is changed, to prove that it is not read again.
    lake.pull("payments", [version("changed", updated="2026-06-09")], file=path.name)
    warehouse.run("run", *PAYMENTS)
    assert payments(warehouse) == [("PAY1", "as pulled")]
    warehouse.run("run", *PAYMENTS, "--full-refresh")
    assert payments(warehouse) == [("PAY1", "changed")]
    assert ingested(warehouse) == 1


def test_failed_build_ingests_nothing(lake: LakeFixture, warehouse: Warehouse) -> None:
    """Rows and the list of files are committed together: no file is listed without its rows, or the reverse."""
    lake.pull("payments", [version("first", updated="2026-06-01")])
    warehouse.run("run", *PAYMENTS)
    warehouse.execute(
        "alter table build_log.taken_files rename to whole",
        """
        create table build_log.taken_files (
            model varchar, file varchar check (file not like '%poison%')
        )
        """,
        "insert into build_log.taken_files from build_log.whole",
    )
    lake.pull("payments", [version("second", updated="2026-06-02")], file="poison.parquet")
    assert not warehouse.dbt("run", *PAYMENTS).success
    assert payments(warehouse) == [("PAY1", "first")]
    assert ingested(warehouse) == 1

    # The same in a full refresh: the old table stays, and the old list with it.
    assert not warehouse.dbt("run", *PAYMENTS, "--full-refresh").success
    assert payments(warehouse) == [("PAY1", "first")]
    assert ingested(warehouse) == 1

    warehouse.execute("drop table build_log.taken_files", "alter table build_log.whole rename to taken_files")
    warehouse.run("run", *PAYMENTS)
    assert payments(warehouse) == [("PAY1", "second")]
    assert ingested(warehouse) == 2


def test_unreadable_file_fails_the_build_and_is_ingested_later(lake: LakeFixture, warehouse: Warehouse) -> None:
    lake.pull("payments", [version("first", updated="2026-06-01")])
    warehouse.run("run", *PAYMENTS)
    path = lake.pull("payments", [version("second", updated="2026-06-02")])
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    assert not warehouse.dbt("run", *PAYMENTS).success
    path.write_bytes(whole)
    warehouse.run("run", *PAYMENTS)
    assert payments(warehouse) == [("PAY1", "second")]


@pytest.mark.parametrize("loss", ["drop table staging.stg_ordergroove__payments", "delete from build_log.taken_files"])
def test_losing_the_table_or_the_list_loses_no_row(lake: LakeFixture, warehouse: Warehouse, loss: str) -> None:
    lake.pull("payments", [version("first", updated="2026-06-01")])
    warehouse.run("run", *PAYMENTS)
    warehouse.execute(loss)
    lake.pull("payments", [version("second", updated="2026-06-01", key="PAY2")])
    warehouse.run("run", *PAYMENTS)
    assert payments(warehouse) == [("PAY1", "first"), ("PAY2", "second")]
    assert ingested(warehouse) == 2


def test_moved_data_folder_is_not_ingested_again(lake: LakeFixture, warehouse: Warehouse, tmp_path: Path) -> None:
    lake.pull("payments", [version("first", updated="2026-06-01")])
    warehouse.run("run", *PAYMENTS)
    moved = warehouse.data_dir.rename(tmp_path / "elsewhere")
    warehouse.data_dir, warehouse.path = moved, moved / "warehouse" / "build.duckdb"
    warehouse.run("run", *PAYMENTS)
    assert ingested(warehouse) == 1


def test_corrected_time_zone_reaches_ingested_rows(lake: LakeFixture, warehouse: Warehouse) -> None:
    lake.pull("payments", [version("first", updated="2026-06-01 12:00:00")])
    warehouse.run("run", *PAYMENTS, ORDERGROOVE_TIMEZONE="America/New_York")
    updated = "select strftime(updated_at at time zone 'UTC', '%H:%M') from staging.stg_ordergroove__payments"
    assert warehouse.rows(updated) == [("16:00",)]
    warehouse.run("run", *PAYMENTS, ORDERGROOVE_TIMEZONE="America/Chicago")
    assert warehouse.rows(updated) == [("17:00",)]
    assert ingested(warehouse) == 1


def versions_of(random_numbers: random.Random, name: str) -> Row:
    """A version of one of a few rows: some without an update time, many with equal ones."""
    rng = random_numbers
    updated = rng.choice([None, *(day(f"2026-06-{number:02} 00:00:00") for number in range(1, 6))])
    if name == "orders":
        return {"public_id": f"O{rng.randrange(8)}", "status": rng.choice([1, 3, 5]), "updated": updated}
    if name == "items":
        return {"public_id": f"I{rng.randrange(8)}", "order": f"O{rng.randrange(8)}", "order_updated": updated}
    if name == "product_groups":
        return {"name": f"G{rng.randrange(3)}", "group_type": rng.choice(["incentive", "eligibility"])}
    if name == "subscriptions":
        return {"public_id": f"S{rng.randrange(4)}", "quantity": rng.choice([1, 2]), "updated": updated}
    return {"public_id": f"B{rng.randrange(8)}", "response_code": rng.choice([None, "000", "140"])}


@pytest.mark.parametrize("seed", [1, 2])
def test_incremental_equals_full_refresh_row_by_row(lake: LakeFixture, warehouse: Warehouse, seed: int) -> None:
    """Pulls in any order, repeated, late and damaged, over several builds, against reading all files at once."""
    rng = random.Random(seed)
    names = ("orders", "items", "product_groups", "billing_attempts", "subscriptions")
    select = ("--select", *(f"stg_ordergroove__{name}" for name in names), "stg_ordergroove__subscription_versions")
    for build in range(5):
        for name in rng.choices(names, k=rng.randrange(7)):
            pulled_at = noon(1) + timedelta(hours=rng.randrange(6))
            rows = [versions_of(rng, name) for _ in range(rng.randrange(1, 6))]
            for _ in range(rng.choice([1, 1, 2])):
                lake.pull(name, rows, pulled_at=pulled_at)
        if build == 2:
            broken = lake.root / "raw" / rng.choice(names) / "broken.parquet"
            broken.write_bytes(b"PAR1 and no more")
            assert not warehouse.dbt("run", *select).success
            broken.unlink()
        else:
            warehouse.run("run", *select)
    incremental, files = warehouse.contents("staging"), ingested(warehouse)
    warehouse.run("run", *select, "--full-refresh")
    assert warehouse.contents("staging") == incremental
    # Subscriptions are read by two models: the latest version of each, and all of them.
    twice = len([*(lake.root / "raw" / "subscriptions").rglob("0*.parquet")])
    assert ingested(warehouse) == files == len([*lake.root.rglob("0*.parquet")]) + twice
    assert sum(map(len, incremental.values())) > 10
