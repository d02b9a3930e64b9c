"""`sources`: what is there, before it is read."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import loganalytics
from loganalytics.cli.arguments import INCOMPLETE, OK, add_login, add_output, add_verb
from loganalytics.cli.loading import is_incomplete
from loganalytics.output import write

if TYPE_CHECKING:
    from loganalytics.cli.arguments import Verbs


def add_verbs(verbs: Verbs) -> None:
    """Add sources."""
    parser = add_verb(verbs, "sources", "list what files and servers hold: how much, since when, who writes and reads")
    parser.add_argument(
        "source", nargs="+", metavar="SOURCE", help="file, glob, folder, or a server: redis://host:6379/0"
    )
    parser.add_argument("--tz", metavar="ZONE", default="UTC", help="time zone of times without one (default: UTC)")
    add_login(parser)
    add_output(parser)
    parser.set_defaults(run=_run_sources)


def _run_sources(arguments: argparse.Namespace) -> int:
    sources = loganalytics.describe(arguments.source, tz=arguments.tz)
    write(sources, form=arguments.format, path=arguments.output)
    return INCOMPLETE if is_incomplete(sources) else OK
