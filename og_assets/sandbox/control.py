"""The sandbox's own pages, under /sandbox and /: not part of Ordergroove's API, open to everybody.

Belongs here: clock, faults, requests, truth, and the page that says what this is. Not here: the API (rest).
"""

from dataclasses import asdict
from html import escape
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from .choices import Choices
from .faults import Faults
from .request_log import RequestLog
from .rest.listings import LISTINGS
from .store import Store

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>og_assets sandbox</title>
<style>body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem }}
td, th {{ padding: .1rem 1.5rem .1rem 0; text-align: left }} td + td {{ text-align: right }}
pre {{ background: #f4f4f4; padding: 1rem }}</style></head><body>
<h1>A sandbox store</h1>
<p>This is an invented store that answers like Ordergroove's REST API. Nothing in it is real.
It is <b>{now}</b> here ({zone}).</p>
<h2>Point a client at it</h2>
<pre>ORDERGROOVE_BASE_URL={base}
ORDERGROOVE_API_KEY={key}</pre>
<h2>What is in it</h2>
<table>{rows}</table>
<h2>Beside the API</h2>
<table>
<tr><td><a href="/sandbox/clock">/sandbox/clock</a></td><td>POST {{"days": 1}} lets time pass</td></tr>
<tr><td><a href="/sandbox/faults">/sandbox/faults</a></td><td>POST {{"error_every": 5}}, DELETE clears</td></tr>
<tr><td><a href="/sandbox/requests">/sandbox/requests</a></td><td>what was asked so far</td></tr>
<tr><td><a href="/sandbox/truth">/sandbox/truth</a></td><td>what really happened</td></tr>
</table></body></html>
"""


def build_control(
    store: Store, *, keys: tuple[str, ...], faults: Faults, choices: Choices, requests: RequestLog
) -> Starlette:
    """The pages beside the API."""

    async def home(request: Request) -> Response:
        with store.lock:
            counts = [(listing, len(listing.table(store.world))) for listing in LISTINGS]
        rows = "".join(f"<tr><td>{listing.path}</td><td>{count:,}</td></tr>" for listing, count in counts)
        base = f"{request.url.scheme}://{escape(request.headers.get('host', request.url.netloc))}"
        key, zone = escape(keys[0]), store.world.zone.key
        return HTMLResponse(_PAGE.format(now=store.now, zone=zone, base=base, key=key, rows=rows))

    async def health(_request: Request) -> Response:
        return _json({"status": "ok"})

    async def clock(request: Request) -> Response:
        if request.method == "POST":
            try:
                span = {name: float(value) for name, value in (await _body(request)).items()}
                await run_in_threadpool(store.advance, **span)
            except (TypeError, ValueError) as error:
                return _json({"detail": str(error)}, status=400)
        return _json({"now": store.now.isoformat(" "), "timezone": store.world.zone.key})

    async def change_faults(request: Request) -> Response:
        if request.method == "DELETE":
            faults.clear()
        elif request.method == "POST":
            try:
                faults.set(await _body(request))
            except ValueError as error:
                return _json({"detail": str(error)}, status=400)
        return _json(asdict(faults))

    async def change_choices(request: Request) -> Response:
        if request.method == "DELETE":
            choices.clear()
        elif request.method == "POST":
            try:
                choices.set(await _body(request))
            except ValueError as error:
                return _json({"detail": str(error)}, status=400)
        return _json(asdict(choices))

    async def asked(request: Request) -> Response:
        if request.method == "DELETE":
            requests.clear()
        return _json([asdict(entry) for entry in requests.all()])

    async def truth_names(_request: Request) -> Response:
        return _json(store.truth.names())

    async def truth_table(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in store.truth.names():
            return _json({"detail": f"no such table: {name}"}, status=404)
        return _json(await run_in_threadpool(store.truth.table, name))

    return Starlette(
        routes=[
            Route("/", home),
            Route("/sandbox/health", health),
            Route("/sandbox/clock", clock, methods=["GET", "POST"]),
            Route("/sandbox/faults", change_faults, methods=["GET", "POST", "DELETE"]),
            Route("/sandbox/choices", change_choices, methods=["GET", "POST", "DELETE"]),
            Route("/sandbox/requests", asked, methods=["GET", "DELETE"]),
            Route("/sandbox/truth", truth_names),
            Route("/sandbox/truth/{name}", truth_table),
        ]
    )


async def _body(request: Request) -> dict[str, Any]:
    body = orjson.loads(await request.body())
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")
    return body


def _json(body: Any, *, status: int = 200) -> Response:
    return Response(orjson.dumps(body, default=str), status_code=status, media_type="application/json")
