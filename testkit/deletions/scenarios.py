"""The rows of the table: which webhooks arrive, and how often the store is synced.

Belongs here: what is promised of a row, and what varies from seed to seed. Not here: living it (life).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random
from typing import Any, Literal

from ordergroove_sandbox.faults import Faults
from ordergroove_sandbox.webhooks import Shape

BEGIN = datetime(2026, 1, 14, 14)
"""When the first pull is made, in the year of two changes of the clocks that follow."""

Emptied = Literal["keep", "delete"]


@dataclass(frozen=True, kw_only=True)
class World:
    """One row of the table.

    `told_after` is the day on which webhooks begin (None: never), `lost` the share of events that never arrive,
    `garbled` whether they come doubled, out of order and late. Every `sync_days` the store is pulled and a census is
    taken, at the time of day of `BEGIN` or `at_night`, under the placement. `stir_hours` pass before each page that a
    cursor leads to; the pages of a census have `page_size` rows. `share_of_seeds` says how many of the seeds are lived.
    """

    name: str
    webhooks: str
    other: str
    told_after: int | None = 0
    lost: float = 0.0
    garbled: bool = False
    emptied_orders: Emptied | None = None
    sync_days: int = 7
    syncs_per_check: int = 4
    at_night: bool = False
    stir_hours: float = 0.0
    page_size: int = 100
    is_random: bool = False
    share_of_seeds: float = 1.0

    @property
    def is_told_everything(self) -> bool:
        """Whether every event since the first pull arrives."""
        return self.told_after == 0 and not self.lost

    @property
    def is_in_order(self) -> bool:
        """Whether, besides, each arrives once and in time: then no cause may be wrong."""
        return self.is_told_everything and not self.garbled


WORLDS: tuple[World, ...] = (
    World(name="told", webhooks="all", other="in order; pull and census weekly, questions every 4 weeks"),
    World(name="garbled", webhooks="all", other="doubled, shuffled, late; pull and census weekly", garbled=True),
    World(
        name="lossy",
        webhooks="20 % lost",
        other="pull and census daily, questions every 4 weeks",
        lost=0.2,
        sync_days=1,
        syncs_per_check=28,
    ),
    World(
        name="untold",
        webhooks="none",
        other="pull and census daily, questions every 4 weeks",
        told_after=None,
        sync_days=1,
        syncs_per_check=28,
    ),
    World(name="deaf", webhooks="none for a month, then all", other="pull and census weekly", told_after=30),
    # Two halves of one promise.
    World(name="kept", webhooks="all", other='emptied orders stay ("keep")', emptied_orders="keep", share_of_seeds=0.5),
    World(
        name="dropped",
        webhooks="all",
        other='emptied orders are deleted ("delete")',
        emptied_orders="delete",
        share_of_seeds=0.5,
    ),
    World(
        name="stirred",
        webhooks="20 % lost",
        other="pull and census daily, placement running under them",
        lost=0.2,
        sync_days=1,
        syncs_per_check=28,
        at_night=True,
        stir_hours=0.25,
        page_size=8,
        share_of_seeds=0.2,
    ),
    World(
        name="random",
        webhooks="any share lost",
        other="pulls, cut censuses and limited checks at random times, all of them once at the end",
        is_random=True,
        share_of_seeds=0.2,
    ),
)

_ALL = 10**9
"""A limit that no run reaches."""

BY_NAME = {world.name: world for world in WORLDS}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One life to be lived: a row, a seed, and how long."""

    world: World
    seed: int
    days: int = 365
    customers: int = 40

    @property
    def name(self) -> str:
        """Names the case in reports."""
        return f"{self.world.name}-{self.seed}"

    def settled(self) -> "Case":
        """The case with all that its world leaves to the seed."""
        world, rng = self.world, Random(f"{self.name}/world")
        if world.is_random:
            world = replace(
                world,
                told_after=rng.choice((None, 0, 0, 0, 20)),
                lost=rng.choice((0.05, 0.2, 0.5, 0.9)),
                garbled=rng.random() < 0.5,
                stir_hours=rng.choice((0.0, 0.0, 0.1)),
                page_size=rng.choice((5, 20, 100)),
            )
        if world.emptied_orders is None:
            world = replace(world, emptied_orders=("keep", "delete")[self.seed % 2])
        return replace(self, world=world)

    @property
    def store_arguments(self) -> dict[str, Any]:
        """How the store is made: it has lived for half a year before the first pull."""
        return {
            "seed": self.seed,
            "customers": self.customers,
            "days": 180,
            "until": BEGIN.replace(hour=0, minute=10) if self.world.at_night else BEGIN,
            "emptied_orders": self.world.emptied_orders,
            "out_of_stock": ("silent", "event")[self.seed // 2 % 2],
            "imported": self.seed % 3 * 4,
        }

    @property
    def shape(self) -> Shape:
        """How events are nested, which the documentation leaves open."""
        return Shape(nesting=("data", "top")[self.seed % 2], context=("actor", "null")[self.seed // 3 % 2])

    @property
    def faults(self) -> Faults:
        """What happens to events on their way; which of them are lost, the courier draws."""
        if not self.world.garbled:
            return Faults()
        late = {"late_event_every": 10, "late_event_seconds": 3 * 86_400}
        return Faults(double_event_every=3, shuffle_events=900, **late)  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True)
class Sync:
    """What is done at one time: `hours` have passed since the one before. `checks` are the limits of runs in a row."""

    hours: float
    pull: bool = True
    census: bool = True
    cut: bool = False
    checks: tuple[int, ...] = (_ALL,)
    takes_in: bool = True


def syncs(case: Case) -> Iterator[Sync]:
    """The rhythm of a life, whose first sync is at its beginning and whose last holds nothing back."""
    yield Sync(hours=0)
    left = case.days * 24.0
    if case.world.is_random:
        rng = Random(f"{case.name}/rhythm")
        while (hours := rng.choice((6.0, 12.0, 24.0, 24.0, 48.0, 72.0, 168.0, 400.0))) < left:
            left -= hours
            yield Sync(
                hours=hours,
                pull=rng.random() < 0.7,
                census=rng.random() < 0.7,
                cut=rng.random() < 0.2,
                checks=tuple(rng.choice((0, 1, 3, 10, _ALL)) for _ in range(rng.choice((0, 1, 1, 2)))),
            )
    else:
        number = 0
        while (step := case.world.sync_days * 24.0) < left:
            left -= step
            number += 1
            is_checked = number % case.world.syncs_per_check == 0
            # Once a week is often enough for what comes by webhook: the marts are built in the end.
            takes_in = number * case.world.sync_days % 7 == 0
            yield Sync(hours=step, checks=(_ALL,) if is_checked else (), takes_in=takes_in)
    yield Sync(hours=left, checks=(_ALL, _ALL))
