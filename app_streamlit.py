"""The dashboard: streamlit run app_streamlit.py [-- SOURCE …]."""

import streamlit as st

from loganalytics.dashboard.server import MIDDLEWARE, SCRIPT

app = st.App(SCRIPT, middleware=MIDDLEWARE)
