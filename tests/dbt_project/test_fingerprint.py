"""The fingerprint of the macros, by which incremental models notice that numbers mean something else now.

To renew it, run this file as a program: `python tests/dbt_project/test_fingerprint.py`.
"""

import hashlib
import re
from pathlib import Path

PROJECT = Path(__file__).parents[2] / "dbt_project"
VARIABLE = re.compile(r'^(  macros: ")(\w*)(")$', re.MULTILINE)


def fingerprint() -> str:
    texts = (path.read_bytes() for path in sorted((PROJECT / "macros").rglob("*.sql")))
    return hashlib.md5(b"\0".join(texts), usedforsecurity=False).hexdigest()


def test_macros_have_the_fingerprint_that_the_project_names() -> None:
    found = VARIABLE.search((PROJECT / "dbt_project.yml").read_text())
    assert found
    assert found[2] == fingerprint(), f"a macro changed: {__doc__}"


if __name__ == "__main__":
    project = PROJECT / "dbt_project.yml"
    project.write_text(VARIABLE.sub(rf"\g<1>{fingerprint()}\3", project.read_text()))
