"""From a request that changes something to a call, and from what comes of it to an answer.

Belongs here: JSON in, rows and errors out. Not here: the calls themselves (mutations).
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
    """Do what a request asks for and answer with the row that it was about, as it is then."""
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
            answered = mutation.do(store, key, body)
        except BadParameterError as error:
            return Response(orjson.dumps({error.name: error.detail}), status_code=400, media_type=_JSON)
        except ValueError as error:
            breaks = mutation.breaks and choices.closed_item == 500
            return Response(status_code=500) if breaks else _error(str(error))
        if mutation.answers == "nothing":
            return Response(status_code=mutation.status)
        if mutation.answers == "empty object":
            return Response(b"{}", status_code=mutation.status, media_type=_JSON)
        listing = _BY_NAME[mutation.answers]
        row = listing.table(store.state).by_key[answered]
        assert listing.detail is not None
        rendered = renderer.row(row, name=listing.name, render=listing.detail)
        return Response(rendered, status_code=mutation.status, media_type=_JSON)


def _error(detail: str, *, status: int = 400) -> Response:
    return Response(orjson.dumps({"detail": detail}), status_code=status, media_type=_JSON)
