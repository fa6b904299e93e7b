"""Verdicts as Markdown.

Belongs here: how the table looks. Not here: what is counted (verdict).
"""

from collections.abc import Mapping
from math import floor

from .comparison import KINDS, Verdict
from .scenarios import WORLDS

_HEAD = (
    "| webhooks | besides | lives | faults | deleted: items, orders | nothing ever showed | wrong | missed "
    "| precision / recall: items | orders | bounds violated | to the second | causes right / wrong / unknown "
    "| moves: true, to the second, invented | their causes | elsewhere than in truth | values lost |"
)


def table(verdicts: Mapping[str, Verdict]) -> str:
    """One line for each row of which there is a verdict."""
    lines = [_HEAD, "|" + "---|" * (_HEAD.count("|") - 1)]
    for world in WORLDS:
        if world.name in verdicts:
            cells = (world.webhooks, world.other, *_cells(verdicts[world.name]))
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cells(verdict: Verdict) -> list[str]:
    moves = ", ".join(f"{verdict.moves[name]:,}" for name in ("true", "exact", "invented"))
    return [
        f"{verdict.lives}",
        f"{len(verdict.problems)}",
        _pair(verdict.deletions),
        _pair(verdict.unknowable),
        _pair(verdict.wrong),
        _pair(verdict.missed),
        *(f"{_percent(verdict.precision(kind))} / {_percent(verdict.recall(kind))}" for kind in ("item", "order")),
        f"{verdict.out_of_bounds}",
        f"{verdict.exact.total():,} of {verdict.found.total():,}",
        _causes(verdict.causes),
        moves,
        _causes(verdict.move_causes),
        f"{verdict.misplaced}",
        f"{verdict.values_lost}",
    ]


def _causes(counts: Mapping[str, int]) -> str:
    return " / ".join(f"{counts[name]:,}" for name in ("right", "wrong", "unknown"))


def _pair(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{counts[kind]:,}" for kind in reversed(KINDS))


def _percent(share: float) -> str:
    """Rounded down: what is not all of it never looks as if it were."""
    return f"{floor(share * 10_000) / 100:g}"
