"""A data folder for each test, and small limits."""

from pathlib import Path

import pytest

from og_assets.events import ingest

from .data_folder import DataFolder


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "it's a [data] folder")


@pytest.fixture(autouse=True)
def _small_landings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make one run write several Parquet files, and one file several row groups."""
    monkeypatch.setattr(ingest, "BYTES_PER_LANDING", 300)
    monkeypatch.setattr("og_assets.events.land.ROWS_PER_GROUP", 3)
