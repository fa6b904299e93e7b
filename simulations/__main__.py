"""Live the lives, side by side on the cores, and write what came of them to `simulations/RESULTS.md`: `make prove`."""

import argparse
import os
import platform
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from datetime import UTC, datetime
from math import ceil
from multiprocessing import get_context
from pathlib import Path

from simulations import listing_cost as cost
from testkit.deletions.comparison import Verdict
from testkit.deletions.report import table
from testkit.deletions.scenarios import BY_NAME, Case
from testkit.deletions.simulate import Proof, prove_apart

RESULTS = Path(__file__).with_name("RESULTS.md")


def main() -> int:
    """Prove; returns how many cases have a fault."""
    arguments = _arguments()
    cases = [
        Case(world=BY_NAME[name], seed=seed, days=arguments.days, customers=arguments.customers)
        for seed in range(arguments.first, arguments.first + arguments.seeds)
        for name in arguments.rows
        if seed - arguments.first < ceil(arguments.seeds * BY_NAME[name].share_of_seeds)
    ]
    verdicts: defaultdict[str, Verdict] = defaultdict(Verdict)
    faulty: list[str] = []
    seconds: defaultdict[str, float] = defaultdict(float)
    requests = cut = overtaken = 0
    with ProcessPoolExecutor(arguments.processes, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(prove_apart, case, arguments.keep): case for case in cases}
        for number, future in enumerate(_completed(running), start=1):
            case = running[future]
            try:
                proof = future.result()
            except Exception as error:
                # A life that cannot be proved is a fault, and no reason to give up on the others.
                verdicts[case.world.name] += Verdict(lives=1, problems=[str(error)])
                faulty.append(f"{case.name}: {error}")
                print(f"{number} of {len(cases)}: {case.name} failed: {error}", flush=True)
                continue
            verdicts[case.world.name] += proof.verdict
            seconds[case.world.name] += proof.life_seconds + proof.build_seconds
            requests += proof.requests
            cut += proof.cut
            overtaken += proof.overtaken
            problems = proof.verdict.problems
            faulty += [f"{case.name}: {problem}" for problem in problems]
            print(
                f"{number} of {len(cases)}: {case.name}, {proof.verdict.found.total()} deletions, {proof.requests:,} "
                f"requests, {proof.events:,} events, {proof.life_seconds:.0f} + {proof.build_seconds:.0f} s, "
                f"{len(problems)} faults",
                flush=True,
            )
            for problem in problems[:5]:
                print(f"    {problem}", flush=True)
    lives = "; ".join(f"{name} {seconds[name] / verdict.lives:.0f} s" for name, verdict in verdicts.items())
    text = (
        "# Results of `python -m simulations`\n\n"
        f"Proved {datetime.now(UTC):%Y-%m-%d} on {os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}: {sum(one.lives for one in verdicts.values())} lives of "
        f"{arguments.days} days, "
        f"{requests:,} requests. {cut:,} censuses were cut on purpose, and {overtaken:,} orders changed or vanished "
        f"while one was taken. A life and its build take, on average: {lives}.\n\n"
        f"## Deletions\n\n{table(verdicts)}\n{_FOOTNOTE}\n## The cost of a census\n\n{cost.measure()}"
    )
    print(text)
    if not arguments.dry:
        RESULTS.write_text(text)
    return min(len(faulty), 1)


def _completed(running: Iterable[Future[Proof]]) -> Iterator[Future[Proof]]:
    """Yield what is done as it is done. Interrupted, what has begun is waited for, and the rest is left."""
    try:
        yield from as_completed(running)
    except KeyboardInterrupt:
        print("interrupted: the results are of what was proved until now", flush=True)
        for future in running:
            future.cancel()


_FOOTNOTE = """What no pull, census or delivered event ever showed cannot be known, and does not count against recall.
Causes are wrong only where another cause is named than the store's own; of moves, those are counted that the store made
after the first pull.
"""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simulations", description="Whether every deletion is known.")
    parser.add_argument("--rows", type=_names, default=list(BY_NAME), help=f"some of {','.join(BY_NAME)}")
    parser.add_argument("--seeds", type=int, default=20, help="how many of each row")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--days", type=int, default=365, help="how long a life is")
    parser.add_argument("--customers", type=int, default=40, help="how many had come before the first pull")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="how many lives at once")
    parser.add_argument("--keep", type=Path, help="keep lakes and warehouses in this folder, which must be new")
    parser.add_argument("--dry", action="store_true", help="print the results, and do not write them")
    return parser.parse_args()


def _names(text: str) -> Sequence[str]:
    names = text.split(",")
    if unknown := set(names) - BY_NAME.keys():
        raise argparse.ArgumentTypeError(f"no such rows: {', '.join(sorted(unknown))}")
    return names


if __name__ == "__main__":
    sys.exit(main())
