"""Create an API client for one object from the settings.

Belongs here: the host, key and parameters that an object needs. Does not belong here: which requests are sent
(`pull.py`, `deletions/`) and how (`ordergroove/client.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from og_assets.ordergroove.client import Endpoint, OrdergrooveClient
from og_assets.ordergroove.objects import BY_NAME, ApiObject
from og_assets.settings import Settings, SettingsError

# Requested to distinguish "this merchant lacks the feature" from "this key has no access at all".
ACCESS_PROBE = BY_NAME["customers"]

MakeClient = Callable[..., OrdergrooveClient]


@dataclass(frozen=True)
class Connection:
    """The store that the settings name. Opens no connection until a client is used."""

    settings: Settings
    make_client: MakeClient = OrdergrooveClient

    def client(self, api_object: ApiObject, **options: Any) -> OrdergrooveClient:
        """Create a client for one object. Raises `SettingsError` if the key is missing."""
        settings = self.settings
        if settings.ordergroove_api_key is None:
            raise SettingsError(
                "ORDERGROOVE_API_KEY is not set. Write it into .env (see .env.example), or run `make demo` to try "
                "og_assets without an Ordergroove account."
            )
        endpoint = Endpoint(
            base_url=settings.ordergroove_base_url, api_key=settings.ordergroove_api_key.get_secret_value()
        )
        if api_object.host == "entitlements":
            endpoint = replace(
                endpoint,
                base_url=settings.ordergroove_entitlements_url,
                # In Ordergroove's example, an entitlements page links to the REST host.
                also_allowed=(settings.ordergroove_base_url,),
                params={"merchant": settings.ordergroove_merchant_id or ""},
            )
        return self.make_client(endpoint, read_timeout=settings.ordergroove_read_timeout, **options)

    def check_access(self) -> None:
        """Request one row of an object that every merchant has, to learn with one request whether the key works."""
        with self.client(ACCESS_PROBE) as client:
            client.probe(ACCESS_PROBE)

    def source(self, api_object: ApiObject) -> str:
        """Return what two attempts must share to be parts of one backfill: store, time zone and privacy policy."""
        settings = self.settings
        host = (
            settings.ordergroove_entitlements_url
            if api_object.host == "entitlements"
            else settings.ordergroove_base_url
        )
        return f"{host} {settings.ordergroove_timezone} pii={settings.og_pii}"
