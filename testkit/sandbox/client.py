"""A test client that follows page links and assumes nothing about responses."""

from typing import Any

import httpx

KEY = {"x-api-key": "sandbox-key"}
V2 = {**KEY, "X-OG-API-VERSION": "2"}

LISTS = {
    "/customers/": "merchant_user_id",
    "/subscriptions/": "public_id",
    "/orders/": "public_id",
    "/items/": "public_id",
    "/addresses/": "public_id",
    "/payments/": "public_id",
    "/products/": "external_product_id",
    "/product_groups/": "name",
    "/offer_profiles/": "public_id",
    "/one_time_incentives/": "public_id",
    "/resources/": "public_id",
    "/entitlements/": "public_id",
    "/placement_logs/responses/": "public_id",
    "/merchant/cancel_reason/": "cancel_reason",
}
"""Every list, and the key field of its rows."""


class SandboxClient:
    """Version 2 unless other headers are passed; always sends `merchant`, which most lists ignore."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, headers=V2, timeout=10)

    def __del__(self) -> None:
        self.http.close()

    def get(self, path: str, **query: Any) -> httpx.Response:
        """Send one GET request."""
        return self.http.get(path, params={"merchant": "m", **query})

    def page(self, path: str, **query: Any) -> dict[str, Any]:
        """Return the first page of a list, which must be answered with 200."""
        response = self.get(path, **query)
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    def pages(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Return all pages of a list."""
        pages = [self.page(path, **query)]
        while pages[-1]["next"]:
            pages.append(self.http.get(pages[-1]["next"]).json())
        return pages

    def rows(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Return the rows of all pages, by default 100 a page."""
        pages = self.pages(path, **{"page_size": 100, **query})
        return [row for page in pages for row in page["results"]]

    def ids(self, path: str, **query: Any) -> list[str]:
        """Return the keys of the rows of all pages."""
        return [row[LISTS[path]] for row in self.rows(path, **query)]
