"""Errors put together as problems: stack traces, near duplicates, clusters."""
