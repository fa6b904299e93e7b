"""The two output streams of `og-assets`, and the exit code and message of each error.

Belongs here: writing for people. Does not belong here: progress of a run (`progress`).
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Literal

import typer

from og_assets.errors import OgAssetsError
from og_assets.settings import SettingsError

if TYPE_CHECKING:
    from rich.console import Console

FAILED = 1
WRONG_INPUT = 2
INTERRUPTED = 130


@cache
def output() -> "Console":
    """Return the console of results and progress, on a copy of standard output."""
    return _console(1)


@cache
def errors() -> "Console":
    """Return the console of warnings and errors, on a copy of standard error."""
    return _console(2)


def open_consoles() -> None:
    """Copy the standard streams now: during a run the originals go to a log. Closed ones become the null device."""
    for stream, name in ((1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
            os.set_inheritable(stream, True)
            setattr(sys, name, os.fdopen(stream, "w", closefd=False))
    output()
    errors()


def _console(stream: int) -> "Console":
    from rich.console import Console

    # Soft wrap, because without a terminal rich breaks lines at 80 columns, in the middle of a path. No markup, because
    # a folder's name may hold a bracket.
    copy = os.fdopen(os.dup(stream), "w", encoding="utf-8")
    return Console(file=copy, soft_wrap=True, markup=False, highlight=False)


def print_message(kind: Literal["error", "failed", "warning"], sentence: str) -> None:
    """Write a problem and its kind to standard error."""
    from rich.text import Text

    style = "bold yellow" if kind == "warning" else "bold red"
    errors().print(Text.assemble((kind, style), "  ", sentence))


@contextmanager
def errors_as_sentences() -> Iterator[None]:
    """Show the project's errors as one sentence, without a traceback, and exit with a code that tells them apart."""
    try:
        yield
    except SettingsError as error:
        print_message("error", str(error))
        raise typer.Exit(WRONG_INPUT) from None
    except OgAssetsError as error:
        print_message("error", str(error))
        raise typer.Exit(FAILED) from None
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None


def exit_unless(succeeded: bool) -> None:
    """Exit with an error code if a run failed."""
    if not succeeded:
        raise typer.Exit(FAILED)
