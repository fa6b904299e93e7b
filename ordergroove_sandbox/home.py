"""The HTML page at `/`: settings for a client, row counts and the latest events.

Does not belong here: the control pages that it links to (`control`).
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
_CONTROL_PAGES = (
    ("clock", 'simulated time; POST {"days": 1} advances it'),
    ("faults", 'active faults; POST {"error_every": 5}, DELETE clears'),
    ("choices", "switches for what the API documentation leaves open"),
    ("webhooks", "targets and deliveries; POST /webhook_targets/ adds one"),
    ("requests", "log of API requests"),
    ("truth", "tables of the true state"),
)


def home_page(
    store: Store, *, base: str, key: str, webhooks: Webhooks, is_live: bool, failure: str | None = None
) -> str:
    """Render the page; it reloads every few seconds while the store is live."""
    with store.lock:
        now = store.now
        counts = [(listing.path, len(listing.table(store.state))) for listing in LISTINGS]
        events = store.state.event_log.events[-_EVENTS:]
        total = len(store.state.event_log.events)
    lists = "".join(f"<tr><td>{path}</td><td>{count:,}</td></tr>" for path, count in counts)
    last = "".join(
        f"<tr><td>{event.at}</td><td>{event.type}</td><td><code>{event.object_id}</code></td></tr>"
        for event in reversed(events)
    )
    pages = "".join(
        f'<tr><td><a href="/sandbox/{name}">/sandbox/{name}</a></td><td>{escape(description)}</td></tr>'
        for name, description in _CONTROL_PAGES
    )
    targets = "".join(
        f"<tr><td>{escape(target.url)}</td><td>{target.counts['success']:,} delivered, "
        f"{target.counts['failed']:,} failed</td></tr>"
        for target in webhooks.targets.values()
    )
    failed = f"<p><b>{escape(failure)}</b></p>" if failure else ""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Ordergroove sandbox</title>
<meta name="viewport" content="width=device-width">{'<meta http-equiv="refresh" content="3">' if is_live else ""}
<style>{_STYLE}</style></head><body>
<h1>Ordergroove sandbox</h1>
<p>A simulated store with Ordergroove's REST API. All data is invented.
Simulated time is <b>{now}</b> ({escape(store.state.zone.key)}); the clock {"runs" if is_live else "is stopped"}.</p>
{failed}
<h2>Connect a client</h2>
<pre>ORDERGROOVE_BASE_URL={escape(base)}
ORDERGROOVE_API_KEY={escape(key)}

curl -H 'x-api-key: {escape(key)}' -H 'X-OG-API-VERSION: 2' '{escape(base)}/subscriptions/?page_size=5'</pre>
<h2>Rows</h2>
<table class="n">{lists}</table>
<h2>Latest of {total:,} events</h2>
<table>{last}</table>
<h2>Webhooks</h2>
<table>{targets or "<tr><td>No targets: events are not delivered.</td></tr>"}</table>
<h2>Control pages</h2>
<table>{pages}</table></body></html>
"""
