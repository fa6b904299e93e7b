"""The comparison of the simulations: equal marts have no problem, and every single difference is found."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from testkit.deletions.comparison import Comparison, compare
from testkit.deletions.marts import Deletion, Item, Marts, Move, Order
from testkit.deletions.observed import Observed
from testkit.deletions.report import table
from testkit.deletions.scenarios import BY_NAME

ZONE = ZoneInfo("America/New_York")
STARTED_AT = datetime(2026, 6, 1, 14)
SECOND = timedelta(seconds=1)
COMPLETE, LOSSY = BY_NAME["complete"], BY_NAME["lossy"]


def at(day: int) -> datetime:
    """Noon of a day in June on the store's wall clock."""
    return datetime(2026, 6, day, 12)


def utc(day: int) -> datetime:
    return datetime(2026, 6, day, 16, tzinfo=UTC)


# Two orders exist and one is deleted. Of the items, one has moved, one was removed with an event, one was deleted with
# its order without an event, and one was created and deleted between two syncs without an event.
TRUTH: dict[str, list[dict[str, Any]]] = {
    "orders": [{"id": "O1"}, {"id": "O2"}],
    "items": [{"id": "I1", "order": "O2"}],
    "deleted_orders": [{"id": "O3", "at": at(9), "cause": "subscription_cancelled"}],
    "deleted_items": [
        {"id": "I2", "at": at(8), "cause": "removed"},
        {"id": "I3", "at": at(9), "cause": "subscription_cancelled"},
        {"id": "I4", "at": at(9), "cause": "removed"},
    ],
    "moves": [{"item": "I1", "from_order": "O1", "to_order": "O2", "at": at(7), "cause": "skip"}],
}
OBSERVED = Observed(
    objects={("order", key) for key in ("O1", "O2", "O3")} | {("item", key) for key in ("I1", "I2", "I3")},
    reported_deleted={("item", "I2")},
    listed_prices={"I2": {Decimal("8.00")}, "I3": {Decimal("9.00")}},
    event_prices={"I2": (5, {Decimal("12.00")})},
)
EXACT = Deletion("item", "I2", utc(8), utc(8), utc(8), "exact", "webhook", "removed", None, Decimal("12.00"))
BOUNDED = Deletion(
    "item", "I3", utc(10), utc(8), utc(10), "bounded", "retrieve_404", "subscription_cancelled", None, Decimal("0.00")
)
OF_ORDER = BOUNDED._replace(object_type="order", object_id="O3", value_lost=Decimal("9.00"))
MOVED = Move("I1", "O1", "O2", utc(7), utc(7), "exact", "skip")
MARTS = Marts(
    deletions=[EXACT, BOUNDED, OF_ORDER],
    moves=[MOVED],
    orders=[Order("O1", "empty", None), Order("O2", "upcoming", None), Order("O3", "deleted", utc(10))],
    items=[
        Item("I1", "O2", "O1", 1, "open", None, Decimal("7.00")),
        Item("I2", "O1", "O1", 0, "deleted", utc(8), Decimal("12.00")),
        Item("I3", "O3", "O3", 0, "deleted", utc(10), Decimal("9.00")),
    ],
)


def comparison_of(marts: Marts, *, scenario: Any = COMPLETE) -> Comparison:
    return compare(marts, TRUTH, OBSERVED, scenario=scenario, started_at=STARTED_AT, zone=ZONE)


def test_marts_equal_to_the_truth_have_no_problem() -> None:
    comparison = comparison_of(MARTS)
    assert comparison.problems == []
    assert (comparison.deletions, comparison.found) == ({"item": 3, "order": 1}, {"item": 2, "order": 1})
    assert (comparison.exact, comparison.causes, comparison.moves["exact"]) == ({"item": 1}, {"right": 3}, 1)


def test_deletions_of_objects_never_observed_are_counted_apart() -> None:
    comparison = comparison_of(MARTS)
    assert (comparison.unknowable, comparison.missed.total()) == ({"item": 1}, 0)
    assert comparison.recall("item") == comparison.precision("item") == 1
    known = replace(OBSERVED, objects=OBSERVED.objects | {("item", "I4")})
    other = compare(MARTS, TRUTH, known, scenario=COMPLETE, started_at=STARTED_AT, zone=ZONE)
    assert (other.unknowable.total(), other.missed) == (0, {"item": 1})
    assert round(other.recall("item"), 3) == 0.667


def test_deletions_before_the_first_pull_do_not_count() -> None:
    comparison = compare(MARTS, TRUTH, OBSERVED, scenario=LOSSY, started_at=at(9) + SECOND, zone=ZONE)
    assert (comparison.deletions, comparison.unknowable.total()) == ({"item": 2, "order": 1}, 0)
    assert comparison.moves["true"] == 0


def without(name: str, number: int) -> Callable[[Marts], Marts]:
    return lambda marts: replace(marts, **{name: [row for at, row in enumerate(getattr(marts, name)) if at != number]})


