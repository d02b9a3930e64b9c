"""What the pages are made of: charts, tables, the sidebar, the live tail."""
