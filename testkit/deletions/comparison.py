"""Compare the marts with the truth of a store: what is right, wrong and missing.

Belongs here: the rules of the comparison. Does not belong here: what could be known (`observed.py`), reading the marts
(`marts.py`), the table of results (`report.py`).
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from .marts import Deletion, Marts
from .observed import Key, Observed
from .scenarios import Scenario

KINDS = ("order", "item")
_EXISTING_OUTCOMES = frozenset(("open", "placed", "rejected", "cancelled"))
Truth = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass
class Comparison:
    """Counts of one case, or of several added up. `problems` has a sentence for each fault of the marts.

    Counters are by kind (order, item); `causes` and `move_causes` by result (right, wrong, unknown).
    """

    cases: int = 0
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
    wrong_values: int = 0
    problems: list[str] = field(default_factory=list)

    def __add__(self, other: "Comparison") -> "Comparison":
        """Add up the counts and problems of both."""
        return Comparison(**{name: value + getattr(other, name) for name, value in vars(self).items()})

    def precision(self, kind: str) -> float:
        """Share of the deletions in the marts that are true."""
        in_marts = self.found[kind] + self.wrong[kind]
        return self.found[kind] / in_marts if in_marts else 1.0

    def recall(self, kind: str) -> float:
        """Share of the true deletions of observed objects that are in the marts."""
        knowable = self.deletions[kind] - self.unknowable[kind]
        return 1 - self.missed[kind] / knowable if knowable else 1.0


def compare(
    marts: Marts, truth: Truth, observed: Observed, *, scenario: Scenario, started_at: datetime, zone: ZoneInfo
) -> Comparison:
    """Compare the marts with the truth of a store that was first pulled at `started_at`, on its wall clock."""
    return _Comparer(marts, truth, observed, scenario=scenario, started_at=started_at, zone=zone).result


class _Comparer:
    def __init__(
        self,
        marts: Marts,
        truth: Truth,
        observed: Observed,
        *,
        scenario: Scenario,
        started_at: datetime,
        zone: ZoneInfo,
    ) -> None:
        self.result = Comparison(cases=1)
        self._marts, self._truth, self._observed = marts, truth, observed
        self._scenario, self._started_at, self._zone = scenario, started_at, zone
        self._truly_deleted: dict[Key, Mapping[str, Any]] = {
            (kind, row["id"]): row for kind in KINDS for row in truth[f"deleted_{kind}s"]
        }
        self._found: dict[Key, Deletion] = {}
        self._compare_deletions()
        self._compare_facts()
        self._compare_existing()
        self._compare_values()
        self._compare_moves()

    def _utc(self, wall_clock: datetime) -> datetime:
        return wall_clock.replace(tzinfo=self._zone).astimezone(UTC)

    def _problem(self, sentence: str) -> None:
        self.result.problems.append(sentence)

    def _compare_deletions(self) -> None:
        result, observed = self.result, self._observed
        for row in self._marts.deletions:
            key = (row.object_type, row.object_id)
            if row.undeleted_at is not None or key not in self._truly_deleted or key in self._found:
                # The store never uses an id again, so an undeleted row was never deleted.
                result.wrong[row.object_type] += 1
                reason = "is there twice" if key in self._found else "is wrong"
                self._problem(f"the deletion of {key} {reason}: {row}")
                continue
            self._found[key] = row
            result.found[row.object_type] += 1
            true_row = self._truly_deleted[key]
            self._compare_times(row, self._utc(true_row["at"]), is_reported=key in observed.reported_deleted)
            is_right = row.cause == true_row["cause"]
            result.causes["right" if is_right else "unknown" if row.cause == "unknown" else "wrong"] += 1
            if not is_right and row.cause != "unknown" and self._scenario.has_all_events_in_order:
                self._problem(f"the cause of the deletion of {key} is {true_row['cause']}, not {row.cause}")
        for key, true_row in self._truly_deleted.items():
            is_observed = key in observed.objects
            if true_row["at"] < self._started_at and not is_observed:
                continue
            result.deletions[key[0]] += 1
            if not is_observed:
                result.unknowable[key[0]] += 1
            elif key not in self._found:
                result.missed[key[0]] += 1
                self._problem(f"the deletion of {key} at {true_row['at']} ({true_row['cause']}) is missing")

    def _compare_times(self, row: Deletion, at: datetime, *, is_reported: bool) -> None:
        not_before = row.not_before_at or at
        is_within = not_before <= at <= row.not_after_at and not_before <= row.deleted_at <= row.not_after_at
        if row.precision == "exact":
            self.result.exact[row.object_type] += 1
            is_within = is_within and row.deleted_at == at
        if not is_within:
            self.result.out_of_bounds += 1
            self._problem(f"{row.object_type} {row.object_id} was deleted at {at}, outside the bounds of {row}")
        if is_reported != (row.precision == "exact"):
            event = "an event" if is_reported else "no event"
            self._problem(f"{event} reported a deletion whose precision is {row.precision}: {row}")

    def _compare_facts(self) -> None:
        """Deletions in the fact tables equal those in `fct_deletions`."""
        for kind, rows in (("order", self._marts.orders), ("item", self._marts.items)):
            in_facts = {(kind, row[0]): row.deleted_at for row in rows if row.outcome == "deleted"}
            in_deletions = {key: row.deleted_at for key, row in self._found.items() if key[0] == kind}
            for key in in_facts.items() ^ in_deletions.items():
                self._problem(f"fct_{kind}s and fct_deletions do not agree about {key}")

    def _compare_existing(self) -> None:
        """Every existing item is in its true order, and no existing order is deleted."""
        items = {row.order_item_id: row for row in self._marts.items}
        outcomes = {row.order_id: row.outcome for row in self._marts.orders}
        for row in self._truth["items"]:
            if ("item", row["id"]) in self._observed.objects:
                found = items.get(row["id"])
                if found is None or found.order_id != row["order"] or found.outcome not in _EXISTING_OUTCOMES:
                    self.result.misplaced += 1
                    self._problem(f"item {row['id']} is in order {row['order']}, but the mart has {found}")
        for row in self._truth["orders"]:
            if ("order", row["id"]) in self._observed.objects and outcomes.get(row["id"]) in (None, "deleted"):
                self.result.misplaced += 1
                self._problem(f"order {row['id']} exists, but the mart has {outcomes.get(row['id'])}")

    def _compare_values(self) -> None:
        """Every deleted item keeps its last observed price."""
        items = {row.order_item_id: row for row in self._marts.items}
        for (kind, key), row in self._found.items():
            prices = self._observed.prices(key) if kind == "item" else set()
            if not prices:
                continue
            price = items[key].total_price if key in items else None
            is_plausible = row.value_lost is not None and price is not None and 0 <= row.value_lost <= price
            if price not in prices or not is_plausible:
                self.result.wrong_values += 1
                self._problem(
                    f"item {key} had the price {prices}; the marts have the price {price} and the lost value "
                    f"{row.value_lost}"
                )

    def _compare_moves(self) -> None:
        result = self.result
        orders_of_item: defaultdict[str, list[str]] = defaultdict(list)
        true_moves = Counter[tuple[Any, ...]]()
        causes: dict[tuple[Any, ...], str] = {}
        for move in self._truth["moves"]:
            orders_of_item[move["item"]] += [move["from_order"], move["to_order"]]
            key = (move["item"], move["from_order"], move["to_order"], self._utc(move["at"]))
            true_moves[key] += move["at"] >= self._started_at
            causes[key] = move["cause"]
        found = Counter(
            (row.order_item_id, row.from_order_id, row.to_order_id, row.moved_at) for row in self._marts.moves
        )
        for row in self._marts.moves:
            orders = orders_of_item[row.order_item_id]
            # Between two observations an item may move several times. The marts then have one move from first to last.
            if row.from_order_id not in orders or row.to_order_id not in orders[orders.index(row.from_order_id) + 1 :]:
                result.moves["invented"] += 1
                self._problem(f"there was no such move: {row}")
            cause = causes.get((row.order_item_id, row.from_order_id, row.to_order_id, row.moved_at))
            if cause is not None:
                is_right, is_unknown = row.cause == cause, row.cause == "unknown"
                result.move_causes["right" if is_right else "unknown" if is_unknown else "wrong"] += 1
        result.moves["true"] += true_moves.total()
        result.moves["exact"] += (found & true_moves).total()
        if self._scenario.has_all_events:
            for key in _difference(true_moves, found):
                self._problem(f"a move with an event differs between truth and mart: {key}")
        moves_of_item = Counter(row.order_item_id for row in self._marts.moves)
        for item in self._marts.items:
            if item.moves != moves_of_item[item.order_item_id]:
                self._problem(
                    f"item {item.order_item_id} has {moves_of_item[item.order_item_id]} moves in fct_item_moves, and "
                    f"{item.moves} in fct_order_items"
                )


def _difference(one: Counter[Any], other: Counter[Any]) -> Iterator[Any]:
    yield from (one - other).elements()
    yield from (other - one).elements()
