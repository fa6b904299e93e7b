"""Simulate all cases in parallel, print a line for each, and write `simulations/RESULTS.md`: `make prove`."""

import argparse
import os
import platform
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import ceil
from multiprocessing import get_context
from pathlib import Path

from simulations import listing_cost
from testkit.deletions.comparison import Comparison
from testkit.deletions.report import table
from testkit.deletions.scenarios import BY_NAME, Case
from testkit.deletions.simulate import SimulationResult, simulate_in_worker

RESULTS = Path(__file__).with_name("RESULTS.md")
MAX_PRINTED_PROBLEMS = 5

_FOOTNOTE = """Counts are "items, orders". Objects that no pull, listing or delivered event ever showed cannot be known:
they are counted as "never observed", and not against recall. A cause is wrong if the marts name another cause than the
store; `unknown` is not wrong. Moves are those after the first pull.
"""


@dataclass
class Totals:
    """Results by scenario name, added up."""

    comparisons: defaultdict[str, Comparison] = field(default_factory=lambda: defaultdict(Comparison))
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    requests: int = 0
    interrupted: int = 0
    changed: int = 0

    def add(self, name: str, result: SimulationResult) -> None:
        """Add the result of one case."""
        self.comparisons[name] += result.comparison
        self.seconds[name] += result.run_seconds + result.build_seconds
        self.requests += result.requests
        self.interrupted += result.interrupted_listings
        self.changed += result.orders_changed_during_listings


def main() -> int:
    """Run the simulations; return 1 if any case has a problem."""
    arguments = _arguments()
    cases = [
        Case(scenario=BY_NAME[name], seed=seed, days=arguments.days, customers=arguments.customers)
        for seed in range(arguments.first, arguments.first + arguments.seeds)
        for name in arguments.scenarios
        if seed - arguments.first < ceil(arguments.seeds * BY_NAME[name].share_of_seeds)
    ]
    totals = Totals()
    with ProcessPoolExecutor(arguments.processes, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(simulate_in_worker, case, arguments.keep): case for case in cases}
        for number, future in enumerate(_completed(running), start=1):
            case = running[future]
            try:
                result = future.result()
            except Exception as error:  # noqa: BLE001
                # A case that raises counts as a problem, and must not stop the other cases.
                totals.comparisons[case.scenario.name] += Comparison(cases=1, problems=[str(error)])
                print(f"{number} of {len(cases)}: {case.name} failed: {error}", flush=True)
                continue
            totals.add(case.scenario.name, result)
            print(f"{number} of {len(cases)}: {_line(case, result)}", flush=True)
            for problem in result.comparison.problems[:MAX_PRINTED_PROBLEMS]:
                print(f"    {problem}", flush=True)
    text = _report(totals, days=arguments.days)
    print(text)
    if not arguments.dry:
        RESULTS.write_text(text)
    return int(any(comparison.problems for comparison in totals.comparisons.values()))


def _line(case: Case, result: SimulationResult) -> str:
    return (
        f"{case.name}: {result.comparison.found.total()} deletions found, {result.requests:,} requests, "
        f"{result.events:,} events, {result.run_seconds:.0f} s run, {result.build_seconds:.0f} s build, "
        f"{len(result.comparison.problems)} problems"
    )


def _report(totals: Totals, *, days: int) -> str:
    comparisons = totals.comparisons
    seconds = "; ".join(f"{name} {totals.seconds[name] / one.cases:.0f} s" for name, one in comparisons.items())
    return (
        "# Results of `python -m simulations`\n\n"
        f"Run on {datetime.now(UTC):%Y-%m-%d} on {os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}: {sum(one.cases for one in comparisons.values())} cases of {days} days, "
        f"{totals.requests:,} requests. {totals.interrupted:,} listings were interrupted on purpose, and "
        f"{totals.changed:,} orders changed or were deleted during a listing. Average time of a case with its build: "
        f"{seconds}.\n\n"
        f"## Deletions\n\n{table(comparisons)}\n{_FOOTNOTE}\n## Cost of an open-ID listing\n\n{listing_cost.measure()}"
    )


def _completed(running: Iterable[Future[SimulationResult]]) -> Iterator[Future[SimulationResult]]:
    """Yield each case when it is complete. Ctrl-C waits for the cases that have begun, and cancels the rest."""
    try:
        yield from as_completed(running)
    except KeyboardInterrupt:
        print("Interrupted: the results are those of the cases that were completed.", flush=True)
        for future in running:
            future.cancel()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m simulations",
        description="Simulate stores, sync them, and compare the deletions in the marts with the truth.",
    )
    parser.add_argument(
        "--scenarios", type=_names, default=list(BY_NAME), help=f"comma-separated, of {','.join(BY_NAME)}"
    )
    parser.add_argument("--seeds", type=int, default=20, help="number of seeds")
    parser.add_argument("--first", type=int, default=1, help="first seed")
    parser.add_argument("--days", type=int, default=365, help="simulated days per case")
    parser.add_argument("--customers", type=int, default=40, help="customers of a store before the first pull")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="cases in parallel")
    parser.add_argument("--keep", type=Path, help="keep lakes and warehouses in this folder, which must not exist")
    parser.add_argument("--dry", action="store_true", help="print the results, but do not write RESULTS.md")
    return parser.parse_args()


def _names(text: str) -> Sequence[str]:
    names = text.split(",")
    if unknown := set(names) - BY_NAME.keys():
        raise argparse.ArgumentTypeError(f"unknown scenarios: {', '.join(sorted(unknown))}")
    return names


if __name__ == "__main__":
    sys.exit(main())
