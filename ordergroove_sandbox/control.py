"""The sandbox's own pages, `/` and `/sandbox/…`: not part of Ordergroove's API, and open without a key.

Belongs here: clock, faults, choices, webhooks, request log, truth. Does not belong here: the API (`rest`), the HTML of
the page at `/` (`home`).
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from .choices import Choices
from .faults import Faults
from .home import home_page
from .request_log import RequestLog
from .store import Store
from .webhooks import Webhooks


def build_control(
    store: Store,
    *,
    keys: tuple[str, ...],
    faults: Faults,
    choices: Choices,
    requests: RequestLog,
    webhooks: Webhooks,
    is_live: bool,
    failure: Callable[[], str | None],
) -> Starlette:
    """Build the application that serves these pages."""

    async def home(request: Request) -> Response:
        base = f"{request.url.scheme}://{request.headers.get('host', request.url.netloc)}"
        return HTMLResponse(
            home_page(store, base=base, key=keys[0], webhooks=webhooks, is_live=is_live, failure=failure())
        )

    async def health(_request: Request) -> Response:
        if detail := failure():
            return _json({"status": "failed", "detail": detail}, status=503)
        return _json({"status": "ok"})

    async def clock(request: Request) -> Response:
        if request.method == "POST":
            try:
                span = _span(await _body(request))
                await run_in_threadpool(store.advance, **span)
            except ValueError as error:
                return _json({"detail": str(error)}, status=400)
            await run_in_threadpool(webhooks.deliver)
        return _json({"now": store.now.isoformat(" "), "timezone": store.state.zone.key})

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

    async def request_log(request: Request) -> Response:
        if request.method == "DELETE":
            requests.clear()
        return _json([asdict(entry) for entry in requests.all()])

    async def webhook_status(_request: Request) -> Response:
        targets = [
            {"id": target.id, "url": target.url, "pattern": target.pattern, "enabled": target.enabled,
             "retried": target.retried, **target.counts}
            for target in webhooks.targets.values()
        ]  # fmt: skip
        recent = [
            {"event": delivery.message.id, "type": delivery.message.type, "target": delivery.target.id,
             "state": delivery.state, "attempts": delivery.attempts, "last_status": delivery.last_status}
            for delivery in list(webhooks.recent)[-50:]
        ]  # fmt: skip
        return _json({"emitted": webhooks.emitted, "pending": webhooks.pending, "targets": targets, "recent": recent})

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
            Route("/sandbox/webhooks", webhook_status),
            Route("/sandbox/requests", request_log, methods=["GET", "DELETE"]),
            Route("/sandbox/truth", truth_names),
            Route("/sandbox/truth/{name}", truth_table),
        ]
    )


def _span(body: dict[str, Any]) -> dict[str, float]:
    for name, value in body.items():
        if name not in ("days", "hours", "seconds"):
            raise ValueError(f"unknown unit of time: {name}")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{name}: {value!r} is not a number")
    return body


async def _body(request: Request) -> dict[str, Any]:
    body = orjson.loads(await request.body())
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")
    return body


def _json(body: Any, *, status: int = 200) -> Response:
    return Response(orjson.dumps(body, default=str), status_code=status, media_type="application/json")
