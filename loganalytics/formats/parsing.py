"""Numbered lines to events: each line by the first format that matches it, continuation lines to their event."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from loganalytics.formats import logfmt
from loganalytics.formats.definitions import RAW, TIME_FIRST, Format
from loganalytics.formats.delimited import reader as table_reader
from loganalytics.formats.delimited.table import Delimited
from loganalytics.formats.detection import DetectedFormat, Detection, Within
from loganalytics.formats.envelopes.carried import stream_key, with_lines_below
from loganalytics.formats.envelopes.outer_fields import add_wrapper, without_marks
from loganalytics.formats.envelopes.streams import EventsBefore, number_streams
from loganalytics.formats.envelopes.unwrap import unwrap_all
from loganalytics.formats.inner_messages import to_lines, with_inner
from loganalytics.formats.internal_columns import STREAM, STREAM_IS_MULTILINE
from loganalytics.formats.json import reader as json_reader
from loganalytics.formats.json.reader import JsonLines
from loganalytics.formats.logfmt import Logfmt
from loganalytics.formats.messages import message_text
from loganalytics.formats.payloads import payloads_of, with_payloads
from loganalytics.formats.regex import reader as regex_reader
from loganalytics.formats.timestamps import Clock

# What belongs to the line above it in any format: indented lines, and the lines of a stack trace that are not.
_CONTINUES = (
    r"^(?:\t| {2,}|\}|Caused by: |\.\.\. \d+ (?:more|common)|During handling of the above|The above exception was"
    r"|[\w.$]+(?:Error|Exception|Warning|Interrupt|Exit)(?::|$))"
)

# Which format an event is in, while a block is put together.
_FORMAT_INDEX = "\0format"
# Up to so many events are inserted among the others one by one.
_MAX_INSERTED = 100


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """The events of a block of lines, and the lines at its head that continue an event of the block before."""

    events: pl.DataFrame
    leading_lines: pl.DataFrame
    blank_lines: int
    unfinished: pl.DataFrame | None = None
    """Lines as they were (n, line) that only those still to come can complete."""


def parse(
    lines: pl.DataFrame, detection: Detection, *, after_multiline: bool | None = None,
    streams: Mapping[str, bool] | None = None, utf8: bytes | None = None, final: bool = True,
) -> Parsed:  # fmt: skip
    """Turn lines (n: UInt64, line: String) into events (n, parsed, multiline, continues, and the formats' columns).

    No line is lost: it is an event, part of an event's `exception`, blank, a table's header (which counts as blank), or
    in `leading_lines`. `after_multiline`
    says whether the event before these lines is multiline; when there is no such event (None), lines that continue
    nothing are events. `utf8` is the text that the lines were cut from, if it is at hand.

    Where several write to one file, events and leading lines have the column STREAM. `streams` says for each whether
    its event before these lines is multiline; unless these are the `final` lines, some may be left `unfinished`.
    """
    if detection.wrappers:
        return _parse_wrapped(lines, detection, streams or {}, final=final)
    before = EventsBefore(multiline={} if after_multiline is None else {0: after_multiline})
    return _parse_unwrapped(lines, detection, before, streams or {}, utf8)


def _parse_unwrapped(
    lines: pl.DataFrame, detection: Detection, before: EventsBefore, streams: Mapping[str, bool],
    utf8: bytes | None = None,
) -> Parsed:  # fmt: skip
    # Times without a year are read in the order of the lines, whatever wrote them.
    events, unmatched, blank = map(before.sort, _read_all(lines, detection, utf8))
    parsed = _read_within(_join_continuations(events, unmatched, blank, before), detection, streams)
    return replace(parsed, blank_lines=parsed.blank_lines + _count_headers(lines, detection))


def _count_headers(lines: pl.DataFrame, detection: Detection) -> int:
    """Return how many of the lines name the columns of a table."""
    tables = (detected.format for detected in detection.formats if isinstance(detected.format, Delimited))
    return sum(int(lines.select(table.is_header().sum()).item()) for table in tables)


def _read_all(
    lines: pl.DataFrame, detection: Detection, utf8: bytes | None
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return the events in one of the formats, the lines that none of them matches, and the blank lines."""
    unmatched, blank = lines, None
    frames: list[pl.DataFrame] = []
    rewritten = False
    for index, detected in enumerate(_formats(detection)):
        if blank is None and _matches_blank(detected.format):  # otherwise only unmatched lines are searched for blanks
            unmatched, blank = _split_blank(unmatched)
        if unmatched.is_empty():
            break
        if detection.leading_times and detected.reads_rewritten and not rewritten:
            unmatched, rewritten = detection.leading_times.rewrite(unmatched), True
        events, unmatched = _read(unmatched, detected, utf8 if unmatched.height == lines.height else None)
        if events.height:
            is_parsed = pl.col("parsed") if "parsed" in events.columns else pl.lit(value=True)
            columns = {"parsed": is_parsed, "multiline": pl.lit(_multiline(detected)), _FORMAT_INDEX: pl.lit(index)}
            frames.append(events.with_columns(**columns))
    if rewritten and unmatched.height:  # what no format takes stands as it was written
        unmatched = lines.filter(pl.col("n").is_in(unmatched["n"].implode()))
    if blank is None:
        unmatched, blank = _split_blank(unmatched)
    return _in_order(frames) if frames else _no_events(), unmatched, blank


def _split_blank(lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the lines with text and those without."""
    filled = lines["line"].str.strip_chars() != ""
    return (lines, lines.clear()) if filled.all() else (lines.filter(filled), lines.filter(~filled))


def _matches_blank(form: object) -> bool:
    """Whether a format may match a line without text."""
    if isinstance(form, Format):
        return regex_reader.matches_blank(form.regex)
    return not isinstance(form, JsonLines | Logfmt)


def _in_order(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """Concatenate what several formats made of a block, in the order of the lines."""
    frames = [frame for frame in frames if frame.height]
    if len(frames) == 1:
        return frames[0]
    events = pl.concat(frames, how="diagonal_relaxed")
    inserted_rows = events.height - frames[0].height
    if inserted_rows > _MAX_INSERTED:
        return events.sort("n")
    # To cut the many events where the few belong is far cheaper than sorting.
    base, inserted = events.head(frames[0].height), events.tail(inserted_rows).sort("n")
    cuts = [0, *base["n"].search_sorted(inserted["n"]), base.height]
    return pl.concat(
        slice_
        for index, (start, end) in enumerate(itertools.pairwise(cuts))
        for slice_ in (base.slice(start, end - start), inserted.slice(index, 1))
    )


def parse_each(lines: pl.DataFrame, detection: Detection) -> pl.DataFrame:
    """Turn each text (n, line) into one event: none continues another, as among the entries of a queue.

    A text of several lines is parsed by its first; the others are its `exception`. Columns as parse() returns them.
    """
    if detection.wrappers:
        unwrapped = unwrap_all(lines, detection.wrappers)
        events = parse_each(unwrapped.lines.select("n", "line"), replace(detection, wrappers=()))
        return add_wrapper(events, unwrapped.columns)
    has_several = bool(lines["line"].str.contains("\n", literal=True).any())
    unmatched = lines.with_columns(pl.col("line").str.extract(r"^([^\r\n]*)")) if has_several else lines
    frames: list[pl.DataFrame] = []
    rewritten = False
    for detected in _formats(detection):
        if unmatched.is_empty() or isinstance(detected.format, Delimited):
            continue
        if detection.leading_times and detected.reads_rewritten and not rewritten:
            unmatched, rewritten = detection.leading_times.rewrite(unmatched), True
        events, unmatched = _read(unmatched, detected, None)
        is_parsed = pl.col("parsed") if "parsed" in events.columns else pl.lit(value=True)
        frames.append(events.with_columns(parsed=is_parsed))
    frames.append(unmatched.select("n", pl.col("line").alias("message"), parsed=pl.lit(value=False)))
    events = pl.concat([frame for frame in frames if frame.height] or frames[-1:], how="diagonal_relaxed").sort("n")
    if not has_several:
        return events
    following = lines.select(pl.col("line").str.extract(r"(?s)^[^\n]*\n(.*)$").replace("", None)).to_series()
    captured = ["exception"] if "exception" in events.columns else []
    return events.with_columns(pl.coalesce(*captured, following).alias("exception"))


def _parse_wrapped(lines: pl.DataFrame, detection: Detection, streams: Mapping[str, bool], *, final: bool) -> Parsed:
    """Parse what envelopes hold, each container's or stream's lines by themselves, and add their columns."""
    unwrapped = unwrap_all(lines, detection.wrappers, final=final)
    parsed = _parse_streams(unwrapped.lines, replace(detection, wrappers=()), streams)
    joined_lines = unwrapped.lines.select("n", "joined_lines")
    events = parsed.events.join(joined_lines, on="n", how="left", maintain_order="left")
    events = events.with_columns(pl.col("continues") + pl.col("joined_lines")).drop("joined_lines")
    events = without_marks(add_wrapper(events, unwrapped.columns), detection.wrappers)
    return replace(parsed, events=events, unfinished=unwrapped.unfinished)


def _parse_streams(lines: pl.DataFrame, detection: Detection, streams: Mapping[str, bool]) -> Parsed:
    """Parse lines (n, line, stream), those of each stream as if they stood alone."""
    numbered = number_streams(lines)
    parsed = _parse_unwrapped(numbered.lines, detection, numbered.before(streams), {})
    events = numbered.restore(parsed.events)
    leading_lines = numbered.restore(parsed.leading_lines.select("n", "line"))
    events = events.with_columns(pl.col("multiline").alias(STREAM_IS_MULTILINE))
    return replace(parsed, events=events, leading_lines=leading_lines)


def _read_within(parsed: Parsed, detection: Detection, streams: Mapping[str, bool]) -> Parsed:
    """Read what lies below an event or in its message, for the events of formats that put fields or lines there."""
    for index, detected in enumerate(detection.formats):
        if _FORMAT_INDEX not in parsed.events.columns:
            break
        is_of_format = parsed.events[_FORMAT_INDEX].eq_missing(index)
        if isinstance(detected.format, Format) and detected.format.body_pattern:
            parsed = replace(parsed, events=regex_reader.read_body(parsed.events, detected.format, is_of_format))
        if detected.within and is_of_format.any():
            parsed = _read_messages(parsed, detected.within, is_of_format, streams)
    return replace(parsed, events=parsed.events.drop(_FORMAT_INDEX, strict=False))


def _read_messages(parsed: Parsed, within: Within, is_of_format: pl.Series, streams: Mapping[str, bool]) -> Parsed:
    """Parse the messages of services that write log lines, each process's by themselves."""
    if within.services is not None:
        is_of_format &= parsed.events["service"].is_in(list(within.services), nulls_equal=True)
    carried, others = parsed.events.filter(is_of_format), parsed.events.filter(~is_of_format)
    if not within.joins_lines:
        inner = parse_each(carried.select("n", message_text().alias("line")), within.detection)
        events = add_wrapper(inner, carried.drop("message", "parsed"))
        return replace(parsed, events=pl.concat([others, events], how="diagonal_relaxed").sort("n"))
    lines = carried.select("n", message_text().alias("line"), stream_key(carried))
    messages = _parse_streams(lines, within.detection, streams)
    events, leading_lines = with_lines_below(messages.events, messages.leading_lines, carried)
    outer = carried.drop("message", "exception", "continues", "parsed", strict=False)
    events = add_wrapper(events.drop("multiline"), outer)
    leading_lines = pl.concat([parsed.leading_lines.with_columns(pl.lit("").alias(STREAM)), leading_lines])
    return Parsed(
        events=pl.concat([others, events], how="diagonal_relaxed").sort("n"),
        leading_lines=leading_lines.sort("n"),
        blank_lines=parsed.blank_lines + messages.blank_lines,
    )


def _formats(detection: Detection) -> list[DetectedFormat]:
    """Return the detected formats, then the rule that any line which begins with a time is an event."""
    clock = detection.formats[0].clock if detection.formats else Clock()
    general = DetectedFormat(
        format=TIME_FIRST, clock=Clock((), clock.tz, clock.year), matched_lines=0, reads_rewritten=True
    )
    is_detected = any(detected.format is TIME_FIRST for detected in detection.formats)
    return list(detection.formats) if is_detected else [*detection.formats, general]


def _read(lines: pl.DataFrame, detected: DetectedFormat, utf8: bytes | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    if isinstance(detected.format, JsonLines):
        return json_reader.read(lines, detected.format, detected.clock, utf8)
    if isinstance(detected.format, Logfmt):
        return logfmt.read(lines, detected.format, detected.clock)
    if isinstance(detected.format, Delimited):
        events, unread = table_reader.read(lines, detected.format, detected.clock)
        return (_with_inner(events, detected.inner) if detected.inner else events), unread
    events, unread = regex_reader.read(lines, detected.format, detected.clock)
    return (_with_payloads(events, detected.inner) if detected.inner else events), unread


def _with_payloads(events: pl.DataFrame, detection: Detection) -> pl.DataFrame:
    """Add the fields of the JSON objects at the end of events' messages."""
    payloads = payloads_of(events)
    return events if payloads.is_empty() else with_payloads(events, parse_each(payloads, detection))


def _with_inner(events: pl.DataFrame, detection: Detection) -> pl.DataFrame:
    """Add what events' messages say that are log lines themselves."""
    texts = events.select("n", to_lines(events["message"]).alias("line"))
    return with_inner(events, parse_each(texts, detection))


def _multiline(detected: DetectedFormat) -> bool:
    return isinstance(detected.format, Format) and detected.format.multiline


def _no_events() -> pl.DataFrame:
    return pl.DataFrame(schema={"n": pl.UInt64, "message": pl.String, "parsed": pl.Boolean, "multiline": pl.Boolean})


def _join_continuations(
    events: pl.DataFrame, unmatched: pl.DataFrame, blank: pl.DataFrame, before: EventsBefore
) -> Parsed:
    """Add the lines that continue an event to it, and make events of the other unmatched lines."""
    if unmatched.is_empty() and blank.is_empty():
        return _without_continuations(events, unmatched, blank)
    continues = _below_multiline(unmatched, events, before) | unmatched["line"].str.contains(_CONTINUES)
    # Where there is no event yet that the first line could continue, it is one.
    continues &= ~unmatched["n"].is_in(before.first_lines(events["n"], unmatched["n"]).implode())
    split = unmatched.with_columns(continues.alias("continues"))
    raw = split.filter(~pl.col("continues")).select("n", pl.col("line").alias("message"))
    raw = raw.with_columns(parsed=pl.lit(value=False), multiline=pl.lit(RAW.multiline))
    events = _in_order([events, raw]) if raw.height else events
    lines = split.filter("continues").drop("continues")
    if blank.height:
        within = _below_multiline(blank, events, before)
        lines, blank = pl.concat([lines, blank.filter(within)]).sort("n"), blank.filter(~within)
    return _append(events, lines, blank, before) if lines.height else _without_continuations(events, lines, blank)


def _without_continuations(events: pl.DataFrame, no_lines: pl.DataFrame, blank: pl.DataFrame) -> Parsed:
    events = events.with_columns(continues=pl.lit(0, dtype=pl.UInt32))
    return Parsed(events=events, leading_lines=no_lines, blank_lines=blank.height)


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
    events = events.with_columns(exception, continues.alias("continues"))
    return Parsed(events=events, leading_lines=lines.filter(owner < 0), blank_lines=blank.height)
