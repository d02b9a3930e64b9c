"""`formats`: which format was detected, and why."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from loganalytics.cli.arguments import INCOMPLETE, OK, add_selection, add_verb
from loganalytics.cli.loading import view_of
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.output import write
from loganalytics.sanitize import printable
from loganalytics.sources.schemes import is_store
from loganalytics.sources.uri import without_credentials

if TYPE_CHECKING:
    from loganalytics.cli.arguments import Verbs


def add_verbs(verbs: Verbs) -> None:
    """Add formats."""
    parser = add_verb(verbs, "formats", "show which formats files are in, why, and how their first events are read")
    add_selection(parser)
    parser.set_defaults(run=_run_formats)


def _check_files(names: Sequence[str]) -> None:
    """Raise InvalidArgumentError for the address of a server, whose records have no format to detect."""
    for name in filter(is_store, names):
        raise InvalidArgumentError(
            f"{without_credentials(name)!r} is a server: formats are those of files. Hint: see loganalytics sources."
        )


def _run_formats(arguments: argparse.Namespace) -> int:
    import polars as pl

    from loganalytics.sources.read_options import parse_options
    from loganalytics.sources.read_plan import explain

    view = view_of(arguments)
    _check_files(view.source)
    is_whole = True
    for explained in explain(view.source, parse_options(**view.reading())):
        is_whole = is_whole and not explained.is_incomplete
        print(f"{printable(explained.name, None)}\n")
        write(explained.formats, form="table")
        for guess in explained.guesses:
            print(f"Guessed: {printable(guess, None)}")
        write(explained.events.filter(view.filter()).select(pl.exclude("source")).head(3), form="table")
    return OK if is_whole else INCOMPLETE
