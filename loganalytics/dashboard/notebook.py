"""A view as a notebook that computes the same figures."""

from __future__ import annotations

from loganalytics.view import View

_INTRODUCTION = """# What the dashboard showed

The same events, loaded from the source again. Credentials are removed from addresses: add them again, or set them
where the client library of the source looks for them."""


_LISTED = """

The dashboard reads this source by the name that its administrator gave it. Ask for its address, and write that in the
place of the name: `View(source=("/var/log/app",), …)`. The column `source` holds the name on the dashboard alone."""


def notebook_json(view: View, *, is_listed: bool = False) -> str:
    """Return the notebook of a view in the format 4.5, without secrets.

    `is_listed` says that the source is a name of the administrator's list, which says nothing elsewhere.

    The same view always gives the same notebook: cells are numbered, where nbformat would give them random ids.
    """
    from nbformat import v4, writes

    every = f", every={view.every!r}" if view.every else ""
    sources = [
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
    cells = [v4.new_markdown_cell(_INTRODUCTION + (_LISTED if is_listed else ""), id="cell-0")]
    cells += [v4.new_code_cell(source, id=f"cell-{number}") for number, source in enumerate(sources, 1)]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return str(writes(v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})))
