"""The command line: one verb an analysis, the same names as in Python."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import loganalytics
from loganalytics.cli import (
    analyses,
    dashboard,
    demo,
    export,
    formats,
    incident,
    patterns,
    report,
    requests,
    sources,
    sql,
    tail,
)  # fmt: skip
from loganalytics.cli.arguments import EPILOG, INCOMPLETE, INTERRUPTED, OK, USAGE
from loganalytics.exceptions import IncompleteSourceError, LogAnalyticsError, UnreachableSourceError
from loganalytics.sanitize import printable

# Each adds its verbs, in the order in which help lists them.
_VERBS = (report, demo, export, patterns, analyses, incident, requests, sql, tail, sources, formats, dashboard)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = _parser().parse_args(argv)
    try:
        code = int(arguments.run(arguments))
        sys.stdout.flush()
    except (UnreachableSourceError, IncompleteSourceError) as error:
        _print_error(str(error))
        return INCOMPLETE
    except LogAnalyticsError as error:
        _print_error(str(error))
        return USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe went away, as head does
        _drop_standard_output()
        return OK
    except OSError as error:
        if error.filename is None:
            _drop_standard_output()
        _print_error(f"{error.filename or 'standard output'}: {error.strerror or error}")
        return USAGE
    return code


def _print_error(message: str) -> None:
    """Print an error on one line; it may quote a log, or the name of a file."""
    print(f"loganalytics: {printable(message, None)}", file=sys.stderr)


def _drop_standard_output() -> None:
    """Let what is left of the output go nowhere: the interpreter would try to write it once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="loganalytics", description=loganalytics.__doc__, epilog=EPILOG)
    parser.add_argument("--version", action="version", version=f"loganalytics {loganalytics.__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    for module in _VERBS:
        module.add_verbs(verbs)
    return parser
