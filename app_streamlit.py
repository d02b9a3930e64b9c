"""The dashboard: streamlit run app_streamlit.py [-- SOURCE …]."""

from loganalytics.dashboard.navigation import main

main()
