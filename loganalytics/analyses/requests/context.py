"""The lines around an event: in its own file, or across all sources by time."""

from __future__ import annotations

import polars as pl

from loganalytics.exceptions import InvalidArgumentError
from loganalytics.schema import Frame, lazy

_ROW = "\0row"  # no field of a log can have such a name
# A line number, or the two numbers of a stream entry's id; as text "9" would come after "10".
_NUMBERED_OFFSET = r"^(\d+)(?:-(\d+))?$"


def context(
    logs: Frame, *, source: str, offset: str | int, before: int = 20, after: int = 20, across: bool = False
) -> pl.DataFrame:
    """Return the events around one: those before and after it in its source, or in time with `across=True`.

    Needs source and offset, and timestamp with `across`. Offsets that are numbers (lines, stream entries) are in the
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
    is_event = (pl.col("source") == source) & (pl.col("offset").cast(pl.String) == str(offset))
    # Two columns decide which rows are returned; only these rows are read in full.
    ordered = _in_order(frame, source, across=across).select(_ROW, is_event.fill_null(value=False).alias("is_event"))
    positions = ordered.collect().with_row_index("position")
    matches = positions.filter("is_event")
    if matches.is_empty():
        raise InvalidArgumentError(
            f"There is no event at offset {str(offset)[:80]!r} of {str(source)[:200]!r}. "
            "Hint: take source and offset from a row of the frame."
        )
    position = matches["position"][0]
    neighbours = positions.slice(max(position - before, 0), min(before, position) + 1 + after)
    neighbours = neighbours.select(_ROW, distance=pl.col("position").cast(pl.Int64) - position)
    rows = frame.with_row_index(_ROW).filter(pl.col(_ROW).is_in(neighbours[_ROW].to_list())).collect()
    return neighbours.join(rows, on=_ROW, how="left", maintain_order="left").drop(_ROW)


def _in_order(frame: pl.LazyFrame, source: str, *, across: bool) -> pl.LazyFrame:
    """Return the row numbers of a source's events in its order, or across sources those of all events by time."""
    groups = pl.col("offset").cast(pl.String).str.extract_groups(_NUMBERED_OFFSET)
    numbers = [groups.struct[i].cast(pl.Int64, strict=False).alias(f"number{i}") for i in (0, 1)]
    time = [name for name in ("timestamp",) if name in frame.collect_schema().names()]
    narrow = frame.with_row_index(_ROW).select(_ROW, "source", "offset", *time, *numbers)
    if across:
        return narrow.drop_nulls("timestamp").sort("timestamp", "source", "number0", "number1", _ROW, nulls_last=True)
    return narrow.filter(pl.col("source") == source).sort("number0", "number1", *time, _ROW, nulls_last=True)
