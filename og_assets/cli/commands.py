"""`og-assets`: the command line. Also `python -m og_assets`.

Belongs here: arguments, exit codes, and errors as sentences. Does not belong here: what `sync` and `ingest` do, step by
step (`runs.py`). Heavy modules are imported where they are used, so that `--help` and a wrong setting answer at once.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from og_assets.errors import OgAssetsError
from og_assets.settings import SettingsError, load_settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Ordergroove in your warehouse. Settings come from the environment and .env; see .env.example.",
)

FAILED = 1
WRONG_INPUT = 2


@app.command()
def sync(
    first: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="First window, such as 2026-11-01.")
    ] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last window, included.")] = None,
) -> None:
    """Pull a range of windows, build the marts and publish them, in this process. Without days: the newest window."""
    with _sentences():
        # Inside, for Dagster's definitions read the settings when they are imported.
        from og_assets.cli.runs import run_sync

        _end_by(run_sync(load_settings(), first=_day(first), last=_day(last)))


@app.command()
def ingest() -> None:
    """Take in the webhook dumps that lie in the inbox, build the marts and publish them, in this process."""
    with _sentences():
        from og_assets.cli.runs import run_ingest

        _end_by(run_ingest(load_settings()))


@app.command()
def dev(port: Annotated[int, typer.Option(help="Port of Dagster's UI.")] = 3000) -> None:
    """Run Dagster's UI and daemon on your own store, with the same home that `sync` uses."""
    with _sentences():
        from og_assets.orchestration import local_runs as local_run
        from og_assets.orchestration.dagster_home import dagster_dev_command, prepare_dagster_home

        prepare_dagster_home(load_settings())
        local_run.fail_orphaned_runs()
        command = dagster_dev_command(port=port)
        os.execv(command[0], command)


# The simulator reads its own options, `--help` included: this alias imports it only when it is used.
@app.command(add_help_option=False, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def sandbox(context: typer.Context) -> None:
    """Run a simulated Ordergroove store: the same as `ordergroove-sandbox`."""
    from ordergroove_sandbox.command import main as run_sandbox

    run_sandbox(context.args, name="og-assets sandbox")


@app.command()
def receiver(
    host: Annotated[str, typer.Option(help="Where it listens; 0.0.0.0 for every address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Its port; 0 for any that is free.")] = 8900,
    allow_unsigned: Annotated[
        bool, typer.Option("--allow-unsigned", help="Without a key, take events from anyone. Not for production.")
    ] = False,
    max_body: Annotated[int, typer.Option(min=1, help="Bytes of the largest body that is taken.")] = 8_000_000,
    max_connections: Annotated[int, typer.Option(min=1, help="Connections at one moment; more get 503.")] = 512,
    rotate_seconds: Annotated[float, typer.Option(min=0.1, help="Age at which a file goes into the inbox.")] = 300,
    rotate_bytes: Annotated[int, typer.Option(min=1, help="Size at which a file goes into the inbox.")] = 64_000_000,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds in which a request must arrive, and be kept.")] = 10,
) -> None:
    """Take webhooks in over HTTP and write them into the inbox. Ends with Ctrl-C. See docs/receiver.md."""
    with _sentences():
        from og_assets.receiver.server import Options, run

        options = Options(
            host=host,
            port=port,
            allow_unsigned=allow_unsigned,
            max_body=max_body,
            max_connections=max_connections,
            rotate_seconds=rotate_seconds,
            rotate_bytes=rotate_bytes,
            timeout=timeout,
        )
        run(load_settings(), options)


@app.command()
def demo(
    headless: Annotated[bool, typer.Option("--headless", help="End after the table, without the UI.")] = False,
    port: Annotated[int, typer.Option(help="Port of Dagster's UI.")] = 3000,
) -> None:
    """Make a sandbox store with a year of history and webhooks, bring it into a warehouse, show it in Dagster's UI."""
    from og_assets.cli import demo as steps
    from og_assets.cli.progress import console
    from ordergroove_sandbox import serve

    with _sentences():
        console.print(f"Making a store of {steps.DEMO_CUSTOMERS:,} customers with a year of history …")
        with steps.fresh_folder(steps.DEMO_DIR), serve(steps.demo_store(steps.DEMO_DIR)) as server:
            steps.point_at_sandbox(server.url, merchant=server.store.merchant, data_dir=steps.DEMO_DIR)
            from og_assets.cli.runs import run_sync

            settings = load_settings()
            console.print(
                f"The store answers at {server.url}. Pulling all windows since {settings.ordergroove_start_date} …"
            )
            _end_by(run_sync(settings, first=str(settings.ordergroove_start_date), last=None))
            if headless:
                return
            console.print("Starting Dagster's UI …")
            with steps.dagster_ui(settings, port=port) as address:
                console.print(f"Dagster's UI: {address}/asset-groups  -  Ctrl-C ends the demo.")
                steps.wait_to_be_stopped()


def main() -> None:
    """Run the command line."""
    app()


def _end_by(succeeded: bool) -> None:
    if not succeeded:
        raise typer.Exit(FAILED)


def _day(text: str | None) -> str | None:
    from datetime import date

    if text is None:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise SettingsError(f"{text!r} is no day. Write it as 2026-11-22.") from None


@contextmanager
def _sentences() -> Iterator[None]:
    """Show the errors that we know as one sentence, without a traceback, and end with an exit code that tells."""
    from og_assets.cli.progress import errors, print_message

    try:
        yield
    except SettingsError as error:
        print_message("error", str(error))
        raise typer.Exit(WRONG_INPUT) from None
    except OgAssetsError as error:
        print_message("error", str(error))
        raise typer.Exit(FAILED) from None
    except KeyboardInterrupt:
        errors.print("Stopped.")
        raise typer.Exit(130) from None
