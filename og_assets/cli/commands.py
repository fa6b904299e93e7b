"""`og-assets`: the command line. Also `python -m og_assets`.

Belongs here: which commands there are, and how they end. Heavy modules are imported where they are used, so that
`--help` and a wrong setting answer at once.
"""

import sys

import typer

from og_assets.cli.console import open_consoles
from og_assets.cli.demo import demo
from og_assets.cli.servers import dev, receiver, sandbox
from og_assets.cli.stopping import exit_by_signal, stop_on_signals, stop_signal
from og_assets.cli.sync import ingest, sync

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Ordergroove in your warehouse. Settings come from the environment and .env; see .env.example.",
)

app.command()(sync)
app.command()(ingest)
app.command()(dev)
app.command(add_help_option=False, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(sandbox)
app.command()(receiver)
app.command()(demo)

# These two run an event loop that handles signals by itself.
_OWN_SIGNALS = ("receiver", "sandbox")

_RESUMABLE = ("sync", "ingest")
_HINT = "Run the command again to continue: what was pulled is kept."


def main() -> None:
    """Run the command line and exit."""
    open_consoles()
    command = "".join(sys.argv[1:2])
    hint = _HINT if command in _RESUMABLE else ""
    if command not in _OWN_SIGNALS:
        stop_on_signals(hint=hint)
    try:
        app()
    finally:
        number = stop_signal()
        if number is not None:
            exit_by_signal(number, hint=hint)
