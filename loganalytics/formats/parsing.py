"""Numbered lines to events: each line by the first format that matches it, continuation lines to their event."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from loganalytics.formats import delimited, logfmt
from loganalytics.formats.continuations import NOTHING_BEFORE, Before, Parsed, join
from loganalytics.formats.definitions import LEVEL_FIRST, TIME_FIRST, Format
from loganalytics.formats.delimited import Delimited
from loganalytics.formats.detection import DetectedFormat, Detection
from loganalytics.formats.envelopes import JOINED_LINES, Envelope, unwrap
from loganalytics.formats.inferred_times import with_inferred_times
from loganalytics.formats.internal_columns import FORMAT_INDEX
from loganalytics.formats.json import reader as json_reader
from loganalytics.formats.json.reader import JsonLines
from loganalytics.formats.logfmt import Logfmt
from loganalytics.formats.ordering import in_order
from loganalytics.formats.regex import reader as regex_reader
from loganalytics.formats.timestamps import Clock


def parse(
    lines: pl.DataFrame, detection: Detection, *, before: Before = NOTHING_BEFORE, utf8: bytes | None = None
) -> Parsed:
    """Turn lines (n: UInt64, line: String) into events (n, parsed, multiline, continues, and the formats' columns).

    No line is lost: it is an event, part of an event's `exception`, blank, or in `leading_lines`. `before` is what the
    lines before these left behind: Parsed.before. `utf8` is the text that the lines were cut from, if it is at hand.
    """
    if detection.envelope:
        return _parse_wrapped(lines, replace(detection, envelope=None), detection.envelope, before)
    is_header = lines["line"].str.contains(detection.header_pattern) if detection.header_pattern else None
    if is_header is not None and is_header.any():
        parsed = parse(lines.filter(~is_header), detection, before=before)
        return replace(parsed, blank_lines=parsed.blank_lines + int(is_header.sum()))
    events, unmatched, blank = _read_all(lines, detection, utf8)
    multiline = any(map(_multiline, detection.formats))
    parsed = with_inferred_times(join(events, unmatched, blank, before, multiline=multiline), _untimed(detection))
    return _with_body(parsed, detection)


def _untimed(detection: Detection) -> list[int] | None:
    """Return which formats have no time; None when no format has one."""
    formats = _formats(detection)
    if not any(detected.clock.formats for detected in detection.formats):
        return None
    return [n for n, d in enumerate(formats) if isinstance(d.format, Format) and not d.format.has_time]


def _read_all(
    lines: pl.DataFrame, detection: Detection, utf8: bytes | None
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return the events in one of the formats, the lines that none of them matches, and the blank lines."""
    unmatched, blank = lines, None
    frames: list[pl.DataFrame] = []
    rewritten = False
    for index, detected in enumerate(detection.formats):
        if blank is None and _matches_blank(detected.format):  # otherwise only unmatched lines are searched for blanks
            unmatched, blank = _split_blank(unmatched)
        if unmatched.is_empty():
            break
        if detection.leading_times and detected.reads_rewritten and not rewritten:
            unmatched, rewritten = detection.leading_times.rewrite(unmatched), True
        events, unmatched = _read(unmatched, detected, utf8 if unmatched.height == lines.height else None)
        if events.height:
            frames.append(_of_format(events, detected, index))
    if blank is None:
        unmatched, blank = _split_blank(unmatched)
    if detection.leading_times and not rewritten:
        unmatched = detection.leading_times.rewrite(unmatched)
    by_rules, unmatched = _read_by_rules(unmatched, detection)
    frames += by_rules
    return in_order(frames) if frames else _no_events(), unmatched, blank


def _of_format(events: pl.DataFrame, detected: DetectedFormat, index: int) -> pl.DataFrame:
    """Add to events what is known by their format."""
    is_parsed = pl.col("parsed") if "parsed" in events.columns else pl.lit(value=True)
    columns = {"parsed": is_parsed, "multiline": pl.lit(_multiline(detected)), FORMAT_INDEX: pl.lit(index)}
    return events.with_columns(**columns)


def _read_by_rules(unmatched: pl.DataFrame, detection: Detection) -> tuple[list[pl.DataFrame], pl.DataFrame]:
    """Return the events by the rules for any line, and the lines that they do not match; indented ones never do."""
    frames: list[pl.DataFrame] = []
    candidates = unmatched.filter(~unmatched["line"].str.contains(r"^[ \t]"))
    for index, rule in enumerate(_rules(detection), len(detection.formats)):
        events, candidates = _read(candidates, rule, None) if candidates.height else (_no_events(), candidates)
        if events.height:
            # Among requests, a banner with a time does not own what follows.
            is_multiline = pl.col("multiline") & (not detection.formats or any(map(_multiline, detection.formats)))
            frames.append(_of_format(events, rule, index).with_columns(is_multiline))
            unmatched = unmatched.filter(~pl.col("n").is_in(events["n"].implode()))
    return frames, unmatched


def _split_blank(lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the lines with text and those without."""
    filled = lines["line"].str.strip_chars() != ""
    return (lines, lines.clear()) if filled.all() else (lines.filter(filled), lines.filter(~filled))


def _matches_blank(form: object) -> bool:
    """Whether a format may match a line without text."""
    if isinstance(form, Format):
        return regex_reader.matches_blank(form.regex)
    return not isinstance(form, JsonLines | Logfmt)


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


def _parse_wrapped(lines: pl.DataFrame, detection: Detection, envelope: Envelope, before: Before) -> Parsed:
    """Parse what an envelope holds, each container's or stream's lines by themselves, and add its columns."""
    inner = unwrap(lines, envelope)
    names = [name for name in inner.columns if name not in ("n", "line", JOINED_LINES)]
    streams = [name for name in names if name in ("service", "log.iostream")]
    partitions = inner.partition_by(streams, maintain_order=True) if streams and inner.height else [inner]
    blocks = [parse(partition.select("n", "line"), detection, before=before) for partition in partitions]
    events = pl.concat([block.events for block in blocks], how="diagonal_relaxed").sort("n")
    events = events.join(inner.drop("line"), on="n", how="left", maintain_order="left", suffix="\0")
    shared = [pl.coalesce(name, f"{name}\0").alias(name) for name in names if f"{name}\0" in events.columns]
    events = events.with_columns(*shared, pl.col("continues") + pl.col(JOINED_LINES))
    return Parsed(
        events=events.select(pl.exclude(JOINED_LINES, r"^.*\x00$")),
        leading_lines=pl.concat([block.leading_lines for block in blocks]).sort("n"),
        blank_lines=sum(block.blank_lines for block in blocks),
        before=blocks[-1].before,
    )


def _with_body(parsed: Parsed, detection: Detection) -> Parsed:
    """Read the fields in the lines below an event, for the events of formats that put fields there."""
    events = parsed.events
    for index, detected in enumerate(detection.formats):
        if isinstance(detected.format, Format) and detected.format.body_pattern and FORMAT_INDEX in events.columns:
            events = regex_reader.read_body(events, detected.format, events[FORMAT_INDEX].eq_missing(index))
    return replace(parsed, events=events.drop(FORMAT_INDEX, strict=False))


def _formats(detection: Detection) -> list[DetectedFormat]:
    """Return the detected formats, then the rules that any line which begins with a time or a level is an event."""
    return [*detection.formats, *_rules(detection)]


def _rules(detection: Detection) -> list[DetectedFormat]:
    clock = detection.formats[0].clock if detection.formats else Clock()
    forms = [detected.format for detected in detection.formats]
    rules = []
    if TIME_FIRST not in forms:
        times = Clock((), clock.tz, clock.year)
        rules.append(DetectedFormat(format=TIME_FIRST, clock=times, matched_lines=0, reads_rewritten=True))
    # Below a line with a time there may be a line that begins with its level.
    if not any(isinstance(form, Format) and form.body_pattern for form in forms):
        rules.append(DetectedFormat(format=LEVEL_FIRST, clock=Clock(), matched_lines=0))
    return rules


def _read(lines: pl.DataFrame, detected: DetectedFormat, utf8: bytes | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    if isinstance(detected.format, JsonLines):
        return json_reader.read(lines, detected.format, detected.clock, utf8)
    if isinstance(detected.format, Logfmt):
        return logfmt.read(lines, detected.format, detected.clock)
    if isinstance(detected.format, Delimited):
        return delimited.read(lines, detected.format, detected.clock)
    return regex_reader.read(lines, detected.format, detected.clock)


def _multiline(detected: DetectedFormat) -> bool:
    form = detected.format
    if not isinstance(form, Format) or (form.status and not form.body_pattern):  # no server logs errors below a request
        return False
    return form.multiline


def _no_events() -> pl.DataFrame:
    return pl.DataFrame(schema={"n": pl.UInt64, "message": pl.String, "parsed": pl.Boolean, "multiline": pl.Boolean})
