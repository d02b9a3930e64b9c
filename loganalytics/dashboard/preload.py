"""What the process does once, before its first page: slow imports, and freezing the garbage collector."""

from __future__ import annotations

import gc

import streamlit as st


@st.cache_resource(show_spinner=False)
def preload() -> bool:
    """Import what the pages need, and freeze its objects.

    The first st.dataframe imports pandas and PyArrow. Their objects, with those of Polars and Altair, make a full
    collection cost 0.1 to 0.2 s, and Streamlit would run one after every refresh of a live page: that is switched
    off (runner.postScriptGC in .streamlit/config.toml) and the objects are frozen; Python collects as usual.
    """
    import altair  # noqa: F401
    import pandas  # type: ignore[import-untyped]  # noqa: F401
    import pyarrow  # noqa: F401

    gc.collect()
    gc.freeze()
    return True
