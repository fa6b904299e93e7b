"""The REST API as an ASGI application.

Belongs here: routes, headers, status codes, error bodies. Does not belong here: the content of a page (`pages`,
`listings`), faults.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ordergroove_sandbox.bodies import merchant_bodies
from ordergroove_sandbox.choices import Choices
from ordergroove_sandbox.faults import Faults
from ordergroove_sandbox.store import Store
from ordergroove_sandbox.webhooks import Webhooks
from ordergroove_sandbox.webhooks.admin import admin_routes

from .cursors import InvalidCursorError
from .displayed_clock import DisplayedClock
from .filters import BadParameterError, Query
from .listing import Listing, Render
from .listings import LISTINGS
from .mutation_requests import handle_mutation
from .mutations import MUTATIONS, Mutation
from .pages import InvalidPageError, Page, cursor_page, numbered_page, page_size
from .rendering import Renderer

_WHOLE = 1_000_000_000
"""Page size that returns the whole list."""

Endpoint = Callable[[Request], Awaitable[Response]]


def build_api(
    store: Store, *, keys: tuple[str, ...], faults: Faults, choices: Choices, webhooks: Webhooks
) -> Starlette:
    """Build the API of a store; requests need one of the keys."""
    clock = DisplayedClock(faults, store.state.zone)
    renderer = Renderer(store, clock)
    allowed = frozenset(keys)

    def with_key(endpoint: Endpoint) -> Endpoint:
        async def respond(request: Request) -> Response:
            if request.headers.get("x-api-key") not in allowed:
                return _json({"detail": "Authentication Failed"}, status=choices.unauthenticated)
            return await endpoint(request)

        return respond

    def listing_endpoint(listing: Listing) -> Endpoint:
        async def respond(request: Request) -> Response:
            query: Query = parse_qs(request.url.query, keep_blank_values=True)
            is_v2 = request.headers.get("x-og-api-version") == "2" and faults.lose_version != listing.name
            if "cursor" in query:
                if faults.expired_cursor == listing.name:
                    return _json({"detail": "Invalid cursor"}, status=404)
                if faults.stir_hours:
                    await run_in_threadpool(store.advance, hours=faults.stir_hours)
            try:
                with store.lock:
                    page = _page(store, listing, query, is_v2=is_v2, choices=choices, clock=clock)
                    rows = renderer.rows(page.rows, name=listing.name, render=listing.render(query))
            except BadParameterError as error:
                return _json({error.name: error.detail}, status=400)
            except InvalidCursorError:
                return _json({"detail": "Invalid cursor"}, status=404)
            except InvalidPageError:
                return _json({"detail": "Invalid page."}, status=404)
            if is_v2 and listing.name in choices.bare_lists:
                return Response(b"[" + b",".join(rows) + b"]", media_type="application/json")
            if faults.repeat_cursor == listing.name:
                page = replace(page, next=request.url.query or "page_size=10")
            host = faults.link_host(object_type=listing.name, requested=request.headers.get("host", request.url.netloc))
            body = page.envelope(rows, base=f"{request.url.scheme}://{host}{listing.path}")
            return Response(body, media_type="application/json")

        return respond

    def single_endpoint(listing: Listing, render: Render) -> Endpoint:
        async def respond(request: Request) -> Response:
            with store.lock:
                row = listing.table(store.state).get(request.path_params["key"])
                if row is None:
                    return _json({"detail": listing.not_found}, status=404)
                return Response(renderer.row(row, name=listing.name, render=render), media_type="application/json")

        return respond

    async def relationships(request: Request) -> Response:
        with store.lock:
            row = store.state.products.get(request.path_params["key"])
            if row is None:
                return _json({"detail": "Unable to find requested asset."}, status=404)
            return _json(merchant_bodies.relationships(store.state, row, request.query_params.get("type")))

    async def component(request: Request) -> Response:
        with store.lock:
            found = store.state.component(request.path_params["key"])
        return _json(found) if found else _json({"detail": "Unable to find requested asset."}, status=404)

    def changing_endpoint(mutation: Mutation) -> Endpoint:
        async def respond(request: Request) -> Response:
            return await handle_mutation(request, mutation, store=store, renderer=renderer, choices=choices)

        return respond

    routes = [
        Route("/products/{key}/relationships/", with_key(relationships)),
        Route("/subscriptions/components/{key}/", with_key(component)),
    ]
    for listing in LISTINGS:
        routes.append(Route(listing.path, with_key(listing_endpoint(listing))))
        if listing.detail is not None:
            endpoint = with_key(single_endpoint(listing, listing.detail))
            routes.append(Route(f"{listing.path}{{key}}/", endpoint))
    routes[:0] = [
        Route(path, with_key(changing_endpoint(mutation)), methods=[mutation.method])
        for mutation in MUTATIONS
        # Ordergroove's own front end omits the trailing slash, so both forms are served.
        for path in (mutation.path, mutation.path.rstrip("/"))
    ]
    routes += admin_routes(webhooks, merchant=store.merchant, with_key=with_key)
    routes.append(Route("/{path:path}", with_key(_not_found)))
    return Starlette(routes=routes)


def _page(
    store: Store, listing: Listing, query: Query, *, is_v2: bool, choices: Choices, clock: DisplayedClock
) -> Page:
    is_bare = is_v2 and listing.name in choices.bare_lists
    shifted = clock.shift_query(query) if not clock.is_exact else query
    settings: dict[str, Any] = {
        "query": query,
        "conditions": listing.conditions(shifted, choices),
        "size": _WHOLE if is_bare else page_size(query, listing.max_page_size),
        "oldest_first": listing.oldest_first,
        "owner": listing.owner(store.state, query),
    }
    table = listing.table(store.state)
    if is_v2:
        return cursor_page(table, **settings)
    field = query.get("ordering", [""])[-1]
    get = listing.orderings.get(field.removeprefix("-"))
    return numbered_page(table, **settings, order_by=(get, field.startswith("-")) if get else None)


async def _not_found(_request: Request) -> Response:
    return _json({"detail": "Not found."}, status=404)


def _json(body: Any, *, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status_code=status, media_type="application/json")
