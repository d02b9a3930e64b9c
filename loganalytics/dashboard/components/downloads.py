"""What a view holds, as files to take away; each is written when its button is pressed."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import streamlit as st

import loganalytics as la
from loganalytics.dashboard import notebook
from loganalytics.exports import export
from loganalytics.view import View

_FORMS = {"CSV": "csv", "JSON lines": "ndjson", "Parquet": "parquet"}


def buttons(view: View, logs: pl.DataFrame) -> None:
    """Draw a button for each form; CSV puts an apostrophe before what a spreadsheet would run."""
    st.caption(f"{logs.height:,} events, all columns.")
    for label, form in _FORMS.items():
        st.download_button(
            label, _writer(logs, form), file_name=f"events.{form}", key=f"export-{form}", on_click="ignore",
            width="stretch",
        )  # fmt: skip
    st.download_button(
        "ZIP of all", lambda: zipped(view, logs), file_name="events.zip", mime="application/zip", key="export-zip",
        on_click="ignore", width="stretch", help="Events as CSV and Parquet, the load report, the view as a notebook.",
    )  # fmt: skip


def _writer(logs: pl.DataFrame, form: str) -> Callable[[], bytes]:
    return lambda: written(logs, form)


def written(logs: pl.DataFrame, form: str) -> bytes:
    """Return the events as a file of that form."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"events.{form}")
        plain = logs.select(name for name in logs.columns if not name.startswith("__"))
        export(plain.lazy(), path, form=form)
        return path.read_bytes()


def zipped(view: View, logs: pl.DataFrame) -> bytes:
    """Return events, load report and notebook in one archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("events.csv", written(logs, "csv"))
        archive.writestr("events.parquet", written(logs, "parquet"), zipfile.ZIP_STORED)
        archive.writestr("load_report.csv", written(la.load_report(logs), "csv"))
        archive.writestr("view.ipynb", notebook.of(view))
    return packed.getvalue()
