"""What is new in a table: by the transactions that wrote it, else by a key or a time that grows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loganalytics.exceptions import InvalidArgumentError
from loganalytics.sources.read_options import ReadOptions
from loganalytics.sources.sql.overlap import OverlapReader
from loganalytics.sources.sql.query import Relation
from loganalytics.sources.sql.transactions import TransactionReader, is_supported
from loganalytics.sources.store import TailReader


def table_reader(relation: Relation, options: ReadOptions, cursor: Mapping[str, Any] | None) -> TailReader:
    """Return a reader of what is new, which goes on at a cursor of its own kind.

    Raises InvalidArgumentError where nothing says what is new: no key that is a number, and no time.
    """
    if is_supported(relation):
        return TransactionReader(relation, options, _cursor_of_kind("transactions", cursor, relation))
    order = relation.order_column
    if order is None:
        key = f"its key {relation.key!r} does not grow" if relation.key else "it has no key"
        raise InvalidArgumentError(
            f"{relation.database.address.source!r} cannot be followed: {key}, and no column is known to be the time. "
            "Hint: name a number that grows, or the time: ?key=id or ?timestamp=created_at."
        )
    return OverlapReader(relation, order, options, _cursor_of_kind("rows", cursor, relation))


def _cursor_of_kind(kind: str, cursor: Mapping[str, Any] | None, relation: Relation) -> Mapping[str, Any] | None:
    if cursor is not None and kind not in cursor:
        raise InvalidArgumentError(
            f"The cursor is not of {relation.source!r} as it is followed now. Hint: remove its file, and begin with "
            "since=."
        )
    return cursor
