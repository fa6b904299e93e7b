"""`og-assets dev`, `receiver` and `sandbox`: commands that serve until they are stopped."""

from typing import Annotated

import typer

from og_assets.cli.console import errors_as_sentences, output
from og_assets.settings import load_settings


def dev(port: Annotated[int, typer.Option(help="Port of Dagster's UI.")] = 3000) -> None:
    """Run Dagster's UI and daemon on your own store, with the same home that `sync` uses. Ends with Ctrl-C."""
    with errors_as_sentences():
        settings = load_settings()
        output().print(f"Starting Dagster's UI and daemon, on {settings.data_dir} …")
        from og_assets.cli.dagster_ui import dagster_ui
        from og_assets.orchestration.dagster_home import prepare_dagster_home
        from og_assets.orchestration.local_runs import fail_orphaned_runs

        prepare_dagster_home(settings)
        fail_orphaned_runs()
        with dagster_ui(port=port) as ui:
            output().print(f"Dagster's UI: {ui.address}  -  Ctrl-C ends it.")
            ui.wait()


# The simulator reads its own options, `--help` included: this alias imports it only when it is used.
def sandbox(context: typer.Context) -> None:
    """Run a simulated Ordergroove store: the same as `ordergroove-sandbox`."""
    from ordergroove_sandbox.command import main as run_sandbox

    run_sandbox(context.args, name="og-assets sandbox")


def receiver(
    host: Annotated[str, typer.Option(help="Where it listens; 0.0.0.0 for every address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Its port; 0 for any that is free.")] = 8900,
    allow_unsigned: Annotated[
        bool, typer.Option("--allow-unsigned", help="Without a key, take events from anyone. Not for production.")
    ] = False,
    max_body: Annotated[int, typer.Option(min=1, help="Bytes of the largest body that is accepted.")] = 8_000_000,
    max_connections: Annotated[int, typer.Option(min=1, help="Connections at one moment; more get 503.")] = 512,
    rotate_seconds: Annotated[float, typer.Option(min=0.1, help="Age at which a file goes into the inbox.")] = 300,
    rotate_bytes: Annotated[int, typer.Option(min=1, help="Size at which a file goes into the inbox.")] = 64_000_000,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds in which a body must arrive and be stored.")] = 10,
) -> None:
    """Take webhooks in over HTTP and write them into the inbox. Ends with Ctrl-C. See docs/receiver.md."""
    with errors_as_sentences():
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
