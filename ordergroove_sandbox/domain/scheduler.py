"""Queue of future actions, and the simulated clock.

Does not belong here: the actions (`behaviour`, `placement`).
"""

from collections.abc import Callable
from datetime import datetime
from heapq import heappop, heappush

from .state import API_KEY, CUSTOMER, StoreState


class Scheduler:
    """Runs actions in the order of their time; actions of the same time in the order in which they were scheduled.

    The actor is the customer unless an action sets another one; between runs it is the API key.
    """

    def __init__(self, state: StoreState) -> None:
        self._state = state
        self._heap: list[tuple[datetime, int, Callable[[], None]]] = []
        self._scheduled = 0

    def at(self, moment: datetime, *, do: Callable[[], None]) -> None:
        """Schedule an action; a time in the past means now."""
        self._scheduled += 1
        heappush(self._heap, (max(moment, self._state.now), self._scheduled, do))

    def run(self, *, until: datetime) -> None:
        """Advance the clock to a moment and run all actions up to and including it."""
        assert until >= self._state.now, "time cannot run backwards"
        while self._heap and self._heap[0][0] <= until:
            moment, _, do = heappop(self._heap)
            self._state.now = moment
            self._state.actor = CUSTOMER
            do()
        self._state.actor = API_KEY
        self._state.now = until
