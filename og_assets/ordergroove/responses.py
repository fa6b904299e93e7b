"""Reading an answer: is it a whole page, and if not, which error is it and how long to wait."""

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
    """Parse a body. Raises `ValueError` or `RecursionError` where it is cut or no JSON.

    Text that is no Unicode and numbers of thousands of digits are let through: they are one record's fault, which is to
    be set aside, and not its page's, which would fail for ever.
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
    """Take rows and `next` out of a v2 envelope. A bare list (as documented for incentives) is a single page.

    A body that does not say `next` at all is the last page only if it is not full: else rows may be missing.
    """
    if isinstance(body, dict) and "count" in body:
        raise version_lost("the envelope holds `count`.", path=path)
    envelope = {"results": body} if isinstance(body, list) else body
    if isinstance(envelope, dict):
        rows, following = envelope.get("results"), envelope.get("next")
        is_whole = isinstance(rows, list) and ("next" in envelope or len(rows) < page_size)
        if isinstance(rows, list) and is_whole and (following is None or isinstance(following, str)):
            return rows, following or None
    raise errors.ProtocolError(
        "the body is no page: `results` or `next` is missing or of another type.",
        what_to_do="Check that ORDERGROOVE_BASE_URL is Ordergroove's REST API, not a web page or a proxy.",
        path=path,
    )


def version_lost(problem: str, *, path: str) -> errors.ProtocolError:
    return errors.ProtocolError(
        f"{problem} This is the deprecated page-number answer: the X-OG-API-VERSION header was lost.",
        what_to_do="Look for a proxy that strips headers between here and Ordergroove.",
        path=path,
    )


def error_of(response: httpx.Response, *, path: str) -> errors.OrdergrooveError:
    """Turn a status into an error. Only the status decides: Ordergroove's messages are subject to change."""
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
        what_to_do="This is a fault of this program or of ORDERGROOVE_BASE_URL: please report it with this line.",
        path=path,
        status=status,
    )


def _is_object(content: bytes) -> bool:
    try:
        return isinstance(read_json(content), dict)
    except (ValueError, RecursionError):
        return False


def answered_at(response: httpx.Response) -> datetime:
    """When the server answered, by its own `Date` in whole seconds; by our clock where it does not say."""
    return _moment(response.headers.get("Date", "")) or datetime.now(UTC)


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds to wait as the server asks, given as seconds or as a date; None where it does not say."""
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
    """Read a date as HTTP writes it; None where it is none."""
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
