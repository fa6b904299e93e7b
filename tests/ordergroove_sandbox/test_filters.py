"""Range filters return the same rows as a comprehension over all rows, both bounds included."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testkit.sandbox.client import LISTS, SandboxClient
from testkit.sandbox.examples import examples

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
"""List, parameter without its suffix, and the field that it filters."""


@pytest.fixture(scope="module")
def rows(shared_client: SandboxClient) -> dict[str, list[dict[str, Any]]]:
    """All rows of every list."""
    return {path: shared_client.rows(path) for path in {path for path, _, _ in SPANS}}


def as_parameter(name: str, value: str) -> str:
    return value[:10] if name == "place" else value.replace(" ", "T")


@settings(max_examples=examples(40), deadline=None)
@given(span=st.sampled_from(SPANS), data=st.data(), ends=st.sampled_from(["start", "end", "both"]))
def test_range_filters_include_both_bounds(
    rows: dict[str, list[dict[str, Any]]],
    shared_client: SandboxClient,
    span: tuple[str, str, str],
    data: Any,
    ends: str,
) -> None:
    path, name, field = span
    # Bounds are times of existing rows, so that every result depends on whether bounds are included.
    known = sorted({row[field] for row in rows[path] if row[field]})
    low, high = sorted((data.draw(st.sampled_from(known)), data.draw(st.sampled_from(known))))
    query, wanted = {}, [row for row in rows[path] if row[field]]
    if ends in ("start", "both"):
        query[f"{name}_start"] = as_parameter(name, low)
        wanted = [row for row in wanted if row[field] >= low]
    if ends in ("end", "both"):
        query[f"{name}_end"] = as_parameter(name, high)
        wanted = [row for row in wanted if row[field] <= high]
    expected = [row[LISTS[path]] for row in wanted]
    assert expected
    assert shared_client.ids(path, **query) == expected
