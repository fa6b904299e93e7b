"""The options of the command that runs a store: the same ones make the same store, wrong ones are named."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import ordergroove_sandbox
from og_assets.cli.commands import app
from ordergroove_sandbox import Store

SMALL = ["sandbox", "--customers", "15", "--days", "40"]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Store]:
    """The stores that the command would have served."""
    stores: list[Store] = []

    def keep(store: Store, **_: Any) -> None:
        stores.append(store)

    monkeypatch.setattr(ordergroove_sandbox, "run", keep)
    return stores


def test_the_same_options_make_the_same_store(made: list[Store]) -> None:
    options = ["--until", "2026-03-01T12:00:00", "--timezone", "Europe/Berlin", "--currencies", "USD,CAD"]
    for _ in range(2):
        done = CliRunner().invoke(app, [*SMALL, *options])
        assert done.exit_code == 0, done.output
    one, other = made
    assert one.truth.tables() == other.truth.tables()
    assert (one.now, one.world.zone.key) == (datetime(2026, 3, 1, 12), "Europe/Berlin")
    assert one.world.currencies == ("USD", "CAD")


@pytest.mark.parametrize(
    "wrong",
    [
        ["--until", "soon"],
        ["--until", "2026-03-01T12:00:00Z"],
        ["--until", "0001-01-01"],
        ["--timezone", "Berlin"],
        ["--timezone", "../etc/passwd"],
        ["--currencies", ""],
        ["--currencies", "USD,dollars"],
        ["--currencies", "USD,USD"],
        ["--port", "99999"],
        ["--port", "0"],
        ["--days", "900000"],
        ["--customers", "900000"],
        ["--webhooks", "nowhere"],
        ["--webhooks", "http://"],
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(made: list[Store], wrong: list[str]) -> None:
    done = CliRunner().invoke(app, [*SMALL, *wrong])
    assert done.exit_code == 2
    assert "Invalid value" in done.output
    assert "Traceback" not in done.output
    assert not made


def test_events_of_two_stores_are_not_written_into_one_folder(made: list[Store], tmp_path: Path) -> None:
    command = [*SMALL, "--dumps", str(tmp_path)]
    assert CliRunner().invoke(app, command).exit_code == 0
    made[0].webhooks[0].close()
    done = CliRunner().invoke(app, command)
    assert (done.exit_code, len(made)) == (2, 1)
    assert "Invalid value" in done.output
