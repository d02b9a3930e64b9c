"""Logs at addresses that Polars reads: object stores and web servers. No secret of an address is ever shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from loganalytics.exceptions import SourceNotFoundError, UnreachableSourceError, UnreadableSourceError
from loganalytics.sources import uri
from loganalytics.sources.counters import FileCounters
from loganalytics.sources.files.blocks import Block
from loganalytics.sources.logins import check_http_login

SCHEMES = ("s3", "s3a", "gs", "gcs", "az", "azure", "abfs", "abfss", "adl", "http", "https")
_SAMPLE_LINES = 1000
_BLOCK_LINES = 50_000
_MIN_SECRET_LENGTH = 4
_SECRET_OPTION = re.compile("key|secret|token|password|sas|credential", re.IGNORECASE)
_UNREACHABLE = re.compile("error sending request|error trying to connect|timed out|dns error", re.IGNORECASE)
_POLARS_ERRORS = (pl.exceptions.PolarsError, OSError)


def list_objects(url: str, storage_options: Mapping[str, Any] | None) -> list[str]:
    """Return the objects of a pattern such as s3://bucket/logs/*.log.

    Polars gives the names only while it reads, so this reads each object once.
    Raises what check_scheme() raises, and SourceNotFoundError when nothing matches.
    """
    check_scheme(url)
    if "*" not in uri.split(url).path:
        return [url]
    try:
        paths = _scan(url, storage_options, include_file_paths="path").select(pl.col("path").unique()).collect()
    except _POLARS_ERRORS as error:
        raise to_source_error(url, error, storage_options) from None
    if paths.is_empty():
        address = uri.without_credentials(url)
        raise SourceNotFoundError(f"No object matches {address!r}. Hint: check the bucket and the pattern.")
    return sorted(paths["path"].to_list())


def check_scheme(url: str) -> None:
    """Raise UnreadableSourceError for an address whose scheme cannot be read.

    Raises InvalidArgumentError for one that is not clear, and for a login over plain HTTP to another machine.
    """
    split = uri.split(url)
    scheme = split.scheme.lower()
    if scheme not in SCHEMES:
        address = uri.without_credentials(url)
        raise UnreadableSourceError(
            f"{address!r}: {scheme}:// cannot be read. Hint: one of {', '.join(SCHEMES)}, or a path."
        )
    if scheme == "http" and (split.username or split.password):
        check_http_login(uri.without_credentials(url), [uri.host_and_port(split.authority)], "write https://")


def sample(url: str, storage_options: Mapping[str, Any] | None) -> list[str]:
    """Return the first lines at an address.

    Raises SourceNotFoundError or UnreadableSourceError, which show no secrets.
    """
    try:
        return _scan(url, storage_options).head(_SAMPLE_LINES).collect()["line"].to_list()
    except _POLARS_ERRORS as error:
        raise to_source_error(url, error, storage_options) from None


def read_blocks(url: str, counters: FileCounters, storage_options: Mapping[str, Any] | None) -> Iterator[Block]:
    """Yield blocks of the lines at an address, counting bytes and lines."""
    try:
        for block in _scan(url, storage_options).collect_batches(chunk_size=_BLOCK_LINES, engine="streaming"):
            number = pl.int_range(counters.lines + 1, counters.lines + 1 + block.height, dtype=pl.UInt64)
            counters.lines += block.height
            counters.bytes += int(block["line"].str.len_bytes().sum()) + block.height
            yield Block(block.select(number.alias("n"), "line"))
    except _POLARS_ERRORS as error:
        counters.truncate(f"unreadable after {counters.lines:,} lines ({scrub(str(error), url, storage_options)})")


def scrub(message: str, url: str, storage_options: Mapping[str, Any] | None) -> str:
    """Return an error's first line without the secrets of its address and the storage options."""
    line = uri.scrub(message.strip().splitlines()[0] if message.strip() else "", url)
    secrets = [str(value) for name, value in (storage_options or {}).items() if _SECRET_OPTION.search(name)]
    masked = uri.mask_secrets(line, [secret for secret in secrets if len(secret) >= _MIN_SECRET_LENGTH])
    return re.sub(r"\?[^\s)]*", "", masked)


def to_source_error(url: str, error: Exception, storage_options: Mapping[str, Any] | None) -> Exception:
    """Return the error to raise for an error of Polars at an address."""
    address = uri.without_credentials(url)
    if isinstance(error, FileNotFoundError):
        return SourceNotFoundError(f"There is nothing at {address!r}. Hint: check the address.")
    if re.search("utf-?8", str(error), re.IGNORECASE):
        return UnreadableSourceError(
            f"{address!r} is not UTF-8, which objects at an address must be. Hint: copy it, then name the file."
        )
    kind = UnreachableSourceError if _UNREACHABLE.search(str(error)) else UnreadableSourceError
    return kind(
        f"{address!r} cannot be read: {scrub(str(error), url, storage_options)}. Hint: give credentials as the cloud's "
        "own environment variables or as storage_options=, not in the address."
    )


def _scan(url: str, storage_options: Mapping[str, Any] | None, **options: Any) -> pl.LazyFrame:
    address = uri.with_encoded_login(url)
    return pl.scan_lines(address, storage_options=dict(storage_options) if storage_options else None, **options)
