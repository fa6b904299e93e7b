"""Every question that the documentation answers in SQL can be asked of the published file."""

import re

import duckdb

from og_assets.settings import PROJECT_ROOT
from og_assets.warehouse.publish import publish
from og_assets.warehouse.warehouse import Warehouse as WarehouseFolder

from .store import LakeOfTests, Warehouse, small_store

PAGES = (PROJECT_ROOT / "README.md", PROJECT_ROOT / "docs" / "metrics.md")


def test_questions_in_the_documentation_have_answers(lake: LakeOfTests, warehouse: Warehouse) -> None:
    small_store(lake)
    warehouse.run("build", "--exclude-resource-type", "unit_test")
    # Whether it may be published is not what is asked here.
    warehouse.execute("update build_log.invocations set is_full = true")
    folder = WarehouseFolder(warehouse.data_dir / "warehouse")
    publish(folder)
    questions = [query for page in PAGES for query in re.findall(r"`(select [^`]+)`", page.read_text())]
    assert len(questions) > 25
    with duckdb.connect(str(folder.published_file), read_only=True) as connection:
        for question in questions:
            assert connection.execute(question).description, question
