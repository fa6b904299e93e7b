"""Which Dagster instance commands use."""

from pathlib import Path

import pytest

from og_assets.orchestration.dagster_home import dagster_dev_command, prepare_dagster_home
from og_assets.settings import SettingsError, load_settings


def test_instance_lies_in_the_data_directory_with_the_projects_pools(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")
    prepare_dagster_home(load_settings())
    assert "default_limit: 1" in (tmp_path / "data" / "dagster" / "dagster.yaml").read_text()


def test_home_in_the_env_file_is_used_as_dagsters_own_commands_use_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")
    (tmp_path / ".env").write_text("DAGSTER_HOME=${PWD}/elsewhere\n")
    monkeypatch.setenv("PWD", str(tmp_path))
    with pytest.raises(SettingsError, match=f"DAGSTER_HOME is {tmp_path}/elsewhere"):
        prepare_dagster_home(load_settings())


def test_dev_starts_what_dagster_recommends() -> None:
    command = dagster_dev_command(port=4000)
    assert Path(command[0]).name == "dg" and command[1] == "dev" and Path(command[0]).exists()
