"""The documentation for those who carry on: what it names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
_PATH = re.compile(r"`((?:loganalytics|tests|benchmarks|docs|sample_data|notebooks)/[\w./-]*)`")
_LINK = re.compile(r"\]\(([^)#:]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_a_page_names_exist(page):
    """A moved file takes the pages that name it along."""
    text = page.read_text(encoding="utf-8")
    paths = _PATH.findall(text)
    assert [path for path in paths if not (ROOT / path).exists()] == []
    assert [link for link in _LINK.findall(text) if not (page.parent / link).exists()] == []


def test_paths_and_links_are_recognized():
    """What the test looks for is how the pages write it."""
    text = "See `loganalytics/schema.py`, [the words](docs/glossary.md) and [Polars](https://pola.rs)."
    assert _PATH.findall(text) == ["loganalytics/schema.py"]
    assert _LINK.findall(text) == ["docs/glossary.md"]


def test_the_readme_links_them():
    """A newcomer finds them from the first page."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for page in PAGES:
        assert f"({page.relative_to(ROOT)})" in readme
