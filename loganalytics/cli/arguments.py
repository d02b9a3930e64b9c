"""What all verbs share: how they are added, which logs they read, where the answer goes, and exit codes."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]

EPILOG = (
    "exit codes: 0 done; 1 findings at or over --fail-on; 2 usage or data; 3 a source was unreachable or incomplete; "
    "4 with --fail-on: nothing could be judged (no event in range, no time, a log that ended before); "
    "70 a bug (LOGANALYTICS_DEBUG=1 shows where); 130 interrupted"
)

OK, FINDINGS, USAGE, INCOMPLETE, NOTHING_JUDGED, BUG, INTERRUPTED = 0, 1, 2, 3, 4, 70, 130


def add_verb(verbs: Verbs, name: str, summary: str) -> argparse.ArgumentParser:
    """Add a verb; the summary says what it does, without capital and full stop."""
    description = f"{summary[0].upper()}{summary[1:]}."
    return verbs.add_parser(name, help=summary, description=description, epilog=EPILOG)


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Add the source, and what to keep of it."""
    parser.add_argument(
        "source", nargs="+", metavar="SOURCE",
        help='file, glob or folder, packed or not; Parquet; s3://, gs://, az://, https://; servers: redis://, '
        "elasticsearch://, opensearch://, postgresql://, mysql://, sqlite:///, duckdb:///; "
        '"-" is standard input',
    )  # fmt: skip
    group = parser.add_argument_group("selection")
    group.add_argument("--since", metavar="TIME", help='from this time on: "2026-03-10 14:00", "2h", "yesterday"')
    group.add_argument("--until", metavar="TIME", help="before this time")
    add_filters(group)
    add_reading(parser)
    add_login(parser)


def add_login(parser: argparse.ArgumentParser) -> None:
    """Add whether a login of the environment may go to servers that it does not name."""
    parser.add_argument(
        "--use-env-login", action="store_true",
        help="send the login of the environment (REDIS_PASSWORD, PGPASSWORD …) to the servers named here, even where "
        "nothing says that it is theirs",
    )  # fmt: skip


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Add how the logs are to be read, where that is not to be guessed."""
    group = parser.add_argument_group("how to read", "what is guessed otherwise; FILE.toml of --formats can say it too")
    group.add_argument(
        "--tz", metavar="ZONE", default="UTC", help="time zone of times without one, and of those shown (default: UTC)"
    )
    group.add_argument(
        "--time", metavar="FIELD", help='the field that holds the time, or how it is written: "%%d.%%m.%%Y %%H:%%M"'
    )
    group.add_argument(
        "--dayfirst", action=argparse.BooleanOptionalAction, default=None, help="03/10/2024 is in October, or not"
    )
    group.add_argument("--level-field", metavar="FIELD", help="the field that holds the level")
    group.add_argument(
        "--duration", metavar="FIELD=UNIT", action="append", default=[],
        help="a field that holds how long an event took: took=us; units: ns, us, ms, s, m, h; repeatable",
    )  # fmt: skip
    group.add_argument("--encoding", metavar="NAME", help="the encoding of files: gb18030, cp1252, utf-16 …")
    group.add_argument("--formats", metavar="FILE.toml", help="formats of your own, tried before the built-in ones")


def add_filters(group: argparse._ArgumentGroup) -> None:
    """Add what to keep of the events."""
    group.add_argument("--level", metavar="LEVEL", help="this level and above")
    group.add_argument(
        "--service", metavar="NAME", action="append", default=[], help="only events of this one; repeatable"
    )
    group.add_argument(
        "--logger", metavar="NAME", action="append", default=[], help="only events of this one; repeatable"
    )
    group.add_argument("--text", metavar="TEXT", help="only events that contain it, in upper or lower case")
    group.add_argument("--query", metavar="SQL", help="only events for which this condition holds: duration_ms > 500")
    group.add_argument("--grep", metavar="REGEX", help="only events whose text matches")
    group.add_argument(
        "--where", metavar="FIELD=VALUE", action="append", default=[],
        help="only events with this value of a field; FIELD!=VALUE without it; repeatable",
    )  # fmt: skip
    group.add_argument(
        "--invert", metavar="NAME", action="append", default=[],
        choices=("level", "services", "loggers", "text", "grep", "query"),
        help="keep what this filter would leave out: level, services, loggers, text, grep or query; repeatable",
    )  # fmt: skip


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add how a table is written, and where to."""
    parser.add_argument("--format", choices=("table", "json", "ndjson", "csv", "parquet"), default="table")
    parser.add_argument("-o", "--output", metavar="FILE", help="write there rather than to standard output")
