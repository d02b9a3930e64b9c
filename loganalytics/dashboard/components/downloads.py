"""The events of a view as files to download; each is written when its button is pressed."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import streamlit as st

import loganalytics as la
from loganalytics.dashboard import access
from loganalytics.dashboard.notebook import notebook_json
from loganalytics.exports import export
from loganalytics.view import View

_FORMS = {"CSV": "csv", "JSON lines": "ndjson", "Parquet": "parquet"}


def buttons(view: View, logs: pl.DataFrame) -> None:
    """Draw a button for each form; CSV puts an apostrophe before what a spreadsheet would run."""
    st.caption(f"{logs.height:,} events, all columns.")
    is_listed = access.listed_sources() is not None
    for label, form in _FORMS.items():
        st.download_button(
            label, _exporter(logs, form), file_name=f"events.{form}", key=f"export-{form}", on_click="ignore",
            width="stretch",
        )  # fmt: skip
    st.download_button(
        "ZIP of all", lambda: archive_bytes(view, logs, is_listed=is_listed), file_name="events.zip",
        mime="application/zip", key="export-zip", on_click="ignore", width="stretch",
        help="Events as CSV and Parquet, the load report, the view as a notebook.",
    )  # fmt: skip


def table_button(table: pl.DataFrame, name: str, key: str) -> None:
    """Draw the button for a table as a CSV file, guarded and whole."""
    st.download_button(
        "CSV", _exporter(table, "csv"), file_name=f"{name}.csv", mime="text/csv", key=f"csv-{key}", on_click="ignore",
        icon=":material/download:", type="tertiary", help=f"All {table.height:,} rows, in full.",
    )  # fmt: skip


def _exporter(logs: pl.DataFrame, form: str) -> Callable[[], bytes]:
    return lambda: export_bytes(logs, form)


def export_bytes(logs: pl.DataFrame, form: str) -> bytes:
    """Return the content of a file of that form with the events."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"events.{form}")
        columns = [name for name in logs.columns if not name.startswith("__")]
        export(logs.select(columns).lazy(), path, form=form)
        return path.read_bytes()


def archive_bytes(view: View, logs: pl.DataFrame, *, is_listed: bool = False) -> bytes:
    """Return a ZIP archive with events, load report and notebook."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("events.csv", export_bytes(logs, "csv"))
        archive.writestr("events.parquet", export_bytes(logs, "parquet"), zipfile.ZIP_STORED)
        archive.writestr("load_report.csv", export_bytes(la.load_report(logs), "csv"))
        archive.writestr("view.ipynb", notebook_json(view, is_listed=is_listed))
    return buffer.getvalue()
