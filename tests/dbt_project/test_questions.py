"""Every query in the documentation runs on the published tables."""

import re

import duckdb

from og_assets.settings import PROJECT_ROOT
from og_assets.warehouse.publish import publish
from og_assets.warehouse.warehouse import Warehouse as WarehouseFolder
from testkit.dbt.store import Warehouse


def test_every_documented_query_runs(small_warehouse: Warehouse) -> None:
    pages = [PROJECT_ROOT / "README.md", PROJECT_ROOT / "docs" / "metrics.md"]
    # The others query the build file, whose schemas are not published.
    queries = [query for page in pages for query in re.findall(r"`(select [^`]+ from [^`]+)`", page.read_text())]
    queries = [query for query in queries if "duckdb_columns" not in query]
    assert len(queries) > 20
    folder = WarehouseFolder(small_warehouse.data_dir / "warehouse")
    publish(folder)
    with duckdb.connect(str(folder.published_file), read_only=True) as connection:
        for query in queries:
            connection.execute(query).fetchall()
