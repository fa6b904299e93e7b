"""Only a full build that passed is published, and only if no later invocation failed or built a selection."""

import pytest

from og_assets.warehouse.errors import NotPassedError
from og_assets.warehouse.publish import publish

from .warehouse_folder import WarehouseFolder

FULL = {"full": True, "passed": True, "finished": True}
FAILED = {"full": True, "passed": False, "finished": True}
KILLED = {"full": False, "passed": False, "finished": False}
SELECTION = {"full": False, "passed": True, "finished": True}
SELECTION_FAILED = {"full": False, "passed": False, "finished": True}


@pytest.mark.parametrize(
    ("log", "may_be_published"),
    [
        ([FULL], True),
        ([FAILED, FULL], True),
        ([KILLED, SELECTION_FAILED, FULL], True),
        ([FULL, SELECTION], False),
        ([FULL, SELECTION, FULL], True),
        ([FULL, FAILED, FULL], True),
        ([], False),
        ([FAILED], False),
        ([KILLED], False),
        ([SELECTION], False),
        ([FULL, FAILED], False),
        ([FULL, KILLED], False),
        ([FULL, SELECTION_FAILED], False),
        ([FULL, KILLED, SELECTION], False),
        ([FULL, FAILED, SELECTION], False),
    ],
)
def test_only_a_passed_full_build_with_nothing_after_it_is_published(
    folder: WarehouseFolder, log: list[dict[str, bool]], may_be_published: bool
) -> None:
    folder.create_mart(10)
    for day, row in enumerate(log, start=1):
        folder.record_invocation(day=day, **row)
    if may_be_published:
        assert publish(folder.warehouse) == {"fct_orders": 10}
        return
    with pytest.raises(NotPassedError, match="analysts keep the tables"):
        publish(folder.warehouse)
    assert folder.files() == {"build.duckdb"}


def test_build_log_is_ordered_by_time_and_not_by_insertion(folder: WarehouseFolder) -> None:
    folder.create_mart(10)
    folder.record_invocation(day=3)
    folder.record_invocation(day=2, passed=False)
    assert publish(folder.warehouse) == {"fct_orders": 10}
    folder.record_invocation(day=5, passed=False)
    folder.record_invocation(day=4)
    with pytest.raises(NotPassedError):
        publish(folder.warehouse)


def test_failed_build_does_not_change_the_published_file(folder: WarehouseFolder) -> None:
    folder.build(rows=10)
    publish(folder.warehouse)
    before = folder.warehouse.published_file.read_bytes()
    folder.create_mart(99)
    folder.record_invocation(day=2, passed=False)
    with pytest.raises(NotPassedError):
        publish(folder.warehouse)
    assert folder.warehouse.published_file.read_bytes() == before
    assert folder.files() == {"build.duckdb", "analytics.duckdb"}


def test_missing_build_is_not_published(folder: WarehouseFolder) -> None:
    with pytest.raises(NotPassedError):
        publish(folder.warehouse)
    assert not folder.warehouse.published_file.exists()
