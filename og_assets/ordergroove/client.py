"""The REST client: one sequential walk over one list at a time, page by page.

Belongs here: headers, retries, cursors, and every check that an answer is whole. Does not belong here: what rows mean
(`records.py`) or where they go (`lake/`). Ordergroove asks that lists of one object type are never walked in parallel
("Sync Ordergroove Data into Internal Systems"); a client sends one request at a time and is made anew for each walk.
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
# Ordergroove says that big lists may take more than 20 s; its gateway's own limit is unknown.
READ_TIMEOUT = 60.0
MAX_ATTEMPTS = 8
LONGEST_WAIT = 60.0
# A longer Retry-After is not slept through: the run fails and says so, and a later one goes on.
LONGEST_RETRY_AFTER = 300.0


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where and as whom to ask. `also_allowed` are base URLs to which a `next` may lead besides this one."""

    base_url: str
    api_key: str = field(repr=False)
    params: Mapping[str, str] = field(default_factory=dict)
    also_allowed: tuple[str, ...] = ()


class OrdergrooveClient:
    """Walks lists. Use as a context manager; not safe for use by two threads at once.

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
            verify=_trusted(),
            transport=transport,
        )
        self._retrying = Retrying(
            retry=retry_if_exception(_is_worth_waiting),
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
        """Yield the rows of each page of a list, in the API's order, to its very end.

        `params` go on the first request only: the cursor URL carries them on. A walk that cannot reach its end raises;
        it never stops short in silence.
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
        """Ask for one object by its id. None where Ordergroove says that there is none (404).

        What a 404 proves is the caller's to judge: a key that lost its rights sees nothing either. A 404 that is no
        JSON object is not Ordergroove's but that of something in between, and an error.
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
                "the answer is not the object that was asked for.",
                what_to_do="Check that ORDERGROOVE_BASE_URL is Ordergroove's REST API, not a web page or a proxy.",
                path=path,
            )
        return row

    def probe(self, api_object: ApiObject) -> None:
        """Ask for one row: whether the key opens an object at all. Raises what a walk would raise at its start."""
        url = httpx.URL(self._endpoint.base_url).join(api_object.path).copy_merge_params({"page_size": "1"})
        self._get(url)

    def _checked_next(self, following: str | None, *, seen: set[str], path: str) -> httpx.URL | None:
        if following is None:
            return None
        try:
            url = httpx.URL(following)
        except httpx.InvalidURL:
            raise errors.ProtocolError(
                "`next` is no address.", what_to_do="Run the pull again; if it stays, tell Ordergroove.", path=path
            ) from None
        if _origin(url) not in self._origins:
            raise errors.ProtocolError(
                f"`next` leads to another host ({url.scheme}://{url.host}); the key is not sent there.",
                what_to_do="Check ORDERGROOVE_BASE_URL, or ask Ordergroove why its links leave it.",
                path=path,
            )
        if "page" in url.params:
            raise version_lost("`next` carries `page=`.", path=path)
        if str(url) in seen:
            raise errors.CursorError(
                "the cursor repeats: `next` leads to a page already read.", what_to_do="Run the pull again.", path=path
            )
        return url

    def _get(self, url: httpx.URL) -> Any:
        return self._retrying(self._get_once, url)

    def _get_once(self, url: httpx.URL) -> Any:
        self.traffic.requests += 1
        asked = monotonic()
        try:
            response = self._http.get(url)
        except httpx.TimeoutException:
            raise errors.ConnectionFailedError(
                "no answer within the time-out.",
                what_to_do="Run again later; if it stays, ask Ordergroove's support whether the account is throttled.",
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
        # A big page may take a minute to make: it shows what was true when it was asked for, not when it was dated.
        self.traffic.last_look_at = (self.traffic.last_answer_at - timedelta(seconds=monotonic() - asked)).replace(
            microsecond=0
        )
        self.traffic.first_look_at = self.traffic.first_look_at or self.traffic.last_look_at
        if response.status_code != httpx.codes.OK:
            raise error_of(response, path=url.path)
        try:
            return read_json(response.content)
        except (ValueError, RecursionError):
            raise errors.BodyError(
                "the body is cut or is not JSON.",
                what_to_do="Run again later; a proxy in between may be answering for Ordergroove.",
                path=url.path,
                status=response.status_code,
            ) from None

    def _count_retry(self, state: RetryCallState) -> None:
        self.traffic.retries += 1
        error = state.outcome.exception() if state.outcome else None
        pause = state.next_action.sleep if state.next_action else 0.0
        logger.warning("attempt %d: %s Next attempt in %.1f s.", state.attempt_number, error, pause)


class _Backoff(wait_random_exponential):
    """Capped exponential back-off with full jitter, and at least as long as the server says."""

    def __init__(self, longest: float) -> None:
        super().__init__(multiplier=0.5, max=longest)

    def __call__(self, retry_state: RetryCallState) -> float:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        asked = error.retry_after if isinstance(error, errors.TransientError) else None
        # A `Retry-After` of 0, or a date that our clock has passed, is no leave to use up all attempts at once.
        return max(asked or 0.0, super().__call__(retry_state))


@cache
def _trusted() -> ssl.SSLContext:
    """Whom to trust, as httpx has it. Read once: 20 ms, which a client for each walk would spend anew."""
    return httpx.create_ssl_context()


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _is_worth_waiting(error: BaseException) -> bool:
    return isinstance(error, errors.TransientError) and (error.retry_after or 0.0) <= LONGEST_RETRY_AFTER
