"""Loading what the arguments name, and the summary of what was read."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from loganalytics.humanize import count, moment, undated
from loganalytics.sanitize import printable

if TYPE_CHECKING:
    import polars as pl

    from loganalytics.view import View

_MAX_NAMES = 4  # names of skipped files in one line


def view_of(arguments: argparse.Namespace) -> View:
    """Return the view that the arguments name."""
    from loganalytics.filters.expressions import Where
    from loganalytics.view import View

    return View(
        source=tuple(arguments.source), since=arguments.since, until=getattr(arguments, "until", None),
        tz=arguments.tz, level=arguments.level, services=tuple(arguments.service), loggers=tuple(arguments.logger),
        text=arguments.text, grep=arguments.grep, where=tuple(map(Where.parse, arguments.where)),
        time=arguments.time, dayfirst=arguments.dayfirst, level_field=arguments.level_field,
        duration=tuple(arguments.duration), encoding=arguments.encoding, formats=arguments.formats,
        query=arguments.query, inverted=tuple(arguments.invert),
    )  # fmt: skip


def load(view: View) -> pl.DataFrame:
    """Load the events of a view, and print on standard error what was read."""
    from loganalytics.sources.load_report import load_report

    logs = view.load()
    print_load_summary(load_report(logs), "source" if any("://" in name for name in view.source) else "file")
    if logs.is_empty() and (view.since or view.until):
        _print_extent(view)
    for field in sorted({where.field for where in view.where} - {*logs.columns}):
        print(f"No event has the field {field!r} of --where.", file=sys.stderr)
    return logs


def _print_extent(view: View) -> None:
    """Print from when to when the files lie of which nothing lies in the time range that was asked for."""
    import polars as pl

    import loganalytics

    if any("://" in name or name == "-" for name in view.source):  # what a server holds is not read for a sentence
        return
    time = pl.col("timestamp")
    first, last = loganalytics.scan(view.source, **view.reading()).select(
        first=time.min(), last=time.max()
    ).collect().row(0)  # fmt: skip
    if first is not None:
        lies = f"from {moment(first, tz=view.tz)} to {moment(last, tz=view.tz)}"
        print(f"No event lies in the time range asked for; the log lies {lies}.", file=sys.stderr)


def print_load_summary(report: pl.DataFrame, noun: str = "file") -> None:
    """Print on standard error what was read, what was skipped, and what could not be read."""
    read = report.filter(report["lines"] > 0)
    warning = undated(int(report["no_timestamp"].sum()), int(report["events"].sum()))
    if warning:
        print(warning, file=sys.stderr)
    unparsed = int(read["unparsed"].sum())
    as_they_are = f", {unparsed:,} lines in no known format (kept as they are)" if unparsed else ""
    print(
        f"Read {int(read['lines'].sum()):,} lines of {count(read.height, noun)}: "
        f"{int(read['events'].sum()):,} events{as_they_are}.",
        file=sys.stderr,
    )
    notes = report.filter(report["note"].is_not_null())
    is_skipped = _print_skipped(notes)
    for source, note in notes.filter(~is_skipped).select("source", "note").iter_rows():
        print(f"{printable(source, None)}: {printable(note, None)}", file=sys.stderr)
    _print_guesses(report)


def _print_guesses(report: pl.DataFrame) -> None:
    """Print once each guess that was made, and of which sources."""
    guessed = report.filter(report["guessed"].is_not_null()).group_by("guessed", maintain_order=True).agg("source")
    for guess, sources in guessed.iter_rows():
        others = f" (and {count(len(sources) - 1, 'other')})" if len(sources) > 1 else ""
        print(f"{printable(sources[0], None)}{others}: guessed: {printable(guess, None)}", file=sys.stderr)


def _print_skipped(notes: pl.DataFrame) -> pl.Series:
    """Print one line for each reason for which sources were skipped, and return which rows these are."""
    from loganalytics.sources.status import Status

    summaries = {
        Status.SKIPPED_NOT_LOG: "that do not look like logs: {}. Hint: name a file to read it.",
        Status.SKIPPED_DUPLICATE: "that repeat another: {}.",
        Status.OUTSIDE_RANGE: "that lie outside the time range: {}.",
    }
    for status, summary in summaries.items():
        names = [printable(Path(name).name) for name in notes.filter(notes["status"] == status.value)["source"]]
        if names:
            listed = ", ".join(names[:_MAX_NAMES]) + (", …" if len(names) > _MAX_NAMES else "")
            print(f"Skipped {len(names)} {summary.format(listed)}", file=sys.stderr)
    return notes["status"].is_in([status.value for status in summaries])


def is_incomplete(logs: pl.DataFrame | pl.LazyFrame) -> bool:
    """Whether a source could not be read, or not to its end; one that was skipped by choice is no failure."""
    from loganalytics.sources.load_report import load_report
    from loganalytics.sources.status import FAILURES

    return bool(load_report(logs)["status"].is_in([status.value for status in FAILURES]).any())
