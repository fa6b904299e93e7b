"""The code location as a whole: its assets, their dependencies, and what all of them have in common.

Run this file as a program to accept a changed asset graph: `python tests/defs/test_definitions.py`.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import TypedDict

import dagster as dg
import pytest

from og_assets.definitions import build_definitions
from og_assets.defs.raw import REFERENCE_POOL, REFERENCE_SNAPSHOTS
from og_assets.defs.resources import ProjectResource
from og_assets.orchestration.failures import RETRIES
from og_assets.ordergroove.objects import OBJECTS
from og_assets.settings import load_settings

SNAPSHOT = Path(__file__).parent / "asset_graph.json"


class Node(TypedDict):
    """An asset as the snapshot has it."""

    group: str
    partitioned: bool
    upstream: list[str]
    owners: list[str]


Graph = dict[str, Node]


def graph_of(location: dg.Definitions) -> Graph:
    nodes = location.resolve_asset_graph()
    return {
        node.key.to_user_string(): {
            "group": node.group_name,
            "partitioned": node.partitions_def is not None,
            "upstream": sorted(key.to_user_string() for key in node.parent_keys),
            "owners": list(node.owners),
        }
        for node in (nodes.get(key) for key in sorted(nodes.get_all_asset_keys()))
    }


@pytest.fixture(scope="module")
def graph(location: dg.Definitions) -> Graph:
    return graph_of(location)


@pytest.fixture(scope="module")
def ops(location: dg.Definitions) -> dict[str, dg.OpDefinition]:
    nodes = location.resolve_job_def("daily_sync").all_node_defs
    return {node.name: node for node in nodes if isinstance(node, dg.OpDefinition)}


def test_asset_graph_equals_the_snapshot(graph: Graph) -> None:
    assert graph == json.loads(SNAPSHOT.read_text()), __doc__


def test_lineage_reaches_from_every_object_to_the_published_marts(graph: Graph) -> None:
    def ancestors(key: str) -> set[str]:
        parents = set(graph[key]["upstream"])
        return parents.union(*(ancestors(parent) for parent in parents)) if parents else parents

    published = ancestors("published_marts")
    assert {"fct_order_items", "fct_orders", "dim_subscriptions", "dim_customers", "dim_products"} <= published
    for core in ("customers", "subscriptions", "orders", "items", "products"):
        assert f"ordergroove/{core}" in published, core
    assert "ordergroove/items" in ancestors("fct_order_items")
    roots = {
        key for key, node in graph.items() if not node["upstream"] and node["group"] not in ("ordergroove", "seeds")
    }
    assert roots == set(), "these assets have no source"
    assert "ordergroove/webhook_events" in ancestors("fct_orders") & ancestors("fct_order_items")
    assert {"ordergroove/census_orders", "ordergroove/census_items"} <= ancestors("fct_deletions")


def test_every_object_has_an_asset_and_a_staging_model(graph: Graph) -> None:
    for api_object in OBJECTS:
        assert graph[f"ordergroove/{api_object.name}"]["partitioned"] == (api_object.window is not None)
        assert graph[f"stg_ordergroove__{api_object.name}"]["upstream"] == [f"ordergroove/{api_object.name}"]


def test_pools_allow_one_listing_of_an_object_type_at_a_time(ops: dict[str, dg.OpDefinition]) -> None:
    alone = [api_object.name for api_object in OBJECTS if api_object.name not in REFERENCE_SNAPSHOTS]
    assert {name: op.pool for name, op in ops.items()} == {
        **{f"ordergroove__{name}": f"ordergroove_{name}" for name in alone},
        "reference_snapshots": REFERENCE_POOL,
        "ordergroove__webhook_events": "ordergroove_webhook_events",
        # A listing of open ids waits for a pull of the same type.
        "ordergroove__census_orders": "ordergroove_orders",
        "ordergroove__census_items": "ordergroove_items",
        "ordergroove__deletion_checks": "ordergroove_deletion_checks",
        "dbt_models": "warehouse",
        "published_marts": "warehouse",
    }


def test_every_step_ends_with_its_run(ops: dict[str, dg.OpDefinition], location: dg.Definitions) -> None:
    ours = {name for name, resource in (location.resources or {}).items() if isinstance(resource, ProjectResource)}
    assert ours == set(location.resources or {})
    for name, op in ops.items():
        assert op.required_resource_keys & ours, name


def test_every_step_that_requests_ordergroove_has_the_retry_policy(ops: dict[str, dg.OpDefinition]) -> None:
    asking = {name for name, op in ops.items() if "ordergroove" in op.required_resource_keys}
    assert asking == ops.keys() - {"ordergroove__webhook_events", "dbt_models", "published_marts"}
    assert {name for name, op in ops.items() if op.retry_policy == RETRIES} == asking


def test_dbt_tests_are_asset_checks(location: dg.Definitions) -> None:
    checked = {key.asset_key.to_user_string() for key in location.resolve_asset_graph().asset_check_keys}
    assert {"dim_customers", "dim_products", "dim_subscriptions", "fct_orders", "fct_order_items"} <= checked


def test_every_executable_asset_links_to_its_code(location: dg.Definitions) -> None:
    nodes = location.resolve_asset_graph()
    for key in nodes.executable_asset_keys:
        assert "dagster/code_references" in nodes.get(key).metadata, key


def test_import_reads_no_variable_and_starts_nothing() -> None:
    """A wrong value in the environment does not matter until definitions are built."""
    code = (
        "import subprocess, og_assets.definitions as d\n"
        "import og_assets.settings as s\n"
        "assert d.defs, d\n"
        "try: d.build_definitions(s.load_settings())\n"
        "except s.SettingsError: print('refused')\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={"ORDERGROOVE_TIMEZONE": "Nowhere", "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout.strip() == "refused", result.stderr


if __name__ == "__main__":
    SNAPSHOT.write_text(json.dumps(graph_of(build_definitions(load_settings())), indent=1) + "\n")
