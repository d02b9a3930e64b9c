"""Logs from anywhere to log frames: files, Parquet, object stores and the servers that logs are kept in."""