def changed(name: str, number: int, **fields: Any) -> Callable[[Marts], Marts]:
    def change(marts: Marts) -> Marts:
        rows = list(getattr(marts, name))
        rows[number] = rows[number]._replace(**fields)
        return replace(marts, **{name: rows})

    return change


def with_(name: str, row: Any) -> Callable[[Marts], Marts]:
    return lambda marts: replace(marts, **{name: [*getattr(marts, name), row]})


@pytest.mark.parametrize(
    ("change", "count", "problem"),
    [
        (without("deletions", 1), "missed", "is missing"),
        (without("deletions", 2), "missed", "is missing"),
        (with_("deletions", EXACT._replace(object_id="I1")), "wrong", "is wrong"),
        (with_("deletions", OF_ORDER._replace(object_id="O1")), "wrong", "is wrong"),
        (with_("deletions", EXACT), "wrong", "is there twice"),
        (changed("deletions", 1, undeleted_at=utc(11)), "wrong", "is wrong"),
        (changed("deletions", 0, deleted_at=utc(8) + SECOND, not_after_at=utc(9)), "out_of_bounds", "outside"),
        (changed("deletions", 1, not_before_at=utc(9) + SECOND), "out_of_bounds", "outside"),
        (changed("deletions", 1, not_after_at=utc(9) - SECOND, deleted_at=utc(8)), "out_of_bounds", "outside"),
        (changed("deletions", 1, deleted_at=utc(11)), "out_of_bounds", "outside"),
        (changed("deletions", 1, precision="exact", deleted_at=utc(9)), None, "no event reported"),
        (changed("deletions", 0, precision="bounded"), None, "an event reported"),
        (changed("deletions", 0, cause="out_of_stock"), None, "is removed, not out_of_stock"),
        (changed("deletions", 0, value_lost=None), "wrong_values", "had the price"),
        (changed("deletions", 0, value_lost=Decimal("12.01")), "wrong_values", "had the price"),
        (changed("items", 1, total_price=None), "wrong_values", "had the price"),
        (changed("items", 1, total_price=Decimal("11.00")), "wrong_values", "had the price"),
        (changed("items", 1, outcome="missing"), None, "do not agree"),
        (changed("items", 1, deleted_at=utc(9)), None, "do not agree"),
        (changed("orders", 2, outcome="upcoming"), None, "do not agree"),
        (changed("items", 0, order_id="O1"), "misplaced", "is in order O2"),
        (changed("items", 0, outcome="missing"), "misplaced", "is in order O2"),
        (without("items", 0), "misplaced", "is in order O2"),
        (changed("orders", 1, outcome="deleted"), "misplaced", "order O2 exists"),
        (without("orders", 0), "misplaced", "order O1 exists"),
        (without("moves", 0), None, "a move with an event differs"),
        (changed("moves", 0, moved_at=utc(8)), None, "a move with an event differs"),
        (with_("moves", MOVED._replace(from_order_id="O2", to_order_id="O1")), None, "no such move"),
        (changed("items", 0, moves=2), None, "2 in fct_order_items"),
    ],
)  # fmt: skip
def test_every_difference_is_found(change: Callable[[Marts], Marts], count: str | None, problem: str) -> None:
    comparison = comparison_of(change(MARTS))
    assert any(problem in sentence for sentence in comparison.problems)
    if count is not None:
        counted = getattr(comparison, count)
        assert (counted if isinstance(counted, int) else counted.total()) == 1


def test_wrong_cause_is_a_problem_only_with_all_events_in_order() -> None:
    unknown = comparison_of(changed("deletions", 0, cause="unknown")(MARTS))
    assert (unknown.problems, unknown.causes) == ([], {"right": 2, "unknown": 1})
    wrong = comparison_of(changed("deletions", 0, cause="out_of_stock")(MARTS), scenario=LOSSY)
    assert (wrong.problems, wrong.causes) == ([], {"right": 2, "wrong": 1})


def test_move_without_event_may_be_missing() -> None:
    assert comparison_of(without("moves", 0)(MARTS), scenario=LOSSY).problems == [
        "item I1 has 0 moves in fct_item_moves, and 1 in fct_order_items"
    ]


def test_comparisons_add_up_to_a_row() -> None:
    row = table({"complete": comparison_of(MARTS) + comparison_of(without("deletions", 1)(MARTS))}).splitlines()[2]
    assert row.startswith(
        "| complete | all, in order | pull and listing weekly, checks every 4 weeks "
        "| 2 | 2 | 6, 2 | 2, 0 | 0, 0 | 1, 0 | 100 / 75 | 100 / 100 |"
    )


def test_percentages_are_rounded_down() -> None:
    comparison = Comparison()
    comparison.deletions["item"], comparison.missed["item"] = 1_000_000, 1
    assert "100 / 99.99" in table({"complete": comparison})
