"""From the event log to the targets: compose each event when it happens, and send it when it is due.

Belongs here: the queue, attempts, retries, faults. Does not belong here: bytes (`messages`), HTTP (`targets`), files
(`event_files`).

With the "virtual" clock, `deliver()` sends at once everything that is due by the store's clock. With the "real" clock,
a retry after ten minutes takes ten minutes. The body of an event is the same in both cases.
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
    """Webhooks of a store: `Store(webhooks=…)` sends all events, `attach_webhooks` those from now on."""

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
        """Listen to the events of a store; the store calls this."""
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
            self._enqueue(message, rng)

        state.event_log.listeners.append(listen)

    def add_target(self, url: str, *, key: str = DEFAULT_KEY, pattern: str = "*") -> Target:
        """Send events to an address from now on; raises ValueError for an invalid address."""
        if not is_address(url):
            raise ValueError(f"{url!r} is not an HTTP address. Write it as http://127.0.0.1:8080/webhooks.")
        if len(self.targets) >= MAX_TARGETS:
            raise ValueError(f"there are already {MAX_TARGETS} targets, the maximum")
        created = self.epoch_of(self.now) if self._state is not None else 0
        target_id = token("target", f"{len(self.targets)}/{url}")
        target = Target(id=target_id, url=url, keys=SigningKeys(key), pattern=pattern, created=created)
        self.targets[target.id] = target
        return target

    def write_files_to(self, folder: Path, *, key: str = DEFAULT_KEY) -> None:
        """Write events to files in a folder. Call it before the store is created or the webhooks are attached.

        Raises ValueError if the folder contains events: a reader would take the events of two stores for those of one.
        """
        if next(folder.glob("*/events-*.jsonl"), None) is not None:
            raise ValueError(f"{folder} already contains events. Choose an empty folder or a new one.")
        self._files_to = (folder, key)

    def rotate_key(self, target: Target, new_key: str) -> None:
        """Sign with a new key from now on; the old key signs too for 24 hours."""
        target.keys.rotate(new_key, now=self.now)

    @property
    def now(self) -> datetime:
        """The wall-clock time that decides what is due."""
        assert self._state is not None, "these webhooks are not attached to a store"
        return self._state.now if self._is_virtual else datetime.now(self._state.zone).replace(tzinfo=None)

    @property
    def pending(self) -> int:
        """Number of deliveries that wait for their first attempt or a retry."""
        return len(self._queue)

    @property
    def has_work(self) -> bool:
        """Whether a delivery or a file line is due."""
        with self._lock:
            due = bool(self._queue) and self._queue[0][0] <= self.now
            return due or (bool(self._file_queue) and self._file_queue[0][0] <= self.now)

    def epoch_of(self, moment: datetime) -> int:
        """Return the Unix seconds of a wall-clock time of the store."""
        assert self._state is not None, "these webhooks are not attached to a store"
        return epoch(self._state, moment)

    def deliver(self, *, until_stopped: Callable[[], bool] = lambda: False) -> int:
        """Send everything that is due, in that order, and write files; return the number of attempts."""
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
        """Write all remaining events to files, late ones included, and close connections."""
        self._drain_file_queue(until=datetime.max)
        if self._files is not None:
            with self._lock:
                self._files.flush()
        if isinstance(self._post, HttpPost):
            self._post.close()

    def _enqueue(self, message: Message, rng: Random) -> None:
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
            # Only the legacy documentation says that a target that never answers is disabled.
            target.enabled = self._schedule is not SCHEDULES["legacy"]
        else:
            delivery.due = now + wait
            self._push(delivery)

    def _end(self, delivery: Delivery, state: DeliveryState) -> None:
        delivery.state = state
        delivery.target.counts[state] += 1
        self.recent.append(delivery)
