"""Request paginated listings and single objects from Ordergroove's REST API.

Belongs here: headers, retries, cursors, and every check that a response is complete. Does not belong here: what rows
mean (`records.py`) or where they are stored (`lake/`). Ordergroove asks clients not to list one object type in parallel
("Sync Ordergroove Data into Internal Systems"): a client sends one request at a time, and each listing gets a new one.
"""

import logging
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from time import monotonic
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from og_assets.ordergroove import errors
from og_assets.ordergroove.objects import ApiObject
from og_assets.ordergroove.responses import answered_at, error_of, read_envelope, read_json, version_lost
from og_assets.ordergroove.traffic import Traffic

logger = logging.getLogger(__name__)

API_VERSION = "2"
CONNECT_TIMEOUT = 10.0
# Ordergroove says that large lists may take more than 20 s; the limit of its gateway is unknown.
READ_TIMEOUT = 60.0
MAX_ATTEMPTS = 8
LONGEST_WAIT = 60.0
# The client does not wait for a longer Retry-After: the pull fails with it, and a later run continues.
LONGEST_RETRY_AFTER = 300.0


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Base URL and key of an API. `also_allowed` are further base URLs that a `next` link may point to."""

    base_url: str
    api_key: str = field(repr=False)
    params: Mapping[str, str] = field(default_factory=dict)
    also_allowed: tuple[str, ...] = ()


class OrdergrooveClient:
    """Requests listings and objects. Use as a context manager; not safe for two threads at once.

    `transport` replaces the network in tests. `longest_wait` caps the pause between two attempts, in seconds.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        read_timeout: float = READ_TIMEOUT,
        longest_wait: float = LONGEST_WAIT,
        max_attempts: int = MAX_ATTEMPTS,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.traffic = Traffic()
        self._endpoint = endpoint
        self._origins = {_origin(httpx.URL(url)) for url in (endpoint.base_url, *endpoint.also_allowed)}
        self._http = httpx.Client(
            base_url=endpoint.base_url,
            headers={"x-api-key": endpoint.api_key, "X-OG-API-VERSION": API_VERSION, "Accept": "application/json"},
            timeout=httpx.Timeout(read_timeout, connect=CONNECT_TIMEOUT),
            verify=_ssl_context(),
            transport=transport,
        )
        self._retrying = Retrying(
            retry=retry_if_exception(_is_worth_retrying),
            stop=stop_after_attempt(max_attempts),
            wait=_Backoff(longest_wait),
            before_sleep=self._count_retry,
            reraise=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._http.close()

    def pages(self, api_object: ApiObject, params: Mapping[str, str] | None = None) -> Iterator[list[Any]]:
        """Yield the rows of each page of a list, in the API's order, to its end.

        `params` go on the first request only: the cursor URL contains them. A listing that cannot reach its end raises;
        it never ends early without an error.
        """
        query = {
            "page_size": str(api_object.page_size),
            **api_object.params,
            **self._endpoint.params,
            **(params or {}),
        }
        url: httpx.URL | None = httpx.URL(self._endpoint.base_url).join(api_object.path).copy_merge_params(query)
        seen: set[str] = set()
        rows_before: list[Any] = []
        while url is not None:
            seen.add(str(url))
            body = self._get(url)
            rows, following = read_envelope(body, path=url.path, page_size=api_object.page_size)
            if rows and rows == rows_before:
                raise errors.CursorError(
                    "the same page came twice in a row.", what_to_do="Run the pull again.", path=url.path
                )
            yield rows
            rows_before = rows
            url = self._checked_next(following, seen=seen, path=url.path)

    def retrieve(self, api_object: ApiObject, key: str) -> dict[str, Any] | None:
        """Return one object by its id, or None if Ordergroove answers 404.

        The caller must judge what a 404 proves: a key without permissions gets 404 as well. A 404 whose body is not a
        JSON object comes from a proxy, and raises.
        """
        path = f"{api_object.path}{quote(key, safe='')}/"
        try:
            row = self._get(httpx.URL(self._endpoint.base_url).join(path))
        except errors.NotFoundError as error:
            if error.is_of_the_api:
                return None
            raise
        if not isinstance(row, dict) or row.get(api_object.key[0]) != key:
            raise errors.ProtocolError(
                "the response is not the requested object.",
                what_to_do="Check that ORDERGROOVE_BASE_URL is Ordergroove's REST API, not a web page or a proxy.",
                path=path,
            )
        return row

    def probe(self, api_object: ApiObject) -> None:
        """Request one row, to test the key's access to an object. Raises the errors of a listing's first request."""
        url = httpx.URL(self._endpoint.base_url).join(api_object.path).copy_merge_params({"page_size": "1"})
        self._get(url)

    def _checked_next(self, following: str | None, *, seen: set[str], path: str) -> httpx.URL | None:
        if following is None:
            return None
        try:
            url = httpx.URL(following)
        except httpx.InvalidURL:
            raise errors.ProtocolError(
                "`next` is not a URL.",
                what_to_do="Run the pull again; if it persists, report it to Ordergroove.",
                path=path,
            ) from None
        if _origin(url) not in self._origins:
            raise errors.ProtocolError(
                f"`next` points to another host ({url.scheme}://{url.host}); the key is not sent there.",
                what_to_do="Check ORDERGROOVE_BASE_URL, or ask Ordergroove why its links point to another host.",
                path=path,
            )
        if "page" in url.params:
            raise version_lost("`next` contains `page=`.", path=path)
        if str(url) in seen:
            raise errors.CursorError(
                "the cursor repeats: `next` points to a page that was already read.",
                what_to_do="Run the pull again.",
                path=path,
            )
        return url

    def _get(self, url: httpx.URL) -> Any:
        return self._retrying(self._get_once, url)

    def _get_once(self, url: httpx.URL) -> Any:
        self.traffic.requests += 1
        sent = monotonic()
        try:
            response = self._http.get(url)
        except httpx.TimeoutException:
            raise errors.ConnectionFailedError(
                "no answer within the time-out.",
                what_to_do="Run again later; if it persists, ask Ordergroove whether the account is throttled.",
                path=url.path,
            ) from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise errors.ConnectionFailedError(
                f"the connection failed ({type(error).__name__}).",
                what_to_do=f"Check that {url.host} can be reached from here, then run again.",
                path=url.path,
            ) from None
        self.traffic.bytes += response.num_bytes_downloaded
        self.traffic.last_answer_at = answered_at(response)
        # A large page may take a minute to compute: it shows the state when the request was sent, not its `Date`.
        self.traffic.last_look_at = (self.traffic.last_answer_at - timedelta(seconds=monotonic() - sent)).replace(
            microsecond=0
        )
        self.traffic.first_look_at = self.traffic.first_look_at or self.traffic.last_look_at
        if response.status_code != httpx.codes.OK:
            raise error_of(response, path=url.path)
        try:
            return read_json(response.content)
        except (ValueError, RecursionError):
            raise errors.BodyError(
                "the body is truncated or is not JSON.",
                what_to_do="Run again later; a proxy may be answering in place of Ordergroove.",
                path=url.path,
                status=response.status_code,
            ) from None

    def _count_retry(self, state: RetryCallState) -> None:
        self.traffic.retries += 1
        error = state.outcome.exception() if state.outcome else None
        pause = state.next_action.sleep if state.next_action else 0.0
        logger.warning("attempt %d: %s Next attempt in %.1f s.", state.attempt_number, error, pause)


class _Backoff(wait_random_exponential):
    """Capped exponential back-off with full jitter, and at least the server's Retry-After."""

    def __init__(self, longest: float) -> None:
        super().__init__(multiplier=0.5, max=longest)

    def __call__(self, retry_state: RetryCallState) -> float:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        retry_after = error.retry_after if isinstance(error, errors.TransientError) else None
        # With a `Retry-After` of 0, or a date that has passed, the back-off still applies.
        return max(retry_after or 0.0, super().__call__(retry_state))


@cache
def _ssl_context() -> ssl.SSLContext:
    """Return httpx's default SSL context. Cached, because it takes 20 ms and each listing has its own client."""
    return httpx.create_ssl_context()


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _is_worth_retrying(error: BaseException) -> bool:
    return isinstance(error, errors.TransientError) and (error.retry_after or 0.0) <= LONGEST_RETRY_AFTER
