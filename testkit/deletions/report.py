"""Write comparisons as a Markdown table: one row per scenario."""

from collections.abc import Mapping
from math import floor

from .comparison import KINDS, Comparison
from .scenarios import SCENARIOS

_HEAD = (
    "| scenario | webhooks | syncs | cases | problems | deleted: items, orders | never observed | wrong | missed "
    "| precision / recall: items | orders | out of bounds | exact to the second | causes right / wrong / unknown "
    "| moves: true, exact, invented | move causes right / wrong / unknown | misplaced | wrong values |"
)


def table(comparisons: Mapping[str, Comparison]) -> str:
    """Return the rows of those scenarios that have a comparison, by scenario name."""
    lines = [_HEAD, "|" + "---|" * (_HEAD.count("|") - 1)]
    for scenario in SCENARIOS:
        if scenario.name in comparisons:
            cells = (scenario.name, scenario.webhooks, scenario.syncs, *_cells(comparisons[scenario.name]))
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cells(comparison: Comparison) -> list[str]:
    moves = ", ".join(f"{comparison.moves[name]:,}" for name in ("true", "exact", "invented"))
    return [
        f"{comparison.cases}",
        f"{len(comparison.problems)}",
        _items_and_orders(comparison.deletions),
        _items_and_orders(comparison.unknowable),
        _items_and_orders(comparison.wrong),
        _items_and_orders(comparison.missed),
        *(
            f"{_percent(comparison.precision(kind))} / {_percent(comparison.recall(kind))}"
            for kind in ("item", "order")
        ),
        f"{comparison.out_of_bounds}",
        f"{comparison.exact.total():,} of {comparison.found.total():,}",
        _causes(comparison.causes),
        moves,
        _causes(comparison.move_causes),
        f"{comparison.misplaced}",
        f"{comparison.wrong_values}",
    ]


def _causes(counts: Mapping[str, int]) -> str:
    return " / ".join(f"{counts[name]:,}" for name in ("right", "wrong", "unknown"))


def _items_and_orders(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{counts[kind]:,}" for kind in reversed(KINDS))


def _percent(share: float) -> str:
    """Round down, so that less than all never reads as 100."""
    return f"{floor(share * 10_000) / 100:g}"
