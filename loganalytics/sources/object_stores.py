"""Logs at addresses that Polars reads: object stores and web servers. No secret of an address is ever shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import polars as pl

from loganalytics.exceptions import SourceNotFoundError, UnreadableSourceError
from loganalytics.sources.files.blocks import Block, Reading
from loganalytics.sources.uri import without_credentials

SCHEMES = ("s3", "s3a", "gs", "gcs", "az", "azure", "abfs", "abfss", "adl", "http", "https")
_ROWS = 50_000
_FAILS = (pl.exceptions.PolarsError, OSError)


def list_objects(url: str, storage_options: Mapping[str, Any] | None) -> list[str]:
    """Return the objects of a pattern such as s3://bucket/logs/*.log.

    Polars tells the names only while it reads, so this reads each object once.
    Raises what check() tells, and SourceNotFoundError when nothing matches.
    """
    check(url)
    if not re.search(r"[*]", urlsplit(url).path):
        return [url]
    try:
        paths = _scan(url, storage_options, include_file_paths="path").select(pl.col("path").unique()).collect()
    except _FAILS as error:
        raise told(url, error, storage_options) from None
    if paths.is_empty():
        raise SourceNotFoundError(
            f"No object matches {without_credentials(url)!r}. Hint: check the bucket and the pattern."
        )
    return sorted(paths["path"].to_list())


def check(url: str) -> None:
    """Raise UnreadableSourceError for an address whose scheme cannot be read."""
    scheme = url.split("://", 1)[0].lower()
    if scheme not in SCHEMES:
        raise UnreadableSourceError(
            f"{without_credentials(url)!r}: {scheme}:// cannot be read. Hint: one of {', '.join(SCHEMES)}, or a path."
        )


def sample(url: str, storage_options: Mapping[str, Any] | None) -> list[str]:
    """Return the first lines at an address.

    Raises SourceNotFoundError or UnreadableSourceError, which bear no secrets.
    """
    try:
        return _scan(url, storage_options).head(1000).collect()["line"].to_list()
    except _FAILS as error:
        raise told(url, error, storage_options) from None


def read_blocks(url: str, reading: Reading, storage_options: Mapping[str, Any] | None) -> Iterator[Block]:
    """Yield blocks of the lines at an address, filling in `reading`."""
    try:
        for block in _scan(url, storage_options).collect_batches(chunk_size=_ROWS, engine="streaming"):
            number = pl.int_range(reading.lines + 1, reading.lines + 1 + block.height, dtype=pl.UInt64)
            reading.lines += block.height
            reading.bytes += int(block["line"].str.len_bytes().sum()) + block.height
            yield Block(block.select(number.alias("n"), "line"))
    except _FAILS as error:
        reading.note = f"unreadable after {reading.lines:,} lines ({scrub(str(error), storage_options)})"


def scrub(text: str, storage_options: Mapping[str, Any] | None) -> str:
    """Return an error's first line without the secrets of addresses and storage options."""
    line = without_credentials(text.strip().splitlines()[0] if text.strip() else "")
    for name, value in (storage_options or {}).items():
        if re.search(r"key|secret|token|password|sas|credential", name, re.IGNORECASE) and len(str(value)) > 3:
            line = line.replace(str(value), "***")
    return re.sub(r"\?[^\s)]*", "", line)


def told(url: str, error: Exception, storage_options: Mapping[str, Any] | None) -> Exception:
    """Return the error to raise for what Polars said of an address."""
    if isinstance(error, FileNotFoundError):
        return SourceNotFoundError(f"There is nothing at {without_credentials(url)!r}. Hint: check the address.")
    return UnreadableSourceError(
        f"{without_credentials(url)!r} cannot be read: {scrub(str(error), storage_options)}. "
        "Hint: give credentials as the cloud's own environment variables or as storage_options=, not in the address."
    )


def _scan(url: str, storage_options: Mapping[str, Any] | None, **options: Any) -> pl.LazyFrame:
    return pl.scan_lines(url, storage_options=dict(storage_options) if storage_options else None, **options)
