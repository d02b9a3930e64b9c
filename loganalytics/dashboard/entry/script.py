"""The script that Streamlit runs at every interaction, with the app's settings in .streamlit beside it.

It stands in a folder of its own: Streamlit takes a folder pages/ beside the script that it runs for pages, and a link
to one of ours would open an empty page.
"""

from loganalytics.dashboard.navigation import main

main()
