"""The range of windows that `og-assets sync` runs."""

import pytest

from og_assets.cli.windows import chosen_windows, parse_day
from og_assets.settings import SettingsError

ENDED = ["2026-11-01", "2026-11-02", "2026-11-03"]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (None, None, ENDED[-1:]),
        ("2026-11-02", None, ENDED[1:]),
        (None, "2026-11-02", ENDED[:2]),
        ("2026-11-02", "2026-11-02", ["2026-11-02"]),
        ("2020-01-01", "2030-01-01", ENDED),
    ],
)
def test_days_choose_windows(first: str | None, last: str | None, expected: list[str]) -> None:
    assert chosen_windows(ENDED, first=first, last=last) == expected


def test_last_day_includes_each_of_its_windows() -> None:
    ended = ["2026-11-01-04-of-4-14", "2026-11-01-14-of-4-14", "2026-11-02-04-of-4-14"]
    assert chosen_windows(ended, first="2026-11-01", last="2026-11-01") == ended[:2]


def test_range_without_a_finished_window_is_refused() -> None:
    with pytest.raises(SettingsError, match="No finished window lies between 2001-01-01 and 2001-02-01"):
        chosen_windows(ENDED, first="2001-01-01", last="2001-02-01")
    with pytest.raises(SettingsError, match="No window has ended yet"):
        chosen_windows([], first=None, last=None)


def test_text_that_is_not_a_day_is_refused() -> None:
    with pytest.raises(SettingsError, match="'yesterday' is not a day"):
        parse_day("yesterday")
