"""What cannot be installed: a wheel, which would lack the dbt project. `make` installs an editable checkout."""

from pathlib import Path

import pytest
from hatchling.build import build_wheel

from og_assets.settings import PROJECT_ROOT


def test_wheel_is_refused_with_the_way_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT_ROOT)
    with pytest.raises(SystemExit, match=r"runs from a checkout.*pip install --editable"):
        build_wheel(str(tmp_path))
