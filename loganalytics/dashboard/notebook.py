"""A view as a notebook that gives the same numbers."""

from __future__ import annotations

import json

from loganalytics.view import View

_INTRO = """# What the dashboard showed

The same events, taken from the source again. An address with credentials is written without them: put them back, or
set them where its client looks for them."""


def of(view: View) -> str:
    """Return the notebook of a view, as JSON of the format 4.5; it bears no secret."""
    every = f", every={view.every!r}" if view.every else ""
    cells = [
        "import loganalytics as la\nfrom loganalytics.analyses.windowing import choose_window\n"
        "from loganalytics.view import View, Where",
        f"view = {view.to_python()}\nlogs = view.load(templates=True)\nlogs.height",
        "la.load_report(logs)",
        'window = view.every or choose_window(logs["timestamp"])\n'
        'trend = la.trend(logs, every=window, by="level")\nla.chart_trend(trend)',
        "la.cluster_errors(logs)",
        "la.patterns(logs)",
        "la.coverage(logs)",
        f"la.report(logs{every})",
    ]
    notebook = {
        "cells": [_cell("markdown", 0, _INTRO), *(_cell("code", at, text) for at, text in enumerate(cells, 1))],
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, indent=1)


def _cell(kind: str, number: int, text: str) -> dict[str, object]:
    cell: dict[str, object] = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": text}
    return cell | ({"outputs": [], "execution_count": None} if kind == "code" else {})
