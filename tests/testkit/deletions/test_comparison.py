"""The judge of the simulations: what is as it was is right, and whatever differs from it in one thing is found."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from testkit.deletions.comparison import Verdict, judge
from testkit.deletions.marts import Deletion, Item, Marts, Move, Order
from testkit.deletions.observed import Shown
from testkit.deletions.report import table
from testkit.deletions.scenarios import BY_NAME

ZONE = ZoneInfo("America/New_York")
BEGUN = datetime(2026, 6, 1, 14)
SECOND = timedelta(seconds=1)
TOLD, UNTOLD = BY_NAME["told"], BY_NAME["lossy"]


def at(day: int) -> datetime:
    """Noon of a day in June on the store's wall."""
    return datetime(2026, 6, day, 12)


def utc(day: int) -> datetime:
    return datetime(2026, 6, day, 16, tzinfo=UTC)


# Two orders are there and one is gone; of the items, one has moved, one was removed by an event, one vanished with its
# order without a word, and one came and went when nobody looked.
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
SHOWN = Shown(
    objects={("order", key) for key in ("O1", "O2", "O3")} | {("item", key) for key in ("I1", "I2", "I3")},
    gone={("item", "I2")},
    listed_prices={"I2": {Decimal("8.00")}, "I3": {Decimal("9.00")}},
    told_prices={"I2": (5, {Decimal("12.00")})},
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


def verdict_on(marts: Marts, *, world: Any = TOLD) -> Verdict:
    return judge(marts, TRUTH, SHOWN, world=world, begun=BEGUN, zone=ZONE)


def test_what_is_as_it_was_is_right() -> None:
    verdict = verdict_on(MARTS)
    assert verdict.problems == []
    assert (verdict.deletions, verdict.found) == ({"item": 3, "order": 1}, {"item": 2, "order": 1})
    assert (verdict.exact, verdict.causes, verdict.moves["exact"]) == ({"item": 1}, {"right": 3}, 1)


def test_what_nothing_ever_showed_is_counted_apart() -> None:
    verdict = verdict_on(MARTS)
    assert (verdict.unknowable, verdict.missed.total()) == ({"item": 1}, 0)
    assert verdict.recall("item") == verdict.precision("item") == 1
    known = replace(SHOWN, objects=SHOWN.objects | {("item", "I4")})
    judged = judge(MARTS, TRUTH, known, world=TOLD, begun=BEGUN, zone=ZONE)
    assert (judged.unknowable.total(), judged.missed) == (0, {"item": 1})
    assert round(judged.recall("item"), 3) == 0.667


def test_what_was_gone_before_the_first_pull_counts_for_nothing() -> None:
    verdict = judge(MARTS, TRUTH, SHOWN, world=UNTOLD, begun=at(9) + SECOND, zone=ZONE)
    assert (verdict.deletions, verdict.unknowable.total()) == ({"item": 2, "order": 1}, 0)
    assert verdict.moves["true"] == 0


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
        (without("deletions", 1), "missed", "which is not known"),
        (without("deletions", 2), "missed", "which is not known"),
        (with_("deletions", EXACT._replace(object_id="I1")), "wrong", "never"),
        (with_("deletions", OF_ORDER._replace(object_id="O1")), "wrong", "never"),
        (with_("deletions", EXACT), "wrong", "twice"),
        (changed("deletions", 1, undeleted_at=utc(11)), "wrong", "never, or not for good"),
        (changed("deletions", 0, deleted_at=utc(8) + SECOND, not_after_at=utc(9)), "out_of_bounds", "not what is told"),
        (changed("deletions", 1, not_before_at=utc(9) + SECOND), "out_of_bounds", "not what is told"),
        (changed("deletions", 1, not_after_at=utc(9) - SECOND, deleted_at=utc(8)), "out_of_bounds", "not what is told"),
        (changed("deletions", 1, deleted_at=utc(11)), "out_of_bounds", "not what is told"),
        (changed("deletions", 1, precision="exact", deleted_at=utc(9)), None, "never told of a deletion that is exact"),
        (changed("deletions", 0, precision="bounded"), None, "told of a deletion that is bounded"),
        (changed("deletions", 0, cause="out_of_stock"), None, "because removed, not out_of_stock"),
        (changed("deletions", 0, value_lost=None), "values_lost", "was worth"),
        (changed("deletions", 0, value_lost=Decimal("12.01")), "values_lost", "was worth"),
        (changed("items", 1, total_price=None), "values_lost", "was worth"),
        (changed("items", 1, total_price=Decimal("11.00")), "values_lost", "was worth"),
        (changed("items", 1, outcome="missing"), None, "do not agree"),
        (changed("items", 1, deleted_at=utc(9)), None, "do not agree"),
        (changed("orders", 2, outcome="upcoming"), None, "do not agree"),
        (changed("items", 0, order_id="O1"), "misplaced", "is in order O2"),
        (changed("items", 0, outcome="missing"), "misplaced", "is in order O2"),
        (without("items", 0), "misplaced", "is in order O2"),
        (changed("orders", 1, outcome="deleted"), "misplaced", "order O2 is there"),
        (without("orders", 0), "misplaced", "order O1 is there"),
        (without("moves", 0), None, "a move that was told"),
        (changed("moves", 0, moved_at=utc(8)), None, "a move that was told"),
        (with_("moves", MOVED._replace(from_order_id="O2", to_order_id="O1")), None, "no such move"),
        (changed("items", 0, moves=2), None, "its fact says 2"),
    ],
)  # fmt: skip
def test_whatever_differs_is_found(change: Callable[[Marts], Marts], count: str | None, problem: str) -> None:
    verdict = verdict_on(change(MARTS))
    assert any(problem in said for said in verdict.problems)
    if count is not None:
        counted = getattr(verdict, count)
        assert (counted if isinstance(counted, int) else counted.total()) == 1


def test_an_unknown_cause_is_no_fault_and_a_wrong_one_is_where_events_come_in_order() -> None:
    unknown = verdict_on(changed("deletions", 0, cause="unknown")(MARTS))
    assert (unknown.problems, unknown.causes) == ([], {"right": 2, "unknown": 1})
    wrong = verdict_on(changed("deletions", 0, cause="out_of_stock")(MARTS), world=UNTOLD)
    assert (wrong.problems, wrong.causes) == ([], {"right": 2, "wrong": 1})


def test_a_move_that_nobody_told_may_be_missed_but_not_invented() -> None:
    assert verdict_on(without("moves", 0)(MARTS), world=UNTOLD).problems == ["item I1 has 0 moves; its fact says 1"]


def test_verdicts_add_up_to_a_line() -> None:
    line = table({"told": verdict_on(MARTS) + verdict_on(without("deletions", 1)(MARTS))}).splitlines()[2]
    assert line.startswith(
        "| all | in order; pull and census weekly, questions every 4 weeks "
        "| 2 | 2 | 6, 2 | 2, 0 | 0, 0 | 1, 0 | 100 / 75 | 100 / 100 |"
    )


def test_a_share_that_is_not_whole_never_looks_whole() -> None:
    verdict = Verdict()
    verdict.deletions["item"], verdict.missed["item"] = 1_000_000, 1
    assert "100 / 99.99" in table({"told": verdict})
