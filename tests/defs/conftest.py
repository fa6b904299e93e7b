"""The code location, built once per session: resolving its hundred assets takes seconds."""

from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from og_assets.definitions import build_definitions
from og_assets.settings import Settings


@pytest.fixture(scope="session")
def location() -> dg.Definitions:
    """The code location of a store with default settings."""
    return build_definitions(
        Settings(
            _env_file=None,
            ordergroove_timezone="America/New_York",
            ordergroove_start_date=date(2024, 1, 1),
            og_data_dir=Path("data"),
            og_sync_hours="14",
        )
    )
