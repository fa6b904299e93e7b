"""HTTP administration of webhook targets, as the legacy API documents it.

Belongs here: targets, filters and keys as requests. Does not belong here: the target itself (`targets`). Response
fields beyond the documented ones, and authentication by the API key, are our own choice: the documentation leaves them
open.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .delivery import Webhooks
from .payloads import token
from .targets import Target, is_address

Endpoint = Callable[[Request], Awaitable[Response]]


def admin_routes(webhooks: Webhooks, *, merchant: str, with_key: Callable[[Endpoint], Endpoint]) -> list[Route]:
    """Return the routes under `/webhook_targets/`."""

    def shown(target: Target) -> dict[str, Any]:
        return {
            "id": target.id,
            "merchant": merchant,
            "target_url": target.url,
            "enabled": target.enabled,
            "created": target.created,
            "updated": target.created,
        }

    async def targets(request: Request) -> Response:
        if request.method == "GET":
            return _json([shown(target) for target in webhooks.targets.values()])
        body = await _body(request)
        if not is_address(body.get("target_url")):
            return _json({"target_url": "Enter a valid URL."}, status=400)
        try:
            target = webhooks.add_target(body["target_url"])
        except ValueError as error:
            return _json({"detail": str(error)}, status=400)
        target.enabled = body.get("enabled") is not False
        return _json(shown(target), status=201)

    async def filters(request: Request) -> Response:
        target = webhooks.targets.get(request.path_params["key"])
        if target is None:
            return _not_found()
        body = await _body(request)
        if not isinstance(body.get("pattern"), str):
            return _json({"pattern": "This field is required."}, status=400)
        target.pattern = body["pattern"]
        return _json({"pattern": target.pattern}, status=201)

    async def signing_key(request: Request) -> Response:
        target = webhooks.targets.get(request.path_params["key"])
        return _not_found() if target is None else _json({"signing_key": target.keys.key})

    async def rotate(request: Request) -> Response:
        target = webhooks.targets.get(request.path_params["key"])
        if target is None:
            return _not_found()
        webhooks.rotate_key(target, token("key", f"{target.id}/{target.keys.key}"))
        keys = target.keys
        return _json(
            {
                "signing_key": keys.key,
                "expiring_signing_key": keys.expiring_key,
                "signing_key_expiry": webhooks.epoch_of(keys.expiry) if keys.expiry else None,
            }
        )

    path = "/webhook_targets/{key}"
    return [
        Route("/webhook_targets/", with_key(targets), methods=["GET", "POST"]),
        Route(f"{path}/filters", with_key(filters), methods=["POST"]),
        Route(f"{path}/signing_key", with_key(signing_key)),
        Route(f"{path}/signing_key/rotate", with_key(rotate), methods=["PATCH"]),
    ]


async def _body(request: Request) -> dict[str, Any]:
    """Return the body if it is a JSON object, otherwise an empty one."""
    try:
        body = orjson.loads(await request.body() or b"{}")
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def _not_found() -> Response:
    return _json({"detail": "Not found."}, status=404)


def _json(body: Any, *, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status_code=status, media_type="application/json")
