"""Links in the documentation point to existing files, and `.env.example` lists every setting."""

import re
from pathlib import Path

import pytest

from og_assets.settings import PROJECT_ROOT, Settings

PAGES = sorted([PROJECT_ROOT / "README.md", *(PROJECT_ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT_ROOT)))
def test_links_point_to_existing_files(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_example_lists_every_setting() -> None:
    example = (PROJECT_ROOT / ".env.example").read_text()
    listed = set(re.findall(r"^#? ?([A-Z][A-Z_]+)=", example, flags=re.MULTILINE))
    # Dagster's own variable, which og_assets only passes on.
    assert listed - {"DAGSTER_HOME"} == {name.upper() for name in Settings.model_fields}
