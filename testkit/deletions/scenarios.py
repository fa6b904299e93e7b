"""Define scenarios: which webhooks arrive, and how often the store is synced.

Belongs here: the settings of a scenario, and what varies by seed. Does not belong here: running it (`run.py`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random
from typing import Any, Literal

from ordergroove_sandbox.faults import Faults
from ordergroove_sandbox.webhooks import Shape

# Wall clock of the first pull. The following year has both daylight-saving changes.
BEGIN = datetime(2026, 1, 14, 14)

EmptiedOrders = Literal["keep", "delete"]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One row of the results.

    Webhooks start on day `webhooks_from_day` (None: never). `share_lost` of the events never arrive. With
    `is_disordered`, events are duplicated, shuffled and late. Every `sync_days` the store is pulled and listed, at the
    time of day of `BEGIN`, or with `at_night` during the placement. `hours_per_page` pass in the store before each
    further page of a list; listings have pages of `page_size` rows. `share_of_seeds` is the share of seeds that run.
    """

    name: str
    webhooks: str
    syncs: str
    webhooks_from_day: int | None = 0
    share_lost: float = 0.0
    is_disordered: bool = False
    emptied_orders: EmptiedOrders | None = None
    sync_days: int = 7
    syncs_per_check: int = 4
    at_night: bool = False
    hours_per_page: float = 0.0
    page_size: int = 100
    is_random: bool = False
    share_of_seeds: float = 1.0

    @property
    def has_all_events(self) -> bool:
        """Whether every event since the first pull arrives."""
        return self.webhooks_from_day == 0 and not self.share_lost

    @property
    def has_all_events_in_order(self) -> bool:
        """Whether every event arrives once and in time. Only then must every cause be right."""
        return self.has_all_events and not self.is_disordered


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(name="complete", webhooks="all, in order", syncs="pull and listing weekly, checks every 4 weeks"),
    Scenario(
        name="disordered",
        webhooks="all, duplicated, shuffled, late",
        syncs="pull and listing weekly, checks every 4 weeks",
        is_disordered=True,
    ),
    Scenario(
        name="lossy",
        webhooks="20 % lost",
        syncs="pull and listing daily, checks every 4 weeks",
        share_lost=0.2,
        sync_days=1,
        syncs_per_check=28,
    ),
    Scenario(
        name="no_webhooks",
        webhooks="none",
        syncs="pull and listing daily, checks every 4 weeks",
        webhooks_from_day=None,
        sync_days=1,
        syncs_per_check=28,
    ),
    Scenario(
        name="late_webhooks",
        webhooks="none for 30 days, then all",
        syncs="pull and listing weekly, checks every 4 weeks",
        webhooks_from_day=30,
    ),
    # The documentation leaves open whether Ordergroove keeps emptied orders. These two run half of the seeds each.
    Scenario(
        name="emptied_kept",
        webhooks="all, in order",
        syncs='weekly; emptied orders stay ("keep")',
        emptied_orders="keep",
        share_of_seeds=0.5,
    ),
    Scenario(
        name="emptied_deleted",
        webhooks="all, in order",
        syncs='weekly; emptied orders are deleted ("delete")',
        emptied_orders="delete",
        share_of_seeds=0.5,
    ),
    Scenario(
        name="during_placement",
        webhooks="20 % lost",
        syncs="pull and listing daily, during the placement",
        share_lost=0.2,
        sync_days=1,
        syncs_per_check=28,
        at_night=True,
        hours_per_page=0.25,
        page_size=8,
        share_of_seeds=0.2,
    ),
    Scenario(
        name="random",
        webhooks="random share lost",
        syncs="pulls, interrupted listings and limited checks at random times; all of them once at the end",
        is_random=True,
        share_of_seeds=0.2,
    ),
)

# Beyond the number of suspected deletions in any run.
NO_LIMIT = 10**9

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A scenario, a seed, and the length of the simulation."""

    scenario: Scenario
    seed: int
    days: int = 365
    customers: int = 40

    @property
    def name(self) -> str:
        """Name of the case in reports; also part of every random seed."""
        return f"{self.scenario.name}-{self.seed}"

    def resolved(self) -> "Case":
        """Return the case with every setting that its scenario leaves to the seed."""
        scenario, rng = self.scenario, Random(f"{self.name}/scenario")
        if scenario.is_random:
            scenario = replace(
                scenario,
                webhooks_from_day=rng.choice((None, 0, 0, 0, 20)),
                share_lost=rng.choice((0.05, 0.2, 0.5, 0.9)),
                is_disordered=rng.random() < 0.5,
                hours_per_page=rng.choice((0.0, 0.0, 0.1)),
                page_size=rng.choice((5, 20, 100)),
            )
        if scenario.emptied_orders is None:
            scenario = replace(scenario, emptied_orders=("keep", "delete")[self.seed % 2])
        return replace(self, scenario=scenario)

    @property
    def store_arguments(self) -> dict[str, Any]:
        """Arguments of the sandbox store: it has run for half a year before the first pull."""
        return {
            "seed": self.seed,
            "customers": self.customers,
            "days": 180,
            "until": BEGIN.replace(hour=0, minute=10) if self.scenario.at_night else BEGIN,
            "emptied_orders": self.scenario.emptied_orders,
            "out_of_stock": ("silent", "event")[self.seed // 2 % 2],
            "imported": self.seed % 3 * 4,
        }

    @property
    def shape(self) -> Shape:
        """Nesting of events, which the documentation leaves open."""
        return Shape(nesting=("data", "top")[self.seed % 2], context=("actor", "null")[self.seed // 3 % 2])

    @property
    def faults(self) -> Faults:
        """Faults of event delivery. Lost events are drawn by `run.py`."""
        if not self.scenario.is_disordered:
            return Faults()
        late = {"late_event_every": 10, "late_event_seconds": 3 * 86_400}
        return Faults(double_event_every=3, shuffle_events=900, **late)  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True)
class Sync:
    """The steps of one sync, `hours` after the one before. `check_limits` has one limit per run of checks."""

    hours: float
    pull: bool = True
    listing: bool = True
    is_interrupted: bool = False
    check_limits: tuple[int, ...] = (NO_LIMIT,)
    ingests: bool = True


def syncs(case: Case) -> Iterator[Sync]:
    """Yield the syncs of a case. The first is at the beginning; the last has every step, without limits."""
    yield Sync(hours=0)
    hours_left = case.days * 24.0
    if case.scenario.is_random:
        rng = Random(f"{case.name}/syncs")
        while (hours := rng.choice((6.0, 12.0, 24.0, 24.0, 48.0, 72.0, 168.0, 400.0))) < hours_left:
            hours_left -= hours
            yield Sync(
                hours=hours,
                pull=rng.random() < 0.7,
                listing=rng.random() < 0.7,
                is_interrupted=rng.random() < 0.2,
                check_limits=tuple(rng.choice((0, 1, 3, 10, NO_LIMIT)) for _ in range(rng.choice((0, 1, 1, 2)))),
            )
    else:
        number = 0
        while (step := case.scenario.sync_days * 24.0) < hours_left:
            hours_left -= step
            number += 1
            is_checked = number % case.scenario.syncs_per_check == 0
            # Weekly ingestion suffices: the marts are built once, at the end.
            ingests = number * case.scenario.sync_days % 7 == 0
            yield Sync(hours=step, check_limits=(NO_LIMIT,) if is_checked else (), ingests=ingests)
    yield Sync(hours=hours_left, check_limits=(NO_LIMIT, NO_LIMIT))
