"""The API over an archive: large lists from disk, the merchant's own from memory, and no changes.

Belongs here: requests to pages. Not here: how rows are found (reading), what goes wrong on purpose (faults).
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from og_assets.sandbox.rest.cursors import InvalidCursorError
from og_assets.sandbox.rest.filters import BadParameterError, Query
from og_assets.sandbox.rest.listing import Listing
from og_assets.sandbox.rest.listings import LISTINGS
from og_assets.sandbox.rest.pages import InvalidPageError, Page, cursor_page, link, page_size
from og_assets.sandbox.server import DEFAULT_KEYS, Application, RunningStore, background, config
from og_assets.sandbox.store import Store
from og_assets.sandbox.world.table import Table

from .reading import ArchivedTable, Reader, conditions
from .spec import KEPT, Kept

_LISTINGS = {listing.name: listing for listing in LISTINGS}
_JSON = "application/json"
_NO_TIME = {"orders", "addresses"}
_NO_PRICE = ("price", "extra_cost", "total_price", "order_updated")


@contextmanager
def serve_archive(
    folder: Path, *, host: str = "127.0.0.1", port: int = 0, keys: tuple[str, ...] = DEFAULT_KEYS
) -> Iterator[RunningStore]:
    """Serve an archive from a background thread. `store` of what is given has the merchant and the range in it only."""
    reader = Reader(folder / "store.sqlite")
    about = _about(reader)
    store = Store(
        seed=about["seed"],
        customers=0,
        days=about["days"],
        until=datetime.fromisoformat(about["until"]),
        timezone=about["timezone"],
        currencies=tuple(about["currencies"]),
    )
    with socket.create_server((host, port)) as listener:
        running = RunningStore(url=f"http://{host}:{listener.getsockname()[1]}", store=store)
        application = Application(running, keys=keys, wrap=lambda api: ArchiveApi(api, reader, running, keys=keys))
        with background(config(application), listener):
            yield running


def difference_to(folder: Path, **arguments: Any) -> str | None:
    """In which arguments an archive differs from those that are asked for; an end that is not asked for is any."""
    about = _about(Reader(folder / "store.sqlite"))
    asked = {name: value for name, value in arguments.items() if value is not None}
    asked["currencies"] = list(asked.get("currencies", about["currencies"]))
    if "until" in asked:
        asked["until"] = str(asked["until"])
    differing = [f"{name} is {about[name]}, not {value}" for name, value in asked.items() if about[name] != value]
    return ", ".join(differing) or None


def _about(reader: Reader) -> dict[str, Any]:
    about: dict[str, Any] = orjson.loads(reader.connection.execute("SELECT body FROM about").fetchone()[0])
    return {"currencies": ["USD"], **about}


class ArchiveApi:
    """Answers the large lists and their single rows; everything else goes on to the API of the merchant's store."""

    def __init__(self, api: Any, reader: Reader, running: RunningStore, *, keys: tuple[str, ...]) -> None:
        self._api = api
        self._reader = reader
        self._running = running
        self._keys = frozenset(keys)
        self._lists = {_LISTINGS[kept.name].path: kept for kept in KEPT}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        prefix = next((path for path in self._lists if scope["path"].startswith(path)), None)
        if prefix is None or request.headers.get("x-api-key") not in self._keys:
            await self._api(scope, receive, send)
            return
        kept = self._lists[prefix]
        if request.method != "GET":
            response = _json({"detail": "This store is an archive: it cannot be changed."}, status=400)
        elif scope["path"] == prefix:
            response = await self._list(request, kept)
        else:
            response = await run_in_threadpool(self._single, kept, scope["path"].removeprefix(prefix).rstrip("/"))
        await response(scope, receive, send)

    async def _list(self, request: Request, kept: Kept) -> Response:
        listing = _LISTINGS[kept.name]
        query: Query = parse_qs(request.url.query, keep_blank_values=True)
        is_v2 = request.headers.get("x-og-api-version") == "2"
        try:
            asked = conditions(kept, query)
            if listing.required and listing.required not in query:
                raise BadParameterError(listing.required, "This field is required.")
            table = ArchivedTable(self._reader, kept, asked)
            # A page without conditions takes less time than handing it to another thread.
            make = _cursor_page if is_v2 else _numbered_page
            page = await run_in_threadpool(make, table, listing, query) if asked else make(table, listing, query)
        except BadParameterError as error:
            return _json({error.name: error.detail}, status=400)
        except InvalidCursorError:
            return _json({"detail": "Invalid cursor"}, status=404)
        except InvalidPageError:
            return _json({"detail": "Invalid page."}, status=404)
        shown = _shown(listing, query)
        rows = (shown(row.body) for row in page.rows)
        faults = self._running.faults
        page = faults.bend(page, object_type=kept.name, query=request.url.query)
        host = faults.host(object_type=kept.name, asked=request.headers.get("host", request.url.netloc))
        return Response(page.envelope(rows, base=f"{request.url.scheme}://{host}{listing.path}"), media_type=_JSON)

    def _single(self, kept: Kept, key: str) -> Response:
        listing = _LISTINGS[kept.name]
        row = ArchivedTable(self._reader, kept, []).get(key) if listing.alone else None
        if row is None:
            return _json({"detail": listing.not_found}, status=404)
        body = orjson.loads(row.body)
        if kept.name in _NO_TIME:
            del body["updated"]
        if kept.name == "customers":
            number = 1_599_349 + int(body["merchant_user_id"])
            body |= {"id": number, "extra_data": body["extra_data"] or "", "locale": "en-us", "price_code": ""}
        return _json(body)


def _cursor_page(table: ArchivedTable, listing: Listing, query: Query) -> Page:
    size = page_size(query, listing.max_page_size)
    as_table = cast(Table[Any], table)
    return cursor_page(as_table, query=query, conditions=[], size=size, oldest_first=listing.oldest_first)


def _numbered_page(table: ArchivedTable, listing: Listing, query: Query) -> Page:
    size, count = page_size(query, listing.max_page_size), len(table)
    try:
        number = int(query.get("page", ["1"])[-1])
    except ValueError:
        raise InvalidPageError from None
    last = max(-(-count // size), 1)
    if not 1 <= number <= last:
        raise InvalidPageError
    return Page(
        rows=table.numbered(offset=(number - 1) * size, limit=size, oldest_first=listing.oldest_first),
        next=link(query, page=str(number + 1)) if number < last else None,
        previous=link(query, page=str(number - 1)) if number > 1 else None,
        count=count,
    )


def _shown(listing: Listing, query: Query) -> Callable[[bytes], bytes]:
    """The two parameters that change the bodies of large lists; bodies without them go out as they were written."""
    if listing.name == "items" and query.get("omit_price_calculation", [""])[-1].casefold() in ("true", "1"):
        return lambda body: orjson.dumps({k: v for k, v in orjson.loads(body).items() if k not in _NO_PRICE})
    if listing.name == "orders" and query.get("include_has_plan", [""])[-1].casefold() in ("true", "1"):
        return lambda body: body[:-1] + b',"has_plan":false}'
    return lambda body: body


def _json(body: Any, *, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status_code=status, media_type=_JSON)
