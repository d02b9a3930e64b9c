"""What tails of tables have in common: a server that goes away is waited for, and a table that changes is read on."""

from __future__ import annotations

from typing import Any

import polars as pl

from loganalytics.exceptions import InvalidArgumentError, SourceNotFoundError, UnreachableSourceError
from loganalytics.sources.polling import PollingReader
from loganalytics.sources.read_options import ReadOptions
from loganalytics.sources.sql.decode import RowDecoder
from loganalytics.sources.sql.pacing import BACKOFF
from loganalytics.sources.sql.query import Relation


class TableReader(PollingReader):
    """A position in a table, whose columns may change meanwhile; a table that is dropped may come again."""

    backoff = BACKOFF

    def __init__(self, relation: Relation, options: ReadOptions) -> None:
        super().__init__()
        self._relation, self._database, self._options = relation, relation.database, options
        self._decoder = RowDecoder(relation, options.hints)
        self._is_learned_anew = False
        self._restarted = 0

    @property
    def status(self) -> dict[str, Any]:
        """What was met so far, as TailReader.status describes it, and how often the keys began anew."""
        return super().status | {"restarted": self._restarted}

    def _read_new(self) -> pl.DataFrame:
        """Return what is new, or an empty frame."""
        raise NotImplementedError

    def _poll(self, timeout: float) -> pl.DataFrame:
        events = self._read_new()
        self._is_learned_anew = False
        return events

    def _is_transient(self, error: Exception) -> bool:
        if isinstance(error, InvalidArgumentError):  # a column is gone, perhaps: once its columns are learned anew
            return not self._is_learned_anew
        return isinstance(error, UnreachableSourceError | SourceNotFoundError)

    def _reconnect(self) -> None:
        relation = Relation.of(self._database)
        if relation.columns != self._relation.columns:
            self._relation = relation
            self._decoder = RowDecoder(relation, self._options.hints)
        self._is_learned_anew = True
