"""Which formats a file is in, decided on a sample of its lines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import cast

import polars as pl

from loganalytics.formats import delimited, envelopes, logfmt
from loganalytics.formats.definitions import AUDIT, RAW, TIME_FIRST, Format
from loganalytics.formats.delimited import Delimited
from loganalytics.formats.envelopes import Envelope
from loganalytics.formats.framing import Framing, frame_all
from loganalytics.formats.hints import NO_HINTS, Hints
from loganalytics.formats.json import reader
from loganalytics.formats.json.reader import JsonLines
from loganalytics.formats.leading_times import LeadingTimes, detect_leading_times
from loganalytics.formats.logfmt import Logfmt
from loganalytics.formats.regex.prefilter import candidate_formats, format_with_level_position
from loganalytics.formats.slow_log import detect_slow_log
from loganalytics.formats.timestamps import Clock, clock_of, to_utc

# A format must match this share of the sample, or it was an accident.
_MIN_SHARE = 0.02
# So many times are read to find the first one.
_FIRST_TIMES = 50


@dataclass(frozen=True, kw_only=True)
class DetectedFormat:
    """A format and how times are written in it in this file."""

    format: Format | JsonLines | Logfmt | Delimited
    clock: Clock
    matched_lines: int
    """How many lines of the sample it matched."""
    first_time: dt.datetime | None = None
    """The first time that it read in the sample."""
    guesses: tuple[str, ...] = ()
    """What was decided of its fields without being certain, as sentences."""
    reads_rewritten: bool = False
    """Whether it reads lines whose leading times were rewritten (Detection.leading_times)."""


@dataclass(frozen=True, kw_only=True)
class Detection:
    """What a file's sample showed: its formats in the order in which they are tried on a line."""

    formats: tuple[DetectedFormat, ...] = ()
    sampled_lines: int = 0
    envelope: Envelope | None = None
    framing: Framing | None = None
    """How records are put together from lines; None where each line stands for itself."""
    leading_times: LeadingTimes | None = None
    """How times at the head of lines are written, where the table's formats do not know them."""

    @property
    def guesses(self) -> tuple[str, ...]:
        """What was decided without being certain, as sentences for the load report."""
        all_guesses = [guess for d in self.formats for guess in (*d.guesses, *d.clock.guesses)]
        all_guesses += self.leading_times.clock.guesses if self.leading_times else ()
        return tuple(dict.fromkeys(all_guesses))

    @property
    def name(self) -> str:
        """The formats' names, the commonest first, and what they are wrapped in."""
        names = " + ".join(detected.format.name for detected in self.formats) or RAW.name
        return f"{names} in {self.envelope.name}" if self.envelope else names

    @property
    def header_pattern(self) -> str | None:
        """The expression for lines that name columns and are not events."""
        tables = (detected.format for detected in self.formats if isinstance(detected.format, Delimited))
        return next((table.header_pattern for table in tables), None)

    def with_year(self, year: int) -> Detection:
        """Return the detection with the year of the first line, for files that do not write it."""
        if self.has_year:
            return self
        formats = tuple(replace(d, clock=replace(d.clock, year=year)) for d in self.formats)
        leading_times = self.leading_times.with_year(year) if self.leading_times else None
        return replace(self, formats=formats, leading_times=leading_times)

    def following(self, time: dt.datetime) -> Detection:
        """Return the detection for what follows an event of that time."""
        formats = tuple(replace(d, clock=d.clock.following(time)) for d in self.formats)
        leading_times = self.leading_times.following(time) if self.leading_times else None
        return replace(self, formats=formats, leading_times=leading_times)

    @property
    def has_year(self) -> bool:
        """Whether a format with times writes the year: then the others have it from there."""
        leading = [self.leading_times.clock] if self.leading_times else []
        yearless = bool(leading) and not leading[0].has_year
        clocks = [d.clock for d in self.formats if d.clock.formats and not (yearless and d.reads_rewritten)]
        clocks += leading
        return not clocks or any(clock.has_year for clock in clocks)


_Match = tuple[DetectedFormat | None, pl.Series]
"""A format, and which lines are in it."""


