"""Read a response: parse its body, check that the page is complete, and turn a status into an error."""

import email.utils
import json
import re
from datetime import UTC, datetime
from typing import Any

import httpx
from pydantic_core import from_json

from og_assets.ordergroove import errors

_UNAVAILABLE = frozenset({408, 423})
_SECONDS = re.compile(r"\d+(\.\d+)?", re.ASCII)


def read_json(content: bytes) -> Any:
    """Parse a body. Raises `ValueError` or `RecursionError` if it is truncated or not JSON.

    Text that is not valid Unicode and numbers of thousands of digits are accepted here: they make one record invalid,
    which is quarantined. Refusing the page would make its pull fail every time.
    """
    try:
        return from_json(content)
    except ValueError:
        return json.loads(content.decode("utf-8-sig", errors="surrogateescape"), parse_int=_integer)


def _integer(digits: str) -> int | str:
    try:
        return int(digits)
    except ValueError:
        return digits


def read_envelope(body: Any, *, path: str, page_size: int) -> tuple[list[Any], str | None]:
    """Return rows and `next` of a v2 envelope. A bare list (as documented for incentives) is a single page.

    A body without `next` is the last page only if it is not full: otherwise rows may be missing.
    """
    if isinstance(body, dict) and "count" in body:
        raise version_lost("the envelope contains `count`.", path=path)
    envelope = {"results": body} if isinstance(body, list) else body
    if isinstance(envelope, dict):
        rows, following = envelope.get("results"), envelope.get("next")
        is_complete = isinstance(rows, list) and ("next" in envelope or len(rows) < page_size)
        if isinstance(rows, list) and is_complete and (following is None or isinstance(following, str)):
            return rows, following or None
    raise errors.ProtocolError(
        "the body is not a page: `results` or `next` is missing or of another type.",
        what_to_do="Check that ORDERGROOVE_BASE_URL is Ordergroove's REST API, not a web page or a proxy.",
        path=path,
    )


def version_lost(problem: str, *, path: str) -> errors.ProtocolError:
    """Return the error for a response in the format of the API's first version."""
    return errors.ProtocolError(
        f"{problem} This is the deprecated page-number answer: the X-OG-API-VERSION header was lost.",
        what_to_do="Look for a proxy that strips headers between here and Ordergroove.",
        path=path,
    )


def error_of(response: httpx.Response, *, path: str) -> errors.OrdergrooveError:
    """Turn a status into an error. Only the status counts, because Ordergroove's messages may change."""
    status = response.status_code
    if status in (401, 403):
        return errors.AccessError(
            "access refused.",
            what_to_do="Check ORDERGROOVE_API_KEY, and in Ordergroove under Developers > API Keys that the key is of "
            "Application scope, has the Bulk Operations permission, and may read this object.",
            path=path,
            status=status,
        )
    if status == 404:
        if "cursor" in response.url.params:
            return errors.CursorError(
                "the cursor is no longer valid.", what_to_do="Run the pull again.", path=path, status=status
            )
        not_found = errors.NotFoundError(
            "no such list.",
            what_to_do="Check ORDERGROOVE_BASE_URL; if other objects arrive, this merchant does not have this one.",
            path=path,
            status=status,
        )
        not_found.is_of_the_api = _is_object(response.content)
        return not_found
    retry_after = _retry_after(response)
    when = "later" if retry_after is None else f"in {retry_after:.0f} s"
    if status == 429:
        throttled = errors.ThrottledError(
            "too many requests.",
            what_to_do=f"Run again {when}; look for other programs that use Ordergroove from this address.",
            path=path,
            status=status,
        )
        throttled.retry_after = retry_after
        return throttled
    if status in _UNAVAILABLE or status >= 500:
        unavailable = errors.UnavailableError(
            "Ordergroove is busy or failing.", what_to_do=f"Run again {when}.", path=path, status=status
        )
        unavailable.retry_after = retry_after
        return unavailable
    return errors.RequestError(
        "the request was not accepted.",
        what_to_do="This program or ORDERGROOVE_BASE_URL is wrong: please report it with this line.",
        path=path,
        status=status,
    )


def _is_object(content: bytes) -> bool:
    try:
        return isinstance(read_json(content), dict)
    except (ValueError, RecursionError):
        return False


def answered_at(response: httpx.Response) -> datetime:
    """Return when the server answered, by its `Date` header in whole seconds, or by our clock without one."""
    return _moment(response.headers.get("Date", "")) or datetime.now(UTC)


def _retry_after(response: httpx.Response) -> float | None:
    """Return the seconds of `Retry-After`, which is given as seconds or as a date; None without one."""
    value = response.headers.get("Retry-After", "").strip()
    if not value:
        return None
    if _SECONDS.fullmatch(value):
        seconds = float(value)
    else:
        moment = _moment(value)
        if moment is None:
            return None
        seconds = moment.timestamp() - datetime.now(UTC).timestamp()
    return max(seconds, 0.0)


def _moment(text: str) -> datetime | None:
    """Parse an HTTP date; None if it is not one."""
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
