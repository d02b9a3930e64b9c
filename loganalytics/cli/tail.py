"""`tail`: events as they come, on the terminal or as JSON."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING, Any

import loganalytics
from loganalytics.cli.arguments import add_filters, add_login, add_reading, add_verb
from loganalytics.cli.loading import view_of
from loganalytics.cli.stopping import Stop, stop_on_signals
from loganalytics.file_lock import file_lock
from loganalytics.output import write
from loganalytics.sanitize import printable
from loganalytics.sources.files.pipe import is_pipe
from loganalytics.times import parse_every

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import polars as pl

    from loganalytics.cli.arguments import Verbs
    from loganalytics.sources.tail import Tail
    from loganalytics.view import View

_COUNTED = {
    "lost": "lost (trimmed before they were read)",
    "uncounted": "streams of which it is not known how many were lost",
    "skipped": "skipped",
    "reconnects": "reconnects",
    "invalid_utf8": "with bytes that are not UTF-8",
    "truncated": "files truncated with their end unread",
    "missing": "files of the cursor gone",
    "restarted": "times keys began anew (their rows came)",
}
"""What of a tail's status the summary names, where there is any."""
_LAST_SECONDS = 1.0
"""How long a pipe is read on when the tail is asked to end."""
_LOCK_SECONDS = 2.0
"""How long another run with the same cursor is waited for: one that ends, not one that goes on."""
_COLOURS = {"DEBUG": "2", "TRACE": "2", "WARNING": "33", "SECURITY": "33", "ERROR": "31", "CRITICAL": "1;31"}


def add_verbs(verbs: Verbs) -> None:
    """Add tail."""
    parser = add_verb(verbs, "tail", "follow logs: print events as they come")
    parser.add_argument(
        "source", nargs="+", metavar="SOURCE",
        help='file (rotated or not there yet), folder, glob, redis://host:6379/0?stream=key; "-" is standard input',
    )  # fmt: skip
    group = parser.add_argument_group("selection")
    group.add_argument("--since", metavar="TIME", help="begin there instead of with new events")
    add_filters(group)
    add_reading(parser)
    add_login(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="json: one object a line")
    parser.add_argument("--until-idle", metavar="5s", help="end after this long without an event")
    parser.add_argument("--cursor", metavar="FILE", help="continue where the last run ended; saved there")
    parser.add_argument("--group", metavar="NAME", help="share a Redis stream with the readers of this consumer group")
    parser.add_argument(
        "--consumer", metavar="NAME", help="this reader's name in the group (default: host and process)"
    )
    parser.set_defaults(run=_run_tail)


def _run_tail(arguments: argparse.Namespace) -> int:
    with stop_on_signals() as stop, _cursor_file(arguments.cursor) as cursor_file:
        follow = _open_tail(arguments, cursor_file.load())
        is_printed = False
        try:
            cursor_file.save(follow.cursor)
            _print_batches(arguments, follow, cursor_file, stop)
            is_printed = True
        finally:
            with contextlib.suppress(KeyboardInterrupt):
                follow.close(confirm=is_printed)  # what the reader of a pipe did not take comes again
                _print_summary(follow.status)
    return stop.exit_code


def _open_tail(arguments: argparse.Namespace, cursor: Mapping[str, Any] | None) -> Tail:
    view = view_of(arguments)
    idle = parse_every(arguments.until_idle).total_seconds() if arguments.until_idle else None
    return loganalytics.tail(
        view.source, since=view.since, cursor=cursor, level=view.level_floor, query=view.condition, **view.reading(),
        group=arguments.group, consumer=arguments.consumer, idle=idle,
    )  # fmt: skip


def _print_batches(arguments: argparse.Namespace, follow: Tail, cursor_file: CursorFile, stop: Stop) -> None:
    """Print what comes and save the place behind it, also where all of it was left out."""
    view, deadline = view_of(arguments), 0.0
    keep = view.filter()
    show = _print_json if arguments.format == "json" else _print_text
    for batch in follow.batches():
        show(batch.filter(keep))
        cursor_file.save(follow.cursor)
        if stop:
            deadline = deadline or time.monotonic() + _LAST_SECONDS
            if _is_over(view, batch, deadline):
                return


def _is_over(view: View, batch: pl.DataFrame, deadline: float) -> bool:
    """Whether a tail that was asked to end may: the last event of a pipe, which does not come again, is waited for."""
    return batch.is_empty() or time.monotonic() >= deadline or not any(map(is_pipe, view.source))


class CursorFile:
    """The file of --cursor, if there is one: written when the place moves, and by one run at a time."""

    def __init__(self, path: str | None) -> None:
        self._path = path
        self._saved: Mapping[str, Any] | None = None

    def load(self) -> Mapping[str, Any] | None:
        """Return the place where the last run ended."""
        return loganalytics.load_cursor(self._path)[0] if self._path else None

    def save(self, cursor: Mapping[str, Any]) -> None:
        """Save the place where this run is, unless it is there already."""
        if self._path and cursor != self._saved:
            loganalytics.save_cursor(self._path, cursor)
            self._saved = cursor


@contextlib.contextmanager
def _cursor_file(path: str | None) -> Iterator[CursorFile]:
    with file_lock(path, seconds=_LOCK_SECONDS) if path else contextlib.nullcontext():
        yield CursorFile(path)


def _print_json(batch: pl.DataFrame) -> None:

    if batch.height:
        write(batch, form="ndjson")
        sys.stdout.flush()


def _print_text(batch: pl.DataFrame) -> None:
    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    lines = [_line(row, coloured=coloured) for row in batch.iter_rows(named=True)]
    if lines:
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()


def _line(row: dict[str, Any], *, coloured: bool) -> str:
    """Return an event on one line, and its exception below; control characters cannot reach the terminal."""
    level = printable(row["level"]) or "-"
    colour = _COLOURS.get(level) if coloured else None
    padded_level = f"\x1b[{colour}m{level:<8}\x1b[0m" if colour else f"{level:<8}"
    when = f"{row['timestamp']:%Y-%m-%d %H:%M:%S.%f}"[:-3] if row["timestamp"] else "-" * 23
    name = printable("/".join(filter(None, (row["service"], row["logger"]))) or row["source"])
    message = printable(row["message"], None, lines=True).replace("\n", " ⏎ ")
    exception = printable(row["exception"], None, lines=True)
    return "\n".join([f"{when} {padded_level} {name}: {message}", *[f"    {line}" for line in exception.splitlines()]])


def _print_summary(status: dict[str, Any]) -> None:
    """Print on standard error what was read, and what could not be."""
    notes = [f"{status['kept']:,} after the filters"] if status["kept"] != status["read"] else []
    notes += [f"{status[name]:,} {label}" for name, label in _COUNTED.items() if status.get(name)]
    print(f"Read {status['read']:,} events" + "".join(f", {note}" for note in notes) + ".", file=sys.stderr)
