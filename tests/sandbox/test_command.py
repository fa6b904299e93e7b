"""The options of the command that runs a store: the same ones make the same store, wrong ones are named."""

from datetime import datetime
from typing import Any

import pytest
from typer.testing import CliRunner

import og_assets.sandbox
from og_assets.cli import app
from og_assets.sandbox import Store

SMALL = ["sandbox", "--customers", "15", "--days", "40"]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Store]:
    """The stores that the command would have served."""
    stores: list[Store] = []

    def keep(store: Store, **_: Any) -> None:
        stores.append(store)

    monkeypatch.setattr(og_assets.sandbox, "run", keep)
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
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(made: list[Store], wrong: list[str]) -> None:
    done = CliRunner().invoke(app, [*SMALL, *wrong])
    assert done.exit_code == 2
    assert "Invalid value" in done.output
    assert "Traceback" not in done.output
    assert not made
