"""What `loganalytics dashboard` has Streamlit serve: the script beside this file, and what the server adds."""

import streamlit as st

from loganalytics.dashboard.server import MIDDLEWARE, SCRIPT

app = st.App(SCRIPT, middleware=MIDDLEWARE)
