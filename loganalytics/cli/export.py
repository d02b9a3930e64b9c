"""`export`: logs of any size as Parquet, CSV or NDJSON."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import loganalytics
from loganalytics.cli.arguments import INCOMPLETE, OK, add_selection, add_verb
from loganalytics.cli.loading import is_incomplete, print_load_summary, view_of
from loganalytics.sanitize import printable

if TYPE_CHECKING:
    from loganalytics.cli.arguments import Verbs


def add_verbs(verbs: Verbs) -> None:
    """Add export."""
    parser = add_verb(verbs, "export", "write logs as Parquet, CSV or NDJSON, whatever their size")
    add_selection(parser)
    parser.add_argument(
        "-o", "--output", metavar="PATH", required=True,
        help='a file; a folder when it ends in "/" or is one: a part for each day, which can be a SOURCE again; '
        '"-" is standard output',
    )  # fmt: skip
    parser.add_argument(
        "--format", choices=("parquet", "csv", "ndjson"),
        help="default: by the suffix, parquet for a folder; csv puts an apostrophe before what a spreadsheet would run",
    )  # fmt: skip
    parser.add_argument("--append", action="store_true", help="add to a folder that holds something already")
    parser.set_defaults(run=_run_export)


def _run_export(arguments: argparse.Namespace) -> int:
    from loganalytics.exports import export
    from loganalytics.sources.load_report import load_report

    view = view_of(arguments)
    view.filter()  # a broken expression is reported before anything is read
    logs = loganalytics.scan(
        view.source, since=view.since, until=view.until, level=view.level_floor, query=view.condition, **view.reading()
    )  # fmt: skip
    selected = logs.filter(view.filter(logs.collect_schema().names()))
    written = export(selected, arguments.output, form=arguments.format, append=arguments.append)
    print_load_summary(load_report(logs))
    if written.files:
        files = "1 file" if len(written.files) == 1 else f"{len(written.files):,} files"
        print(f"Export: {printable(arguments.output, None)} ({written.events:,} events in {files})")
    return INCOMPLETE if is_incomplete(logs) else OK
