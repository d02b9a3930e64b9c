"""How a report or an incident becomes text, and a file."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import ClassVar, Protocol

from loganalytics.atomic_write import replace_text
from loganalytics.exceptions import InvalidArgumentError

_FORMS = {".html": "html", ".htm": "html", ".md": "markdown", ".json": "json"}
# Where each form of each kind is rendered. By name, for the renderers import the data and not the other way round, and
# the libraries of a page are loaded only when one is written.
_RENDERERS = {
    ("report", "html"): "html.report_page",
    ("report", "markdown"): "markdown",
    ("report", "json"): "json",
    ("incident", "html"): "html.incident_page",
    ("incident", "markdown"): "markdown",
    ("incident", "json"): "json",
}


class Renderable(Protocol):
    """A report or an incident."""

    kind: ClassVar[str]


def render(document: Renderable, form: str) -> str:
    """Return a report or an incident as "html", "markdown" or "json"."""
    module = importlib.import_module(f"loganalytics.reports.{_RENDERERS[document.kind, form]}")
    return str(getattr(module, f"render_{document.kind}")(document))


def save(document: Renderable, path: str | Path) -> Path:
    """Write a report or an incident in the form that the suffix of the path names, and return the path.

    Raises InvalidArgumentError for another suffix, and OSError; a file that is there is replaced as a whole or not.
    """
    target = Path(path)
    form = _FORMS.get(target.suffix.lower())
    if form is None:
        raise InvalidArgumentError(
            f"The {document.kind} cannot be written as {target.suffix or 'a file without suffix'!r} ({target}). "
            "Hint: name it .html, .md or .json."
        )
    replace_text(target, render(document, form))
    return target
