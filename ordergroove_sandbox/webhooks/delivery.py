"""From the event_log to the targets: every event is composed when it happens, and sent when it is due.

Belongs here: the queue, attempts and retries, and what goes wrong on the way. Not here: bytes (messages), sockets
(targets), files (dumps).

Time is the store's ("virtual": what is due by the store's `now` is sent by `deliver()`, as fast as it goes) or that of
the machine ("real": a retry after ten minutes comes after ten minutes). The body of an event is the same either way.
"""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from pathlib import Path
from random import Random
from threading import Lock
from typing import Literal

from ordergroove_sandbox.domain.event_log import Event
from ordergroove_sandbox.domain.records import Row
from ordergroove_sandbox.domain.state import StoreState
from ordergroove_sandbox.faults import Faults

from .event_files import EventFileFolder
from .messages import Message, Shape, compose
from .payloads import epoch, token
from .retry_schedules import SCHEDULES, ScheduleName
from .signing import HEADER, SigningKeys
from .targets import MAX_TARGETS, Delivery, DeliveryState, HttpPost, Post, Target, is_address

DEFAULT_KEY = "sandbox-verification-key"
_KEPT = 1000
_GARBAGE = b'{"id": "oops", "type": '


class Webhooks:
    """Give it to a store (`Store(webhooks=…)` for its whole life, `store.attach_webhooks(webhooks)` from now on)."""

    def __init__(
        self,
        *,
        shape: Shape | None = None,
        schedule: ScheduleName = "newest",
        clock: Literal["virtual", "real"] = "virtual",
        faults: Faults | None = None,
        post: Post | None = None,
    ) -> None:
        self.shape = shape or Shape()
        self.faults = faults or Faults()
        self.targets: dict[str, Target] = {}
        self.recent: deque[Delivery] = deque(maxlen=_KEPT)
        self.emitted = 0
        self._schedule = SCHEDULES[schedule]
        self._is_virtual = clock == "virtual"
        self._post = post or HttpPost()
        self._files: EventFileFolder | None = None
        self._files_to: tuple[Path, str] | None = None
        self._file_queue: list[tuple[datetime, int, bytes]] = []
        self._queue: list[tuple[datetime, int, Delivery]] = []
        self._order = count()
        self._lock = Lock()
        self._state: StoreState | None = None

    def bind(self, state: StoreState, *, seed: int) -> None:
        """Listen to a state; called by the store."""
        self._state = state
        rng = Random(f"{seed}/webhooks")
        if self._files_to is not None:
            folder, key = self._files_to
            self._files = EventFileFolder(folder, zone=state.zone, key=key)

        def listen(event: Event, row: Row) -> None:
            self.emitted += 1
            if self._files_to is None and not self.targets:
                return
            message = compose(state, event, row, seed=seed, shape=self.shape)
            self._take(message, rng)

        state.event_log.listeners.append(listen)

    def add_target(self, url: str, *, key: str = DEFAULT_KEY, pattern: str = "*") -> Target:
        """Send events to an address from now on; raises ValueError where nothing can be sent to it."""
        if not is_address(url):
            raise ValueError(f"{url!r} is no address. Write it as http://127.0.0.1:8080/webhooks.")
        if len(self.targets) >= MAX_TARGETS:
            raise ValueError(f"there are {MAX_TARGETS} targets already, which is the most that are allowed")
        created = self.epoch_of(self.now) if self._state is not None else 0
        target_id = token("target", f"{len(self.targets)}/{url}")
        target = Target(id=target_id, url=url, keys=SigningKeys(key), pattern=pattern, created=created)
        self.targets[target.id] = target
        return target

    def write_files_to(self, folder: Path, *, key: str = DEFAULT_KEY) -> None:
        """Write events into a folder; to be called before the store is made, or told of these webhooks.

        Raises ValueError where events are in it already: two stores in one folder would be taken for one.
        """
        if next(folder.glob("*/events-*.jsonl"), None) is not None:
            raise ValueError(f"{folder} holds events already. Choose a folder that is empty or does not exist yet.")
        self._files_to = (folder, key)

    def rotate_key(self, target: Target, new_key: str) -> None:
        """Sign with a new key from now on, and with the old one too for a day."""
        target.keys.rotate(new_key, now=self.now)

    @property
    def now(self) -> datetime:
        """The wall-clock time by which deliveries are due."""
        assert self._state is not None, "no store has been told of these webhooks"
        return self._state.now if self._is_virtual else datetime.now(self._state.zone).replace(tzinfo=None)

    @property
    def pending(self) -> int:
        """How many deliveries are still to be made or to be tried again."""
        return len(self._queue)

    @property
    def has_work(self) -> bool:
        """Whether anything is due, or waits to be written into a dump."""
        with self._lock:
            due = bool(self._queue) and self._queue[0][0] <= self.now
            return due or (bool(self._file_queue) and self._file_queue[0][0] <= self.now)

    def epoch_of(self, moment: datetime) -> int:
        """Unix seconds of a wall-clock time of the store."""
        assert self._state is not None, "no store has been told of these webhooks"
        return epoch(self._state, moment)

    def deliver(self, *, until_stopped: Callable[[], bool] = lambda: False) -> int:
        """Send all that is due, in the order in which it is due, and write the dumps; returns how many were sent."""
        sent = 0
        while not until_stopped() and (delivery := self._next(self.now)) is not None:
            self._attempt(delivery)
            sent += 1
        self._drain_file_queue(until=self.now)
        if self._files is not None:
            with self._lock:
                self._files.flush()
        return sent

    def close(self) -> None:
        """Write what is left of the dumps, late events included, and close the connections."""
        self._drain_file_queue(until=datetime.max)
        if self._files is not None:
            with self._lock:
                self._files.flush()
        if isinstance(self._post, HttpPost):
            self._post.close()

    def _take(self, message: Message, rng: Random) -> None:
        hits = self.faults.faults_for_event(self.emitted)
        if "lost" in hits:
            return
        body = _GARBAGE if "garbage" in hits else message.body
        for _ in range(2 if "doubled" in hits else 1):
            wait = rng.uniform(0, self.faults.shuffle_events) if self.faults.shuffle_events else 0.0
            wait += self.faults.late_event_seconds if "late" in hits else 0.0
            due = (message.at if self._is_virtual else self.now) + timedelta(seconds=int(wait))
            if self._files_to is not None and "missigned" not in hits:
                with self._lock:
                    heappush(self._file_queue, (due, next(self._order), body))
            for target in list(self.targets.values()):
                if target.wants(message.type):
                    delivery = Delivery(message=message, target=target, due=due, body=body)
                    delivery.is_signed_wrongly = "missigned" in hits
                    self._push(delivery)
        if self._file_queue and self._file_queue[0][0].date() < message.at.date():
            self._drain_file_queue(until=message.at)

    def _drain_file_queue(self, *, until: datetime) -> None:
        if self._files is None:
            return
        with self._lock:
            while self._file_queue and self._file_queue[0][0] <= until:
                received_at, _, body = heappop(self._file_queue)
                self._files.add(body, received_at=received_at)
            if until != datetime.max:
                self._files.flush(before=until.date())

    def _push(self, delivery: Delivery) -> None:
        with self._lock:
            heappush(self._queue, (delivery.due, next(self._order), delivery))

    def _next(self, now: datetime) -> Delivery | None:
        with self._lock:
            return heappop(self._queue)[2] if self._queue and self._queue[0][0] <= now else None

    def _attempt(self, delivery: Delivery) -> None:
        target, now = delivery.target, delivery.due if self._is_virtual else self.now
        if not target.enabled:
            self._end(delivery, "canceled")
            return
        ts = self.epoch_of(now)
        signature = target.keys.header(now=now, ts=ts, body=delivery.body)
        if delivery.is_signed_wrongly:
            signature = f"ts={ts},sig={token('wrong', delivery.message.id) * 2}"
        headers = {"Content-Type": "application/json", HEADER: signature}
        delivery.attempts += 1
        delivery.first_attempt = delivery.first_attempt or now
        delivery.last_status = self._post(target.url, delivery.body, headers)
        if delivery.last_status is not None and 200 <= delivery.last_status < 300:
            target.retried += delivery.attempts > 1
            self._end(delivery, "success")
            return
        wait = self._schedule(delivery.attempts, now - delivery.first_attempt)
        if wait is None:
            self._end(delivery, "failed")
            # Only the legacy page says that a target which never answers is switched off.
            target.enabled = self._schedule is not SCHEDULES["legacy"]
        else:
            delivery.due = now + wait
            self._push(delivery)

    def _end(self, delivery: Delivery, state: DeliveryState) -> None:
        delivery.state = state
        delivery.target.counts[state] += 1
        self.recent.append(delivery)
