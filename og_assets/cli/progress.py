"""What `og-assets` shows while it works and when it is done: a live bar on a terminal, plain lines elsewhere.

Belongs here: words and tables for people. Does not belong here: doing the work (`defs/local_run.py`).
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import duckdb
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from og_assets.ordergroove.objects import OBJECTS

# Copies of the standard streams: the steps of a run write to the originals, which go to a log meanwhile. Sentences are
# not wrapped by us: without a terminal rich would cut them at 80 columns, in the middle of a path.
# Nor is anything taken for markup: a bracket in a folder's name is a bracket.
console = Console(file=os.fdopen(os.dup(1), "w", encoding="utf-8"), soft_wrap=True, markup=False)
errors = Console(file=os.fdopen(os.dup(2), "w", encoding="utf-8"), soft_wrap=True, markup=False, highlight=False)

Report = Callable[["StepEvent"], None]


@dataclass(frozen=True, kw_only=True)
class StepEvent:
    """Something that happened to a step of a run. `rows` where the step says how many it brought."""

    step: str
    kind: str
    rows: int | None = None


@dataclass
class _Steps:
    started: dict[str, float] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)

    def line(self, news: StepEvent) -> str | None:
        """Return the line that tells of a finished or waiting step, or None while it goes on."""
        if news.kind == "waiting" and news.step not in self.waiting:
            self.waiting.add(news.step)
            why = "for another walk of its type; if none is under way, end the run that died in Dagster's UI"
            return f"waits  {news.step:<36} {why}"
        if news.kind == "started":
            self.started[news.step] = time.monotonic()
        if news.rows is not None:
            self.rows[news.step] = news.rows
        if news.kind not in ("finished", "failed"):
            return None
        seconds = time.monotonic() - self.started.get(news.step, time.monotonic())
        rows = f"{self.rows[news.step]:>10,} rows" if news.step in self.rows else " " * 15
        mark = "failed" if news.kind == "failed" else "done"
        return f"{mark:<7}{news.step:<36}{rows}{seconds:>8.1f} s"


def print_message(kind: Literal["error", "failed", "warning"], sentence: str) -> None:
    """Say on standard error what is wrong, and of which kind it is."""
    style = "bold yellow" if kind == "warning" else "bold red"
    errors.print(Text.assemble((kind, style), "  ", sentence))


@contextmanager
def reporting(title: str, *, total: int) -> Iterator[Report]:
    """Show the steps of a run: a bar on a terminal, a line for each finished step anywhere."""
    steps = _Steps()
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task(title, total=total)

        def report(news: StepEvent) -> None:
            line = steps.line(news)
            if news.kind == "started":
                progress.update(task, description=f"{title}: {news.step}")
            if line:
                progress.advance(task, advance=news.kind != "waiting")
                console.print(line, highlight=False)

        yield report


def summary(lake: Path, published: Path) -> Table:
    """Tell what arrived: raw rows by object, rows by mart, four headline numbers. Reads the published file."""
    table = Table(title="What arrived")
    table.add_column("what")
    table.add_column("rows", justify="right")
    with duckdb.connect(str(published), read_only=True) as connection:
        folders = {api_object.name: lake / "raw" / api_object.name for api_object in OBJECTS}
        for name, folder in {**folders, "webhook_events": lake / "events"}.items():
            files = _quoted(str(folder / "**" / "*.parquet"))
            table.add_row(f"ordergroove/{name}", _count(connection, f"read_parquet('{files}')"))
        table.add_section()
        for (name,) in connection.execute("select table_name from duckdb_tables() order by table_name").fetchall():
            table.add_row(name, _count(connection, f'"{name}"'))
        table.add_section()
        for title, value in _headlines(connection):
            table.add_row(title, value)
    return table


def _headlines(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str]]:
    (live,) = _one(connection, "select count(*) from dim_subscriptions where is_live")
    (mrr,) = _one(connection, "select coalesce(sum(mrr), 0) from dim_subscriptions where is_live")
    (placed,) = _one(connection, "select coalesce(sum(total), 0) from fct_orders where outcome = 'placed'")
    (deleted,) = _one(connection, "select count(*) from fct_order_items where outcome = 'deleted'")
    yield "live subscriptions", f"{live:,}"
    yield "monthly recurring revenue", f"{mrr:,.2f}"
    yield "placed so far", f"{placed:,.2f}"
    yield "deleted items, each proved", f"{deleted:,}"


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> str:
    (rows,) = _one(connection, f"select count(*) from {relation}")
    return f"{rows:,}"


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[int, ...]:
    row = connection.execute(query).fetchone()
    return row if row else (0,)


def _quoted(text: str) -> str:
    # As a pattern: a bracket in a folder's name must stand for itself.
    return text.replace("'", "''").replace("[", "[[]")
