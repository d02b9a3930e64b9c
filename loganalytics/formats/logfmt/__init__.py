"""Logs of pairs: key=value key="quoted value"."""
