"""Numbered lines to events: each line by the first format that matches it, continuation lines to their event."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from loganalytics.formats.continuations import Parsed, join
from loganalytics.formats.definitions import LEVEL_FIRST, TIME_FIRST, Format
from loganalytics.formats.detected import DetectedFormat, Detection, Within
from loganalytics.formats.envelopes.carried import stream_key, with_lines_below
from loganalytics.formats.envelopes.outer_fields import add_wrapper, without_marks
from loganalytics.formats.envelopes.streams import NOTHING_BEFORE, ONE_WRITER, Before, EventsBefore, number_streams
from loganalytics.formats.envelopes.unwrap import unwrap_all
from loganalytics.formats.inferred_times import mark_untimed, with_inferred_times
from loganalytics.formats.inner_messages import to_lines, with_inner
from loganalytics.formats.internal_columns import FORMAT_INDEX, STREAM_IS_MULTILINE, UNTIMED
from loganalytics.formats.messages import message_text
from loganalytics.formats.ordering import in_order
from loganalytics.formats.payloads import payloads_of, with_payloads
from loganalytics.formats.regex import reader as regex_reader
from loganalytics.formats.timestamps import Clock

if TYPE_CHECKING:
    from loganalytics.formats.delimited.table import Delimited
    from loganalytics.formats.detected import AnyFormat

_ONE_KEY = pl.Series([ONE_WRITER])


def parse(
    lines: pl.DataFrame, detection: Detection, *, before: Before = NOTHING_BEFORE, utf8: bytes | None = None,
    final: bool = True,
) -> Parsed:  # fmt: skip
    """Turn lines (n: UInt64, line: String) into events (n, parsed, multiline, continues, and the formats' columns).

    No line is lost: it is an event, part of an event's `exception`, blank, a table's header (which counts as blank), or
    in `leading_lines`. `before` is what the lines before these left behind: Parsed.before. `utf8` is the text that the
    lines were cut from, if it is at hand.

    Where several write to one file, events and leading lines have the column STREAM. Unless these are the `final`
    lines, some may be left `unfinished`.
    """
    if detection.wrappers:
        parsed = _parse_wrapped(lines, detection, before, final=final)
    else:
        parsed = _parse_unwrapped(lines, detection, EventsBefore(before=before, keys=_ONE_KEY), utf8)
    return with_inferred_times(parsed) if detection.has_times else parsed


def _parse_unwrapped(
    lines: pl.DataFrame, detection: Detection, before: EventsBefore, utf8: bytes | None = None
) -> Parsed:
    # Times without a year are read in the order of the lines, whatever wrote them.
    events, unmatched, blank = map(before.sort, _read_all(lines, detection, utf8))
    parsed = join(
        events, unmatched, blank, before, multiline=_any_multiline(detection), records=_records(detection)
    )  # fmt: skip
    parsed = replace(parsed, events=mark_untimed(parsed.events, _untimed(detection)))
    parsed = _read_within(parsed, detection, before)
    return replace(parsed, blank_lines=parsed.blank_lines + _count_headers(lines, detection))


def _untimed(detection: Detection) -> list[int]:
    """Return which formats have no time."""
    formats = _formats(detection)
    return [n for n, d in enumerate(formats) if isinstance(d.format, Format) and not d.format.has_time]


def lines_beside(lines: pl.DataFrame, detection: Detection) -> pl.Series:
    """Return the texts of lines (n, line) that stand beside a table: they are no events, and no names of columns."""
    tables = _tables(detection) if not detection.wrappers else []
    if not tables:
        return lines["line"].clear()
    from loganalytics.formats.delimited import reader as table_reader

    return pl.concat(table_reader.lines_beside(lines["line"], table) for table in tables)


def _count_headers(lines: pl.DataFrame, detection: Detection) -> int:
    """Return how many of the lines name the columns of a table, stand beside it, or are rows without a value."""
    tables = _tables(detection)
    if not tables:
        return 0
    from loganalytics.formats.delimited import reader as table_reader

    return sum(int(table_reader.no_rows(lines["line"], table).sum()) for table in tables)


def _tables(detection: Detection) -> list[Delimited]:
    return [detected.format for detected in detection.formats if detected.format.kind == "table"]


def _read_all(
    lines: pl.DataFrame, detection: Detection, utf8: bytes | None
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return the events in one of the formats, the lines that none of them matches, and the blank lines."""
    unmatched, blank = lines, None
    frames: list[pl.DataFrame] = []
    rewritten = False
    banners = _banners(detection)
    for index, detected in enumerate(detection.formats):
        if blank is None and _matches_blank(detected.format):  # otherwise only unmatched lines are searched for blanks
            unmatched, blank = _split_blank(unmatched)
        if unmatched.is_empty():
            break
        if detection.leading_times and detected.reads_rewritten and not rewritten:
            unmatched, rewritten = detection.leading_times.rewrite(unmatched), True
        events, unmatched = _read(unmatched, detected, utf8 if unmatched.height == lines.height else None)
        if events.height:
            events = _of_format(events, detected, index)
            frames.append(events.with_columns(multiline=pl.lit(value=False)) if detected in banners else events)
    if blank is None:
        unmatched, blank = _split_blank(unmatched)
    if detection.leading_times and not rewritten:
        unmatched, rewritten = detection.leading_times.rewrite(unmatched), True
    by_rules, unmatched = _read_by_rules(unmatched, detection)
    frames += by_rules
    if rewritten and unmatched.height:  # what no format takes stands as it was written
        unmatched = lines.filter(pl.col("n").is_in(unmatched["n"].implode()))
    return in_order(frames) if frames else _no_events(), unmatched, blank


def _of_format(events: pl.DataFrame, detected: DetectedFormat, index: int) -> pl.DataFrame:
    """Add to events what is known by their format."""
    is_parsed = pl.col("parsed") if "parsed" in events.columns else pl.lit(value=True)
    columns = {"parsed": is_parsed, "multiline": pl.lit(_multiline(detected)), FORMAT_INDEX: pl.lit(index)}
    return events.with_columns(**columns)


def _read_by_rules(unmatched: pl.DataFrame, detection: Detection) -> tuple[list[pl.DataFrame], pl.DataFrame]:
    """Return the events by the rules for any line, and the lines that they do not match; indented ones never do."""
    frames: list[pl.DataFrame] = []
    if unmatched.is_empty():
        return frames, unmatched
    candidates = unmatched.filter(~unmatched["line"].str.contains(r"^[ \t]"))
    for index, rule in enumerate(_rules(detection), len(detection.formats)):
        # To look for it is cheaper than to read what it captures.
        if isinstance(rule.format, Format) and not candidates["line"].str.contains(rule.format.regex).any():
            continue
        events, candidates = _read(candidates, rule, None)
        if events.height:
            # Among requests, a banner with a time does not own what follows.
            is_multiline = pl.col("multiline") & (not detection.formats or _any_multiline(detection))
            frames.append(_of_format(events, rule, index).with_columns(is_multiline))
            unmatched = unmatched.filter(~pl.col("n").is_in(events["n"].implode()))
    return frames, unmatched


def _split_blank(lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the lines with text and those without."""
    filled = lines["line"].str.strip_chars() != ""
    return (lines, lines.clear()) if filled.all() else (lines.filter(filled), lines.filter(~filled))


def _matches_blank(form: AnyFormat) -> bool:
    """Whether a format may match a line without text."""
    return regex_reader.matches_blank(form.regex) if form.kind == "text" else form.kind == "table"


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
        if unmatched.is_empty() or detected.format.kind == "table":
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


def _parse_wrapped(lines: pl.DataFrame, detection: Detection, before: Before, *, final: bool) -> Parsed:
    """Parse what envelopes hold, each container's or stream's lines by themselves, and add their columns."""
    unwrapped = unwrap_all(lines, detection.wrappers, final=final, before=before.record_streams)
    before = replace(before, record_streams=unwrapped.record_streams)
    parsed = _parse_streams(unwrapped.lines, replace(detection, wrappers=()), before)
    joined_lines = unwrapped.lines.select("n", "joined_lines")
    events = parsed.events.join(joined_lines, on="n", how="left", maintain_order="left")
    events = events.with_columns(pl.col("continues") + pl.col("joined_lines")).drop("joined_lines")
    events = without_marks(add_wrapper(events, unwrapped.columns), detection.wrappers)
    return replace(parsed, events=events, unfinished=unwrapped.unfinished)


def _parse_streams(lines: pl.DataFrame, detection: Detection, before: Before) -> Parsed:
    """Parse lines (n, line, stream), those of each stream as if they stood alone."""
    numbered = number_streams(lines)
    parsed = _parse_unwrapped(numbered.lines, detection, numbered.following(before))
    within = [STREAM_IS_MULTILINE] if STREAM_IS_MULTILINE in parsed.events.columns else []
    is_multiline = pl.coalesce(*within, "multiline").alias(STREAM_IS_MULTILINE)
    events = numbered.restore(parsed.events.with_columns(is_multiline))
    return replace(parsed, events=events, leading_lines=numbered.restore(parsed.leading_lines))


def _read_within(parsed: Parsed, detection: Detection, before: EventsBefore) -> Parsed:
    """Read what lies below an event or in its message, for the events of formats that put fields or lines there."""
    numbers = parsed.events["n"]
    last = before.last_of_streams(numbers) if any(d.within for d in detection.formats) else numbers.clear()
    for index, detected in enumerate(detection.formats):
        if FORMAT_INDEX not in parsed.events.columns:
            break
        has_body = isinstance(detected.format, Format) and detected.format.body_pattern
        if not has_body and not detected.within:
            continue
        is_of_format = parsed.events[FORMAT_INDEX].eq_missing(index)
        if isinstance(detected.format, Format) and detected.format.body_pattern:
            parsed = replace(parsed, events=regex_reader.read_body(parsed.events, detected.format, is_of_format))
        if detected.within and is_of_format.any():
            parsed = _read_messages(parsed, detected.within, is_of_format, before, last)
    if {FORMAT_INDEX, "exception"} <= set(parsed.events.columns):
        events = regex_reader.read_first_line_below(parsed.events, _is_text(parsed.events[FORMAT_INDEX], detection))
        parsed = replace(parsed, events=events)
    return replace(parsed, events=parsed.events.drop(FORMAT_INDEX, strict=False))


def _is_text(format_index: pl.Series, detection: Detection) -> pl.Series:
    """Tell which events were read by an expression, not as records."""
    return ~format_index.is_in(_records(detection)).fill_null(value=True)


def _records(detection: Detection) -> list[int]:
    """Return which formats are of records, not of text."""
    return [index for index, d in enumerate(detection.formats) if not isinstance(d.format, Format)]


def _read_messages(
    parsed: Parsed, within: Within, is_of_format: pl.Series, before: EventsBefore, last: pl.Series
) -> Parsed:
    """Parse the messages of services that write log lines, each process's by themselves."""
    if within.services is not None:
        is_of_format &= parsed.events["service"].is_in(list(within.services), nulls_equal=True)
    carried, others = parsed.events.filter(is_of_format), parsed.events.filter(~is_of_format)
    if not within.joins_lines:
        inner = parse_each(carried.select("n", message_text().alias("line")), within.detection)
        events = add_wrapper(inner, carried.drop("message", "parsed"))
        return replace(parsed, events=pl.concat([others, events], how="diagonal_relaxed").sort("n"))
    carried = carried.with_columns(stream_key(carried, before.key_of(carried["n"])))
    lines = carried.select("n", message_text().alias("line"), "stream")
    messages = _parse_streams(lines, within.detection, parsed.before)
    events, leading_lines = with_lines_below(messages.events, messages.leading_lines, carried)
    outer = carried.drop("stream", "message", "exception", "continues", "parsed", UNTIMED, strict=False)
    events = add_wrapper(events.drop("multiline"), outer)
    carriers = carried.filter(pl.col("n").is_in(last.implode()))
    carried_by = dict(zip(before.key_of(carriers["n"]), carriers["stream"], strict=True))
    return replace(
        parsed,
        events=pl.concat([others, events], how="diagonal_relaxed").sort("n"),
        leading_lines=pl.concat([parsed.leading_lines, leading_lines], how="diagonal").sort("n"),
        blank_lines=parsed.blank_lines + messages.blank_lines,
        before=messages.before,
        carried_by={**parsed.carried_by, **messages.carried_by, **carried_by},
    )


def _formats(detection: Detection) -> list[DetectedFormat]:
    """Return the detected formats, then the rules that any line which begins with a time or a level is an event."""
    return [*detection.formats, *_rules(detection)]


def _rules(detection: Detection) -> list[DetectedFormat]:
    clock = detection.formats[0].clock if detection.formats else Clock()
    forms = [detected.format for detected in detection.formats]
    rules = []
    if TIME_FIRST not in forms:
        times = Clock((), clock.tz, clock.year or next(iter(detection.first_years), None))
        rules.append(DetectedFormat(format=TIME_FIRST, clock=times, matched_lines=0, reads_rewritten=True))
    # Below a line with a time there may be a line that begins with its level.
    if not any(isinstance(form, Format) and form.body_pattern for form in forms):
        rules.append(DetectedFormat(format=LEVEL_FIRST, clock=Clock(), matched_lines=0))
    return rules


def _read(lines: pl.DataFrame, detected: DetectedFormat, utf8: bytes | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    # Few loads meet more than one kind: each reader is imported by the first format of its kind.
    if detected.format.kind == "json":
        from loganalytics.formats.json import reader as json_reader

        return json_reader.read(lines, detected.format, detected.clock, utf8)
    if detected.format.kind == "logfmt":
        from loganalytics.formats.logfmt import reader as logfmt_reader

        return logfmt_reader.read(lines, detected.format, detected.clock)
    if detected.format.kind == "table":
        from loganalytics.formats.delimited import reader as table_reader

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


def _any_multiline(detection: Detection) -> bool:
    banners = _banners(detection)
    return any(_multiline(detected) for detected in detection.formats if detected not in banners)


def _banners(detection: Detection) -> list[DetectedFormat]:
    """Return the rule for times, where it is of a few lines among requests: they do not own what follows."""
    timed = [detected for detected in detection.formats if detected.format is TIME_FIRST]
    others = [detected for detected in detection.formats if detected.format is not TIME_FIRST]
    requests = sum(detected.matched_lines for detected in others)
    return [] if any(map(_multiline, others)) else [d for d in timed if d.matched_lines < requests]


def _multiline(detected: DetectedFormat) -> bool:
    form = detected.format
    if not isinstance(form, Format) or (form.status and not form.body_pattern):  # no server logs errors below a request
        return False
    return form.multiline


def _no_events() -> pl.DataFrame:
    return pl.DataFrame(schema={"n": pl.UInt64, "message": pl.String, "parsed": pl.Boolean, "multiline": pl.Boolean})
