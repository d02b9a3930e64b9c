"""A view as a notebook that computes the same figures."""

from __future__ import annotations

from loganalytics.view import View

_INTRODUCTION = """# What the dashboard showed

The same events, loaded from the source again. Credentials are removed from addresses: add them again, or set them
where the client library of the source looks for them."""


def notebook_json(view: View) -> str:
    """Return the notebook of a view in the format 4.5, without secrets.

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
    cells = [v4.new_markdown_cell(_INTRODUCTION, id="cell-0")]
    cells += [v4.new_code_cell(source, id=f"cell-{number}") for number, source in enumerate(sources, 1)]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return str(writes(v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})))
