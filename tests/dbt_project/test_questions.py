"""What the documents ask the published tables, they can answer."""

import re

import duckdb

from og_assets.settings import PROJECT_ROOT
from og_assets.warehouse.publish import publish
from og_assets.warehouse.warehouse import Warehouse as WarehouseFolder
from testkit.dbt.store import LakeFixture, Warehouse, small_store


def test_every_question_in_the_documents_can_be_asked(lake: LakeFixture, warehouse: Warehouse) -> None:
    pages = [PROJECT_ROOT / "README.md", PROJECT_ROOT / "docs" / "metrics.md"]
    # Of the build file ask the others: its schemas are not published.
    questions = [query for page in pages for query in re.findall(r"`(select [^`]+ from [^`]+)`", page.read_text())]
    questions = [query for query in questions if "duckdb_columns" not in query]
    assert len(questions) > 20
    small_store(lake)
    warehouse.build()
    folder = WarehouseFolder(warehouse.data_dir / "warehouse")
    publish(folder)
    with duckdb.connect(str(folder.published_file), read_only=True) as connection:
        for query in questions:
            connection.execute(query).fetchall()
