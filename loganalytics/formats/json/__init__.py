"""JSON records, a record a line."""
