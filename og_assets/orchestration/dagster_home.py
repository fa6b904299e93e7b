"""Dagster's home and the command that starts its UI and daemon, the same for every command of the project."""

import os
import shutil
import sys
from pathlib import Path

from dotenv import dotenv_values

from og_assets.lake.errors import translate_os_errors
from og_assets.settings import PROJECT_ROOT, Settings, SettingsError


def prepare_dagster_home(settings: Settings) -> None:
    """Point `DAGSTER_HOME` at `OG_DATA_DIR/dagster`, with the project's dagster.yaml in it, unless one is set.

    Commands, UI and daemon must share one instance: its pools keep two pulls of an object type apart. `DAGSTER_HOME` is
    read from `.env` too, as `dg dev` and `dagster dev` do.
    """
    default = settings.data_dir / "dagster"
    home = Path(os.environ.get("DAGSTER_HOME") or dotenv_values(".env").get("DAGSTER_HOME") or default)
    if home != default:
        _refuse_without_pools(home)
    else:
        with translate_os_errors(home):
            home.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(PROJECT_ROOT / "dagster.yaml", home / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(home)


def _refuse_without_pools(home: Path) -> None:
    if not home.is_absolute() or not (home / "dagster.yaml").is_file():
        raise SettingsError(
            f"DAGSTER_HOME is {home}, which is no absolute path of a folder with a dagster.yaml. Copy the project's "
            "dagster.yaml there, or unset DAGSTER_HOME: without its pools, two runs could pull one object at once."
        )


def dagster_dev_command(*, port: int) -> list[str]:
    """Return the command that runs web server and daemon of this project."""
    dg = Path(sys.executable).with_name("dg")
    return [str(dg), "dev", "--workspace", str(PROJECT_ROOT / "workspace.yaml"), "--port", str(port)]
