"""What is taken away from the dashboard: files of events, the archive, the notebook."""

from __future__ import annotations

import io
import zipfile

import nbformat
import polars as pl

from loganalytics import schema
from loganalytics.dashboard.components import downloads
from loganalytics.dashboard.notebook import notebook_json
from loganalytics.filters.expressions import Where
from loganalytics.view import View

HOSTILE = ["=1+1", "\x1b[31mred\x1b[0m", "<script>x</script>", "a\u202eb", "x" * 5000, "a\nb"]


def test_csv_escapes_formulas():
    """A spreadsheet sees text; Parquet and JSON lines keep the event as it was."""
    logs = schema.conform(pl.DataFrame({"message": HOSTILE}))
    assert downloads.export_bytes(logs, "csv").decode().count("'=1+1") == 1
    json_lines = pl.read_ndjson(io.BytesIO(downloads.export_bytes(logs, "ndjson")))
    assert json_lines["message"].to_list() == HOSTILE
    assert pl.read_parquet(io.BytesIO(downloads.export_bytes(logs, "parquet")))["message"].to_list() == HOSTILE


def test_the_archive_holds_events_load_report_and_notebook(tmp_path):
    """Events in two formats; helper columns stay out."""
    log = tmp_path / "app.log"
    log.write_text("2026-03-10 12:00:00,000 INFO [app] started\n" * 3)
    view = View((str(log),))
    archive = zipfile.ZipFile(io.BytesIO(downloads.archive_bytes(view, view.load().with_columns(__ms=1.0))))
    assert sorted(archive.namelist()) == ["events.csv", "events.parquet", "load_report.csv", "view.ipynb"]
    assert b"__ms" not in archive.read("events.csv")


def test_a_notebook_is_valid_and_without_secrets():
    """It is of the format 4.5, and the address has lost its login."""
    view = View(("redis://me:hunter2@host/0?stream=a",), where=(Where("a'b", 'c"d'),), grep=r"\d'")
    content = notebook_json(view)
    notebook = nbformat.reads(content, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert "hunter2" not in content
    assert "redis://host/0?stream=a" in "".join(cell.source for cell in notebook.cells)


def test_the_same_view_gives_the_same_notebook():
    """Nothing in it is random, so that two downloads can be compared."""
    view = View(("app.log",), every="5m")
    assert notebook_json(view) == notebook_json(view)
    assert "la.report(logs, every='5m')" in notebook_json(view)
