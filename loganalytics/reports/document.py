"""What reports and incidents have in common: they become text, and a file."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import ClassVar

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


class Document:
    """What can be written as HTML, Markdown and JSON: a report or an incident."""

    kind: ClassVar[str]

    def save(self, path: str | Path) -> Path:
        """Write it as HTML, Markdown or JSON, by the suffix of the path, and return the path.

        Raises InvalidArgumentError for another suffix, and OSError; a file that is there is replaced as a whole or not.

        Example: report(logs).save("report.html")
        """
        target = Path(path)
        form = _FORMS.get(target.suffix.lower())
        if form is None:
            raise InvalidArgumentError(
                f"The {self.kind} cannot be written as {target.suffix or 'a file without suffix'!r} ({target}). "
                "Hint: name it .html, .md or .json."
            )
        replace_text(target, self._render(form))
        return target

    def to_html(self) -> str:
        """Return one HTML page that needs no network."""
        return self._render("html")

    def to_markdown(self) -> str:
        """Return Markdown."""
        return self._render("markdown")

    def to_json(self) -> str:
        """Return JSON: all that the document holds; times in ISO 8601, spans in seconds."""
        return self._render("json")

    def _render(self, form: str) -> str:
        module = importlib.import_module(f"loganalytics.reports.{_RENDERERS[self.kind, form]}")
        return str(getattr(module, f"render_{self.kind}")(self))
