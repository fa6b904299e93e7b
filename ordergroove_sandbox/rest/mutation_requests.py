"""Turn an HTTP request into a mutation, and its result into a response.

Belongs here: JSON parsing, rows and errors as responses. Does not belong here: the mutations (`mutations`).
"""

import orjson
from starlette.requests import Request
from starlette.responses import Response

from ordergroove_sandbox.choices import Choices
from ordergroove_sandbox.store import Store

from .filters import BadParameterError
from .listings import LISTINGS
from .mutations import Mutation
from .rendering import Renderer

_JSON = "application/json"
_BY_NAME = {listing.name: listing for listing in LISTINGS}


async def handle_mutation(
    request: Request, mutation: Mutation, *, store: Store, renderer: Renderer, choices: Choices
) -> Response:
    """Run a mutation and respond with the row that it changed."""
    try:
        content = await request.body()
        body = orjson.loads(content) if content else {}
    except orjson.JSONDecodeError as error:
        return _error(f"JSON parse error - {error}")
    if not isinstance(body, dict):
        return _error("Invalid data. Expected a dictionary.")
    key = request.path_params.get("key", "")
    owner = _BY_NAME[mutation.path.split("/")[1]]
    with store.lock:
        if key and key not in owner.table(store.state):
            return _error(owner.not_found, status=404)
        try:
            row_id = mutation.do(store, key, body)
        except BadParameterError as error:
            return Response(orjson.dumps({error.name: error.detail}), status_code=400, media_type=_JSON)
        except ValueError as error:
            breaks = mutation.breaks and choices.closed_item == 500
            return Response(status_code=500) if breaks else _error(str(error))
        if mutation.responds_with == "nothing":
            return Response(status_code=mutation.status)
        if mutation.responds_with == "empty object":
            return Response(b"{}", status_code=mutation.status, media_type=_JSON)
        listing = _BY_NAME[mutation.responds_with]
        row = listing.table(store.state).by_key[row_id]
        assert listing.detail is not None
        rendered = renderer.row(row, name=listing.name, render=listing.detail)
        return Response(rendered, status_code=mutation.status, media_type=_JSON)


def _error(detail: str, *, status: int = 400) -> Response:
    return Response(orjson.dumps({"detail": detail}), status_code=status, media_type=_JSON)
