"""An empty warehouse folder for each test, and the environment of another Python process."""

import os
from pathlib import Path

import pytest

from .warehouse_folder import WarehouseFolder


@pytest.fixture
def folder(tmp_path: Path) -> WarehouseFolder:
    return WarehouseFolder(tmp_path / "it's a [ware] house")


@pytest.fixture
def subprocess_environment() -> dict[str, str]:
    """Environment in which another Python imports this checkout."""
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
