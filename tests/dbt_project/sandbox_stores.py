"""Three sandbox stores, each simulated and built once per test session, against which all truth tests compare.

`all_events`: every webhook arrives, some twice, out of order or days late; three pulls, the last one three days ago.
`lossy_events`: one event in five never arrives; subscriptions are pulled daily.
`no_events`: subscriptions are pulled daily for a year, all objects daily in its last 50 days; two currencies.

Belongs here: how a store runs and how it is brought into the lake.
Does not belong here: what must be true of the marts.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ordergroove_sandbox import RunningStore, Store, serve
from ordergroove_sandbox.faults import Faults
from ordergroove_sandbox.webhooks import Shape, Webhooks
from testkit.dbt.runner import Dbt
from testkit.dbt.sandbox_lake import SALES_OBJECTS, ingest, pull
from testkit.dbt.store import LakeFixture, Warehouse

UNTIL = datetime(2026, 6, 10, 14)
DAYS = 365
# Days before UNTIL on which `all_events` is pulled, and since when all objects of `no_events` are pulled daily.
PULLS = (120, 23, 0)
WATCHED_DAYS = 50
# Three days in which only webhooks tell of changes follow the last pull.
DAYS_WITHOUT_PULL = 3
# Answers to a placement that are too rare to occur by themselves in so small a store.
RARE_ANSWERS = ("110", "030")

Verdicts = dict[str, tuple[str, int | None]]
Tables = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What happened in a store, table by table."""

    tables: Tables

    def table(self, name: str) -> list[dict[str, Any]]:
        return self.tables[name]


@dataclass(frozen=True, kw_only=True)
class SandboxStore:
    """A store after its simulation, and the warehouse that was built from it.

    `watched_since` is the start of daily pulls of all objects. `next_pull` is a lake with the pull after the last one:
    the warehouse does not contain it. `verdicts` gives the status of each data test of the build, and the number of
    rows that it found.
    """

    truth: Truth
    now: datetime
    placement: str
    currencies: tuple[str, ...]
    watched_since: datetime
    data_dir: Path
    next_pull: Path
    verdicts: Verdicts = field(default_factory=dict)

    def warehouse(self, dbt: Dbt) -> Warehouse:
        """The built warehouse. Tests only read it: other processes read it at the same time."""
        return Warehouse(self.data_dir, dbt=dbt)


def built(folder: Path, simulate: Callable[[Path, int], SandboxStore], *, seed: int, dbt: Dbt) -> SandboxStore:
    """Simulate a store and build the whole project with all its data tests; warnings are allowed."""
    data_dir = folder / "data"
    (data_dir / "warehouse").mkdir(parents=True)
    LakeFixture(data_dir / "lake")
    store = simulate(folder, seed)
    return replace(store, verdicts=verdicts_of(store.warehouse(dbt).build()))


def verdicts_of(result: Any) -> Verdicts:
    """The status of each data test that a dbt command ran, and how many rows it found."""
    return {
        node.node.name: (str(node.status), node.failures) for node in result.result if node.node.resource_type == "test"
    }


def all_events(folder: Path, seed: int) -> SandboxStore:
    faults = Faults(double_event_every=3, late_event_every=10, late_event_seconds=3 * 86_400, shuffle_events=900)
    hooks = Webhooks(shape=Shape(nesting="data" if seed % 2 else "top"), faults=faults)
    first, *later = PULLS
    with delivered(hooks, folder) as lake:
        store = Store(
            seed=seed,
            customers=120,
            imported=9,
            days=DAYS - first,
            until=UNTIL - timedelta(days=first),
            webhooks=hooks,
            out_of_stock="event",
            placement="batch" if seed % 3 == 0 else "direct",
            emptied_orders="delete" if seed % 2 else "keep",
        )
        answers = list(RARE_ANSWERS)
        with serve(store) as shop:
            end = pull(shop, lake, since=None, names=SALES_OBJECTS)
            for days in later:
                advance(store, until=UNTIL - timedelta(days=days), answers=answers)
                end = pull(shop, lake, since=end, names=SALES_OBJECTS)
            store.advance(days=DAYS_WITHOUT_PULL)
            pull(shop, LakeFixture(folder / "next-pull").root, since=end, names=SALES_OBJECTS)
    return finished(store, folder)


def lossy_events(folder: Path, seed: int) -> SandboxStore:
    """The order discounts here are already in `sub_total`, as Ordergroove's reference describes it."""
    hooks = Webhooks(faults=Faults(lose_event_every=5, double_event_every=7, shuffle_events=900))
    with delivered(hooks, folder) as lake:
        store = young_store(seed, webhooks=hooks, order_discounts="off sub_total")
        with serve(store) as shop:
            pull_subscriptions_daily(shop, lake, days=DAYS, answers=[])
            pull(shop, lake, since=None, names=("customers", "orders", "items"))
    return finished(store, folder)


def no_events(folder: Path, seed: int) -> SandboxStore:
    store = young_store(seed, currencies=("USD", "CAD"))
    with serve(store) as shop:
        lake = folder / "data" / "lake"
        end = pull_subscriptions_daily(shop, lake, days=DAYS - WATCHED_DAYS, answers=list(RARE_ANSWERS))
        watched_since = store.now
        pull(shop, lake, since=None, names=[name for name in SALES_OBJECTS if name != "subscriptions"])
        for _ in range(WATCHED_DAYS):
            store.advance(days=1)
            end = pull(shop, lake, since=end, names=SALES_OBJECTS)
    return finished(store, folder, watched_since=watched_since)


def young_store(seed: int, **options: Any) -> Store:
    """A store six days old, a year before `UNTIL`."""
    return Store(seed=seed, customers=3, days=6, until=UNTIL - timedelta(days=DAYS), **options)


def pull_subscriptions_daily(shop: RunningStore, lake: Path, *, days: int, answers: list[str]) -> datetime:
    end = pull(shop, lake, since=None, names=("subscriptions",))
    for _ in range(days):
        advance(shop.store, until=shop.store.now + timedelta(days=1), answers=answers)
        end = pull(shop, lake, since=end, names=("subscriptions",))
    return end


@contextmanager
def delivered(hooks: Webhooks, folder: Path) -> Iterator[Path]:
    """Write the events of a store that is made inside into files, and ingest them in the end. Yields the lake."""
    lake = folder / "data" / "lake"
    hooks.write_files_to(folder / "event-files")
    yield lake
    hooks.close()
    ingest(folder / "event-files", lake)


def advance(store: Store, *, until: datetime, answers: list[str]) -> None:
    """Let time pass, and let orders that wait for the shop end by the given answers, until none is left."""
    while store.now < until:
        # A batch is answered at eleven: in steps of a day, no order would be seen waiting.
        store.advance(seconds=min(6 * 3600, (until - store.now).total_seconds()))
        # The log lists attempts before the end of a window, so none ends at its last second.
        if answers and store.now < until:
            waiting = [row["id"] for row in store.truth.table("orders") if row["status"] in (9, 10, 13)]
            if waiting:
                store.finalize_placement(waiting[0], code=answers.pop())


def finished(store: Store, folder: Path, *, watched_since: datetime | None = None) -> SandboxStore:
    return SandboxStore(
        truth=Truth(tables=store.truth.tables()),
        now=store.now,
        placement=store.state.placement,
        currencies=store.state.currencies,
        watched_since=watched_since or store.now,
        data_dir=folder / "data",
        next_pull=folder / "next-pull",
    )
