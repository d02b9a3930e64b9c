"""The seam between load, scan, tail and describe, and the servers that logs are kept in.

A store is one address: a Redis server with its streams, an index pattern, a table. Each kind has a package of its own,
which schemes.py finds by the scheme of the address.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import polars as pl

from loganalytics.schema import TIMESTAMP
from loganalytics.sources.read_options import ReadOptions

DESCRIPTION_SCHEMA: dict[str, pl.DataType] = {
    "source": pl.String(),
    "kind": pl.String(),
    "entries": pl.Int64(),
    "first_seen": TIMESTAMP,
    "last_seen": TIMESTAMP,
    "bytes": pl.Int64(),
    "services": pl.List(pl.String()),
    "readers": pl.List(pl.String()),
    "trimmed": pl.Int64(),
    "note": pl.String(),
}
"""The columns of what describe() returns; what a kind of source does not say is null.

source (as in the log frame), kind ("file", "stream", "index", "table"), entries, first_seen and last_seen, bytes, who
writes (services, of a sample), who reads (consumer groups), trimmed (entries that are gone), note.
"""


def description_rows(records: Iterable[Mapping[str, object]]) -> pl.DataFrame:
    """Return rows of a description, each a dict of columns of DESCRIPTION_SCHEMA; one that is left out is null."""
    complete = [dict.fromkeys(DESCRIPTION_SCHEMA) | dict(record) for record in records]
    return pl.DataFrame(complete, schema=DESCRIPTION_SCHEMA)


@dataclass(frozen=True)
class ConsumerGroup:
    """A consumer group that shares a stream among its readers, and the name of one of them."""

    name: str
    consumer: str
    claim_after: float = 60.0
    """Seconds after which what another reader was sent and did not confirm goes to this one."""


class TailReader(Protocol):
    """A position in a store from which what is new is read."""

    @property
    def cursor(self) -> dict[str, Any]:
        """Where to go on after what read() returned last; JSON can hold it, and it has no secret."""

    @property
    def status(self) -> dict[str, Any]:
        """What was met: state ("reading", "reconnecting", "closed"), and the counts read, lost, skipped, reconnects.

        lost: trimmed before it was read; skipped: there, but not handed out, such as what a broken reply held.
        """

    @property
    def ended(self) -> bool:
        """Whether nothing can come any more."""

    def read(self, timeout: float) -> pl.DataFrame:
        """Return what is new as a log frame, empty when nothing comes within so many seconds."""

    def close(self, *, confirm: bool = True) -> None:
        """Close the connection; a read() in another thread returns soon.

        Without `confirm` what read() returned last is not confirmed, where the server keeps the position.
        """


class Store(Protocol):
    """What lies behind one address.

    Frames may hold more events than the options ask for by time and level, never less: the caller filters them exactly.
    """

    source: str
    """The address without its secrets."""
    own_query: bool
    """Whether the store evaluates the query itself; otherwise the caller evaluates it over the frames, as SQL."""
    counts_last: bool
    """Whether reader() begins with the last `options.last` entries; otherwise the caller names a time."""

    def batches(self, options: ReadOptions) -> Iterator[pl.DataFrame]:
        """Yield log frames of bounded size, each event once, in the store's order.

        The first one shows the columns: scan() reads it alone. Raises UnreachableSourceError.
        """

    def reader(
        self, options: ReadOptions, cursor: Mapping[str, Any] | None, group: ConsumerGroup | None = None
    ) -> TailReader:
        """Return a reader that begins at the cursor, else at `options.since`, else at the end.

        Raises InvalidArgumentError for a group where the store knows none, UnreachableSourceError.
        """

    def describe(self) -> pl.DataFrame:
        """Return one row a stream, index or table, with the columns of DESCRIPTION_SCHEMA: see description_rows()."""

    def report(self) -> pl.DataFrame:
        """Return the rows of the load report, for what was read so far."""
