"""How a report or an incident becomes a file."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from loganalytics.atomic_write import replace_text
from loganalytics.exceptions import InvalidArgumentError


class Written(Protocol):
    """What can be written in three ways."""

    def to_html(self) -> str:
        """Return it as one HTML page."""

    def to_markdown(self) -> str:
        """Return it as Markdown."""

    def to_json(self) -> str:
        """Return it as JSON."""


def save(told: Written, path: str | Path, what: str) -> Path:
    """Write it as HTML, Markdown or JSON, by the suffix of the path, and return the path.

    Raises InvalidArgumentError, which says what cannot be written so, for another suffix.
    """
    target = Path(path)
    ways = {".html": told.to_html, ".htm": told.to_html, ".md": told.to_markdown, ".json": told.to_json}
    if target.suffix.lower() not in ways:
        raise InvalidArgumentError(
            f"{what} cannot be written as {target.suffix or 'a file without suffix'!r} ({target}). "
            "Hint: name it .html, .md or .json."
        )
    replace_text(target, ways[target.suffix.lower()]())
    return target
