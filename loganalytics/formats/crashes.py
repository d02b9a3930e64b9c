"""Crashes: which lines that no format knows are events of their own, and what is their message."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from loganalytics.formats.definitions.crashes import (
    ANNOUNCES_TRACE,
    CHAINED,
    CRASH,
    CRASHES,
    EXCEPTION,
    GOES_ON,
    REPORTS_FAILURE,
    TRACEBACK,
)  # fmt: skip
from loganalytics.formats.definitions.format import translated_capitals
from loganalytics.formats.internal_columns import CRASHED
from loganalytics.formats.regex.ascii import ascii_only
from loganalytics.schema import severities

_WARNING, _ERROR_NUMBER = 13, 17
_HEAD = f"(?:{CRASH})|(?:{TRACEBACK})|(?:{EXCEPTION})"
_SECOND_LINE = ascii_only("|".join(f"(?:{crash.pattern})" for crash in CRASHES if crash.has_second_line))
# Where an exception is named in what was printed of it: in the branches of a group, below the last frame of a Python
# traceback, below the frame of code of Node.js, in the line below.
_TITLES = (
    (r"^ *\+ Exception Group", r"\n +\| ([A-Za-z_][\w.]*: [^\n]*)"),
    (TRACEBACK, r"(?s)^.*\n[ |+\t]+[^\n]*\n([A-Za-z_][\w.]*(?:: ?[^\n]*)?)(?:\n|$)"),
    (TRACEBACK, r"\n([A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit)(?:: ?[^\n]*)?)(?:\n|$)"),
    (r"^[^\n]*:\d+\n", r"\n\s*\^+[^\n]*\n(?:\s*\n)*([^\n]+)"),
    (r"^(?:Unhandled [Ee]xception:|Uncaught:)\n", r"^[^\n]*\n([^\n]+)"),
)
# Below a line with a time, as java.util.logging writes it.
_LEVEL_LINE = rf"^(?:SEVERE|WARNING|{translated_capitals()}) ?[:：] "
_TRACE = ascii_only(rf"(?m:{TRACEBACK})|(?m:^[\w.$:]*(?:Error|Exception)\b[^\n]*\n\s+(?:at |from |File ))")
_ERROR = {"level": "ERROR", "severity_number": _ERROR_NUMBER}


def find_heads(
    lines: pl.DataFrame, continues: pl.Series, owner: pl.Series, owners: pl.DataFrame, *, multiline: bool
) -> pl.DataFrame:
    """Return the lines (n, line) with which something begins that may be a crash, and `is_own`: whether it is one.

    The lines are those that no format knows; `continues` says which surely belong to the line above, and `owner` is
    the row of the event above each in `owners`, which have the columns of EVENT_ABOVE.
    Lines that belong to a multiline event without any doubt are left out.
    """
    rows = _rows_of_heads(lines["line"])
    if rows.is_empty():
        return lines.clear().with_columns(is_own=pl.lit(value=True))
    heads = lines[rows].with_columns(rows.alias("row"), previous=_line_above(rows, lines, owner, owners))
    heads = heads.with_columns(owner=owner.gather(rows)).hstack(owners[owner.gather(rows)]).filter(~_belongs_surely())
    if heads.is_empty():  # to compile the expressions for the others takes longer than all the rest
        return lines.clear().with_columns(is_own=pl.lit(value=True))
    if not heads["multiline"].all():
        above = _line_above(pl.int_range(lines.height, eager=True), lines, owner, owners)
        heads = _below_text(heads, lines.with_columns(owner=owner, above=above), continues, rows)
    return heads.with_columns(is_own=_is_own(multiline=multiline)).select("n", "line", "is_own")


def _line_above(rows: pl.Series, lines: pl.DataFrame, owner: pl.Series, owners: pl.DataFrame) -> pl.Series:
    """Return the line with text above each row that is below the same event: the crash itself, if that has no other."""
    owner_of_row, above = owner.gather(rows), rows.cast(pl.Int64) - 1
    is_first = ((above < 0) | (owner.gather(above.clip(0)) != owner_of_row)).arg_true()
    message = pl.when("is_crash").then("message")
    last_lines = owners[owner_of_row.gather(is_first)].select(pl.coalesce("last_line", message)).to_series()
    return lines["line"].gather(above.clip(0)).scatter(is_first, last_lines)


def _belongs_surely() -> pl.Expr:
    """Tell cheaply which lines are the end of a traceback, or the head of one right below an error."""
    previous, line = pl.col("previous"), pl.col("line")
    is_end = previous.str.contains(r"^[ \t]").fill_null(value=False) & line.str.contains(EXCEPTION)
    is_error = pl.col("severity_number").ge(_WARNING).fill_null(value=False) & ~pl.col("takes_no_trace")
    return pl.col("multiline") & (is_end | (previous.is_null() & is_error & line.str.contains(TRACEBACK)))


def _rows_of_heads(lines: pl.Series) -> pl.Series:
    """Return the rows of the lines with which a crash or a stack trace may begin; most lines are indented."""
    is_indented = lines.str.starts_with("  ") | lines.str.starts_with("\t")
    possible = (~is_indented | lines.str.contains("+ Exception Group", literal=True)).arg_true()
    return possible.filter(lines.gather(possible).str.contains(_HEAD))


def _below_text(heads: pl.DataFrame, lines: pl.DataFrame, continues: pl.Series, rows: pl.Series) -> pl.DataFrame:
    """Where lines stand for themselves, take the last of them for the event above the heads."""
    index = pl.int_range(lines.height, eager=True)
    stands = (~continues).scatter(rows, False) & ~lines["line"].str.contains(GOES_ON)
    stands &= ~has_second_line(lines["above"]).fill_null(value=False)
    standing = pl.select(pl.when(stands).then(index)).to_series().forward_fill().gather(heads["row"]).cast(pl.Int64)
    is_same = (lines["owner"].gather(standing) == heads["owner"]).fill_null(value=False)
    text = pl.select(pl.when(is_same).then(lines["line"].gather(standing))).to_series()
    is_below = text.is_not_null() & ~heads["multiline"]
    is_adjacent = is_below & (standing == heads["row"].cast(pl.Int64) - 1)
    return heads.with_columns(
        previous=pl.when(~is_adjacent.fill_null(value=False)).then("previous"),
        message=pl.when(is_below).then(text).otherwise("message"),
        severity_number=pl.when(~is_below).then("severity_number"),
        **{name: pl.col(name) & ~is_below for name in ("is_record", "takes_no_trace", "is_crash")},
    )


def _is_own(*, multiline: bool) -> pl.Expr:
    """Whether what begins here is no part of the event above."""
    line, previous = pl.col("line"), pl.col("previous")
    is_traceback = line.str.contains(TRACEBACK)
    is_below_exception = previous.str.contains(EXCEPTION)
    goes_on = previous.str.contains(CHAINED) | previous.str.contains(CRASH)
    # The exception at the end of a traceback; another traceback is that of another exception.
    goes_on |= ~is_traceback & previous.str.contains(_LEVEL_LINE)
    goes_on |= ~is_traceback & (previous.str.contains(r"^(?:[ \t]|Traceback|\^)") | is_below_exception)
    goes_on = goes_on.fill_null(value=False)
    is_crash = line.str.contains(CRASH) | (is_traceback & is_below_exception).fill_null(value=False) & ~goes_on
    is_foreign = ~goes_on & ~_takes_trace(is_traceback)
    begins = (is_crash | is_foreign).cast(pl.UInt32).cum_sum().over("owner")
    # What follows other text below an event belongs to what began there, if anything did.
    is_alone = previous.is_null() & (not multiline)
    return is_crash | (is_foreign & (is_alone | (begins == 1)))


def _takes_trace(is_traceback: pl.Expr) -> pl.Expr:
    """Whether a stack trace is part of the event above: that reports a failure, or announces the trace.

    A record holds the trace that its logger wrote; one below it is of a logger that makes records of its first lines
    only, which is likely below an error.
    """
    severity, message = pl.col("severity_number"), pl.col("message")
    reports = message.str.contains(REPORTS_FAILURE)
    announces = pl.when(is_traceback).then(message.str.contains(ANNOUNCES_TRACE)).otherwise(reports)
    is_error = severity >= pl.when("is_record").then(_ERROR_NUMBER).otherwise(_WARNING)
    is_logged = pl.when(is_error).then(True).when(severity.is_null()).then(reports).otherwise(announces)
    return ((is_logged & ~pl.col("takes_no_trace")) | pl.col("is_crash")).fill_null(value=False)


def has_second_line(lines: pl.Series) -> pl.Series:
    """Tell below which first lines of crashes the next line belongs to them, whatever it is."""
    return lines.str.contains(_SECOND_LINE)


def crash_events(heads: pl.DataFrame, *, multiline: bool) -> pl.DataFrame:
    """Return the events that begin with these lines (n, line); `exception` holds all of their text."""
    line = pl.col("line")
    is_warning = line.str.contains(r"^\S*(?i:warning)\b")
    level = pl.when(is_warning).then(pl.lit("warning")).otherwise(pl.lit("error"))
    for crash in reversed(CRASHES):
        level = pl.when(line.str.contains(ascii_only(crash.pattern))).then(pl.lit(crash.level)).otherwise(level)
    fixed = {"parsed": True, "multiline": multiline, CRASHED: True}
    columns = [pl.lit(flag).alias(name) for name, flag in fixed.items()]
    messages = heads.select("n", line.alias("message"), line.alias("exception"), level.alias("level"), *columns)
    return messages.with_columns(severities(pl.col("level")))


def named(events: pl.DataFrame) -> pl.DataFrame:
    """Return events with the message of each crash, and as errors those without a level that a stack trace follows."""
    if "exception" not in events.columns:
        return events
    is_unknown = events["exception"].is_not_null()
    if "severity_number" in events.columns:
        is_unknown &= events["severity_number"].is_null()
    rows = is_unknown.arg_true()
    traces = events["exception"].gather(rows).str.contains(_TRACE)
    if traces.any():
        is_error = is_unknown.scatter(rows, traces)
        unleveled = [name for name in _ERROR if name not in events.columns]
        events = events.with_columns(pl.lit(None).alias(name) for name in unleveled).with_columns(
            pl.when(is_error).then(pl.lit(value)).otherwise(name).alias(name) for name, value in _ERROR.items()
        )
        events = events.cast({"severity_number": pl.UInt8, "level": pl.String})
    return _with_titles(events) if CRASHED in events.columns else events


def _with_titles(events: pl.DataFrame) -> pl.DataFrame:
    rows = events[CRASHED].fill_null(value=False).arg_true()
    # Blank lines right below the first may have been read with it or later, so they are left out.
    text = pl.coalesce("exception", "message").str.replace(r"^([^\n]*)(?:\n[ \t\r]*)+(\n|$)", "${1}${2}")
    titles = [pl.when(text.str.contains(head)).then(text.str.extract(title)) for head, title in _TITLES]
    message = pl.coalesce(*titles, text.str.extract(r"^([^\n]*)"))
    crashed = events[rows].select(message.alias("message"), text.alias("text"))
    only_line = crashed.select(pl.when(pl.col("text") != pl.col("message")).then("text")).to_series()
    return events.with_columns(
        events["message"].scatter(rows, crashed["message"]), events["exception"].scatter(rows, only_line)
    )


def continued(event: pl.DataFrame, lines: Sequence[str]) -> pl.DataFrame:
    """Return an event (one row) that goes on with more lines."""
    begun = event["exception"].drop_nulls().to_list() if "exception" in event.columns else []
    if not begun and CRASHED in event.columns and event[CRASHED][0]:
        begun = event["message"].to_list()
        lines = lines if any(line.strip() for line in lines) else ()
    # As a series: a long literal is copied about ten times on its way through an expression.
    text = "\n".join((*begun, *lines))
    return named(event.with_columns(pl.Series("exception", [text if text.strip() else None], dtype=pl.String)))
