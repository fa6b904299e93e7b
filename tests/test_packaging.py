"""What can be installed: an editable checkout, and nothing that would not load."""

from pathlib import Path

import pytest
from hatchling.build import build_editable, build_wheel

from og_assets.settings import PROJECT_ROOT


def test_wheel_is_refused_with_the_way_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT_ROOT)
    with pytest.raises(SystemExit, match="runs from a checkout.*pip install --editable"):
        build_wheel(str(tmp_path))


def test_editable_install_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT_ROOT)
    assert build_editable(str(tmp_path)).startswith("og_assets-")
