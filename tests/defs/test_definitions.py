"""The code location as a whole: what is in it, how it hangs together, and which room may know what."""

import json
from pathlib import Path

import dagster as dg

from og_assets.definitions import defs
from og_assets.ordergroove.objects import OBJECTS

SNAPSHOT = Path(__file__).parent / "asset_graph.json"


def graph() -> dict[str, dict[str, object]]:
    nodes = defs().resolve_asset_graph()
    return {
        node.key.to_user_string(): {
            "group": node.group_name,
            "partitioned": node.partitions_def is not None,
            "upstream": sorted(key.to_user_string() for key in node.parent_keys),
            "owners": list(node.owners),
        }
        for node in (nodes.get(key) for key in sorted(nodes.get_all_asset_keys()))
    }


def test_asset_graph_is_the_one_that_was_agreed_on() -> None:
    """Run this file as a program to agree on a new one: `python tests/defs/test_definitions.py`."""
    assert graph() == json.loads(SNAPSHOT.read_text())


def test_lineage_runs_unbroken_from_every_object_to_the_published_marts() -> None:
    nodes = graph()

    def ancestors(key: str) -> set[str]:
        parents = set(nodes[key]["upstream"])  # type: ignore[call-overload]
        return parents.union(*(ancestors(parent) for parent in parents)) if parents else parents

    published = ancestors("published_marts")
    assert {"fct_order_items", "fct_orders", "dim_subscriptions", "dim_customers", "dim_products"} <= published
    for core in ("customers", "subscriptions", "orders", "items", "products"):
        assert f"ordergroove/{core}" in published, core
    assert "ordergroove/items" in ancestors("fct_order_items")
    unmade = {
        key for key, node in nodes.items() if not node["upstream"] and node["group"] not in ("ordergroove", "seeds")
    }
    # Webhook events come out of the merchant's dumps, not out of the API.
    assert unmade == set(), "an asset that nothing brings in"
    assert "ordergroove/webhook_events" in ancestors("fct_orders") & ancestors("fct_order_items")
    assert {"ordergroove/census_orders", "ordergroove/census_items"} <= ancestors("fct_deletions")


def test_every_object_has_its_asset_its_pool_and_its_staging_model() -> None:
    nodes = graph()
    for api_object in OBJECTS:
        assert nodes[f"ordergroove/{api_object.name}"]["partitioned"] == (api_object.window is not None)
        assert nodes[f"stg_ordergroove__{api_object.name}"]["upstream"] == [f"ordergroove/{api_object.name}"]
    job = defs().resolve_job_def("daily_sync")
    pools = {node.name: node.pool for node in job.all_node_defs if isinstance(node, dg.OpDefinition)}
    assert pools == {
        **{f"ordergroove__{api_object.name}": f"ordergroove_{api_object.name}" for api_object in OBJECTS},
        "ordergroove__webhook_events": "ordergroove_webhook_events",
        # A census is a walk too, and waits for others of its type.
        "ordergroove__census_orders": "ordergroove_orders",
        "ordergroove__census_items": "ordergroove_items",
        "ordergroove__deletion_checks": "ordergroove_deletion_checks",
        "dbt_models": "warehouse",
        "published_marts": "warehouse",
    }


def test_dbt_tests_are_asset_checks() -> None:
    checked = {key.asset_key.to_user_string() for key in defs().resolve_asset_graph().asset_check_keys}
    assert {"dim_customers", "dim_products", "dim_subscriptions", "fct_orders", "fct_order_items"} <= checked


if __name__ == "__main__":
    SNAPSHOT.write_text(json.dumps(graph(), indent=1) + "\n")
