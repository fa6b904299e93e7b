"""An empty lake for each test."""

from pathlib import Path

import pytest

from .lake_folder import LakeFolder


@pytest.fixture
def lake_folder(tmp_path: Path) -> LakeFolder:
    return LakeFolder(tmp_path / "lake")
