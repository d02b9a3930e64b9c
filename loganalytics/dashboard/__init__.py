"""The dashboard's pages; `loganalytics dashboard` and app_streamlit.py start them."""
