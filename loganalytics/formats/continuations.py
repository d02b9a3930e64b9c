"""Lines that no format knows: which continue the event above them, and which are events of their own."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from loganalytics.formats import crashes
from loganalytics.formats.definitions import RAW
from loganalytics.formats.definitions.access import STATUS
from loganalytics.formats.definitions.crashes import CONTINUES, GOES_ON
from loganalytics.formats.envelopes.streams import NOTHING_BEFORE, Before, EventsBefore
from loganalytics.formats.internal_columns import CRASHED
from loganalytics.formats.ordering import in_order

# Among so many last lines is one with text.
_LAST_LINES = 1000
_OWNER_COLUMNS = {"severity_number": pl.UInt8(), "message": pl.String(), "multiline": pl.Boolean()}


_NO_EVENT = pl.DataFrame({"message": [None], "multiline": [False]}, schema_overrides={"message": pl.String})
_OPEN_EVENT = pl.DataFrame(
    {"severity_number": [17], "message": [None], "multiline": [True], "is_request": [False]},
    schema_overrides=_OWNER_COLUMNS,
)


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """Events with the lines below them, and the lines at the head of a block that continue an event before it."""

    events: pl.DataFrame
    leading_lines: pl.DataFrame
    blank_lines: int
    before: Before = NOTHING_BEFORE
    """What stands before the lines that follow these, in a file of one writer."""
    unfinished: pl.DataFrame | None = None
    """Lines as they were (n, line) that only those still to come can complete."""


def join(
    events: pl.DataFrame, unmatched: pl.DataFrame, blank: pl.DataFrame, before: EventsBefore, *, multiline: bool
) -> Parsed:
    """Add the lines that continue an event to it, and make events of the other unmatched lines.

    `multiline` says whether lines that do not match belong to the event above them after a crash, too.
    """
    if unmatched.is_empty() and blank.is_empty():
        return _without_continuations(events, unmatched, blank, before)
    continues = unmatched["line"].str.contains(CONTINUES)
    heads = _heads(unmatched, continues, events, before, multiline=multiline)
    own = heads.filter("is_own")
    if own.height:
        events = in_order([events, crashes.crash_events(own, multiline=multiline)])
        is_other = ~unmatched["n"].is_in(own["n"].implode())
        unmatched, continues = unmatched.filter(is_other), continues.filter(is_other)
    continues |= _below_multiline(unmatched, events, before)
    if own.height < heads.height:
        continues |= unmatched["n"].is_in(heads.filter(~pl.col("is_own"))["n"].implode())
    if not multiline:
        continues = _goes_on(unmatched, events, before, continues)
    # Where there is no event yet that the first line could continue, it is one.
    continues &= ~unmatched["n"].is_in(before.first_lines(events["n"], unmatched["n"]).implode())
    split = unmatched.with_columns(continues.alias("continues"))
    raw = split.filter(~pl.col("continues")).select("n", pl.col("line").alias("message"))
    raw = raw.with_columns(parsed=pl.lit(value=False), multiline=pl.lit(RAW.multiline))
    events = in_order([events, raw]) if raw.height else events
    lines = split.filter("continues").drop("continues")
    if blank.height:
        within = _below_multiline(blank, events, before)
        lines, blank = pl.concat([lines, blank.filter(within)]).sort("n"), blank.filter(~within)
    if lines.is_empty():
        return _without_continuations(events, lines, blank, before)
    return _append(events, lines, blank, before)


def _heads(
    unmatched: pl.DataFrame, continues: pl.Series, events: pl.DataFrame, before: EventsBefore, *, multiline: bool
) -> pl.DataFrame:
    """Return the lines that may begin a crash, and whether they do."""
    last = before.last
    first = _NO_EVENT if last.event is None else last.event
    is_crash = last.last_line is None and CRASHED in first.columns and first[CRASHED][0]
    last_line = first["message"][0] if is_crash else last.last_line
    # What a stream's event before the block was is not known but for this: let it take what is below it.
    owners = pl.concat([_owner_columns(first), _OPEN_EVENT, _owner_columns(events)])
    owner, row = _owner_rows(unmatched, events, before)
    return crashes.find_heads(unmatched, continues, owner, owners[row], last_line, multiline=multiline)


def _owner_rows(lines: pl.DataFrame, events: pl.DataFrame, before: EventsBefore) -> tuple[pl.Series, pl.Series]:
    """Return a key of the event above each line, and its row: 0 and 1 are those before the block, of one or more."""
    owner = _owner(lines, events, before)
    if not before.has_streams:
        row = pl.select(pl.when(owner < 0).then(0).otherwise(owner + 2)).to_series()
        return row, row
    open_row = before.is_multiline(lines["n"]).cast(pl.Int64)
    row = pl.select(pl.when(owner < 0).then(open_row).otherwise(owner + 2)).to_series()
    return row + before.stream_of(lines["n"]) * (events.height + 2), row


def _owner_columns(events: pl.DataFrame) -> pl.DataFrame:
    columns = [
        (pl.col(name) if name in events.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in _OWNER_COLUMNS.items()
    ]
    status = pl.col(STATUS).is_not_null() if STATUS in events.columns else pl.lit(value=False)
    return events.select(*columns, is_request=status)


def _goes_on(lines: pl.DataFrame, events: pl.DataFrame, before: EventsBefore, continues: pl.Series) -> pl.Series:
    """Tell which lines continue an event when those go on with a crash that look like it, down to the first other."""
    last = before.last
    first = last.event if last.event is not None and CRASHED in last.event.columns else _NO_EVENT
    if CRASHED not in events.columns and first is _NO_EVENT:
        return continues
    owner, row = _owner_rows(lines, events, before)
    owners = pl.concat([_crash_flags(first), _crash_flags(_NO_EVENT), _crash_flags(events)])
    is_first = owner != owner.shift(1, fill_value=-1 if last.last_line is None else 0)
    frame = pl.DataFrame({"line": lines["line"], "owner": owner, "continues": continues, "is_first": is_first})
    frame = frame.hstack(owners[row])
    looks_like_it = pl.col("line").str.contains(GOES_ON) | (pl.col("is_first") & pl.col("has_second_line"))
    frame = frame.with_columns(shape=pl.col("is_crash") & (pl.col("continues") | looks_like_it))
    unbroken = (~pl.col("shape")).cast(pl.UInt32).cum_sum().over("owner") == 0
    return frame.select(pl.col("continues") | (pl.col("shape") & unbroken)).to_series()


def _crash_flags(events: pl.DataFrame) -> pl.DataFrame:
    """Return which events are crashes, and below which the next line belongs to them whatever it is."""
    if CRASHED not in events.columns:
        never = pl.repeat(value=False, n=events.height, dtype=pl.Boolean, eager=True)
        return pl.DataFrame({"is_crash": never, "has_second_line": never})
    is_crash = pl.col(CRASHED).fill_null(value=False)
    head = pl.when(is_crash).then(pl.coalesce("exception", "message")).str.extract(r"^([^\n]*)")
    flags = events.select(is_crash.alias("is_crash"), head.alias("has_second_line"))
    return flags.with_columns(crashes.has_second_line(flags["has_second_line"]).fill_null(value=False))


def _without_continuations(
    events: pl.DataFrame, no_lines: pl.DataFrame, blank: pl.DataFrame, before: EventsBefore
) -> Parsed:
    events = crashes.named(events).with_columns(continues=pl.lit(0, dtype=pl.UInt32))
    after = replace(before.last, event=events.tail(1), last_line=None) if events.height else before.last
    return Parsed(events=events, leading_lines=no_lines, blank_lines=blank.height, before=after)


def _owner(lines: pl.DataFrame, events: pl.DataFrame, before: EventsBefore) -> pl.Series:
    """Return the row of the event of the same stream above each line, -1 where there is none."""
    owner = events["n"].search_sorted(lines["n"]).cast(pl.Int64) - 1
    if not before.has_streams or events.is_empty():
        return owner
    of_same_stream = before.stream_of(events["n"].gather(owner.clip(0))) == before.stream_of(lines["n"])
    return owner.zip_with(of_same_stream, pl.Series([-1], dtype=pl.Int64))


def _below_multiline(lines: pl.DataFrame, events: pl.DataFrame, before: EventsBefore) -> pl.Series:
    """Return for each line whether the event above it is multiline."""
    owner = _owner(lines, events, before)
    flags = pl.concat([pl.Series([False]), events["multiline"]]).gather(owner + 1)
    return flags | ((owner < 0) & before.is_multiline(lines["n"]))


def _append(events: pl.DataFrame, lines: pl.DataFrame, blank: pl.DataFrame, before: EventsBefore) -> Parsed:
    """Add the continuation lines to the `exception` of the event above them."""
    owner = _owner(lines, events, before)
    owned = lines.with_columns(owner=owner).filter(pl.col("owner") >= 0)
    below = owned.group_by("owner", maintain_order=True).agg(pl.col("line"))
    joined = below.select("owner", pl.col("line").list.join("\n"), pl.col("line").list.len().alias("continues"))
    if "exception" not in events.columns:
        events = events.with_columns(exception=pl.lit(None, dtype=pl.String))
    captured, line = events["exception"].gather(joined["owner"]), pl.col("line")
    filled = pl.when(line.str.strip_chars() != "").then(line)
    extended = joined.select(pl.concat_str([captured, filled], separator="\n", ignore_nulls=True).replace("", None))
    # Only few events have lines below them, so only their rows are replaced.
    rows = pl.int_range(events.height, eager=True).scatter(
        joined["owner"], events.height + joined.with_row_index()["index"]
    )
    continues = pl.zeros(events.height, pl.UInt32, eager=True).scatter(joined["owner"], joined["continues"])
    exception = pl.concat([events["exception"].replace("", None), extended.to_series().alias("exception")]).gather(rows)
    events = crashes.named(events.with_columns(exception, continues.alias("continues")))
    return Parsed(
        events=events, leading_lines=lines.filter(owner < 0), blank_lines=blank.height,
        before=_after(events, lines, before.last),
    )  # fmt: skip


def _after(events: pl.DataFrame, lines: pl.DataFrame, before: Before) -> Before:
    """Return what events and the lines that continue them leave before the lines that follow."""
    if events.height:
        last_lines = lines.tail(_LAST_LINES).filter(pl.col("n") > events["n"][-1])
        before = replace(before, event=events.tail(1), last_line=None)
    else:
        last_lines = lines.tail(_LAST_LINES)
    with_text = last_lines.filter(pl.col("line").str.strip_chars() != "")
    return replace(before, last_line=with_text["line"][-1]) if with_text.height else before
