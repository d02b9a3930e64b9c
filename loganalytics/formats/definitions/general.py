"""Layouts that many programs share, from those that say more to those that say less."""

from __future__ import annotations

from loganalytics.formats.definitions.format import Format
from loganalytics.formats.time_formats import ANY_TIME

# A time, bare or in brackets, and what often stands after it.
_TIME = r"^[\[(]?{any}[\])]?[,:]?"

GENERAL = (
    Format(
        "time, level, logger (brackets)",
        _TIME + r" ?\[ *{level} *\] ?\[(?P<logger>[^\]\s]+) *\]:? ?(?:- )?(?P<message>.*)$",
        examples=("[2024-01-01 00:00:00.123] [error] [db] connection lost",),
    ),
    Format(
        "time, thread, level, logger (brackets)",
        _TIME + r" ?\[(?P<thread.id>\d\w*|0x\w+)\] ?\[ *{level} *\] ?\[(?P<logger>[^\]\s]+) *\]:? ?(?P<message>.*)$",
        examples=("[2024-01-01 00:00:00.123][12][warning][main] [source/server/server.cc:123] slow",),
    ),
    Format(
        "time, logger, level (brackets)",
        _TIME + r" ?\[(?P<logger>[^\]\s]*[A-Za-z][^\]\s]*) *\] ?\[ *{level} *\]:? ?(?:- )?"
        r"(?:\[(?P<code.file.path>[\w./-]+):(?P<code.line.number>\d+)\] )?(?P<message>.*)$",
        examples=("[2024-01-01 00:00:00.123] [db] [error] connection lost",),
    ),
    Format(
        "time, [level], logger",
        _TIME + r" +\[{level}\] +(?P<logger>[A-Za-z_$][\w.$/-]*):(?: |$)(?P<message>.*)$",
        examples=("2026-03-10 12:00:00,123 [ERROR] app.db: connection lost",),
    ),
    Format(
        "time, level, logger",
        _TIME + r"(?: -)? +(?:(?P<process.pid>\d+) +)?\[?{level}\]?:? +"
        r"(?P<logger>[A-Za-z_$][\w$]*(?:[./][\w$]+)+)(?: \([^)]*\))?:? (?:- )?(?P<message>.*)$",
        examples=(
            "17/06/09 20:10:40 INFO executor.Backend: Registered signal handlers",
            "081109 203615 148 INFO dfs.DataNode$PacketResponder: PacketResponder 1 for block terminating",
        ),
    ),
    Format(
        "time, logger, process, level",
        _TIME + r" +(?P<logger>[A-Za-z_][\w.-]*) *\[(?P<process.pid>\d+)\]: *{LEVEL}:? +(?P<message>.*)$",
        examples=("2024-03-10 12:00:02,123 fail2ban.actions        [1234]: NOTICE  [sshd] Ban 10.0.0.1",),
    ),
    Format(
        "time, logger, level",
        _TIME + r" +\[?(?P<logger>[A-Za-z_$][\w.$/-]*)\]? +[\[(]?{LEVEL}[\])]?:? +(?:- )?(?P<message>.*)$",
        share=0.3, examples=("2026-03-10 12:00:00,123 app.db ERROR connection lost",),
    ),
    Format(
        "pipes: time, level, logger", r"^{any} ?\| *{level} *\| *(?P<logger>[A-Za-z_$][\w.$:-]*) *\| ?(?P<message>.*)$",
        examples=("2024-01-01 00:00:00.1234|INFO|Shop.Web.Program|started",),
    ),
    Format(
        "pipes: time, logger, level", r"^{any} ?\| *(?P<logger>[A-Za-z_$][\w.$:-]*) *\| *{level} *\| ?(?P<message>.*)$",
        examples=("2024-01-01 00:00:00,123 | app.db | ERROR | connection lost",),
    ),
    Format(
        "dashes: time, level, logger", r"^{any} - {level} +- (?P<logger>[A-Za-z_$][\w.$]*) - (?P<message>.*)$",
        examples=("2024-01-01 00:00:00,123 - ERROR - app.db - connection lost",),
    ),
    Format(
        "pipes: time, logger, process",
        r"^{any} ?\| *(?P<logger>[A-Za-z_$][\w.$:-]*) *\| *(?P<process.pid>\d+) *\| ?(?P<message>.*)$",
        examples=("20171223-22:15:29:606|Step_LSC|30002312|onStandStepChanged 3579",),
    ),
    Format(
        "time, level in brackets", _TIME + r"(?: -| \|)? *[\[(<|]+ *{level} *[\])>|]+:?(?: -)? *(?P<message>.*)$",
        examples=("2026-03-10 12:00:00 [warn] disk nearly full", "2024-01-01 00:00:00 | INFO | started"),
    ),
    Format(
        "time, level", _TIME + r"(?: -| \|)? *{LEVEL}(?:[\s:|,-]+|$)(?P<message>.*)$",
        examples=("2026-03-10 12:00:00 ERROR disk full",),
    ),
    Format(
        "time, level (any case)", _TIME + r"(?: -| \|)?\s*{level}(?: *[:|]| -|\t| {2})\s*(?P<message>.*)$",
        share=0.3, examples=("2024-01-01T00:00:00.000Z info: listening",),
    ),
    Format(
        "level, time",
        r"^[\[(]?{LEVEL}[\])]?(?::| -| \|)? *[\[(|-]? *{any}[\])]?[,:]?(?: -| \||:)?(?: |$)(?P<message>.*)$",
        examples=("ERROR 2024-01-01 00:00:00,123 views 12 140 Internal Server Error", "[INFO] 2024-01-01 00:00:00 up"),
    ),
)  # fmt: skip

PROGRAM = (
    Format(
        "[time] program - message", r"^\[{any}\] (?P<logger>[\w.$-]*[A-Za-z][\w.$-]*(?: \*\d+)?) - (?P<message>.*)$",
        share=0.1,
        examples=("[10.30 16:49:06] chrome.exe - proxy.example.org:5070 open through proxy",),
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
