"""The windows that `og-assets sync` is asked for."""

from collections.abc import Sequence
from datetime import date

from og_assets.settings import SettingsError


def parse_day(text: str | None) -> str | None:
    """Return a day as windows name it. Raises `SettingsError` where it is not a day."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise SettingsError(f"{text!r} is not a day. Write it as 2026-11-22.") from None


def chosen_windows(ended: Sequence[str], *, first: str | None, last: str | None) -> list[str]:
    """Return the keys of a range of days, both included, out of the windows that have ended. Without days: the newest.

    Raises `SettingsError` where no window of the range has ended.
    """
    if not ended:
        raise SettingsError("No window has ended yet. Set ORDERGROOVE_START_DATE to an earlier day.")
    if first is None and last is None:
        return [ended[-1]]
    chosen = [key for key in ended if (first or ended[0]) <= key and key[:10] <= (last or ended[-1])[:10]]
    if not chosen:
        raise SettingsError(
            f"No finished window lies between {first or 'the beginning'} and {last or 'now'}. Windows that have ended "
            f"go from {ended[0]} to {ended[-1]}."
        )
    return chosen
