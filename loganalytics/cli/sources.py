"""`sources`: what is there, before it is read."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import loganalytics
from loganalytics.cli.arguments import OK, verb
from loganalytics.cli.tables import add_output

if TYPE_CHECKING:
    from loganalytics.cli.arguments import Verbs


def add_verbs(verbs: Verbs) -> None:
    """Add sources."""
    added = verb(verbs, "sources", "tell what files and servers hold: how much, since when, who writes and reads")
    added.add_argument(
        "source", nargs="+", metavar="SOURCE", help="file, glob, folder, or a server: redis://host:6379/0"
    )
    added.add_argument("--tz", metavar="ZONE", default="UTC", help="the zone of times that bear none (default: UTC)")
    add_output(added)
    added.set_defaults(run=_run_sources)


def _run_sources(arguments: argparse.Namespace) -> int:
    from loganalytics.output import write

    found = loganalytics.describe(arguments.source, tz=arguments.tz)
    write(found, form=arguments.format, path=arguments.output)
    return OK
