"""Measure the requests of open-ID listings and checks at a store of 100,000 open orders, over real HTTP.

The store here only generates rows by number: a sandbox store of this size takes minutes to make.
"""

import socket
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from time import perf_counter, sleep
from typing import Any
from urllib.parse import parse_qs

import orjson
import uvicorn
from pydantic import SecretStr
from starlette.types import Receive, Scope, Send

from og_assets.deletions.check_rows import DELETION_CHECKS
from og_assets.deletions.existence_checks import ExistenceChecker
from og_assets.deletions.open_id_lister import OpenIdLister
from og_assets.events.land import EVENTS
from og_assets.lake.lake import Lake
from og_assets.ordergroove.objects import BY_NAME
from og_assets.settings import Settings

OPEN = {"orders": 100_000, "items": 160_000}
DELETED = 25
_UNSENT = "1"
_JSON = (b"content-type", b"application/json")


class LargeStore:
    """Open orders and their items, all of one status, by number. Rows in `deleted` are answered with 404."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.deleted: set[tuple[str, int]] = set()

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer a request for a page or for one row."""
        kind, _, key = scope["path"].strip("/").partition("/")
        self.requests["rows" if key else f"pages of {kind}"] += 1
        if key:
            body = b"{}" if (kind, int(key)) in self.deleted else orjson.dumps(_row(kind, int(key)))
        else:
            host = dict(scope["headers"])[b"host"].decode()
            body = self._page(kind, parse_qs(scope["query_string"].decode()), base=f"http://{host}/{kind}/")
        headers = [_JSON, (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 404 if body == b"{}" else 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _page(self, kind: str, query: dict[str, list[str]], *, base: str) -> bytes:
        size, start = int(query["page_size"][0]), int(query.get("cursor", ["0"])[0])
        end = min(start + size, OPEN[kind]) if query["status"] == [_UNSENT] else 0
        rows = [_row(kind, number) for number in range(start, end) if (kind, number) not in self.deleted]
        following = f"{base}?page_size={size}&status={_UNSENT}&cursor={end}" if 0 < end < OPEN[kind] else None
        return orjson.dumps({"next": following, "previous": None, "results": rows})


def measure() -> str:
    """Pull two listings with deletions between them, and check these; return a Markdown table."""
    rows = []
    store = LargeStore()
    with _served(store) as url, tempfile.TemporaryDirectory(prefix="listing-") as folder:
        settings = Settings(
            _env_file=None, ordergroove_api_key=SecretStr("any"), ordergroove_base_url=url, og_data_dir=Path(folder)
        )
        lake = Lake(settings.data_dir / "lake")
        lake.prepare(EVENTS, DELETION_CHECKS)
        _land_closed_rows(lake)
        for run in ("first", "second"):
            for kind in OPEN:
                began, before = perf_counter(), store.requests.total()
                OpenIdLister(settings, lake).pull(BY_NAME[kind], run_id=run)
                rows.append(_line(f"{run} listing: {kind}", OPEN[kind], store.requests.total() - before, began))
            store.deleted |= {(kind, number * 997) for kind in OPEN for number in range(DELETED)}
        began, before = perf_counter(), store.requests.total()
        report = ExistenceChecker(settings, lake).run(run_id="check", limit=None)
        answers = sum(checked.deleted for checked in report.values())
        assert answers == len(store.deleted), report
        rows.append(_line("existence checks", answers, store.requests.total() - before, began))
    lines = ["| step | rows | requests | seconds |", "|---|---|---|---|", *rows]
    return "\n".join(lines) + "\n\nOne request per 100 open rows, at least one per open status, and none per order.\n"


def _land_closed_rows(lake: Lake) -> None:
    """Land closed orders of different customers, and their items, as control rows: without any, nothing is checked."""
    then = datetime.now(UTC) - timedelta(days=1)
    placed_at = "2026-01-01 12:00:00"
    numbers = range(1_000_000, 1_000_010)
    rows: dict[str, list[dict[str, Any]]] = {
        "orders": [{"status": 5, "customer": f"C{number}", "updated": placed_at} for number in numbers],
        "items": [{"order": f"{number:032}", "order_updated": placed_at} for number in numbers],
    }
    for kind, fields in rows.items():
        with lake.landing(BY_NAME[kind], window="first", pulled_at=then, run_id="first", policy="hash") as landing:
            landing.add([_row(kind, number) | row for number, row in zip(numbers, fields, strict=True)])


def _line(step: str, rows: int, requests: int, began: float) -> str:
    return f"| {step} | {rows:,} | {requests:,} | {perf_counter() - began:.1f} |"


def _row(kind: str, number: int) -> dict[str, Any]:
    """As many fields as a real row, so that pages have a realistic size."""
    filler = {f"field_{field}": "a value of some length" for field in range(14 if kind == "items" else 22)}
    return {"public_id": f"{number:032}", "order": f"{number * 5 // 8:032}", "status": int(_UNSENT), **filler}


@contextmanager
def _served(store: LargeStore) -> Iterator[str]:
    config = uvicorn.Config(store, http="httptools", ws="none", lifespan="off", log_level="critical", access_log=False)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=10)
