"""The table of text formats. Adding one is an entry here and a case file under tests/formats.

A pattern is a regular expression in Rust's dialect (linear time) whose named groups are columns: `timestamp`,
`level`, `service`, `logger`, `message`, `trace_id`, and any field more under its OpenTelemetry name. In it,
`{iso}`, `{clf}`, `{syslog}`, `{ctime}`, `{slash}`, `{any}` stand for a time captured as `timestamp`, and `{level}`
for a level word captured as `level`. The table goes from the particular to the general: of two formats that
match equally many lines the earlier is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from loganalytics.formats.timestamps import ANY_TIME, TIME_FORMATS

_LEVEL_WORDS = (
    "trace|debug[1-5]?|verbose|info(?:rmation(?:al)?)?|notice|warn(?:ing)?|err(?:or)?|crit(?:ical)?|alert|fatal|panic"
    "|emerg(?:ency)?|severe|config|fine(?:st|r)?|security|audit|performance|business|success"
)
LEVEL = rf"(?P<level>(?i:{_LEVEL_WORDS}))"

TYPES: dict[str, pl.DataType] = {
    "process.pid": pl.Int64(),
    "http.response.status_code": pl.Int64(),
    "http.response.body.size": pl.Int64(),
    "code.line.number": pl.Int64(),
    "duration_ms": pl.Float64(),
}
"""Dtypes of captured fields that are not text."""


@dataclass(frozen=True)
class Format:
    """One text format.

    `levels` translates what `level` captured, beyond the words that schema.LEVELS knows. `status` names the field
    whose HTTP status decides the level (5xx ERROR, 4xx WARNING). `message` names fields that, joined by blanks, are
    the message; `rest` is what stands at the line's end beyond the format. `multiline`: lines that do not match
    belong to the event above them.
    """

    name: str
    pattern: str
    levels: Mapping[str, str] = field(default_factory=dict)
    status: str | None = None
    message: tuple[str, ...] = ()
    multiline: bool = True
    examples: tuple[str, ...] = ()

    @property
    def regex(self) -> str:
        """The pattern with its placeholders filled in."""
        text = self.pattern
        for name, shape in _TIMES.items():
            text = text.replace(f"{{{name}}}", rf"(?P<timestamp>{shape})")
        return text.replace("{level}", LEVEL)


# The table's ISO shapes as one, which the regex engine runs through faster.
_ISO = (
    r"(?:19|20)\d{2}-\d{2}-\d{2}(?:[T ]\d{1,2}:\d{2}:\d{2}(?:[.,:]\d{1,9})?"
    r"(?: ?(?:Z|[+-]\d{2}:?\d{2})\b| [A-Z]{3,4}\b)?|-\d{2}\.\d{2}\.\d{2}\.\d{6})"
)


def _shapes(*prefixes: str) -> str:
    return "(?:" + "|".join(f.shape for f in TIME_FORMATS if f.name.startswith(prefixes)) + ")"


_TIMES = {
    "iso": _ISO,
    "clf": _shapes("common log"),
    "syslog": _shapes("syslog"),
    "ctime": _shapes("ctime"),
    "slash": _shapes("slash", "two-digit year slash"),
    "any": ANY_TIME,
}

_ACCESS = (
    r'^(?P<client.address>\S+) (?:\S+) (?P<user.name>\S+) \[{clf}\] "(?P<http.request.method>[A-Z_]+) '
    r'(?P<url.original>\S+)(?: (?P<network.protocol>[A-Z]+/[\d.]+))?" (?P<http.response.status_code>\d{3}) '
    r"(?P<http.response.body.size>\d+|-)"
)
_ACCESS_MESSAGE = ("http.request.method", "url.original", "http.response.status_code", "rest")
_GLOG = {"I": "INFO", "W": "WARNING", "E": "ERROR", "F": "FATAL", "D": "DEBUG", "V": "TRACE"}

FORMATS: tuple[Format, ...] = (
    Format(
        "combined access log",
        _ACCESS + r' "(?P<http.request.header.referer>[^"]*)" "(?P<user_agent.original>[^"]*)"(?P<rest>.*)$',
        status="http.response.status_code", message=_ACCESS_MESSAGE, multiline=False,
        examples=('10.0.0.1 - - [20/Jul/2009:22:59:26 +0000] "GET /a HTTP/1.1" 404 134 "-" "curl/8.0"',),
    ),
    Format(
        "common access log", _ACCESS + r"(?P<rest>.*)$",
        status="http.response.status_code", message=_ACCESS_MESSAGE, multiline=False,
        examples=('10.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a.gif HTTP/1.0" 200 2326',),
    ),
    Format(
        "nginx error log",
        r"^{slash} \[{level}\] (?P<process.pid>\d+)#(?P<thread.id>\d+): (?P<message>.*)$",
        examples=("2026/03/10 12:00:00 [error] 31#31: *1 connect() failed (111: Connection refused)",),
    ),
    Format(
        "Apache error log",
        r"^\[{ctime}\] \[(?:(?P<logger>\w+):)?{level}\](?: \[pid (?P<process.pid>\d+)(?::tid (?P<thread.id>\d+))?\])?"
        r"(?: \[client (?P<client.address>[^\]]+)\])? (?P<message>.*)$",
        examples=("[Sun Dec 04 04:47:44 2005] [error] mod_jk child workerEnv in error state 6",),
    ),
    Format(
        "PostgreSQL",
        r"^{iso}(?: \[(?P<process.pid>\d+)(?:-\d+)?\])?:?(?: (?P<db.user>[^\s@]*)@(?P<db.namespace>\S*))?"
        r"[^:]{0,60}? (?P<level>LOG|DEBUG[1-5]|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC|DETAIL|HINT|CONTEXT|STATEMENT"
        r"|QUERY|LOCATION): +(?P<message>.*)$",
        examples=(
            "2025-08-13 01:45:01.123 PDT [12345] LOG:  starting PostgreSQL 15.4",
            "2026-03-10 00:00:03.123 UTC [1234] app@cicd ERROR:  relation \"t\" does not exist",
        ),
    ),
    Format(
        "syslog (RFC 3164)",
        r"^(?:<(?P<priority>\d{1,3})>)?{syslog} (?P<host.name>\S+) (?P<service>[^\s:\[(]+)(?:\([^)]*\))?"
        r"(?:\[(?P<process.pid>\d+)\])?: ?(?P<message>.*)$",
        examples=("Aug 16 00:10:45 Tims-Air syslogd[314]: ASL Sender Statistics",),
    ),
    Format(
        "syslog (ISO time)",
        r"^{iso} (?P<host.name>[\w.-]+) (?P<service>[\w./-]+)\[(?P<process.pid>\d+)\]: ?(?P<message>.*)$",
        examples=("2026-03-10T00:00:01.123456+00:00 host sshd[314]: Accepted publickey for root",),
    ),
    Format(
        "Celery",
        r"^\[{iso}: {level}/(?P<thread.name>[^\]]+)\] (?P<message>.*)$",
        examples=("[2026-03-10 12:00:01,123: INFO/ForkPoolWorker-2] Task a.b[1] succeeded in 1.2s: None",),
    ),
    Format(
        "Python logging (colons)", r"^{iso}:{level}:(?:(?P<logger>[A-Za-z_][\w.]*):)?(?P<message>.*)$",
        examples=("2009-07-20 22:59:27,672:DEBUG:Hello", "2015-03-12T23:16:52.071:INFO:com.root:Response"),
    ),
    Format(
        "Python logging (dashes)", r"^{iso} - (?P<logger>\S+) - {level} - (?P<message>.*)$",
        examples=("2026-03-10 12:00:00,123 - app.db - ERROR - connection lost",),
    ),
    Format(
        "loguru", r"^{iso} \| {level} *\| (?P<logger>[^ ]+) - (?P<message>.*)$",
        examples=("2026-03-10 12:00:00.123 | INFO     | app.db:connect:12 - connected",),
    ),
    Format(
        "Spring Boot",
        r"^{iso} +{level} (?P<process.pid>\d+) --- (?:\[[^\]]*\] )?\[ *(?P<thread.name>[^\]]*)\] (?P<logger>\S+) *: "
        r"(?P<message>.*)$",
        examples=("2026-03-10 12:00:00.123  INFO 1234 --- [  main] c.e.App  : Started App in 2.1 seconds",),
    ),
    Format(
        "log4j (level, thread, logger)",
        r"^{iso} +{level} +\[(?P<thread.name>[^\]]*)\] (?P<logger>[\w.$-]+) *: ?(?P<message>.*)$",
        examples=("2015-10-18 18:01:47,978 INFO [main] org.apache.hadoop.v2.MRAppMaster: Created",),
    ),
    Format(
        "log4j (thread, level, logger)",
        r"^{iso} +\[(?P<thread.name>[^\]]*)\] +{level} +(?P<logger>[\w.$-]+)(?: -|:) (?P<message>.*)$",
        examples=("2026-03-10 12:00:00,123 [main] WARN  org.example.Main - slow",),
    ),
    Format(
        "Python logging (bracketed logger)",
        r"^{iso} +{level} +\[(?P<logger>[A-Za-z_][\w.]*)\](?: +\[(?P<trace_id>[\w-]+)\])? (?P<message>.*)$",
        examples=("2026-03-10 09:14:03,123 INFO [api.routes] [req_1a2b3c4d] GET /builds/1 200 in 35.2ms",),
    ),
    Format(
        "time, level, logger",
        r"^\[?{any}\]?,? +\[?{level}\]?:? +(?P<logger>[A-Za-z_$][\w$]*(?:[./][\w$]+)+):? (?:- )?(?P<message>.*)$",
        examples=("17/06/09 20:10:40 INFO executor.Backend: Registered signal handlers",),
    ),
    Format(
        "Laravel", r"^\[{iso}\] (?P<logger>[\w-]+)\.{level}: (?P<message>.*)$",
        examples=("[2025-01-02 11:19:06] laravel.EMERGENCY: Unable to create configured logger",),
    ),
    Format(
        "glog",
        r"^(?P<level>[IWEF]){any} +(?P<thread.id>\d+) (?P<code.file.path>[^\s:]+):(?P<code.line.number>\d+)\] "
        r"(?P<message>.*)$",
        levels=_GLOG,
        examples=("E0517 15:04:22.619632 1952452992 logging_unittest.cc:253] Log every 3",),
    ),
    Format(
        "time, level", r"^\[?{any}\]?,?:?(?: -| \|)? *\[?{level}\]?(?:[\s:|-]+)(?P<message>.*)$",
        examples=("2016-09-28 04:30:30, Info                  CBS    Loaded Servicing Stack",),
    ),
)  # fmt: skip

TIMED = Format(
    "time first",
    rf"^(?:[\[\](<\"'|]*|(?P<before>[^{{\s].{{0,80}}?)[\s\[(<\"'=|])(?P<timestamp>{ANY_TIME})\b[\])}}>|,:\"']*(?P<after>.*)$",
    message=("before", "after"),
)
"""The rule that catches the rest: a line that begins, or nearly, with a time is an event.

What stands before the time is kept in the message. A line that begins with a brace is broken JSON: left to RAW."""

RAW = Format("text", r"^(?P<message>.*)$", multiline=False)
"""A line that bears no time: an event of its own that keeps the raw text."""
