"""Lines that no format knows: which continue the event above them, and which are events of their own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from loganalytics.formats import crashes
from loganalytics.formats.definitions import RAW
from loganalytics.formats.definitions.access import STATUS
from loganalytics.formats.definitions.crashes import CONTINUES, GOES_ON
from loganalytics.formats.envelopes.streams import EVENT_ABOVE, NOTHING_BEFORE, Before, EventsBefore
from loganalytics.formats.internal_columns import CRASHED, FORMAT_INDEX
from loganalytics.formats.ordering import in_order

# Among so many last lines is one with text.
_LAST_LINES = 1000
_CORE = ("multiline", "severity_number", "message")


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """Events with the lines below them, and the lines at the head of a block that continue an event before it."""

    events: pl.DataFrame
    leading_lines: pl.DataFrame
    blank_lines: int
    before: Before = NOTHING_BEFORE
    """What stands before the lines that follow these."""
    carried_by: Mapping[str, str] = field(default_factory=dict)
    """The streams whose last event carries a line of another stream, which owns what is below."""
    unfinished: pl.DataFrame | None = None
    """Lines as they were (n, line) that only those still to come can complete."""


def join(
    events: pl.DataFrame, unmatched: pl.DataFrame, blank: pl.DataFrame, before: EventsBefore, *, multiline: bool,
    records: Collection[int] = (),
) -> Parsed:  # fmt: skip
    """Add the lines that continue an event to it, and make events of the other unmatched lines.

    `multiline` says whether lines that do not match belong to the event above them after a crash, too; `records` are
    the indices of the formats whose events are whole records.
    """
    if unmatched.is_empty() and blank.is_empty():
        return _without_continuations(events, blank, before, records)
    continues = unmatched["line"].str.contains(CONTINUES)
    owners = pl.concat([before.events, _owner_columns(events, records)])
    owner = before.owner_row(unmatched, events)
    heads = crashes.find_heads(unmatched, continues, owner, owners, multiline=multiline)
    own = heads.filter("is_own")
    if own.height:
        events = in_order([events, crashes.crash_events(own, multiline=multiline)])
        is_other = ~unmatched["n"].is_in(own["n"].implode())
        unmatched, continues = unmatched.filter(is_other), continues.filter(is_other)
        owners = pl.concat([before.events, _owner_columns(events, records)])
        owner = before.owner_row(unmatched, events)
    continues |= owners["multiline"].gather(owner)
    if own.height < heads.height:
        continues |= unmatched["n"].is_in(heads.filter(~pl.col("is_own"))["n"].implode())
    if not multiline:
        continues = _goes_on(unmatched, owner, owners, continues)
    # Where there is no event yet that the first line could continue, it is one.
    continues &= ~unmatched["n"].is_in(before.first_lines(events["n"], unmatched["n"]).implode())
    split = unmatched.with_columns(continues.alias("continues"))
    raw = split.filter(~pl.col("continues")).select("n", pl.col("line").alias("message"))
    raw = raw.with_columns(parsed=pl.lit(value=False), multiline=pl.lit(RAW.multiline))
    events = in_order([events, raw]) if raw.height else events
    lines = split.filter("continues").drop("continues")
    if blank.height:
        multiline_above = pl.concat([before.events["multiline"], events["multiline"]])
        within = multiline_above.gather(before.owner_row(blank, events))
        lines, blank = pl.concat([lines, blank.filter(within)]).sort("n"), blank.filter(~within)
    if lines.is_empty():
        return _without_continuations(events, blank, before, records)
    return _append(events, lines, blank, before, records)


def _owner_columns(events: pl.DataFrame, records: Collection[int]) -> pl.DataFrame:
    """Return of events what decides about the lines below them, before any of these is added."""
    never, unknown = pl.lit(value=False), pl.lit(None)

    def flag(name: str, expression: pl.Expr) -> pl.Expr:
        return expression.fill_null(value=False) if name in events.columns else never

    is_record = flag(FORMAT_INDEX, pl.col(FORMAT_INDEX).is_in(list(records))) if records else never
    has_trace = flag("exception", pl.col("exception").is_not_null())
    columns = {name: pl.col(name) if name in events.columns else unknown for name in _CORE} | {
        "is_record": is_record,
        "takes_no_trace": flag(STATUS, pl.col(STATUS).is_not_null()) | (is_record & has_trace),
        "is_crash": flag(CRASHED, pl.col(CRASHED)),
        "has_second_line": never,
        "last_line": unknown,
    }
    owners = events.select(columns[name].cast(dtype).alias(name) for name, dtype in EVENT_ABOVE.items())
    if CRASHED not in events.columns:
        return owners
    rows = owners["is_crash"].arg_true()
    has_second_line = crashes.has_second_line(owners["message"].gather(rows))
    return owners.with_columns(owners["has_second_line"].scatter(rows, has_second_line))


def _goes_on(lines: pl.DataFrame, owner: pl.Series, owners: pl.DataFrame, continues: pl.Series) -> pl.Series:
    """Tell which lines continue an event when those go on with a crash that look like it, down to the first other."""
    if not owners["is_crash"].any():
        return continues
    is_first = owner.ne_missing(owner.shift(1)) & owners["last_line"].is_null().gather(owner)
    frame = pl.DataFrame({"line": lines["line"], "owner": owner, "continues": continues, "is_first": is_first})
    frame = frame.hstack(owners.select("is_crash", "has_second_line")[owner])
    looks_like_it = pl.col("line").str.contains(GOES_ON) | (pl.col("is_first") & pl.col("has_second_line"))
    frame = frame.with_columns(shape=pl.col("is_crash") & (pl.col("continues") | looks_like_it))
    unbroken = (~pl.col("shape")).cast(pl.UInt32).cum_sum().over("owner") == 0
    return frame.select(pl.col("continues") | (pl.col("shape") & unbroken)).to_series()


def _without_continuations(
    events: pl.DataFrame, blank: pl.DataFrame, before: EventsBefore, records: Collection[int]
) -> Parsed:
    no_lines = blank.clear()
    after = _after(events, no_lines, before, records)
    events = crashes.named(events).with_columns(continues=pl.lit(0, dtype=pl.UInt32))
    return Parsed(events=events, leading_lines=no_lines, blank_lines=blank.height, before=after)


def _append(
    events: pl.DataFrame, lines: pl.DataFrame, blank: pl.DataFrame, before: EventsBefore, records: Collection[int]
) -> Parsed:
    """Add the continuation lines to the `exception` of the event above them."""
    after = _after(events, lines, before, records)
    owner = before.owner(lines, events)
    owned = lines.with_columns(owner=owner).filter(pl.col("owner") >= 0)
    below = owned.group_by("owner", maintain_order=True).agg(pl.col("line"))
    joined = below.select("owner", pl.col("line").list.join("\n"), pl.col("line").list.len().alias("continues"))
    if "exception" not in events.columns:
        events = events.with_columns(exception=pl.lit(None, dtype=pl.String))
    # Blank lines right below an event may have been read with it or later, so they are left out.
    captured, line = events["exception"].gather(joined["owner"]), pl.col("line").str.replace(r"^\s*\n", "")
    filled = pl.when(line.str.strip_chars() != "").then(line)
    extended = joined.select(pl.concat_str([captured, filled], separator="\n", ignore_nulls=True).replace("", None))
    exception = events["exception"]
    exception = exception.replace("", None) if exception.null_count() < events.height else exception
    # Only few events have lines below them, so only their rows are replaced.
    exception = exception.scatter(joined["owner"], extended.to_series())
    continues = pl.zeros(events.height, pl.UInt32, eager=True).scatter(joined["owner"], joined["continues"])
    events = crashes.named(events.with_columns(exception, continues.alias("continues")))
    leading_lines = _without_first_blanks(lines.filter(owner < 0), before)
    return Parsed(events=events, leading_lines=leading_lines, blank_lines=blank.height, before=after)


def _without_first_blanks(lines: pl.DataFrame, before: EventsBefore) -> pl.DataFrame:
    """Return lines below events of earlier blocks, null where they are blank and nothing with text is above them."""
    is_text = lines["line"].str.strip_chars() != ""
    if is_text.all():
        return lines
    stream = before.stream_of(lines["n"])
    is_begun = before.events["last_line"].is_not_null().gather(stream)
    above = is_text.cast(pl.UInt32).to_frame("text").select(pl.col("text").cum_sum().over(stream)).to_series() > 0
    return lines.with_columns(pl.when(is_begun | above).then("line").alias("line"))


def _after(events: pl.DataFrame, lines: pl.DataFrame, before: EventsBefore, records: Collection[int]) -> Before:
    """Return what events and the lines that continue them leave before the lines that follow."""
    if before.numbers is None:
        return _after_one(events, lines, before, records)
    last = _last_of_streams(events, before)
    last_lines = _last_of_streams(lines.filter(pl.col("line").str.strip_chars() != ""), before)
    has_event = before.stream_of(last_lines["n"]).is_in(before.stream_of(last["n"]).implode())
    last_lines = last_lines.filter((before.owner(last_lines, last) >= 0) | ~has_event)
    return before.followed_by(last.select("n").hstack(_owner_columns(last, records)), last_lines)


def _after_one(events: pl.DataFrame, lines: pl.DataFrame, before: EventsBefore, records: Collection[int]) -> Before:
    """Return the same for a file of one writer, which most are: without what sorts several out."""
    is_own = before.before.events["stream"] == before.keys[0]
    known, last_lines = before.before.events.filter(is_own), lines.tail(_LAST_LINES)
    if events.height:
        last_lines = last_lines.filter(pl.col("n") > events["n"][-1]) if last_lines.height else last_lines
        known = _owner_columns(events.tail(1), records).insert_column(0, before.keys.alias("stream"))
    if last_lines.height and known.height:
        with_text = last_lines["line"].filter(last_lines["line"].str.strip_chars() != "")
        known = known.with_columns(last_line=pl.lit(with_text[-1])) if with_text.len() else known
    others = before.before.events.filter(~is_own)  # those whose messages are lines themselves
    return replace(before.before, events=pl.concat([others, known]) if others.height else known)


def _last_of_streams(frame: pl.DataFrame, before: EventsBefore) -> pl.DataFrame:
    """Return the last row (n, ...) of each stream."""
    return frame.filter(pl.col("n").is_in(before.last_of_streams(frame["n"]).implode()))
