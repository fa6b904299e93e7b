"""Group commit: the requests that wait at the same moment become one write with one sync.

Belongs here: who waits, and what becomes of them. Does not belong here: bytes on disk (journal). While one batch is
being synced in the writer's thread, the next one gathers; so a slow disk makes larger batches, not longer queues.

Three things may fail, each by itself: appending, so that nothing can be acknowledged; moving files into the inbox,
while they are kept where they are; and the quarantine.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from time import monotonic, perf_counter
from typing import TypeVar

from og_assets.receiver import disk_problems as troubles
from og_assets.receiver.errors import NotKeptError
from og_assets.receiver.journal import Journal
from og_assets.receiver.metrics import Metrics
from og_assets.receiver.quarantine import Quarantine
from og_assets.receiver.recovery import recover, waiting
from og_assets.receiver.disk_problems import Trouble

T = TypeVar("T")

RECOVER_EVERY = 60.0

_log = logging.getLogger(__name__)


class Writer:
    """Use `running()` around everything; `write` returns when the line is on disk, or raises NotKeptError."""

    def __init__(
        self,
        journal: Journal,
        quarantine: Quarantine,
        *,
        metrics: Metrics,
        patience: float,
        recover_every: float = RECOVER_EVERY,
    ) -> None:
        # Files that are not in the inbox at the end; None until the end, and where they cannot be counted.
        self.left: list[Path] | None = None
        self._journal = journal
        self._quarantine = quarantine
        self._metrics = metrics
        self._patience = patience
        self._recover_every = recover_every
        self._waiting: dict[asyncio.Future[None], bytes] = {}
        self._wake = asyncio.Event()
        # One thread: the journal is not made for two, and one disk is not faster for two.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._writing = troubles.of_writing(metrics, folder=journal.inbox.parent)
        self._setting_aside = troubles.of_setting_aside(metrics)
        self.moving = troubles.of_moving(
            metrics, inbox=journal.inbox, open_folder=journal.open_folder, every=recover_every
        )
        metrics.watch("open_file_bytes", "Size of the open file.", lambda: journal.size)
        metrics.watch("open_file_age_seconds", "Seconds since the open file's first event.", lambda: journal.age)
        metrics.watch("writable", "1 while the inbox can be written, else 0.", lambda: float(self.is_writable))
        metrics.watch("events_waiting", "Events that wait for the next write.", lambda: len(self._waiting))

    @property
    def is_writable(self) -> bool:
        """Whether events can be kept."""
        return not self._writing.stands

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Write in the background; on leaving, finish what waits and move the open file into the inbox."""
        tasks = [asyncio.create_task(self._write_batches()), asyncio.create_task(self._keep_house())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._write_waiting()
            await self._rotate()
            # What could not be moved before, and what others left: it is the last chance for a while.
            await self._try(self.take_up, self.moving)
            self.left = await self._try(lambda: waiting(self._journal.inbox), self.moving)
            self._thread.shutdown()

    async def write(self, line: bytes) -> None:
        """Keep a line."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[done] = line
        self._wake.set()
        try:
            async with asyncio.timeout(self._patience):
                await done
        except TimeoutError as error:
            self._writing.met(error)
            raise NotKeptError("the disk did not answer in time") from None
        finally:
            # Whoever gave up must not take up room.
            self._waiting.pop(done, None)

    async def quarantine(self, body: bytes, *, reason: str, key: str | None) -> None:
        """Keep what is no event."""
        try:
            async with asyncio.timeout(self._patience):
                is_new = await self._in_thread(lambda: self._quarantine.add(body, reason=reason, key=key))
        except (OSError, TimeoutError) as error:
            self._setting_aside.met(error)
            raise NotKeptError("the quarantine cannot be written") from None
        self._setting_aside.ended()
        if is_new:
            self._metrics.quarantined.labels(reason).inc()

    async def _write_batches(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            # The write goes on when this is cancelled, and its senders are told.
            await asyncio.shield(self._write_waiting())

    async def _write_waiting(self) -> None:
        while batch := self._waiting:
            self._waiting = {}
            began = perf_counter()
            problem: Exception | None = None
            try:
                await self._in_thread(partial(self._journal.append, list(batch.values())))
            except Exception as error:
                # Nobody may wait for ever because of it, and nobody may be told that all is well.
                problem = error
                self._writing.met(error)
            else:
                self._metrics.batch_events.observe(len(batch))
                self._metrics.write_seconds.observe(perf_counter() - began)
                self._writing.ended()
            for done in batch:
                if done.done():
                    continue
                if problem is None:
                    done.set_result(None)
                else:
                    done.set_exception(NotKeptError("the inbox cannot be written"))

    async def _keep_house(self) -> None:
        recovered_at = monotonic()
        while True:
            await asyncio.sleep(0.5)
            if not self.moving.stands and self._journal.is_due:
                await asyncio.shield(self._rotate())
            if not self.is_writable and await self._try(self._journal.probe, self._writing):
                self._writing.ended()
                if not self.moving.stands:
                    recovered_at = -self._recover_every  # At once: files may have been set aside.
            if monotonic() - recovered_at >= self._recover_every:
                recovered_at = monotonic()
                await asyncio.shield(self._try(self.take_up, self.moving))
                # Where moving fails, this is as often as it is tried; what recovery stumbles over may not be ours.
                if self.moving.stands and self._journal.is_due:
                    await asyncio.shield(self._rotate())

    async def _rotate(self) -> None:
        if await self._try(self._journal.rotate, self.moving) is not None:
            self._metrics.rotated.inc()

    def take_up(self) -> None:
        """Move into the inbox what nobody holds; what cannot be moved is told of, and tried again later."""
        recovered = recover(self._journal.inbox, self._quarantine)
        self._metrics.recovered.inc(recovered.files)
        if recovered.files or recovered.torn:
            _log.warning(
                "Took up %d files that a receiver left open: %d events, %d torn pieces put into quarantine.",
                recovered.files,
                recovered.lines,
                recovered.torn,
            )
        if recovered.problem is None:
            self.moving.ended()
        else:
            self.moving.met(recovered.problem)

    async def _try(self, work: Callable[[], T], trouble: Trouble) -> T | None:
        try:
            return await self._in_thread(work)
        except Exception as error:
            # Whatever this was, housekeeping must go on.
            trouble.met(error)
        return None

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
