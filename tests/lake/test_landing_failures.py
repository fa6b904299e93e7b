"""A landing that fails or is killed leaves no visible file; errors of the disk are reported."""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from og_assets.lake.errors import NoRoomError, NotWritableError

from .lake_folder import LakeFolder, order


def test_files_are_hidden_until_the_segment_is_complete(lake_folder: LakeFolder) -> None:
    page = [order(number) for number in range(1000)]
    with lake_folder.landing("orders") as landing:
        for _ in range(11):
            landing.add(page)
        landing.add(["broken"])
        hidden = lake_folder.files()
        assert len(hidden) == 2
        assert all(path.name.startswith(".") and path.name.endswith(".part") for path in hidden)
        assert list(lake_folder.root.rglob("*.parquet")) == []
    assert [path.suffix for path in lake_folder.files()] == [".jsonl", ".parquet"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_failed_landing_leaves_no_file(lake_folder: LakeFolder, error: type[BaseException]) -> None:
    page = [order(number) for number in range(1000)]

    def fail_after_eleven_pages() -> None:
        with lake_folder.landing("orders") as landing:
            for _ in range(11):
                landing.add(page)
            landing.add(["broken"])
            assert len(lake_folder.files()) == 2
            raise error

    with pytest.raises(error):
        fail_after_eleven_pages()
    assert lake_folder.files() == []


def test_rows_are_not_visible_if_their_quarantine_file_cannot_be(lake_folder: LakeFolder) -> None:
    quarantine = lake_folder.root / "quarantine" / "orders"
    with ExitStack() as stack:
        landing = stack.enter_context(lake_folder.landing("orders"))
        landing.add([order(1), "broken"])
        # A folder of that name makes the rename of the quarantine file fail.
        (path,) = quarantine.iterdir()
        (quarantine / path.name.removeprefix(".").removesuffix(".part")).mkdir()
        with pytest.raises(NotWritableError):
            stack.close()
    assert lake_folder.files() == []


def test_rows_are_not_visible_if_a_quarantine_file_begun_late_cannot_be(lake_folder: LakeFolder) -> None:
    quarantine = lake_folder.root / "quarantine" / "orders"
    page = [order(number) for number in range(1000)]
    with ExitStack() as stack:
        landing = stack.enter_context(lake_folder.landing("orders"))
        for _ in range(10):
            landing.add(page)
        landing.add(["broken"])
        (path,) = quarantine.iterdir()
        (quarantine / path.name.removeprefix(".").removesuffix(".part")).mkdir()
        with pytest.raises(NotWritableError):
            stack.close()
    assert lake_folder.files() == []


SCRIPT = """
import os, resource, sys
from datetime import UTC, datetime
from pathlib import Path
from og_assets.errors import OgAssetsError
from og_assets.lake.lake import Lake
from og_assets.ordergroove.objects import BY_NAME

def landing(name="items"):
    return Lake(Path(sys.argv[1])).landing(
        BY_NAME[name], window="w", pulled_at=datetime.now(UTC), run_id="run", policy="hash"
    )

def page(width=1):
    # Random text hardly compresses, so that files grow with the rows.
    return [{"public_id": os.urandom(8).hex() * width, "order": "o", "price": "1.00"} for _ in range(1000)]

"""


def python(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT + script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )


def test_killed_landing_is_not_visible_and_the_next_one_removes_its_files(lake_folder: LakeFolder) -> None:
    process = python(
        """
with landing() as l:
    l.add(["x" * 10_000])
    for _ in range(12):
        l.add(page())
    print("written", flush=True)
    __import__("time").sleep(60)
""",
        lake_folder.root,
    )
    assert process.stdout
    assert process.stdout.readline() == "written\n", process.communicate()[1]
    process.send_signal(signal.SIGKILL)
    process.communicate()
    leftover = lake_folder.files()
    assert len(leftover) == 2
    assert sum(path.stat().st_size for path in leftover) > 10_000
    assert list(lake_folder.root.rglob("*.parquet")) == list(lake_folder.root.rglob("*.jsonl")) == []

    lake_folder.land("items", [{"public_id": "i"}])
    assert [path.suffix for path in lake_folder.files()] == [".parquet"]


def test_full_disk_is_reported_and_leaves_no_partial_file(lake_folder: LakeFolder) -> None:
    lake_folder.land("items", [{"public_id": "i"}])
    before = lake_folder.files()
    process = python(
        """
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
for broken in ([], ["x" * 1000] * 300):
    try:
        with landing() as l:
            for _ in range(30):
                l.add(page() + broken)
    except OgAssetsError as error:
        print(type(error).__name__, error)
# A small segment still fits, in the same process.
with landing() as l:
    l.add([{"public_id": "i"}])
""",
        lake_folder.root,
    )
    output, stderr = process.communicate()
    assert process.returncode == 0, stderr
    first, second = output.splitlines()
    for message in (first, second):
        assert message.startswith(NoRoomError.__name__)
        assert "Free space" in message
    assert "/raw/items/" in first
    assert len(lake_folder.files()) == len(before) + 1
    assert len(lake_folder.rows("items")) == 2


def test_folder_that_cannot_be_created_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    lake_folder = LakeFolder(tmp_path / "file" / "lake")
    with pytest.raises(NotWritableError, match="OG_DATA_DIR"):
        lake_folder.land("orders", [order(1)])
    with pytest.raises(NotWritableError, match="OG_DATA_DIR"):
        lake_folder.land("orders", ["broken"])
    with pytest.raises(NotWritableError, match="OG_DATA_DIR"):
        lake_folder.lake.prepare()
