"""Every query in README.md and the metrics pages runs on the published file."""

import re

import duckdb

from og_assets.settings import PROJECT_ROOT
from og_assets.warehouse.publish import publish
from og_assets.warehouse.warehouse import Warehouse as WarehouseFolder
from testkit.dbt.store import Warehouse


def documented_queries() -> list[str]:
    docs = PROJECT_ROOT / "docs"
    pages = [PROJECT_ROOT / "README.md", docs / "metrics.md", *sorted((docs / "metrics").glob("*.md"))]
    texts = [page.read_text() for page in pages]
    inline = [query for text in texts for query in re.findall(r"`(select [^`]+ from [^`]+)`", text)]
    fenced = [query for text in texts for query in re.findall(r"```sql\n(.*?)```", text, re.DOTALL)]
    return inline + fenced


def test_every_documented_query_runs_on_the_published_file(small_warehouse: Warehouse) -> None:
    queries = documented_queries()
    assert len(queries) > 40
    folder = WarehouseFolder(small_warehouse.data_dir / "warehouse")
    publish(folder)
    with duckdb.connect(str(folder.published_file), read_only=True) as connection:
        for query in queries:
            connection.execute(query).fetchall()