def detect(lines: Sequence[str], *, hints: Hints = NO_HINTS, formats: Sequence[Format] = ()) -> Detection:
    """Return the formats of a sample of lines; `formats` are tried before those of the table."""
    framing = _detect_framing(lines)
    records = frame_all(_numbered(pl.Series("line", lines, dtype=pl.String)), framing)["line"]
    unmatched = records.filter(records.str.strip_chars() != "")
    envelope = envelopes.detect_envelope(unmatched)
    if envelope:
        numbered = _numbered(unmatched)
        unmatched = envelopes.unwrap(numbered, envelope)["line"]
    sampled_lines = unmatched.len()
    detections: list[DetectedFormat] = []
    for match in (_first_of(formats), _match_delimited, _match_json, _first_of(AUDIT), _match_logfmt):
        detected, matched = match(unmatched, hints)
        if detected:
            detections.append(detected)
            unmatched = unmatched.filter(~matched)
    leading_times = detect_leading_times(unmatched, hints) if unmatched.len() else None
    if leading_times:
        unmatched = leading_times.rewrite(unmatched.alias("line").to_frame())["line"]
    of_table, unmatched = _match_table(unmatched, sampled_lines, hints)
    if unmatched.len() >= max(1, _MIN_SHARE * sampled_lines):
        of_table += [detected for detected in _match_timed(unmatched, hints) if detected]
    if leading_times:
        of_table = [_of_rewritten(detected, leading_times) for detected in of_table]
    detections = sorted([*detections, *of_table], key=lambda d: (d.reads_rewritten, -d.matched_lines))
    return _lend_year(
        Detection(
            formats=tuple(detections), sampled_lines=sampled_lines, envelope=envelope, framing=framing,
            leading_times=leading_times,
        )
    )  # fmt: skip


def _of_rewritten(detected: DetectedFormat, leading_times: LeadingTimes) -> DetectedFormat:
    first_time = detected.first_time if leading_times.clock.has_year else None
    return replace(detected, reads_rewritten=True, first_time=first_time)


def _detect_framing(lines: Sequence[str]) -> Framing | None:
    """Return how records of several lines, or several of a line, are written; None where each line is one."""
    return detect_slow_log(lines)


def _numbered(lines: pl.Series) -> pl.DataFrame:
    return lines.to_frame().with_row_index("n", 1).cast({"n": pl.UInt64})


def _lend_year(detection: Detection) -> Detection:
    """Let formats that write no year have it from one of the same file that does."""
    years = [d.first_time.year for d in detection.formats if d.first_time and d.clock.has_year]
    if not years:
        return detection
    formats = [d if d.clock.has_year else replace(d, clock=replace(d.clock, year=years[0])) for d in detection.formats]
    leading_times = detection.leading_times.with_year(years[0]) if detection.leading_times else None
    return replace(detection, formats=tuple(formats), leading_times=leading_times)


def _detected(
    log_format: Format | JsonLines | Logfmt | Delimited, clock: Clock, time_texts: pl.Series, matched_lines: int
) -> DetectedFormat:
    times = to_utc(time_texts.head(_FIRST_TIMES), clock).drop_nulls()
    first_time = cast(dt.datetime, times[0]) if times.len() else None
    return DetectedFormat(format=log_format, clock=clock, matched_lines=matched_lines, first_time=first_time)


def _first_of(formats: Sequence[Format]) -> Callable[[pl.Series, Hints], _Match]:
    def match(lines: pl.Series, hints: Hints) -> _Match:
        return _best_match(lines, formats, hints) if formats and lines.len() else (None, lines.is_null())

    return match


def _match_delimited(lines: pl.Series, hints: Hints) -> _Match:
    table = delimited.infer(lines.to_list())
    if table is None:
        return None, lines.is_null()
    times = delimited.sample_times(lines.to_list(), table)
    return _detected(table, clock_of(times, hints), times, lines.len()), lines.is_not_null()


def _match_json(lines: pl.Series, hints: Hints) -> _Match:
    json_lines = reader.infer(lines.to_list())
    matched = lines.str.starts_with("{")
    if json_lines is None:
        return None, lines.is_null()
    objects = lines.filter(matched).to_list()
    times = reader.sample_times(objects, json_lines)
    return _detected(json_lines, clock_of(times, hints), times, len(objects)), matched


def _match_logfmt(lines: pl.Series, hints: Hints) -> _Match:
    matched = logfmt.is_logfmt(lines)
    pairs = lines.filter(matched).to_list()
    keys = logfmt.infer(pairs) if pairs else None
    if keys is None:
        return None, lines.is_null()
    times = logfmt.sample_times(pairs, keys)
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
