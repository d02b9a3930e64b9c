"""Which formats a file is in, decided on a sample of its lines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import polars as pl

from loganalytics.formats.definitions import AUDIT, TIME_FIRST, Format
from loganalytics.formats.delimited.recognition import has_quoted_cells, may_be_table
from loganalytics.formats.detected import DetectedFormat, Detection, Within
from loganalytics.formats.envelopes.envelope import Wrapper
from loganalytics.formats.envelopes.recognition import find_wrapper, shows_format, shows_levels
from loganalytics.formats.fields.aliases import fold_path, is_syslog
from loganalytics.formats.framing import Framing, frame_sample
from loganalytics.formats.framing_detection import detect_framing
from loganalytics.formats.hints import NO_HINTS, Hints
from loganalytics.formats.inner_messages import to_lines
from loganalytics.formats.leading_times import LeadingTimes, begin_with_given_time, detect_leading_times
from loganalytics.formats.lent_zones import lend_zones
from loganalytics.formats.logfmt.quotes import with_double_quotes
from loganalytics.formats.logfmt.recognition import is_logfmt
from loganalytics.formats.messages import carried_messages
from loganalytics.formats.payloads import sample_payloads
from loganalytics.formats.regex.prefilter import candidate_formats, format_with_level_position
from loganalytics.formats.timestamps import Clock, clock_of, to_utc

if TYPE_CHECKING:
    from loganalytics.formats.delimited.table import Delimited
    from loganalytics.formats.detected import AnyFormat
    from loganalytics.formats.json.reader import JsonLines

# A format must match this share of the sample, or it was an accident.
_MIN_SHARE = 0.02
# So many of a table's messages must be log lines to be read as such.
_MIN_INNER_SHARE = 0.1
# The messages of the journal, Google Cloud and GELF: the level beside them is that of the output, not of the line.
_COLLECTED = {("MESSAGE",), ("textPayload",), ("short_message",)}
# The levels of records whose collector does not know them: OpenTelemetry's, and none.
_UNSPECIFIED = ["0", "", "UNKNOWN"]
_FIRST_LEVELS = 20
# So many times are read to find the first one.
_FIRST_TIMES = 50
# So many envelopes may be around one another.
_MAX_WRAPPERS = 4


_Match = tuple[DetectedFormat | None, pl.Series]
"""A format, and which lines are in it."""


def detect(lines: Sequence[str], *, hints: Hints = NO_HINTS, formats: Sequence[Format] = ()) -> Detection:
    """Return the formats of a sample of lines; `formats` are tried before those of the table."""
    framing = detect_framing(lines)
    table = None if framing else _infer_table(lines, hints)
    if table:
        framing = Framing(name=table.name, framer=table.framer)
    records = frame_sample(_numbered(pl.Series("line", lines, dtype=pl.String)), framing)["line"]
    unmatched = records.filter(records.str.strip_chars() != "")
    is_begun = table is not None or begin_with_given_time(unmatched, hints)
    wrappers, unmatched = ((), unmatched) if is_begun else _unwrap(unmatched, hints)
    sampled_lines = unmatched.len()
    all_lines = unmatched
    detections: list[DetectedFormat] = []
    match_table = _match_delimited if wrappers else _match_known(table)
    own = [_first_of(formats)] * len(formats)
    for match in (*own, match_table, _match_json, _first_of(AUDIT), _match_logfmt):
        detected, matched = match(unmatched, hints)
        if detected:
            detections.append(detected)
            unmatched = unmatched.filter(~matched)
    leading_times = detect_leading_times(unmatched, hints) if unmatched.len() else None
    as_written = unmatched
    if leading_times:
        unmatched = leading_times.rewrite(unmatched.alias("line").to_frame())["line"]
        all_lines = unmatched
    of_table, unmatched = _match_table(unmatched, sampled_lines, hints)
    headerless_table = None if detections or of_table else _match_headerless(as_written, hints)[0]
    if headerless_table:
        detections, unmatched, leading_times = [headerless_table], unmatched.clear(), None
    if unmatched.len() >= max(1, _MIN_SHARE * sampled_lines):
        of_table += [detected for detected in _match_timed(unmatched, hints) if detected]
    if leading_times:
        of_table = [_of_rewritten(detected, leading_times) for detected in of_table]
    detections = [_with_messages(detected, all_lines, hints) for detected in (*detections, *of_table)]
    # The rule for any time would take the lines of the others.
    detections.sort(key=lambda d: (d.reads_rewritten, d.format is TIME_FIRST, -d.matched_lines))
    detection = Detection(
        formats=tuple(detections), sampled_lines=sampled_lines, wrappers=wrappers, framing=framing,
        leading_times=leading_times,
    )  # fmt: skip
    return _lend_year(lend_zones(detection, hints) if wrappers or any(d.within for d in detections) else detection)


def _unwrap(lines: pl.Series, hints: Hints) -> tuple[tuple[Wrapper, ...], pl.Series]:
    """Return what is around the lines, and what is within it; blank lines are left out."""
    wrappers: list[Wrapper] = []
    while len(wrappers) < _MAX_WRAPPERS and lines.len() and (wrapper := find_wrapper(lines, hints)):
        from loganalytics.formats.envelopes.unwrap import unwrap_all

        wrappers.append(wrapper)
        lines = unwrap_all(_numbered(lines), [wrapper]).lines["line"]
        lines = lines.filter(lines.str.strip_chars() != "")
    return tuple(wrappers), lines


def _with_messages(detected: DetectedFormat, lines: pl.Series, hints: Hints) -> DetectedFormat:
    """Return the format with those of its messages, where they are log lines themselves."""
    if detected.format.kind != "text":
        return detected
    carried = carried_messages(lines, detected.format)
    if carried is None:
        payloads = sample_payloads(lines) if "(?P<message>" in detected.format.regex else []
        return replace(detected, inner=detect(payloads, hints=hints)) if payloads else detected
    detection = detect(carried.messages.to_list(), hints=hints)
    return replace(detected, within=Within(detection=detection, services=carried.services))


def _of_rewritten(detected: DetectedFormat, leading_times: LeadingTimes) -> DetectedFormat:
    first_time = detected.first_time if leading_times.clock.has_year else None
    return replace(detected, reads_rewritten=True, first_time=first_time)


def _numbered(lines: pl.Series) -> pl.DataFrame:
    return lines.to_frame().with_row_index("n", 1).cast({"n": pl.UInt64})


def _lend_year(detection: Detection) -> Detection:
    """Let times without a year have it from those of the same file that write it."""
    if not detection.first_years or all(clock.has_year for clock in detection.all_clocks):
        return detection
    year = detection.first_years[0]
    return detection.with_clocks(lambda clock: replace(clock, year=clock.year or year))


def _detected(log_format: AnyFormat, clock: Clock, time_texts: pl.Series, matched_lines: int) -> DetectedFormat:
    times = to_utc(time_texts.head(_FIRST_TIMES), clock).drop_nulls()
    first_time = cast(dt.datetime, times[0]) if times.len() else None
    guesses = () if log_format.kind == "text" else log_format.record_schema.guesses
    return DetectedFormat(
        format=log_format, clock=clock, matched_lines=matched_lines, first_time=first_time, guesses=guesses
    )


def _first_of(formats: Sequence[Format]) -> Callable[[pl.Series, Hints], _Match]:
    def match(lines: pl.Series, hints: Hints) -> _Match:
        return _best_match(lines, formats, hints) if formats and lines.len() else (None, lines.is_null())

    return match


def _infer_table(lines: Sequence[str], hints: Hints) -> Delimited | None:
    table = _infer_known(lines, hints)
    if table or not has_quoted_cells(lines) or begin_with_given_time(pl.Series(lines), hints):
        return table
    from loganalytics.formats.delimited import headerless

    return headerless.infer_quoted(lines, hints)


def _infer_known(lines: Sequence[str], hints: Hints) -> Delimited | None:
    if not may_be_table(lines):
        return None
    from loganalytics.formats.delimited import inference

    return inference.infer(lines, hints)


def _match_known(table: Delimited | None) -> Callable[[pl.Series, Hints], _Match]:
    return lambda lines, hints: _detected_table(lines, table, hints)


def _match_delimited(lines: pl.Series, hints: Hints) -> _Match:
    return _detected_table(lines, _infer_known(lines.to_list(), hints), hints)


def _match_headerless(lines: pl.Series, hints: Hints) -> _Match:
    from loganalytics.formats.delimited import headerless

    return _detected_table(lines, headerless.infer(lines.to_list(), hints), hints)


def _detected_table(lines: pl.Series, table: Delimited | None, hints: Hints) -> _Match:
    if table is None:
        return None, lines.is_null()
    from loganalytics.formats.delimited import reader as table_reader

    times = table_reader.sample_times(lines.to_list(), table)
    clock = clock_of(times, replace(hints, tz=table.tz or hints.tz))
    detected = _detected(table, clock, times, lines.len())
    inner = None if "level" in table.record_schema.core else _inner(table_reader.sample_messages(lines, table), hints)
    return replace(detected, guesses=(*detected.guesses, *table.guesses), inner=inner), lines.is_not_null()


def _inner(messages: pl.Series, hints: Hints) -> Detection | None:
    """Return the formats that messages are in, where most of them are log lines themselves."""
    texts = to_lines(messages.drop_nulls()).to_list()
    inner = detect([text.partition("\n")[0] for text in texts], hints=hints) if texts else None
    matched = sum(detected.matched_lines for detected in inner.formats) if inner else 0
    return inner if inner and matched >= _MIN_INNER_SHARE * len(texts) else None


def _match_json(lines: pl.Series, hints: Hints) -> _Match:
    matched = lines.str.starts_with("{")
    if not matched.any():
        return None, matched
    from loganalytics.formats.json import reader

    json_lines = reader.infer(lines.to_list(), hints)
    if json_lines is None:
        return None, lines.is_null()
    objects = lines.filter(matched).to_list()
    times = reader.sample_times(objects, json_lines)
    detected = _detected(json_lines, clock_of(times, hints), times, len(objects))
    return replace(detected, within=_within_records(objects, json_lines, hints)), matched


def _within_records(objects: Sequence[str], form: JsonLines, hints: Hints) -> Within | None:
    """Return the formats of the messages of records, where these are log lines themselves.

    The level of a record is that of its message, unless the record was made by who collects what services write.
    """
    core = form.record_schema.core
    if "message" not in core:
        return None
    from loganalytics.formats.json import reader

    is_of_syslog = is_syslog(set(map(fold_path, form.record_schema.fields)))
    if core["message"][0] in _COLLECTED or ("level" in core and is_of_syslog):
        return _within_collected(objects, form, hints)
    if "level" in core:
        levels = reader.sample_texts(objects[:_FIRST_LEVELS], form, "level")
        if not levels.is_in(_UNSPECIFIED).all():
            return None
    messages = reader.sample_texts(objects, form, "message").drop_nulls().str.strip_chars_end("\r\n")
    if not (shows_format(messages) or shows_levels(messages)):
        return None
    is_output = core["message"][0] == ("log",)  # what a container wrote, line by line
    return Within(detection=_of_first_lines(messages, hints), services=None, joins_lines=is_output)


def _within_collected(objects: Sequence[str], form: JsonLines, hints: Hints) -> Within | None:
    """Return the formats of the messages of those services that write log lines to a collector."""
    from loganalytics.formats.json import reader

    columns = {name: reader.sample_texts(objects, form, name) for name in ("service", "message")}
    has_services = "service" in form.record_schema.core
    messages = pl.DataFrame(columns).drop_nulls("message").with_columns(pl.col("message").str.strip_chars_end("\r\n"))
    services = [
        service
        for service, texts in messages.group_by("service", maintain_order=True).agg("message").iter_rows()
        if shows_format(texts) or shows_levels(texts)
    ]
    if not services:
        return None
    carried = messages.filter(pl.col("service").is_in(services, nulls_equal=True))["message"]
    writers = frozenset(services) if has_services else None
    return Within(detection=_of_first_lines(carried, hints), services=writers, joins_lines=False)


def _of_first_lines(messages: pl.Series, hints: Hints) -> Detection:
    return detect(messages.str.extract(r"^([^\r\n]*)").to_list(), hints=hints)


def _match_logfmt(lines: pl.Series, hints: Hints) -> _Match:
    lines = with_double_quotes(lines)
    matched = is_logfmt(lines)
    if not matched.any():
        return None, matched
    from loganalytics.formats.logfmt import reader

    pairs = lines.filter(matched).to_list()
    keys = reader.infer(pairs, hints)
    if keys is None:
        return None, lines.is_null()
    times = reader.sample_times(pairs, keys)
    return _detected(keys, clock_of(times, hints), times, len(pairs)), matched


def _match_table(lines: pl.Series, sampled_lines: int, hints: Hints) -> tuple[list[DetectedFormat], pl.Series]:
    """Return the formats of the table that the lines are in, and the lines that are in none."""
    masks = [(log_format, lines.str.contains(log_format.regex)) for log_format in candidate_formats(lines)]
    unmatched = lines.is_not_null()
    formats: list[DetectedFormat] = []
    has_body = False  # whether lines without a time belong to those above them
    while masks:
        counts = [int((mask & unmatched).sum()) for _, mask in masks]
        # The table goes from the particular to the general, which may match more lines but say less of them.
        likely = [n for n, count in enumerate(counts) if count and count >= max(counts) / 2]
        if not likely:
            break
        log_format, mask = masks.pop(likely[0])
        share = max(_MIN_SHARE, log_format.min_share)
        if counts[likely[0]] < share * sampled_lines or (not log_format.has_time and has_body):
            continue
        detected, _ = _best_match(lines.filter(mask & unmatched), (log_format,), hints)
        if detected:
            formats.append(detected)
            unmatched &= ~mask
            has_body = has_body or log_format.body_pattern is not None
    return formats, lines.filter(unmatched)


def _match_timed(lines: pl.Series, hints: Hints) -> tuple[DetectedFormat | None, DetectedFormat | None]:
    """Return the general formats of lines that begin with a time and are in no format of the table."""
    timed = lines.filter(lines.str.contains(TIME_FIRST.regex))
    if timed.is_empty():
        return None, None
    with_level = format_with_level_position(timed)
    detected, matched = _best_match(timed, (with_level,), hints)
    unmatched = timed.filter(~matched)
    return detected, _best_match(unmatched, (TIME_FIRST,), hints)[
        0
    ] if unmatched.len() and with_level is not TIME_FIRST else None


def _best_match(lines: pl.Series, table: Sequence[Format], hints: Hints) -> _Match:
    """Return the format of a table that matches most lines, if it matches any and reads their times."""
    masks = [(log_format, lines.str.contains(log_format.regex)) for log_format in table]
    log_format, matched = max(masks, key=lambda pair: int(pair[1].sum()))
    count = int(matched.sum())
    if count < 1:
        return None, lines.is_null()
    groups = lines.filter(matched).str.extract_groups(log_format.regex).struct
    if "timestamp" not in groups.fields or groups.field("timestamp").null_count() == count:
        return DetectedFormat(format=log_format, clock=Clock((), hints.tz), matched_lines=count), matched
    times = groups.field("timestamp")
    clock = clock_of(times, hints, pattern=log_format.time)
    return (_detected(log_format, clock, times, count), matched) if clock.formats else (None, lines.is_null())
