"""Long checks of the receiver: kill -9 under load, and thousands of random requests; part of `make prove`.

python -m simulations.receiver --kills 50 --examples 2000
"""

import argparse
import tempfile
from pathlib import Path

from testkit.receiver.fuzzing import fuzz_bytes, fuzz_headers, fuzz_signed_bodies
from testkit.receiver.kill_loop import kill_loop
from testkit.receiver.running import running


def main() -> None:
    """Run both; an AssertionError names the first fault."""
    parser = argparse.ArgumentParser(prog="python -m simulations.receiver", description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--examples", type=int, default=2000, help="random requests of each kind")
    parser.add_argument("--seed", type=int, default=50, help="seed of the moments of the kills")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="receiver-") as name:
        outcome = kill_loop(Path(name) / "killed" / "data", kills=arguments.kills, seed=arguments.seed)
        print(outcome, flush=True)
        outcome.check()
        with running(Path(name) / "fuzzed" / "data", "--timeout", "1") as receiver:
            for fuzz in (fuzz_signed_bodies, fuzz_headers, fuzz_bytes):
                fuzz(receiver, examples=arguments.examples)
                print(f"{fuzz.__name__}: {arguments.examples:,} random requests, no fault", flush=True)


if __name__ == "__main__":
    main()
