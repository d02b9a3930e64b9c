"""`patterns` and `errors`: what kinds of event and which problems there are, with or without a catalogue."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import loganalytics
from loganalytics.cli.arguments import INCOMPLETE, OK, add_output, add_selection, add_verb
from loganalytics.cli.loading import is_incomplete, load, view_of
from loganalytics.cli.results import write_result
from loganalytics.exceptions import InvalidArgumentError, SourceNotFoundError

if TYPE_CHECKING:
    import polars as pl

    from loganalytics.cli.arguments import Verbs
    from loganalytics.templates import TemplateCatalogue

# What a terminal has no room for; every other format has it.
_WIDE_COLUMNS = ("cluster_id", "templates", "exception_type", "example", "trace_ids", "exception", "share")


def add_verbs(verbs: Verbs) -> None:
    """Add patterns and errors."""
    parser = add_verb(verbs, "patterns", "list the message templates, most frequent first")
    _add_options(parser)
    parser.add_argument("--values", metavar="TEMPLATE_ID", help="list the values behind the wildcards of one template")
    parser.set_defaults(run=_run_patterns)
    parser = add_verb(verbs, "errors", "list the errors, one row a problem")
    _add_options(parser)
    parser.set_defaults(run=_run_errors)


def _add_options(parser: argparse.ArgumentParser) -> None:
    add_selection(parser)
    group = parser.add_argument_group("catalogue")
    group.add_argument(
        "--catalogue", metavar="FILE.parquet", help="templates of earlier runs, which keep their ids; others are marked"
    )
    group.add_argument(
        "--update",
        action="store_true",
        help="add these logs to the catalogue; creates it if there is none; several runs may do so at once",
    )
    add_output(parser)


def _run_patterns(arguments: argparse.Namespace) -> int:
    catalogue = _catalogue(arguments)
    logs = load(view_of(arguments))
    if arguments.values:
        table = loganalytics.pattern_values(loganalytics.with_templates(logs, known=catalogue), arguments.values)
    else:
        table = loganalytics.patterns(logs, known=catalogue)
    return _write_and_update(table, logs, catalogue, arguments)


def _run_errors(arguments: argparse.Namespace) -> int:
    catalogue = _catalogue(arguments)
    logs = load(view_of(arguments))
    return _write_and_update(loganalytics.cluster_errors(logs, known=catalogue), logs, catalogue, arguments)


def _catalogue(arguments: argparse.Namespace) -> TemplateCatalogue | None:
    """Return the catalogue that was named, before anything is read; an empty one if it is to be made."""
    from loganalytics.templates import TemplateCatalogue

    if arguments.catalogue is None:
        if arguments.update:
            raise InvalidArgumentError("--update has nothing to update. Hint: name the file with --catalogue.")
        return None
    try:
        return TemplateCatalogue.load(arguments.catalogue)
    except SourceNotFoundError:
        if arguments.update:
            return TemplateCatalogue()
        raise


def _write_and_update(
    table: pl.DataFrame, logs: pl.DataFrame, catalogue: TemplateCatalogue | None, arguments: argparse.Namespace
) -> int:
    selected = table.drop(*_WIDE_COLUMNS, strict=False) if arguments.format == "table" else table
    write_result(selected, arguments)
    if catalogue is not None and arguments.update:
        catalogue.update_file(arguments.catalogue, logs)
    return INCOMPLETE if is_incomplete(logs) else OK
