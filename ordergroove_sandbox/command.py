"""`ordergroove-sandbox`: run a simulated store from a shell.

`python -m ordergroove_sandbox` and `og-assets sandbox` are the same command.

Belongs here: options, exit codes, messages for people. Does not belong here: reading option values (`arguments`), the
HTTP server (`server`).
"""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from . import server
from .option_values import currencies_of, moment_of, timezone_of
from .store import Store
from .webhooks import DEFAULT_KEY, Webhooks
from .webhooks.targets import is_address

WRONG_INPUT = 2
INTERRUPTED = 130

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def run(
    seed: Annotated[int, typer.Option(help="Random seed; the same seed and options give the same store.")] = 7,
    customers: Annotated[int, typer.Option(min=0, max=500_000, help="Number of customers.")] = 400,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days of history.")] = 365,
    until: Annotated[
        str | None,
        typer.Option(metavar="MOMENT", help="End of the history, such as 2026-11-22T14:00:00. Default: now."),
    ] = None,
    timezone: Annotated[str, typer.Option(metavar="NAME", help="Time zone of the store.")] = "America/New_York",
    currencies: Annotated[
        str, typer.Option(metavar="CODES", help="Currencies of the orders, such as USD,CAD.")
    ] = "USD",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port on 127.0.0.1.")] = 8765,
    live: Annotated[bool, typer.Option("--live", help="Let simulated time pass while the store is served.")] = False,
    day_seconds: Annotated[
        float, typer.Option(min=1, help="With --live: seconds of real time in a simulated day.")
    ] = 86_400,
    webhooks: Annotated[
        str | None, typer.Option(metavar="URL", help="POST webhook events to this address, from now on.")
    ] = None,
    dumps: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write every webhook event into this folder, past ones included.")
    ] = None,
) -> None:
    """Run a simulated Ordergroove store: REST API and webhooks over seeded data. Ends with Ctrl-C or SIGTERM."""
    try:
        wall: dict[str, Any] = {
            "until": moment_of(until),
            "timezone": timezone_of(timezone),
            "currencies": currencies_of(currencies),
        }
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if webhooks is not None and not is_address(webhooks):
        raise typer.BadParameter(f"{webhooks!r} is not an HTTP address. Write it as http://127.0.0.1:8080/webhooks.")
    hooks = Webhooks()
    if dumps is not None:
        try:
            hooks.write_files_to(dumps)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
    with _interrupts_end_the_command():
        typer.echo(f"Creating a store with {customers:,} customers and {days:,} days of history …")
        store = Store(seed=seed, customers=customers, days=days, webhooks=hooks, **wall)
        if webhooks is not None:
            hooks.add_target(webhooks)
        url = f"http://127.0.0.1:{port}"
        typer.echo(f"Serving at {url}/. Use ORDERGROOVE_BASE_URL={url} and ORDERGROOVE_API_KEY=sandbox-key.")
        if webhooks is not None or dumps is not None:
            typer.echo(f"Events are signed with {DEFAULT_KEY}: use ORDERGROOVE_WEBHOOK_KEYS={DEFAULT_KEY}.")
        try:
            server.run(store, port=port, webhooks=hooks, day_seconds=day_seconds if live else None)
        except OSError as error:
            typer.echo(f"error  Port {port} cannot be used: {error}. Choose another with --port.", err=True)
            raise typer.Exit(WRONG_INPUT) from None


def main(arguments: Sequence[str] | None = None, *, name: str = "ordergroove-sandbox") -> None:
    """Run the command line and exit; without `arguments`, those of this process."""
    app(args=arguments, prog_name=name)


@contextmanager
def _interrupts_end_the_command() -> Iterator[None]:
    """Handle SIGTERM like Ctrl-C, so that event files that are not yet complete are written before the process ends."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("Stopped.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    finally:
        signal.signal(signal.SIGTERM, previous)
