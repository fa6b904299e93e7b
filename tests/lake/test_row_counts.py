"""Row counts, read from Parquet footers and from one column."""

from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from og_assets.lake.errors import UnreadableError
from og_assets.lake.row_counts import count_rows, count_rows_by_bounds


def write(path: Path, *times: datetime | None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table({"updated": pa.array(times, pa.timestamp("us"))})
    pq.write_table(table, path, row_group_size=2)
    return path


def test_rows_of_all_files_below_a_folder_are_counted(tmp_path: Path) -> None:
    assert count_rows(tmp_path) == 0
    write(tmp_path / "window=a" / "1.parquet", datetime(2026, 1, 1))
    write(tmp_path / "window=b" / "2.parquet", datetime(2026, 1, 1), None, None)
    assert count_rows(tmp_path) == 4


def test_start_is_included_end_is_excluded_and_rows_without_time_are_not_counted(tmp_path: Path) -> None:
    first, second, third = datetime(2026, 1, 1, 14), datetime(2026, 1, 2, 14), datetime(2026, 1, 3, 14)
    file = write(tmp_path / "1.parquet", datetime(2020, 1, 1), first, second, second, third, None)
    bounds = {"a": (None, second), "b": (second, third), "c": (datetime(2027, 1, 1), datetime(2027, 1, 2))}
    assert count_rows_by_bounds(file, column="updated", bounds=bounds) == {"a": 2, "b": 2, "c": 0}


def test_missing_file_has_no_rows(tmp_path: Path) -> None:
    bounds = {"a": (None, datetime(2026, 1, 1))}
    assert count_rows_by_bounds(tmp_path / "none.parquet", column="updated", bounds=bounds) == {"a": 0}


def test_damaged_file_is_named_in_the_error(tmp_path: Path) -> None:
    file = tmp_path / "1.parquet"
    file.write_text("not Parquet")
    with pytest.raises(UnreadableError, match=r"1\.parquet"):
        count_rows(tmp_path)
    with pytest.raises(UnreadableError, match=r"1\.parquet"):
        count_rows_by_bounds(file, column="updated", bounds={"a": (None, datetime(2026, 1, 1))})
