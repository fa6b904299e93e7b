"""Check stores of many seeds: invariants, replay of events, and equal truth for equal arguments.

    python -m testkit.sandbox.prove --seeds 60

The test suite checks a few seeds; `make prove` runs this and more generated examples of the suite's own tests.
"""

import argparse
from datetime import datetime
from typing import Any

from ordergroove_sandbox import Store
from testkit.sandbox.event_replay import assert_events_rebuild_store
from testkit.sandbox.invariants import assert_invariants
from testkit.sandbox.webhook_inbox import store_with_events

UNTIL = datetime(2026, 11, 22, 14)


def settings_of(seed: int) -> dict[str, Any]:
    """Return the arguments of a store; size and all options vary with the seed."""
    return {
        "customers": 10 + seed % 90,
        "days": 60 + seed * 7 % 700,
        "until": UNTIL,
        "emptied_orders": ("keep", "delete")[seed % 2],
        "placement": ("direct", "direct", "batch")[seed % 3],
        "currencies": (("USD",), ("USD", "CAD", "EUR"))[seed % 2],
        "imported": seed % 4,
    }


def prove(seed: int) -> None:
    """Check the store of one seed; raises AssertionError."""
    settings = settings_of(seed)
    store, inbox = store_with_events(seed, **settings)
    assert_invariants(store)
    assert_events_rebuild_store(store, inbox)
    assert Store(seed=seed, **settings).truth.tables() == store.truth.tables()


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Check simulated stores of many seeds.")
    parser.add_argument("--seeds", type=int, default=60, metavar="N")
    seeds = parser.parse_args().seeds
    for seed in range(seeds):
        prove(seed)
        print(f"\r{seed + 1} of {seeds} seeds", end="", flush=True)
    print()


if __name__ == "__main__":
    main()
