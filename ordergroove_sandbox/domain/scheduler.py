"""The order in which things happen: what is to be done next, and when.

Belongs here: the queue and the passing of time. Not here: what is done (behaviour, placement).
"""

from collections.abc import Callable
from datetime import datetime
from heapq import heappop, heappush

from .state import API_KEY, CUSTOMER, World


class Timeline:
    """Deeds by their moment; those of one moment in the order in which they were planned.

    A deed is a customer's unless it says otherwise; whatever is done between two runs is done with an API key.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._heap: list[tuple[datetime, int, Callable[[], None]]] = []
        self._planned = 0

    def at(self, moment: datetime, *, do: Callable[[], None]) -> None:
        """Plan a deed; a moment that has passed means now."""
        self._planned += 1
        heappush(self._heap, (max(moment, self._world.now), self._planned, do))

    def run(self, *, until: datetime) -> None:
        """Let time pass up to and including a moment."""
        assert until >= self._world.now, "time does not run backwards"
        while self._heap and self._heap[0][0] <= until:
            moment, _, do = heappop(self._heap)
            self._world.now = moment
            self._world.actor = CUSTOMER
            do()
        self._world.actor = API_KEY
        self._world.now = until
