"""Filters: conditions on fields, messages and times, and conditions in SQL."""
