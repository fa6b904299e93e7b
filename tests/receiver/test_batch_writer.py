"""Who is told what, and when: never that an event is kept before the disk has it."""

import asyncio
import errno
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event

import pytest

from og_assets.receiver.batch_writer import Writer
from og_assets.receiver.errors import NotKeptError
from og_assets.receiver.journal import Journal
from og_assets.receiver.metrics import Metrics
from og_assets.receiver.quarantine import Quarantine
from testkit.receiver.event_files import events, left_open, quarantined
from tests.receiver.test_journal import blocked_day, ids, line


class SlowDisk(Journal):
    """Syncs when it is let, and fails when it is told to."""

    def __init__(self, inbox: Path) -> None:
        super().__init__(inbox, rotate_bytes=10**9, rotate_seconds=1e9)
        self.let = Event()
        self.asked = Event()
        self.batches: list[int] = []
        self.failure: Exception | None = None

    def append(self, lines: list[bytes]) -> None:
        self.batches.append(len(lines))
        super().append(lines)

    def sync(self, descriptor: int) -> None:
        self.asked.set()
        assert self.let.wait(10)
        if self.failure is not None:
            raise self.failure
        super().sync(descriptor)


Body = Callable[[Writer, SlowDisk], Awaitable[None]]


def with_writer(data: Path, body: Body, *, patience: float = 5, **options: float) -> SlowDisk:
    disk = SlowDisk(data / "inbox")
    quarantine = Quarantine(data / "lake" / "quarantine" / "webhook_deliveries")

    @asynccontextmanager
    async def writer() -> AsyncIterator[Writer]:
        made = Writer(disk, quarantine, metrics=Metrics(), patience=patience, **options)
        async with made.running():
            try:
                yield made
            finally:
                disk.let.set()

    async def run() -> None:
        async with writer() as made:
            await body(made, disk)

    asyncio.run(run())
    return disk


async def asked(disk: SlowDisk) -> None:
    assert await asyncio.to_thread(disk.asked.wait, 5)
    disk.asked.clear()


def test_nobody_is_told_before_the_sync_is_over(tmp_path: Path) -> None:
    async def body(writer: Writer, disk: SlowDisk) -> None:
        first = asyncio.create_task(writer.write(line(1)))
        await asked(disk)
        others = [asyncio.create_task(writer.write(line(number))) for number in range(2, 6)]
        await asyncio.sleep(0.1)
        assert not first.done() and not any(other.done() for other in others)
        disk.let.set()
        await asyncio.gather(first, *others)

    disk = with_writer(tmp_path, body)
    assert disk.batches == [1, 4], "those who waited at the same moment are one write"
    assert ids(tmp_path) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("failure", [OSError(errno.EIO, "broken"), RuntimeError("a fault of ours")])
def test_failure_is_told_to_all_and_forgotten_when_it_is_over(tmp_path: Path, failure: Exception) -> None:
    async def body(writer: Writer, disk: SlowDisk) -> None:
        disk.let.set()
        disk.failure = failure
        answers = await asyncio.gather(*(writer.write(line(n)) for n in range(3)), return_exceptions=True)
        assert [type(answer) for answer in answers] == [NotKeptError] * 3
        assert not writer.is_writable
        disk.failure = None
        for _ in range(100):
            if writer.is_writable:
                break
            await asyncio.sleep(0.02)
        assert writer.is_writable, "it finds out by itself"
        await writer.write(line(7))

    with_writer(tmp_path, body)
    assert 7 in ids(tmp_path)


def test_who_gave_up_waiting_is_not_written_later(tmp_path: Path) -> None:
    async def body(writer: Writer, disk: SlowDisk) -> None:
        first = asyncio.create_task(writer.write(line(1)))
        await asked(disk)
        with pytest.raises(NotKeptError):
            await writer.write(line(2))
        with pytest.raises(NotKeptError):
            await first

    disk = with_writer(tmp_path, body, patience=0.2)
    assert disk.batches == [1]


async def comes_true(what: Callable[[], bool]) -> bool:
    for _ in range(150):
        if what():
            return True
        await asyncio.sleep(0.02)
    return False


def test_disk_that_hangs_is_not_called_writable(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def body(writer: Writer, disk: SlowDisk) -> None:
        with pytest.raises(NotKeptError):
            await writer.write(line(1))
        assert not writer.is_writable and "(it does not answer)" in caplog.text
        disk.let.set()
        assert await comes_true(lambda: writer.is_writable), "it finds out by itself"

    with_writer(tmp_path, body, patience=0.2)


def test_disk_that_fails_and_works_in_turn_does_not_fill_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def body(writer: Writer, disk: SlowDisk) -> None:
        disk.let.set()
        for number in range(3):
            disk.failure = OSError(errno.ENOSPC, "full")
            with pytest.raises(NotKeptError):
                await writer.write(line(number))
            disk.failure = None
            assert await comes_true(lambda: writer.is_writable)

    with_writer(tmp_path, body)
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.WARNING]


@pytest.mark.parametrize("is_mended", [True, False])
def test_files_wait_until_the_inbox_takes_them(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, is_mended: bool
) -> None:
    blocker = blocked_day(tmp_path)
    writers: list[Writer] = []

    async def body(writer: Writer, disk: SlowDisk) -> None:
        writers.append(writer)
        disk.let.set()
        disk._rotate_seconds = 0
        for number in range(3):
            await writer.write(line(number))
            assert await comes_true(lambda: writer.moving.stands)
            assert writer.is_writable
            await asyncio.sleep(0.6)
        if is_mended:
            blocker.unlink()
            assert await comes_true(lambda: not writer.moving.stands)

    with_writer(tmp_path, body, recover_every=0.5)
    assert [record.levelno for record in caplog.records if "Took up" not in record.message] == [
        logging.ERROR,
        *[logging.WARNING] * is_mended,
    ]
    assert writers[0].left == left_open(tmp_path) and (writers[0].left == []) == is_mended
    if is_mended:
        assert sorted(ids(tmp_path)) == [0, 1, 2]


def test_quarantine_that_cannot_be_written_says_nothing_of_events(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "lake" / "quarantine"
    folder.parent.mkdir()
    folder.write_text("in the way")

    async def body(writer: Writer, disk: SlowDisk) -> None:
        disk.let.set()
        for number in range(5):
            with pytest.raises(NotKeptError):
                await writer.quarantine(b"{%d" % number, reason="not_json", key=None)
        assert writer.is_writable
        folder.unlink()
        await writer.quarantine(b"{", reason="not_json", key=None)

    with_writer(tmp_path, body)
    assert "Cannot write into quarantine" in caplog.messages[0] and f"{folder}: " in caplog.messages[0]
    assert caplog.messages[1:] == ["The quarantine can be written again."] and len(quarantined(tmp_path)) == 1


def test_what_waits_at_the_end_is_finished_and_moved(tmp_path: Path) -> None:
    writes: list[asyncio.Task[None]] = []

    async def body(writer: Writer, disk: SlowDisk) -> None:
        disk.let.set()
        writes.extend(asyncio.create_task(writer.write(line(number))) for number in range(5))
        await asyncio.sleep(0)

    with_writer(tmp_path, body)
    assert len(events(tmp_path)) == 5
