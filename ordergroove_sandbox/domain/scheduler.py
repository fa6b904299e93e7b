"""The order in which things happen: what is to be done next, and when.

Belongs here: the queue and the passing of time. Not here: what is done (behaviour, placement).
"""

from collections.abc import Callable
from datetime import datetime
from heapq import heappop, heappush

from .state import API_KEY, CUSTOMER, StoreState


class Scheduler:
    """CustomerActions by their moment; those of one moment in the order in which they were planned.

    A action is a customer's unless it says otherwise; whatever is done between two runs is done with an API key.
    """

    def __init__(self, state: StoreState) -> None:
        self._state = state
        self._heap: list[tuple[datetime, int, Callable[[], None]]] = []
        self._planned = 0

    def at(self, moment: datetime, *, do: Callable[[], None]) -> None:
        """Plan a action; a moment that has passed means now."""
        self._planned += 1
        heappush(self._heap, (max(moment, self._state.now), self._planned, do))

    def run(self, *, until: datetime) -> None:
        """Let time pass up to and including a moment."""
        assert until >= self._state.now, "time does not run backwards"
        while self._heap and self._heap[0][0] <= until:
            moment, _, do = heappop(self._heap)
            self._state.now = moment
            self._state.actor = CUSTOMER
            do()
        self._state.actor = API_KEY
        self._state.now = until
