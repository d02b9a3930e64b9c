"""The dashboard: streamlit run app_streamlit.py [-- SOURCE …]."""

from loganalytics.dashboard.app import main

main()
