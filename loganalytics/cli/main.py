"""The command line: one verb an analysis, the same names as in Python."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

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
    standard_streams,
    tail,
)  # fmt: skip
from loganalytics.cli.arguments import BUG, EPILOG, INCOMPLETE, INTERRUPTED, OK, USAGE
from loganalytics.exceptions import IncompleteSourceError, LogAnalyticsError, UnreachableSourceError
from loganalytics.sanitize import printable
from loganalytics.sources import logins, uri

_MAX_REASON_CHARS = 300

# Each adds its verbs, in the order in which help lists them.
_VERBS = (report, demo, export, patterns, analyses, incident, requests, sql, tail, sources, formats, dashboard)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    if argv is None:  # a process of its own
        standard_streams.prepare()
    argv = sys.argv[1:] if argv is None else argv
    try:
        return _run(argv)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe went away, as head does
        _drop_standard_output()
        return OK
    except (SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # a panic of Polars is no Exception
        return _report_failure(error, argv)


def _run(argv: Sequence[str]) -> int:
    try:
        arguments = _parser().parse_args(argv)
    except _UsageError as error:
        print(error.usage, end="", file=sys.stderr)
        _print_error(str(error), argv)
        sys.exit(USAGE)
    if getattr(arguments, "use_env_login", False):
        logins.allow_hosts_of(arguments.source)
    code = int(arguments.run(arguments))
    sys.stdout.flush()
    return code


def _report_failure(error: BaseException, argv: Sequence[str]) -> int:
    """Print why the command failed, and return the exit code for that."""
    if os.environ.get("LOGANALYTICS_DEBUG"):
        traceback.print_exception(error)
    if isinstance(error, LogAnalyticsError):
        _print_error(str(error), argv)
        return INCOMPLETE if isinstance(error, UnreachableSourceError | IncompleteSourceError) else USAGE
    if isinstance(error, OSError):
        if error.filename is None:
            _drop_standard_output()
        _print_error(f"{error.filename or 'standard output'}: {error.strerror or error}", argv)
        return USAGE
    reason = (str(error).strip().splitlines() or [""])[0]
    _print_error(
        f"{type(error).__name__}: {reason[:_MAX_REASON_CHARS]}. This is a bug: please report it. Hint: "
        "LOGANALYTICS_DEBUG=1 shows where it happened.", argv,
    )  # fmt: skip
    return BUG


def _print_error(message: str, argv: Sequence[str]) -> None:
    """Print an error on one line, without the secrets of the arguments; it may quote a log, or the name of a file."""
    print(f"loganalytics: {printable(uri.scrub(message, *argv), None)}", file=sys.stderr)


def _drop_standard_output() -> None:
    """Let what is left of the output go nowhere: the interpreter would try to write it once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _UsageError(Exception):
    """Arguments that cannot be read, and the line that says how they are written."""

    def __init__(self, message: str, usage: str) -> None:
        super().__init__(message)
        self.usage = usage


class _Parser(argparse.ArgumentParser):
    """Leaves it to the caller to print an error: argparse would quote an address with its password."""

    def error(self, message: str) -> NoReturn:
        """Raise the error."""
        raise _UsageError(message, self.format_usage())


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="loganalytics", description=loganalytics.__doc__, epilog=EPILOG)
    parser.add_argument("--version", action="version", version=f"loganalytics {loganalytics.__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    for module in _VERBS:
        module.add_verbs(verbs)
    return parser
