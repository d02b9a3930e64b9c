"""Numbered lines to events: each line by the first format that knows it, continuation lines to their event."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import polars as pl

from loganalytics.formats import delimited, logfmt
from loganalytics.formats.definitions import RAW, TIMED, Format
from loganalytics.formats.delimited import Delimited
from loganalytics.formats.detection import DetectedFormat, Detection
from loganalytics.formats.envelopes import JOINED_LINES, Envelope, unwrap
from loganalytics.formats.json import reader as json_reader
from loganalytics.formats.json.reader import JsonLines
from loganalytics.formats.logfmt import Logfmt
from loganalytics.formats.regex import reader as regex_reader
from loganalytics.formats.timestamps import Clock

# What belongs to the line above it in any format: indented text, and the lines of a stack trace that are not.
_CONTINUES = (
    r"^(?:\t| {2,}|\}|Caused by: |\.\.\. \d+ (?:more|common)|During handling of the above|The above exception was"
    r"|[\w.$]+(?:Error|Exception|Warning|Interrupt|Exit)(?::|$))"
)

# Which detected an event is of, while it is put together.
_FORM = "\0form"
# So many events are put in their places among the others one by one.
_FEW = 100


@dataclass(frozen=True)
class Parsed:
    """The events of a block of lines, and the lines at its head that continue an event of the block before."""

    events: pl.DataFrame
    leading: pl.DataFrame
    blank: int


def parse(
    lines: pl.DataFrame, detection: Detection, *, before: bool | None = None, utf8: bytes | None = None
) -> Parsed:
    """Turn lines (n: UInt64, line: String) into events (n, parsed, multiline, continues, and the formats' columns).

    No line is lost: it is an event, or part of an event's `exception`, or blank, or in `leading`. `before` tells
    whether the event before these lines is multiline; when there is none, lines that continue nothing are events.
    `utf8` is what the lines are cut from, where that is at hand.
    """
    if detection.envelope:
        return _parse_wrapped(lines, replace(detection, envelope=None), detection.envelope, before=before)
    headers = lines["line"].str.contains(detection.header_pattern) if detection.header_pattern else None
    if headers is not None and headers.any():
        parsed = parse(lines.filter(~headers), detection, before=before)
        return replace(parsed, blank=parsed.blank + int(headers.sum()))
    rest, blank = lines, None
    parts: list[pl.DataFrame] = []
    for place, detected in enumerate(_readers(detection)):
        if blank is None and _takes_blank(detected.format):  # else they are looked for among what is left only
            rest, blank = _split_blank(rest)
        if rest.is_empty():
            break
        events, rest = _read(rest, detected, utf8 if rest.height == lines.height else None)
        if events.height:
            known = pl.col("parsed") if "parsed" in events.columns else pl.lit(value=True)
            marks = {"parsed": known, "multiline": pl.lit(_multiline(detected)), _FORM: pl.lit(place)}
            parts.append(events.with_columns(**marks))
    events = _in_order(parts) if parts else _no_events()
    if blank is None:
        rest, blank = _split_blank(rest)
    return _with_body(_join_continuations(events, rest, blank, before), detection)


def _split_blank(lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the lines with text and those without."""
    filled = lines["line"].str.strip_chars() != ""
    return (lines, lines.clear()) if filled.all() else (lines.filter(filled), lines.filter(~filled))


def _takes_blank(form: object) -> bool:
    """Whether a format may take a line without text for one of its own."""
    if isinstance(form, Format):
        return regex_reader.takes_blank(form.regex)
    return not isinstance(form, JsonLines | Logfmt)


def _in_order(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """Put together what several readers made of a block, by the numbers of the lines."""
    parts = [part for part in parts if part.height]
    if len(parts) == 1:
        return parts[0]
    together = pl.concat(parts, how="diagonal_relaxed")
    few = sum(part.height for part in parts[1:])
    if few > _FEW:
        return together.sort("n")
    # A few events among many: cutting the many where they belong is far cheaper than sorting.
    many, others = together.head(parts[0].height), together.tail(few).sort("n")
    places = [0, *many["n"].search_sorted(others["n"]), many.height]
    pieces = [
        piece
        for place, (start, end) in enumerate(itertools.pairwise(places))
        for piece in (many.slice(start, end - start), others.slice(place, 1))
    ]
    return pl.concat(pieces)


def parse_each(lines: pl.DataFrame, detection: Detection) -> pl.DataFrame:
    """Turn each text (n, line) into one event: none continues another, as among the entries of a queue.

    A text of several lines is read by its first; the others are its `exception`. Columns as parse() gives them.
    """
    several = bool(lines["line"].str.contains("\n", literal=True).any())
    rest = lines.with_columns(pl.col("line").str.extract(r"^([^\r\n]*)")) if several else lines
    parts: list[pl.DataFrame] = []
    for detected in _readers(detection):
        if rest.is_empty() or isinstance(detected.format, Delimited):
            continue
        events, rest = _read(rest, detected, None)
        known = pl.col("parsed") if "parsed" in events.columns else pl.lit(value=True)
        parts.append(events.with_columns(parsed=known))
    parts.append(rest.select("n", pl.col("line").alias("message"), parsed=pl.lit(value=False)))
    events = pl.concat([part for part in parts if part.height] or parts[-1:], how="diagonal_relaxed").sort("n")
    if not several:
        return events
    more = lines.select(pl.col("line").str.extract(r"(?s)^[^\n]*\n(.*)$").replace("", None)).to_series()
    own = ["exception"] if "exception" in events.columns else []
    return events.with_columns(pl.coalesce(*own, more).alias("exception"))


def _parse_wrapped(lines: pl.DataFrame, detection: Detection, wrapper: Envelope, *, before: bool | None) -> Parsed:
    """Parse what a wrapper holds, each container's or stream's lines for themselves, and add what it tells."""
    inner = unwrap(lines, wrapper)
    told = [name for name in inner.columns if name not in ("n", "line", JOINED_LINES)]
    streams = [name for name in told if name in ("service", "log.iostream")]
    parts = inner.partition_by(streams, maintain_order=True) if streams and inner.height else [inner]
    each = [parse(part.select("n", "line"), detection, before=before) for part in parts]
    events = pl.concat([one.events for one in each], how="diagonal_relaxed").sort("n")
    events = events.join(inner.drop("line"), on="n", how="left", maintain_order="left", suffix="\0")
    both = [pl.coalesce(name, f"{name}\0").alias(name) for name in told if f"{name}\0" in events.columns]
    events = events.with_columns(*both, pl.col("continues") + pl.col(JOINED_LINES))
    return Parsed(
        events.select(pl.exclude(JOINED_LINES, r"^.*\x00$")),
        pl.concat([one.leading for one in each]).sort("n"),
        sum(one.blank for one in each),
    )


def _with_body(parsed: Parsed, detection: Detection) -> Parsed:
    """Read what the lines below an event tell, for the events of formats that put fields there."""
    events = parsed.events
    for place, detected in enumerate(detection.formats):
        if isinstance(detected.format, Format) and detected.format.body and _FORM in events.columns:
            events = regex_reader.read_body(events, detected.format, events[_FORM].eq_missing(place))
    return replace(parsed, events=events.drop(_FORM, strict=False))


def _readers(detection: Detection) -> list[DetectedFormat]:
    """The formats found, then the rule that any line which begins with a time is an event."""
    clock = detection.formats[0].clock if detection.formats else Clock()
    general = DetectedFormat(format=TIMED, clock=Clock((), clock.tz, clock.year), matched_lines=0)
    known = [detected.format for detected in detection.formats]
    return [*detection.formats, *([] if TIMED in known else [general])]


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


def _join_continuations(events: pl.DataFrame, rest: pl.DataFrame, blank: pl.DataFrame, before: bool | None) -> Parsed:
    if rest.is_empty() and blank.is_empty():
        return Parsed(events.with_columns(continues=pl.lit(0, dtype=pl.UInt32)), rest, 0)
    continues = _below_multiline(rest, events, before) | pl.col("line").str.contains(_CONTINUES)
    if before is None:  # there is nothing yet that the first line could continue
        head = min((frame["n"][0] for frame in (events, rest) if frame.height), default=0)
        continues &= pl.col("n") > head
    split = rest.with_columns(continues.alias("continues"))
    raw = split.filter(~pl.col("continues")).select("n", pl.col("line").alias("message"))
    raw = raw.with_columns(parsed=pl.lit(value=False), multiline=pl.lit(RAW.multiline))
    events = _in_order([events, raw]) if raw.height else events
    lines = split.filter("continues").drop("continues")
    if blank.height:
        within = _below_multiline(blank, events, before)
        lines, blank = pl.concat([lines, blank.filter(within)]).sort("n"), blank.filter(~within)
    if lines.is_empty():
        return Parsed(events.with_columns(continues=pl.lit(0, dtype=pl.UInt32)), lines, blank.height)
    return _append(events, lines, blank.height)


def _owner(lines: pl.DataFrame, events: pl.DataFrame) -> pl.Series:
    """Return the row of the event that stands above each line, -1 where there is none."""
    return events["n"].search_sorted(lines["n"]).cast(pl.Int64) - 1


def _below_multiline(lines: pl.DataFrame, events: pl.DataFrame, before: bool | None) -> pl.Series:
    """Tell of each line whether the event above it takes what follows."""
    flags = pl.concat([pl.Series([bool(before)]), events["multiline"]])
    return flags.gather(_owner(lines, events) + 1)


def _append(events: pl.DataFrame, lines: pl.DataFrame, blank: int) -> Parsed:
    """Add the continuation lines to the `exception` of the event above them."""
    owner = _owner(lines, events).set_sorted()
    owned = lines.with_columns(owner=owner).filter(pl.col("owner") >= 0)
    leading = lines.filter(owner < 0)
    line = pl.col("line")
    below = owned.group_by("owner", maintain_order=True).agg(line)
    joined = below.select("owner", line.list.join("\n").alias("more"), line.list.len().alias("continues"))
    if "exception" not in events.columns:
        events = events.with_columns(exception=pl.lit(None, dtype=pl.String))
    above, more = events["exception"].gather(joined["owner"]), pl.col("more")
    both = pl.concat_str([above, pl.when(more.str.strip_chars() != "").then(more)], separator="\n", ignore_nulls=True)
    told = joined.select(both.replace("", None).alias("exception")).to_series()
    own = events["exception"].replace("", None)
    # Only few events have lines below them, so only theirs are touched.
    place = pl.int_range(events.height, eager=True).scatter(
        joined["owner"], events.height + joined.with_row_index()["index"]
    )
    continues = pl.zeros(events.height, pl.UInt32, eager=True).scatter(joined["owner"], joined["continues"])
    exception = pl.concat([own, told]).gather(place)
    return Parsed(events.with_columns(exception, continues.alias("continues")), leading, blank)
