"""What all verbs share: how they are added, which logs they read, how that is told, exit codes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from loganalytics.sanitize import printable

if TYPE_CHECKING:
    import polars as pl

    from loganalytics.view import View

    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]

EPILOG = (
    "exit codes: 0 done; 1 findings at or over --fail-on; 2 usage or data; 3 a source was unreachable or incomplete; "
    "130 interrupted"
)

OK, FINDINGS, USAGE, INCOMPLETE, INTERRUPTED = 0, 1, 2, 3, 130


def verb(verbs: Verbs, name: str, text: str) -> argparse.ArgumentParser:
    """Add a verb; its text begins with what it does."""
    return verbs.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".", epilog=EPILOG)


def add_selection(added: argparse.ArgumentParser) -> None:
    """Add the source, and what to keep of it."""
    added.add_argument(
        "source", nargs="+", metavar="SOURCE",
        help='file, glob or folder, packed or not; Parquet; s3://, gs://, az://, https://; servers: redis://, '
        "elasticsearch://, opensearch://, postgresql://, mysql://, sqlite:///, duckdb:///; "
        '"-" is standard input',
    )  # fmt: skip
    group = added.add_argument_group("selection")
    group.add_argument("--since", metavar="TIME", help='from then on: "2026-03-10 14:00", "2h", "yesterday"')
    group.add_argument("--until", metavar="TIME", help="before then")
    add_filters(group)


def add_filters(group: argparse._ArgumentGroup) -> None:
    """Add what to keep of the events."""
    group.add_argument("--tz", metavar="ZONE", default="UTC", help="the zone of times that bear none (default: UTC)")
    group.add_argument("--formats", metavar="FILE.toml", help="formats of your own, tried before those that are known")
    group.add_argument("--level", metavar="LEVEL", help="this level and above")
    group.add_argument("--service", metavar="NAME", action="append", default=[], help="only this one; repeatable")
    group.add_argument("--logger", metavar="NAME", action="append", default=[], help="only this one; repeatable")
    group.add_argument("--text", metavar="TEXT", help="only events that contain it, in capitals or not")
    group.add_argument("--query", metavar="SQL", help="only events for which this condition holds: duration_ms > 500")
    group.add_argument("--grep", metavar="REGEX", help="only events whose text matches")
    group.add_argument(
        "--where", metavar="FIELD=VALUE", action="append", default=[],
        help="only events with this value of a field; FIELD!=VALUE without it; repeatable",
    )  # fmt: skip


def view_of(arguments: argparse.Namespace) -> View:
    """Return the view that the arguments name."""
    from loganalytics.filters.expressions import Where
    from loganalytics.view import View

    return View(
        tuple(arguments.source), arguments.since, getattr(arguments, "until", None), arguments.tz,
        level=arguments.level, services=tuple(arguments.service), loggers=tuple(arguments.logger), text=arguments.text,
        grep=arguments.grep, where=tuple(map(Where.parse, arguments.where)), formats=arguments.formats,
        query=arguments.query,
    )  # fmt: skip


def load(arguments: argparse.Namespace) -> pl.DataFrame:
    """Load what the arguments name, and tell what was read."""
    from loganalytics.sources.load_report import load_report

    view = view_of(arguments)
    logs = view.load()
    tell(load_report(logs), "source" if any("://" in name for name in view.source) else "file")
    for field in sorted({where.field for where in view.where} - {*logs.columns}):
        print(f"No event has the field {field!r} of --where.", file=sys.stderr)
    return logs


def tell(report: pl.DataFrame, kind: str = "file") -> None:
    """Tell on standard error what was read and what could not be."""
    from loganalytics.sources.status import Status

    read = report.filter(report["lines"] > 0)
    unparsed = int(read["unparsed"].sum())
    print(
        f"Read {int(read['lines'].sum()):,} lines of {read.height} {kind}{'' if read.height == 1 else 's'}: "
        f"{int(read['events'].sum()):,} events"
        + (f", {unparsed:,} lines in no known format (kept as they are)" if unparsed else "")
        + ".",
        file=sys.stderr,
    )
    reasons = {
        Status.SKIPPED_NOT_LOG: "that do not look like logs: {}. Hint: name a file to read it.",
        Status.SKIPPED_DUPLICATE: "that repeat another: {}.",
        Status.OUTSIDE_RANGE: "that lie outside the time range: {}.",
    }
    for status, reason in reasons.items():
        skipped = report.filter(report["status"] == status.value)["source"].to_list()
        if skipped:
            names = ", ".join(printable(Path(name).name) for name in skipped[:4]) + (", …" if len(skipped) > 4 else "")
            print(f"Skipped {len(skipped)} {reason.format(names)}", file=sys.stderr)
    summed_up = report["status"].is_in([status.value for status in reasons])
    others = report.filter(report["note"].is_not_null() & ~summed_up)
    for source, note in others.select("source", "note").iter_rows():
        print(f"{printable(source, None)}: {printable(note, None)}", file=sys.stderr)


def incomplete(logs: pl.DataFrame | pl.LazyFrame) -> bool:
    """Whether a file broke off while it was read; one that was skipped whole is printed, but not a failure."""
    from loganalytics.sources.load_report import load_report
    from loganalytics.sources.status import Status

    return bool((load_report(logs)["status"] == Status.TRUNCATED.value).any())
