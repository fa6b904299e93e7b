"""Shows the steps of a run while it works: a live bar on a terminal, a plain line for each finished step everywhere."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from og_assets.cli.console import output
from og_assets.orchestration.step_events import Report, StepEvent, step_label


@dataclass
class StepLines:
    """The line to print for each step event. Keeps start times and rows until a step ends."""

    started: dict[str, float] = field(default_factory=dict)
    # By step and asset: each partition of an asset carries the number of all of them.
    rows: dict[str, dict[str | None, int]] = field(default_factory=dict)
    waiting: dict[str, str | None] = field(default_factory=dict)

    def line(self, event: StepEvent) -> str | None:
        """Return the line for a step that ended or waits, or None."""
        name = step_label(event.step)
        if event.kind == "waiting":
            if self.waiting.get(event.step) == event.detail:
                return None
            self.waiting[event.step] = event.detail
            return f"waiting {name:<27}{event.detail}"
        if event.kind == "started":
            self.started[event.step] = time.monotonic()
        if event.rows is not None:
            self.rows.setdefault(event.step, {})[event.asset] = event.rows
        if event.kind not in ("finished", "failed"):
            return None
        seconds = time.monotonic() - self.started.get(event.step, time.monotonic())
        rows = f"{sum(self.rows[event.step].values()):>10,} rows" if event.step in self.rows else " " * 15
        outcome = "failed" if event.kind == "failed" else "done"
        return f"{outcome:<8}{name:<27}{rows}{seconds:>8.1f} s"


@contextmanager
def reporting(title: str, *, steps: Sequence[str]) -> Iterator[Report]:
    """Show the steps of a run: a bar on a terminal, a line for each finished step anywhere."""
    lines = StepLines()
    console = output()
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    console.print(f"Run {title}: {len(steps)} steps")
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task(title, total=len(steps))

        def report(event: StepEvent) -> None:
            line = lines.line(event)
            if event.kind == "started":
                progress.update(task, description=f"{title}: {step_label(event.step)}")
                if event.step == "dbt_models":
                    console.print("started dbt_models                 builds and tests the marts: the longest step")
            if line:
                progress.advance(task, advance=event.kind != "waiting")
                console.print(line)

        yield report
