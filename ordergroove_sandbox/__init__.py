"""A store that one can run: an invented merchant behind a faithful copy of Ordergroove's REST API.

Belongs here: the state (state, behaviour, clock, event_log), its REST face, its faults, and the truth about it. Not
here: anything that reads the API. This room imports no other room of the project, so that a misreading on one side of
the wire cannot hide on the other (docs/sandbox.md).

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
