"""Group commit: an event is acknowledged only after its sync, and failures reach every sender."""

import asyncio
import errno
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event

import pytest

from og_assets.receiver.batch_writer import BatchWriter
from og_assets.receiver.errors import NotKeptError
from og_assets.receiver.journal import Journal
from og_assets.receiver.metrics import Metrics
from og_assets.receiver.quarantine import Quarantine
from testkit.receiver.event_files import events, left_open, quarantined
from tests.receiver.test_journal import blocked_day, ids, line


class SlowDisk(Journal):
    """A journal whose syncs wait for `may_sync`, and raise `failure` if it is set."""

    def __init__(self, inbox: Path) -> None:
        super().__init__(inbox, rotate_bytes=10**9, rotate_seconds=1e9)
        self.may_sync = Event()
        self.sync_began = Event()
        self.batches: list[int] = []
        self.failure: Exception | None = None

    def append(self, lines: list[bytes]) -> None:
        self.batches.append(len(lines))
        super().append(lines)

    def sync(self, descriptor: int) -> None:
        self.sync_began.set()
        assert self.may_sync.wait(10)
        if self.failure is not None:
            raise self.failure
        super().sync(descriptor)


Body = Callable[[BatchWriter, SlowDisk], Awaitable[None]]


def with_writer(data: Path, body: Body, *, timeout: float = 5, **options: float) -> SlowDisk:
    disk = SlowDisk(data / "inbox")
    quarantine = Quarantine(data / "lake" / "quarantine" / "webhook_deliveries")

    @asynccontextmanager
    async def writer() -> AsyncIterator[BatchWriter]:
        made = BatchWriter(disk, quarantine, metrics=Metrics(), timeout=timeout, **options)
        async with made.running():
            try:
                yield made
            finally:
                disk.may_sync.set()

    async def run() -> None:
        async with writer() as made:
            await body(made, disk)

    asyncio.run(run())
    return disk


async def sync_began(disk: SlowDisk) -> None:
    assert await asyncio.to_thread(disk.sync_began.wait, 5)
    disk.sync_began.clear()


def test_no_write_returns_before_its_sync(tmp_path: Path) -> None:
    async def body(writer: BatchWriter, disk: SlowDisk) -> None:
        first = asyncio.create_task(writer.write(line(1)))
        await sync_began(disk)
        others = [asyncio.create_task(writer.write(line(number))) for number in range(2, 6)]
        await asyncio.sleep(0.1)
        assert not first.done() and not any(other.done() for other in others)
        disk.may_sync.set()
        await asyncio.gather(first, *others)

    disk = with_writer(tmp_path, body)
    assert disk.batches == [1, 4], "lines that wait at the same moment are one write"
    assert ids(tmp_path) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("failure", [OSError(errno.EIO, "broken"), RuntimeError("a bug")])
def test_failure_reaches_every_sender_and_the_disk_is_tested_again(tmp_path: Path, failure: Exception) -> None:
    async def body(writer: BatchWriter, disk: SlowDisk) -> None:
        disk.may_sync.set()
        disk.failure = failure
        answers = await asyncio.gather(*(writer.write(line(n)) for n in range(3)), return_exceptions=True)
        assert [type(answer) for answer in answers] == [NotKeptError] * 3
        assert not writer.is_writable
        disk.failure = None
        for _ in range(100):
            if writer.is_writable:
                break
            await asyncio.sleep(0.02)
        assert writer.is_writable, "the writer tests the disk by itself"
        await writer.write(line(7))

    with_writer(tmp_path, body)
    assert 7 in ids(tmp_path)


def test_line_whose_sender_timed_out_is_not_written_later(tmp_path: Path) -> None:
    async def body(writer: BatchWriter, disk: SlowDisk) -> None:
        first = asyncio.create_task(writer.write(line(1)))
        await sync_began(disk)
        with pytest.raises(NotKeptError):
            await writer.write(line(2))
        with pytest.raises(NotKeptError):
            await first

    disk = with_writer(tmp_path, body, timeout=0.2)
    assert disk.batches == [1]


async def eventually(condition: Callable[[], bool]) -> bool:
    for _ in range(500):
        if condition():
            return True
        await asyncio.sleep(0.02)
    return False


def test_disk_that_does_not_answer_is_not_writable(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def body(writer: BatchWriter, disk: SlowDisk) -> None:
        with pytest.raises(NotKeptError):
            await writer.write(line(1))
        assert not writer.is_writable and "(the disk does not answer)" in caplog.text
        disk.may_sync.set()
        assert await eventually(lambda: writer.is_writable), "the writer tests the disk by itself"

    with_writer(tmp_path, body, timeout=0.2)


def test_disk_that_fails_repeatedly_does_not_fill_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def body(writer: BatchWriter, disk: SlowDisk) -> None:
        disk.may_sync.set()
        for number in range(3):
            disk.failure = OSError(errno.ENOSPC, "full")
            with pytest.raises(NotKeptError):
                await writer.write(line(number))
            disk.failure = None
            assert await eventually(lambda: writer.is_writable)

    with_writer(tmp_path, body)
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.WARNING]


@pytest.mark.parametrize("is_unblocked", [True, False])
def test_files_wait_until_they_can_be_moved(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, is_unblocked: bool
) -> None:
    blocker = blocked_day(tmp_path)
    writers: list[BatchWriter] = []

    async def body(writer: BatchWriter, disk: SlowDisk) -> None:
        writers.append(writer)
        disk.may_sync.set()
        disk._rotate_seconds = 0
        for number in range(3):
            await writer.write(line(number))
            assert await eventually(lambda: writer.move_problem.is_active)
            assert writer.is_writable
            await asyncio.sleep(0.6)
        if is_unblocked:
            blocker.unlink()
            assert await eventually(lambda: not writer.move_problem.is_active)

    with_writer(tmp_path, body, recover_every=0.5)
    assert [record.levelno for record in caplog.records if "Recovered" not in record.message] == [
        logging.ERROR,
        *[logging.WARNING] * is_unblocked,
    ]
    assert writers[0].left_open == left_open(tmp_path) and (writers[0].left_open == []) == is_unblocked
    if is_unblocked:
        assert sorted(ids(tmp_path)) == [0, 1, 2]


def test_quarantine_failure_does_not_affect_events(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "lake" / "quarantine"
    folder.parent.mkdir()
    folder.write_text("blocks the folder")

    async def body(writer: BatchWriter, disk: SlowDisk) -> None:
        disk.may_sync.set()
        for number in range(5):
            with pytest.raises(NotKeptError):
                await writer.quarantine(b"{%d" % number, reason="not_json", key=None)
        assert writer.is_writable
        folder.unlink()
        await writer.quarantine(b"{", reason="not_json", key=None)

    with_writer(tmp_path, body)
    assert "Cannot write into quarantine" in caplog.messages[0] and f"{folder}: " in caplog.messages[0]
    assert caplog.messages[1:] == ["The quarantine can be written again."] and len(quarantined(tmp_path)) == 1


def test_waiting_lines_are_written_and_moved_at_the_end(tmp_path: Path) -> None:
    writes: list[asyncio.Task[None]] = []

    async def body(writer: BatchWriter, disk: SlowDisk) -> None:
        disk.may_sync.set()
        writes.extend(asyncio.create_task(writer.write(line(number))) for number in range(5))
        await asyncio.sleep(0)

    with_writer(tmp_path, body)
    assert len(events(tmp_path)) == 5
