"""Numbered lines to events: each line by the first format that matches it, continuation lines to their event."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import polars as pl

from loganalytics.formats import delimited, logfmt
from loganalytics.formats.definitions import RAW, TIME_FIRST, Format
from loganalytics.formats.delimited import Delimited
from loganalytics.formats.detection import DetectedFormat, Detection
from loganalytics.formats.envelopes import JOINED_LINES, Envelope, unwrap
from loganalytics.formats.json import reader as json_reader
from loganalytics.formats.json.reader import JsonLines
from loganalytics.formats.logfmt import Logfmt
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


def parse(
    lines: pl.DataFrame, detection: Detection, *, after_multiline: bool | None = None, utf8: bytes | None = None
) -> Parsed:
    """Turn lines (n: UInt64, line: String) into events (n, parsed, multiline, continues, and the formats' columns).

    No line is lost: it is an event, part of an event's `exception`, blank, or in `leading_lines`. `after_multiline`
    says whether the event before these lines is multiline; when there is no such event (None), lines that continue
    nothing are events. `utf8` is the text that the lines were cut from, if it is at hand.
    """
    if detection.envelope:
        unwrapped = replace(detection, envelope=None)
        return _parse_wrapped(lines, unwrapped, detection.envelope, after_multiline=after_multiline)
    is_header = lines["line"].str.contains(detection.header_pattern) if detection.header_pattern else None
    if is_header is not None and is_header.any():
        parsed = parse(lines.filter(~is_header), detection, after_multiline=after_multiline)
        return replace(parsed, blank_lines=parsed.blank_lines + int(is_header.sum()))
    events, unmatched, blank = _read_all(lines, detection, utf8)
    return _with_body(_join_continuations(events, unmatched, blank, after_multiline), detection)


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


def _parse_wrapped(
    lines: pl.DataFrame, detection: Detection, envelope: Envelope, *, after_multiline: bool | None
) -> Parsed:
    """Parse what an envelope holds, each container's or stream's lines by themselves, and add its columns."""
    inner = unwrap(lines, envelope)
    names = [name for name in inner.columns if name not in ("n", "line", JOINED_LINES)]
    streams = [name for name in names if name in ("service", "log.iostream")]
    partitions = inner.partition_by(streams, maintain_order=True) if streams and inner.height else [inner]
    blocks = [
        parse(partition.select("n", "line"), detection, after_multiline=after_multiline) for partition in partitions
    ]
    events = pl.concat([block.events for block in blocks], how="diagonal_relaxed").sort("n")
    events = events.join(inner.drop("line"), on="n", how="left", maintain_order="left", suffix="\0")
    shared = [pl.coalesce(name, f"{name}\0").alias(name) for name in names if f"{name}\0" in events.columns]
    events = events.with_columns(*shared, pl.col("continues") + pl.col(JOINED_LINES))
    return Parsed(
        events=events.select(pl.exclude(JOINED_LINES, r"^.*\x00$")),
        leading_lines=pl.concat([block.leading_lines for block in blocks]).sort("n"),
        blank_lines=sum(block.blank_lines for block in blocks),
    )


def _with_body(parsed: Parsed, detection: Detection) -> Parsed:
    """Read the fields in the lines below an event, for the events of formats that put fields there."""
    events = parsed.events
    for index, detected in enumerate(detection.formats):
        if isinstance(detected.format, Format) and detected.format.body_pattern and _FORMAT_INDEX in events.columns:
            events = regex_reader.read_body(events, detected.format, events[_FORMAT_INDEX].eq_missing(index))
    return replace(parsed, events=events.drop(_FORMAT_INDEX, strict=False))


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
        return delimited.read(lines, detected.format, detected.clock)
    return regex_reader.read(lines, detected.format, detected.clock)


def _multiline(detected: DetectedFormat) -> bool:
    return isinstance(detected.format, Format) and detected.format.multiline


def _no_events() -> pl.DataFrame:
    return pl.DataFrame(schema={"n": pl.UInt64, "message": pl.String, "parsed": pl.Boolean, "multiline": pl.Boolean})


def _join_continuations(
    events: pl.DataFrame, unmatched: pl.DataFrame, blank: pl.DataFrame, after_multiline: bool | None
) -> Parsed:
    """Add the lines that continue an event to it, and make events of the other unmatched lines."""
    if unmatched.is_empty() and blank.is_empty():
        return _without_continuations(events, unmatched, blank)
    continues = _below_multiline(unmatched, events, after_multiline) | pl.col("line").str.contains(_CONTINUES)
    if after_multiline is None:  # there is no event yet that the first line could continue
        first = min((frame["n"][0] for frame in (events, unmatched) if frame.height), default=0)
        continues &= pl.col("n") > first
    split = unmatched.with_columns(continues.alias("continues"))
    raw = split.filter(~pl.col("continues")).select("n", pl.col("line").alias("message"))
    raw = raw.with_columns(parsed=pl.lit(value=False), multiline=pl.lit(RAW.multiline))
    events = _in_order([events, raw]) if raw.height else events
    lines = split.filter("continues").drop("continues")
    if blank.height:
        within = _below_multiline(blank, events, after_multiline)
        lines, blank = pl.concat([lines, blank.filter(within)]).sort("n"), blank.filter(~within)
    return _append(events, lines, blank) if lines.height else _without_continuations(events, lines, blank)


def _without_continuations(events: pl.DataFrame, no_lines: pl.DataFrame, blank: pl.DataFrame) -> Parsed:
    events = events.with_columns(continues=pl.lit(0, dtype=pl.UInt32))
    return Parsed(events=events, leading_lines=no_lines, blank_lines=blank.height)


def _owner(lines: pl.DataFrame, events: pl.DataFrame) -> pl.Series:
    """Return the row of the event above each line, -1 where there is none."""
    return events["n"].search_sorted(lines["n"]).cast(pl.Int64) - 1


def _below_multiline(lines: pl.DataFrame, events: pl.DataFrame, after_multiline: bool | None) -> pl.Series:
    """Return for each line whether the event above it is multiline."""
    flags = pl.concat([pl.Series([bool(after_multiline)]), events["multiline"]])
    return flags.gather(_owner(lines, events) + 1)


def _append(events: pl.DataFrame, lines: pl.DataFrame, blank: pl.DataFrame) -> Parsed:
    """Add the continuation lines to the `exception` of the event above them."""
    owner = _owner(lines, events).set_sorted()
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
