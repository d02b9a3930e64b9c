"""Work for a reader that ends in between: after its time, and when the reader stops it, goes on or closes the tab."""

from __future__ import annotations

import time
from collections.abc import Callable

import polars as pl
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from loganalytics.exceptions import QueryStoppedError

SECONDS = 20.0
"""How long a query or a filter of a reader may take."""

_SLICE_BYTES, _SLICE_ROWS = 16 * 1024 * 1024, 20_000


def checkpoint() -> None:
    """End this run of the script if the reader pressed a button, changed something or left; else return.

    Streamlit ends a run where the script reaches for something of its own, as for the session's state here. It raises
    what is no Exception, so that no cache keeps what is half done; a reader who waits for the same computes it anew.
    """
    if get_script_run_ctx(suppress_warning=True) is not None:
        _ = "checkpoint" in st.session_state


class Deadline:
    """The moment at which work for a reader is given up."""

    def __init__(self, what: str, seconds: float = SECONDS) -> None:
        self._what, self._seconds, self._end = what, seconds, time.monotonic() + seconds

    def check(self) -> None:
        """Raise QueryStoppedError after the time; end the run where the reader wants something else."""
        checkpoint()
        if time.monotonic() > self._end:
            raise QueryStoppedError(
                f"{self._what} takes longer than {self._seconds:g} seconds, and was stopped. Hint: narrow the time "
                "range or the other filters first."
            )


def mask_in_slices(logs: pl.DataFrame, test: Callable[[pl.DataFrame], pl.Series], what: str) -> pl.Series:
    """Return the Boolean of each event, some at a time, so that a slow expression ends in between."""
    deadline = Deadline(what)
    bytes_per_row = max(1, int(logs.estimated_size()) // max(1, logs.height))
    masks = []
    for events in logs.iter_slices(max(1, min(_SLICE_ROWS, _SLICE_BYTES // bytes_per_row))):
        deadline.check()
        masks.append(test(events))
    return pl.concat(masks) if masks else pl.Series([], dtype=pl.Boolean)
