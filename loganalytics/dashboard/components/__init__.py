"""The components that pages share: charts, tables, the sidebar, the live tail."""
