"""Links in the documentation point to existing files, and `.env.example` lists every setting."""

import re
from pathlib import Path

import pytest

from og_assets.settings import PROJECT_ROOT, Settings

PAGES = sorted([*PROJECT_ROOT.glob("*.md"), *(PROJECT_ROOT / "docs").rglob("*.md")])
# Paths in backticks. Placeholders, patterns and files of the user's data are not in the repository.
REPOSITORY_PATH = re.compile(
    r"`((?:og_assets|ordergroove_sandbox|dbt_project|testkit|tests|deploy|benchmarks)/[\w./-]+)`"
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT_ROOT)))
def test_links_point_to_existing_files(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT_ROOT)))
def test_paths_in_backticks_exist(page: Path) -> None:
    missing = [path for path in REPOSITORY_PATH.findall(page.read_text()) if not (PROJECT_ROOT / path).exists()]
    assert not missing


def test_make_targets_in_contributing_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (PROJECT_ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named = set(re.findall(r"`make ([a-z]+)", (PROJECT_ROOT / "CONTRIBUTING.md").read_text()))
    assert {"test", "demo"} <= named <= targets


def test_example_lists_every_setting() -> None:
    example = (PROJECT_ROOT / ".env.example").read_text()
    listed = set(re.findall(r"^#? ?([A-Z][A-Z_]+)=", example, flags=re.MULTILINE))
    # Dagster's own variable, which og_assets only passes on.
    assert listed - {"DAGSTER_HOME"} == {name.upper() for name in Settings.model_fields}
