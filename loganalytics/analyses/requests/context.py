"""The lines around an event: in its own file, or across all sources by time."""

from __future__ import annotations

import polars as pl

from loganalytics.exceptions import InvalidArgumentError
from loganalytics.schema import Frame, lazy

_ROW = "\0row"  # no field of a log can be named so
# A line number, or the two numbers of a stream entry's id; as text "9" would come after "10".
_PLACE = r"^(\d+)(?:-(\d+))?$"


def context(
    logs: Frame, *, source: str, offset: str | int, before: int = 20, after: int = 20, across: bool = False
) -> pl.DataFrame:
    """Return the events around one: those before and after it in its source, or in time with `across=True`.

    Needs source and offset, and timestamp with `across`. Places that are numbers (lines, stream entries) are in the
    order of the numbers; others in the order of time, then of the frame. Across sources, equal times keep a source's
    own order, and events without a time are left out.

    Returns distance (Int64: -1 is the event just before, 0 the event itself) and the columns of the frame, in order.

    Raises MissingColumnError, and InvalidArgumentError when there is no such event, or `before` or `after` is negative.

    Example:
        >>> logs = pl.DataFrame({"source": "app.log", "offset": ["1", "2", "3"], "message": ["a", "b", "c"]})
        >>> context(logs, source="app.log", offset=2, before=1, after=0).select("distance", "message").rows()
        [(-1, 'a'), (0, 'b')]
    """
    if before < 0 or after < 0:
        raise InvalidArgumentError(f"before={before} and after={after} count events. Hint: write 0 or more.")
    frame = lazy(logs, "source", "offset", *(["timestamp"] if across else []))
    ordered = _in_order(frame, source, across=across)
    itself = (pl.col("source") == source) & (pl.col("offset").cast(pl.String) == str(offset))
    # Two columns tell which rows are wanted; only these are read whole.
    places = ordered.select(_ROW, itself.fill_null(value=False).alias("itself")).collect().with_row_index("at")
    found = places.filter("itself")
    if found.is_empty():
        raise InvalidArgumentError(
            f"There is no event at offset {str(offset)[:80]!r} of {str(source)[:200]!r}. "
            "Hint: take source and offset from a row of the frame."
        )
    middle = found["at"][0]
    near = places.slice(max(middle - before, 0), min(before, middle) + 1 + after)
    wanted = near.select(_ROW, distance=pl.col("at").cast(pl.Int64) - middle)
    rows = frame.with_row_index(_ROW).filter(pl.col(_ROW).is_in(wanted[_ROW].to_list())).collect()
    return wanted.join(rows, on=_ROW, how="left", maintain_order="left").drop(_ROW)


def _in_order(frame: pl.LazyFrame, source: str, *, across: bool) -> pl.LazyFrame:
    have = frame.collect_schema().names()
    parts = pl.col("offset").cast(pl.String).str.extract_groups(_PLACE)
    numbers = [parts.struct[i].cast(pl.Int64, strict=False).alias(f"place{i}") for i in (0, 1)]
    time = [name for name in ("timestamp",) if name in have]
    narrow = frame.with_row_index(_ROW).select(_ROW, "source", "offset", *time, *numbers)
    if across:
        return narrow.drop_nulls("timestamp").sort("timestamp", "source", "place0", "place1", _ROW, nulls_last=True)
    return narrow.filter(pl.col("source") == source).sort("place0", "place1", *time, _ROW, nulls_last=True)
