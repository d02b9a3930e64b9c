"""The seam between load, scan, tail and describe, and the servers that logs are kept in.

A store is one address: a Redis server with its streams, an index pattern, a table. Each kind lives in a module of its
own, which is imported when an address of its scheme is first used.
"""

from __future__ import annotations

import datetime as dt
import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

import polars as pl

# Scheme of the address -> the module of this package with a class `Store` that takes the address.
_HOMES: dict[str, str] = {}


@dataclass(frozen=True)
class Want:
    """Which events are wanted; a store leaves out the others at the server where it can."""

    since: dt.datetime | None = None
    until: dt.datetime | None = None
    severity: int | None = None
    """The least severity_number; events without one are left out when this is given."""
    query: str | None = None
    """A condition in the store's own language: Lucene for Elasticsearch and OpenSearch, SQL elsewhere."""
    tz: str = "UTC"


class Reader(Protocol):
    """A place in a store from which what is new is read."""

    @property
    def cursor(self) -> dict[str, Any]:
        """Where to go on after what read() returned last; JSON can hold it, and it bears no secret."""

    @property
    def status(self) -> dict[str, Any]:
        """What was met: state (reading, reconnecting), read, lost (trimmed before it was read), skipped, reconnects."""

    def read(self, timeout: float) -> pl.DataFrame:
        """Return what is new as a log frame, empty when nothing comes within so many seconds."""

    def close(self) -> None:
        """Let go of the connection; a read() in another thread returns soon."""


class Store(Protocol):
    """What lies behind one address."""

    source: str
    """The address without its secrets."""

    def batches(self, want: Want) -> Iterator[pl.DataFrame]:
        """Yield log frames of bounded size, each event once, in the store's order."""

    def reader(self, want: Want, cursor: Mapping[str, Any] | None) -> Reader:
        """Return a reader that begins at the cursor, else at `want.since`, else at the end."""

    def describe(self) -> pl.DataFrame:
        """Return one row a stream, index or table: what is there."""

    def report(self) -> pl.DataFrame:
        """Return the rows of the load report for what was read so far."""


def is_store(address: str) -> bool:
    """Whether the address names a store rather than a file or an object."""
    return address.partition("://")[0] in _HOMES and "://" in address


def open_store(address: str) -> Store:
    """Return the store behind an address.

    Raises SourceNotFoundError, UnreadableSourceError and MissingExtraError, never with a secret in the message.
    """
    module = importlib.import_module(f"loganalytics.sources.{_HOMES[address.partition('://')[0]]}")
    return cast(Store, module.Store(address))
