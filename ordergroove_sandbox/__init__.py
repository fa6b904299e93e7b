"""Simulate an Ordergroove store: REST API, webhooks, faults and the true state behind them.

Belongs here: the simulator. Does not belong here: code that reads the API. The package imports nothing of `og_assets`,
so that a wrong reading of the API documentation cannot be shared by the simulator and the client (docs/sandbox.md).

    with serve(Store(seed=7, customers=300)) as running:
        httpx.get(f"{running.url}/orders/", headers={"x-api-key": "sandbox-key", "X-OG-API-VERSION": "2"})
        running.store.advance(days=1)
        running.faults.error_every = 5
        running.store.truth.table("deleted_items")
"""

from .faults import Faults
from .server import RunningStore, run, serve
from .store import Store

__all__ = ["Faults", "RunningStore", "Store", "run", "serve"]
