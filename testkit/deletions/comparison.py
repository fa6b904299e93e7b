"""The marts set against the truth: what is right, what is wrong, and what is missing.

Belongs here: what counts as what. Not here: where the numbers come from (shown, marts), how a table looks (report).
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from .marts import Deletion, Marts
from .observed import Key, Shown
from .scenarios import World

KINDS = ("order", "item")
_LIVING = frozenset(("open", "placed", "rejected", "cancelled"))
Truth = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass
class Verdict:
    """Counts of one life, or of many added up; `problems` says each fault of the marts in a sentence.

    Counters are by kind (order, item), those of causes by verdict (right, wrong, unknown).
    """

    lives: int = 0
    deletions: Counter[str] = field(default_factory=Counter)
    unknowable: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    exact: Counter[str] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)
    moves: Counter[str] = field(default_factory=Counter)
    move_causes: Counter[str] = field(default_factory=Counter)
    out_of_bounds: int = 0
    misplaced: int = 0
    values_lost: int = 0
    problems: list[str] = field(default_factory=list)

    def __add__(self, other: "Verdict") -> "Verdict":
        """Both together."""
        return Verdict(**{name: value + getattr(other, name) for name, value in vars(self).items()})

    def precision(self, kind: str) -> float:
        """The share of what is held for deleted that was deleted."""
        held = self.found[kind] + self.wrong[kind]
        return self.found[kind] / held if held else 1.0

    def recall(self, kind: str) -> float:
        """The share of what was deleted, and could be known, that is held for deleted."""
        known = self.deletions[kind] - self.unknowable[kind]
        return 1 - self.missed[kind] / known if known else 1.0


def judge(marts: Marts, truth: Truth, shown: Shown, *, world: World, begun: datetime, zone: ZoneInfo) -> Verdict:
    """Compare the marts with the truth of a store that was first pulled at `begun`, all on its wall clock."""
    return _Judge(marts, truth, shown, world=world, begun=begun, zone=zone).verdict


class _Judge:
    def __init__(
        self, marts: Marts, truth: Truth, shown: Shown, *, world: World, begun: datetime, zone: ZoneInfo
    ) -> None:
        self.verdict = Verdict(lives=1)
        self._marts, self._truth, self._shown, self._world, self._begun = marts, truth, shown, world, begun
        self._zone = zone
        self._gone: dict[Key, Mapping[str, Any]] = {
            (kind, row["id"]): row for kind in KINDS for row in truth[f"deleted_{kind}s"]
        }
        self._standing: dict[Key, Deletion] = {}
        self._judge_deletions()
        self._judge_facts()
        self._judge_places()
        self._judge_values()
        self._judge_moves()

    def _utc(self, wall_clock: datetime) -> datetime:
        return wall_clock.replace(tzinfo=self._zone).astimezone(UTC)

    def _fault(self, problem: str) -> None:
        self.verdict.problems.append(problem)

    def _judge_deletions(self) -> None:
        verdict, shown = self.verdict, self._shown
        for row in self._marts.deletions:
            key = (row.object_type, row.object_id)
            if row.undeleted_at is not None or key not in self._gone or key in self._standing:
                # An id never comes back here: whoever was ever held for undeleted was wrongly held for deleted.
                verdict.wrong[row.object_type] += 1
                what = "twice" if key in self._standing else "never, or not for good"
                self._fault(f"{key} was deleted {what}, and is held for deleted: {row}")
                continue
            self._standing[key] = row
            verdict.found[row.object_type] += 1
            self._judge_times(row, self._utc(self._gone[key]["at"]), is_told=key in shown.gone)
            right = row.cause == self._gone[key]["cause"]
            verdict.causes["right" if right else "unknown" if row.cause == "unknown" else "wrong"] += 1
            if not right and row.cause != "unknown" and self._world.is_in_order:
                self._fault(f"{key} was deleted because {self._gone[key]['cause']}, not {row.cause}")
        for key, truth in self._gone.items():
            is_known = key in shown.objects
            if truth["at"] < self._begun and not is_known:
                continue
            verdict.deletions[key[0]] += 1
            if not is_known:
                verdict.unknowable[key[0]] += 1
            elif key not in self._standing:
                verdict.missed[key[0]] += 1
                self._fault(f"{key} was deleted at {truth['at']} ({truth['cause']}), which is not known")

    def _judge_times(self, row: Deletion, at: datetime, *, is_told: bool) -> None:
        not_before = row.not_before_at or at
        is_within = not_before <= at <= row.not_after_at and not_before <= row.deleted_at <= row.not_after_at
        if row.precision == "exact":
            self.verdict.exact[row.object_type] += 1
            is_within = is_within and row.deleted_at == at
        if not is_within:
            self.verdict.out_of_bounds += 1
            self._fault(f"{row.object_type} {row.object_id} was deleted at {at}, which is not what is told: {row}")
        if is_told != (row.precision == "exact"):
            self._fault(f"an event {'told' if is_told else 'never told'} of a deletion that is {row.precision}: {row}")

    def _judge_facts(self) -> None:
        """What the facts say of deletions is what `fct_deletions` says."""
        for kind, rows in (("order", self._marts.orders), ("item", self._marts.items)):
            held = {(kind, row[0]): row.deleted_at for row in rows if row.outcome == "deleted"}
            standing = {key: row.deleted_at for key, row in self._standing.items() if key[0] == kind}
            for key in held.items() ^ standing.items():
                self._fault(f"fct_{kind}s and fct_deletions do not agree about {key}")

    def _judge_places(self) -> None:
        """What is there is there: each item in the order that the truth names, and no order that is not deleted."""
        items = {row.order_item_id: row for row in self._marts.items}
        outcomes = {row.order_id: row.outcome for row in self._marts.orders}
        for row in self._truth["items"]:
            if ("item", row["id"]) in self._shown.objects:
                found = items.get(row["id"])
                if found is None or found.order_id != row["order"] or found.outcome not in _LIVING:
                    self.verdict.misplaced += 1
                    self._fault(f"item {row['id']} is in order {row['order']}, and is held for {found}")
        for row in self._truth["orders"]:
            if ("order", row["id"]) in self._shown.objects and outcomes.get(row["id"]) in (None, "deleted"):
                self.verdict.misplaced += 1
                self._fault(f"order {row['id']} is there, and is held for {outcomes.get(row['id'])}")

    def _judge_values(self) -> None:
        """What is gone keeps what it was last known to be."""
        items = {row.order_item_id: row for row in self._marts.items}
        for (kind, key), row in self._standing.items():
            known = self._shown.prices(key) if kind == "item" else set()
            if not known:
                continue
            price = items[key].total_price if key in items else None
            is_sane = row.value_lost is not None and price is not None and 0 <= row.value_lost <= price
            if price not in known or not is_sane:
                self.verdict.values_lost += 1
                self._fault(
                    f"item {key} was worth {known}, and is held for {price}, of which {row.value_lost} was lost"
                )

    def _judge_moves(self) -> None:
        verdict, world = self.verdict, self._world
        paths: defaultdict[str, list[str]] = defaultdict(list)
        since = Counter[tuple[Any, ...]]()
        causes: dict[tuple[Any, ...], str] = {}
        for move in self._truth["moves"]:
            paths[move["item"]] += [move["from_order"], move["to_order"]]
            told = (move["item"], move["from_order"], move["to_order"], self._utc(move["at"]))
            since[told] += move["at"] >= self._begun
            causes[told] = move["cause"]
        found = Counter(
            (row.order_item_id, row.from_order_id, row.to_order_id, row.moved_at) for row in self._marts.moves
        )
        for row in self._marts.moves:
            path = paths[row.order_item_id]
            if row.from_order_id not in path or row.to_order_id not in path[path.index(row.from_order_id) + 1 :]:
                verdict.moves["invented"] += 1
                self._fault(f"there was no such move: {row}")
            cause = causes.get((row.order_item_id, row.from_order_id, row.to_order_id, row.moved_at))
            if cause is not None:
                verdict.move_causes[
                    "right" if row.cause == cause else row.cause if row.cause == "unknown" else "wrong"
                ] += 1
        verdict.moves["true"] += since.total()
        verdict.moves["exact"] += (found & since).total()
        if world.is_told_everything:
            for told in _difference(since, found):
                self._fault(f"a move that was told is not as it was: {told}")
        counted = Counter(row.order_item_id for row in self._marts.moves)
        for item in self._marts.items:
            if item.moves != counted[item.order_item_id]:
                self._fault(
                    f"item {item.order_item_id} has {counted[item.order_item_id]} moves; its fact says {item.moves}"
                )


def _difference(one: Counter[Any], other: Counter[Any]) -> Iterator[Any]:
    yield from (one - other).elements()
    yield from (other - one).elements()
