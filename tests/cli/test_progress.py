"""The lines that a run prints."""

from og_assets.cli.progress import StepLines
from og_assets.orchestration.step_events import StepEvent

ORDERS = "ordergroove__orders"


def test_rows_of_a_range_are_counted_once() -> None:
    lines = StepLines()
    assert lines.line(StepEvent(step=ORDERS, kind="started")) is None
    for rows in (1_200, 1_200):
        assert lines.line(StepEvent(step=ORDERS, kind="rows", rows=rows)) is None
    line = lines.line(StepEvent(step=ORDERS, kind="finished"))
    assert line is not None and line.split()[:4] == ["done", "orders", "1,200", "rows"]


def test_rows_of_a_step_with_several_assets_are_added_up() -> None:
    lines = StepLines()
    for asset, rows in (("ordergroove/products", 20), ("ordergroove/resources", 2), ("ordergroove/resources", 2)):
        lines.line(StepEvent(step="reference_snapshots", kind="rows", asset=asset, rows=rows))
    line = lines.line(StepEvent(step="reference_snapshots", kind="finished"))
    assert line is not None and line.split()[:4] == ["done", "reference_snapshots", "22", "rows"]


def test_wait_is_printed_once_for_each_holder() -> None:
    lines = StepLines()
    by_run = StepEvent(
        step=ORDERS, kind="waiting", detail="for pool ordergroove_orders (held by orders of run 01234567)"
    )
    here = StepEvent(
        step=ORDERS, kind="waiting", detail="for pool ordergroove_orders (held by census_orders of this run)"
    )
    said = [lines.line(event) for event in (by_run, by_run, here)]
    assert said[0] is not None and said[0].startswith("waiting orders") and "run 01234567" in said[0]
    assert said[1] is None
    assert said[2] is not None and "(held by census_orders of this run)" in said[2]


def test_failed_step_is_named() -> None:
    line = StepLines().line(StepEvent(step="dbt_models", kind="failed"))
    assert line is not None and line.split()[:2] == ["failed", "dbt_models"]
