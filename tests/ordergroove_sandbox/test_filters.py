"""The ends of a question are in the answer: every filter against a plain comprehension over the rows."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testkit.sandbox.client import LISTS, SandboxClient

SPANS = [
    ("/customers/", "created", "created"),
    ("/customers/", "updated", "last_updated"),
    ("/subscriptions/", "created", "created"),
    ("/subscriptions/", "updated", "updated"),
    ("/orders/", "created", "created"),
    ("/orders/", "updated", "updated"),
    ("/orders/", "place", "place"),
    ("/items/", "order_updated", "order_updated"),
    ("/addresses/", "updated", "updated"),
    ("/one_time_incentives/", "created", "created"),
    ("/one_time_incentives/", "last_updated", "last_updated"),
    ("/one_time_incentives/", "applied_at", "applied_at"),
]
"""List, parameter without its end, and the field of a row that it asks for."""


@pytest.fixture(scope="module")
def rows(asking: SandboxClient) -> dict[str, list[dict[str, Any]]]:
    """Every list, whole and unasked."""
    return {path: asking.rows(path) for path in {path for path, _, _ in SPANS}}


def as_asked(name: str, value: str) -> str:
    return value[:10] if name == "place" else value.replace(" ", "T")


@settings(max_examples=150, deadline=None)
@given(span=st.sampled_from(SPANS), data=st.data(), ends=st.sampled_from(["start", "end", "both"]))
def test_both_ends_are_in_the_answer(
    rows: dict[str, list[dict[str, Any]]], asking: SandboxClient, span: tuple[str, str, str], data: Any, ends: str
) -> None:
    path, name, field = span
    # The bounds are seconds that rows really bear, so that every answer depends on what happens at its ends.
    known = sorted({row[field] for row in rows[path] if row[field]})
    low, high = sorted((data.draw(st.sampled_from(known)), data.draw(st.sampled_from(known))))
    query, wanted = {}, [row for row in rows[path] if row[field]]
    if ends in ("start", "both"):
        query[f"{name}_start"] = as_asked(name, low)
        wanted = [row for row in wanted if row[field] >= low]
    if ends in ("end", "both"):
        query[f"{name}_end"] = as_asked(name, high)
        wanted = [row for row in wanted if row[field] <= high]
    expected = [row[LISTS[path]] for row in wanted]
    assert expected
    assert asking.ids(path, **query) == expected
