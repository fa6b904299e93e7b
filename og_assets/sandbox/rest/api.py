"""The REST API as an ASGI application.

Belongs here: routes, headers, status codes, error bodies. Not here: what is in a page (pages, listings), faults.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from og_assets.sandbox.faults import Faults
from og_assets.sandbox.store import Store

from .changing import change
from .cursors import InvalidCursorError
from .filters import BadParameterError, Query
from .listing import Listing, Render
from .listings import LISTINGS
from .mutations import MUTATIONS, Mutation
from .pages import InvalidPageError, Page, cursor_page, numbered_page, page_size
from .rendering import Renderer

Endpoint = Callable[[Request], Awaitable[Response]]


def build_api(store: Store, *, keys: tuple[str, ...], faults: Faults) -> Starlette:
    """Every list and every single object of a store, for those who hold one of the keys."""
    renderer = Renderer(store)
    allowed = frozenset(keys)

    def guarded(endpoint: Endpoint) -> Endpoint:
        async def answer(request: Request) -> Response:
            if request.headers.get("x-api-key") not in allowed:
                return _json({"detail": "Authentication Failed"}, status=403)
            return await endpoint(request)

        return answer

    def listing_endpoint(listing: Listing) -> Endpoint:
        async def answer(request: Request) -> Response:
            query = parse_qs(request.url.query, keep_blank_values=True)
            is_v2 = request.headers.get("x-og-api-version") == "2" and faults.lose_version != listing.name
            try:
                with store.lock:
                    page = _page(store, listing, query, is_v2=is_v2)
                    rows = renderer.rows(page.rows, name=listing.name, render=listing.render(query))
            except BadParameterError as error:
                return _json({error.name: error.detail}, status=400)
            except InvalidCursorError:
                return _json({"detail": "Invalid cursor"}, status=404)
            except InvalidPageError:
                return _json({"detail": "Invalid page."}, status=404)
            page = faults.bend(page, object_type=listing.name, query=request.url.query)
            host = faults.host(object_type=listing.name, asked=request.headers.get("host", request.url.netloc))
            body = page.envelope(rows, base=f"{request.url.scheme}://{host}{listing.path}")
            return Response(body, media_type="application/json")

        return answer

    def single_endpoint(listing: Listing, render: Render) -> Endpoint:
        async def answer(request: Request) -> Response:
            with store.lock:
                row = listing.table(store.world).get(request.path_params["key"])
                if row is None:
                    return _json({"detail": listing.not_found}, status=404)
                return Response(renderer.row(row, name=listing.name, render=render), media_type="application/json")

        return answer

    def changing_endpoint(mutation: Mutation) -> Endpoint:
        async def answer(request: Request) -> Response:
            return await change(request, mutation, store=store, renderer=renderer)

        return answer

    routes = []
    for listing in LISTINGS:
        routes.append(Route(listing.path, guarded(listing_endpoint(listing))))
        if listing.alone is not None:
            endpoint = guarded(single_endpoint(listing, listing.alone))
            routes.append(Route(f"{listing.path}{{key}}/", endpoint))
    routes[:0] = [
        Route(path, guarded(changing_endpoint(mutation)), methods=[mutation.method])
        for mutation in MUTATIONS
        # The shop's own front end leaves the last slash out, so both forms are answered.
        for path in (mutation.path, mutation.path.rstrip("/"))
    ]
    routes.append(Route("/{path:path}", guarded(_unknown)))
    return Starlette(routes=routes)


def _page(store: Store, listing: Listing, query: Query, *, is_v2: bool) -> Page:
    make = cursor_page if is_v2 else numbered_page
    return make(
        listing.table(store.world),
        query=query,
        conditions=listing.conditions(query),
        size=page_size(query, maximum=listing.max_page_size),
        oldest_first=listing.oldest_first,
    )


async def _unknown(_request: Request) -> Response:
    return _json({"detail": "Not found."}, status=404)


def _json(body: dict[str, Any], *, status: int) -> Response:
    return Response(orjson.dumps(body), status_code=status, media_type="application/json")
