"""The Streamlit app: its pages, what they share, and what is cached for them."""
