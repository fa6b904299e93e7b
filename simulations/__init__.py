"""Simulations of deletion detection at length: many stores, each synced for a year, whose marts must match the truth.

`python -m simulations` runs every scenario with 20 seeds, in parallel, and writes RESULTS.md beside this file. How one
case runs is in `testkit/deletions/`; `listing_cost` measures the requests for a store of 100,000 open orders. Does not
belong here: speed (`benchmarks/`), single behaviours (`tests/`).

    python -m simulations
    python -m simulations --scenarios during_placement --seeds 3 --days 90 --keep DIR
"""
