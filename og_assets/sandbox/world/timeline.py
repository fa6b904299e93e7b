"""The order in which things happen: what is to be done next, and when.

Belongs here: the queue and the passing of time. Not here: what is done (behaviour, placement).
"""

from collections.abc import Callable
from datetime import datetime
from heapq import heappop, heappush

from .state import World


class Timeline:
    """Deeds by their moment; those of one moment in the order in which they were planned."""

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
        while self._heap and self._heap[0][0] <= until:
            moment, _, do = heappop(self._heap)
            self._world.now = moment
            do()
        self._world.now = until
