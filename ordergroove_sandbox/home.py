"""The page at /: what this is, how to point a client at it, what is in it and what happened last.

Belongs here: HTML. Not here: the handles that it names (control).
"""

from html import escape

from .rest.listings import LISTINGS
from .store import Store
from .webhooks import Webhooks

_EVENTS = 15
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 3rem auto; padding: 0 1rem; color: #222 }
td, th { padding: .1rem 1.5rem .1rem 0; text-align: left } .n td:last-child { text-align: right }
pre { background: #f4f4f4; padding: 1rem; overflow-x: auto } code { font-size: .9em }
@media (prefers-color-scheme: dark) {
  body { background: #1b1b1b; color: #ddd } pre { background: #2a2a2a } a { color: #8bf }
}
"""
_HANDLES = (
    ("clock", 'the time; POST {"days": 1} lets it pass'),
    ("faults", 'what goes wrong; POST {"error_every": 5}, DELETE clears'),
    ("choices", "what the documentation leaves open"),
    ("webhooks", "targets and deliveries; POST /webhook_targets/ adds one"),
    ("requests", "what was asked so far"),
    ("truth", "what really happened"),
)


def home_page(
    store: Store, *, base: str, key: str, webhooks: Webhooks, is_live: bool, failure: str | None = None
) -> str:
    """The whole page; it loads itself again every few seconds while the store is live."""
    with store.lock:
        now = store.now
        counts = [(listing.path, len(listing.table(store.state))) for listing in LISTINGS]
        events = store.state.event_log.events[-_EVENTS:]
        told = len(store.state.event_log.events)
    lists = "".join(f"<tr><td>{path}</td><td>{count:,}</td></tr>" for path, count in counts)
    last = "".join(
        f"<tr><td>{event.at}</td><td>{event.type}</td><td><code>{event.object_id}</code></td></tr>"
        for event in reversed(events)
    )
    handles = "".join(
        f'<tr><td><a href="/sandbox/{name}">/sandbox/{name}</a></td><td>{escape(what)}</td></tr>'
        for name, what in _HANDLES
    )
    targets = "".join(
        f"<tr><td>{escape(target.url)}</td><td>{target.counts['success']:,} delivered, "
        f"{target.counts['failed']:,} failed</td></tr>"
        for target in webhooks.targets.values()
    )
    failed = f"<p><b>{escape(failure)}</b></p>" if failure else ""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>og_assets sandbox</title>
<meta name="viewport" content="width=device-width">{'<meta http-equiv="refresh" content="3">' if is_live else ""}
<style>{_STYLE}</style></head><body>
<h1>A sandbox store</h1>
<p>This is an invented store that answers like Ordergroove's REST API. Nothing in it is real.
It is <b>{now}</b> here ({escape(store.state.zone.key)}), and time {"goes on" if is_live else "stands still"}.</p>
{failed}
<h2>Point a client at it</h2>
<pre>ORDERGROOVE_BASE_URL={escape(base)}
ORDERGROOVE_API_KEY={escape(key)}

curl -H 'x-api-key: {escape(key)}' -H 'X-OG-API-VERSION: 2' '{escape(base)}/subscriptions/?page_size=5'</pre>
<h2>What is in it</h2>
<table class="n">{lists}</table>
<h2>The last of {told:,} events</h2>
<table>{last}</table>
<h2>Webhooks</h2>
<table>{targets or "<tr><td>No target; none is told of anything.</td></tr>"}</table>
<h2>Beside the API</h2>
<table>{handles}</table></body></html>
"""
