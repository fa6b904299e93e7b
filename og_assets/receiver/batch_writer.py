"""Group commit: all events that wait at the same moment become one write with one sync.

Belongs here: requests that wait for the disk, periodic maintenance, retries. Does not belong here: file operations
(journal). While the writer's thread syncs one batch, the next batch gathers: a slow disk makes larger batches, not
longer queues.

Three operations can fail independently: appending (no event can be acknowledged), moving files into the inbox (they
stay where they are), and writing the quarantine.
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

from og_assets.receiver import disk_problems
from og_assets.receiver.disk_problems import DiskProblem
from og_assets.receiver.errors import NotKeptError
from og_assets.receiver.journal import Journal
from og_assets.receiver.metrics import Metrics
from og_assets.receiver.quarantine import Quarantine
from og_assets.receiver.recovery import find_unlocked_files, recover

T = TypeVar("T")

RECOVER_EVERY = 60.0
_MAINTENANCE_EVERY = 0.5

_log = logging.getLogger(__name__)


class BatchWriter:
    """Use `running()` around everything; `write` returns when the line is on disk, or raises NotKeptError."""

    def __init__(
        self,
        journal: Journal,
        quarantine: Quarantine,
        *,
        metrics: Metrics,
        timeout: float,
        recover_every: float = RECOVER_EVERY,
    ) -> None:
        # Files that are not in the inbox at the end; None until the end, and where they cannot be listed.
        self.left_open: list[Path] | None = None
        self._journal = journal
        self._quarantine = quarantine
        self._metrics = metrics
        self._timeout = timeout
        self._recover_every = recover_every
        self._waiting: dict[asyncio.Future[None], bytes] = {}
        self._wake = asyncio.Event()
        # One thread: the journal is not thread-safe, and a second thread would not make the disk faster.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self.write_problem = disk_problems.write_problem(metrics, folder=journal.inbox.parent)
        self.quarantine_problem = disk_problems.quarantine_problem(metrics)
        self.move_problem = disk_problems.move_problem(
            metrics, inbox=journal.inbox, open_folder=journal.open_folder, every=recover_every
        )
        metrics.watch("open_file_bytes", "Size of the open file.", lambda: journal.size)
        metrics.watch("open_file_age_seconds", "Seconds since the open file's first event.", lambda: journal.age)
        metrics.watch("writable", "1 while the inbox can be written, else 0.", lambda: float(self.is_writable))
        metrics.watch("events_waiting", "Events that wait for the next write.", lambda: len(self._waiting))

    @property
    def is_writable(self) -> bool:
        """Whether events can be stored."""
        return not self.write_problem.is_active

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Write in the background; at the end, write what still waits and move the open file into the inbox."""
        tasks = [asyncio.create_task(self._write_batches()), asyncio.create_task(self._run_periodic_maintenance())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._write_waiting()
            await self._rotate()
            # Last attempt for files that could not be moved before, and for those of other receivers.
            await self._try(self.recover_files, self.move_problem)
            self.left_open = await self._try(lambda: find_unlocked_files(self._journal.inbox), self.move_problem)
            self._thread.shutdown()

    async def write(self, line: bytes) -> None:
        """Store one line; raises NotKeptError where it may not be on disk."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[done] = line
        self._wake.set()
        try:
            async with asyncio.timeout(self._timeout):
                await done
        except TimeoutError as error:
            self.write_problem.record(error)
            raise NotKeptError("the disk did not answer in time") from None
        finally:
            # A line whose sender got 503 must not be written later, and must not use memory.
            self._waiting.pop(done, None)

    async def quarantine(self, body: bytes, *, reason: str, key: str | None) -> None:
        """Store a body that is not an event; raises NotKeptError where it may not be on disk."""
        try:
            async with asyncio.timeout(self._timeout):
                is_new = await self._in_thread(lambda: self._quarantine.add(body, reason=reason, key=key))
        except (OSError, TimeoutError) as error:
            self.quarantine_problem.record(error)
            raise NotKeptError("the quarantine cannot be written") from None
        self.quarantine_problem.resolve()
        if is_new:
            self._metrics.quarantined.labels(reason).inc()

    def recover_files(self) -> None:
        """Move files that other receivers left open into the inbox. Those that cannot be moved are logged."""
        recovered = recover(self._journal.inbox, self._quarantine)
        self._metrics.recovered.inc(recovered.files)
        if recovered.files or recovered.torn:
            _log.warning(
                "Recovered %d files that a receiver left open: %d events, and %d incomplete lines moved to quarantine.",
                recovered.files,
                recovered.lines,
                recovered.torn,
            )
        if recovered.problem is None:
            self.move_problem.resolve()
        else:
            self.move_problem.record(recovered.problem)

    async def _write_batches(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            # Shielded: a write that has begun is finished, and its senders get their answers.
            await asyncio.shield(self._write_waiting())

    async def _write_waiting(self) -> None:
        while batch := self._waiting:
            self._waiting = {}
            started = perf_counter()
            problem: Exception | None = None
            try:
                await self._in_thread(partial(self._journal.append, list(batch.values())))
            except Exception as error:  # noqa: BLE001
                # Any error, also a bug: every sender of this batch must get 503 and not wait until its timeout.
                problem = error
                self.write_problem.record(error)
            else:
                self._metrics.batch_events.observe(len(batch))
                self._metrics.write_seconds.observe(perf_counter() - started)
                self.write_problem.resolve()
            for done in batch:
                if done.done():
                    continue
                if problem is None:
                    done.set_result(None)
                else:
                    done.set_exception(NotKeptError("the inbox cannot be written"))

    async def _run_periodic_maintenance(self) -> None:
        """Rotate the open file, test a disk that failed, and recover files of other receivers."""
        recovered_at = monotonic()
        while True:
            await asyncio.sleep(_MAINTENANCE_EVERY)
            if not self.move_problem.is_active and self._journal.is_due:
                await asyncio.shield(self._rotate())
            if not self.is_writable and await self._try(self._journal.probe, self.write_problem):
                self.write_problem.resolve()
                if not self.move_problem.is_active:
                    recovered_at = -self._recover_every  # At once: a failed write leaves a file to recover.
            if monotonic() - recovered_at >= self._recover_every:
                recovered_at = monotonic()
                await asyncio.shield(self._try(self.recover_files, self.move_problem))
                # While moving fails, this is the only retry, so that it does not run twice a second.
                if self.move_problem.is_active and self._journal.is_due:
                    await asyncio.shield(self._rotate())

    async def _rotate(self) -> None:
        if await self._try(self._journal.rotate, self.move_problem) is not None:
            self._metrics.rotated.inc()

    async def _try(self, work: Callable[[], T], problem: DiskProblem) -> T | None:
        try:
            return await self._in_thread(work)
        except Exception as error:  # noqa: BLE001
            # Any error: maintenance must go on.
            problem.record(error)
        return None

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
