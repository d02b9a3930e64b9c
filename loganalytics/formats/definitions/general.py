"""Layouts that many programs share, from those that say more to those that say less."""

from __future__ import annotations

from loganalytics.formats.definitions.format import CAPITAL_LEVEL, LEVEL, SEVERITY_WORDS, Format
from loganalytics.formats.regex.ascii import ascii_only
from loganalytics.schema import LETTERS

# A time, bare or in brackets, and what often stands after it.
_TIME = r"^[\[(<{]?{any}[\])>}]?[,:]?"
# A logger before a colon; one word with a capital, such as TypeError, is what is said.
_NAME = r"(?P<logger>[a-z_$][\w.$/-]*|[A-Z][\w$]*[./-][\w.$/-]*)"
# A level alone by its first letter. In the first place of a line it may be the word "A" or "I" of a sentence, too.
_LETTER = "(?P<level>[TVDINWECF])"
_LETTERS = {letter.upper(): word for letter, word in LETTERS.items()}
_CAPITALS_OR_LOG = CAPITAL_LEVEL.replace("(?P<level>", "(?P<level>LOG|")
_LEVEL_OR_LETTER = LEVEL.replace("(?P<level>", "(?P<level>[TVDINWECF]|")
# What files of programs are called.
_SOURCES = "go|py|js|ts|java|kt|cpp|cc|c|h|rs|php|rb|lua|cs|ex|swift"
# Behind "errors:" in any language stands their number.
_NO_COUNT = r"(?:[^\s\d]|[1-9]\d\d)"

GENERAL = (
    Format(
        "time, level, logger (brackets)",
        _TIME + r" ?\[ *{level} *\] ?\[(?P<logger>[^\]\s]+) *\]:? *(?:- )?(?P<message>.*)$",
        variants=(r"^\[{any}\] \[ *{level} *\] ?\[(?P<logger>[^\]\s]+) *\]:? (?P<message>[^ -].*)$",),
        examples=("[2024-01-01 00:00:00.123] [error] [db] connection lost",),
    ),
    Format(
        "time, thread, level, logger (brackets)",
        _TIME + r" ?\[(?P<thread.id>\d\w*|0x\w+)\] ?\[ *{level} *\] ?\[(?P<logger>[^\]\s]+) *\]:? *(?P<message>.*)$",
        variants=(
            r"^\[{any}\] ?\[(?P<thread.id>\d\w*)\] ?\[ *{level} *\] ?\[(?P<logger>[^\]\s]+) *\]:? "
            r"(?P<message>[^ ].*)$",
        ),
        examples=("[2024-01-01 00:00:00.123][12][warning][main] [source/server/server.cc:123] slow",),
    ),
    Format(
        "time, logger, level (brackets)",
        _TIME + r" ?\[(?P<logger>[^\]\s]*[A-Za-z][^\]\s]*) *\] ?\[ *{level} *\]:? *(?:- )?"
        r"(?:\[(?P<code.file.path>[\w./-]+):(?P<code.line.number>\d+)\] )?(?P<message>.*)$",
        variants=(
            r"^\[{any}\] \[(?P<logger>[\d_.-]*[A-Za-z][^\]\s]*) *\] \[ *{level} *\]:? (?P<message>[^ \-\[].*)$",
        ),
        examples=("[2024-01-01 00:00:00.123] [db] [error] connection lost",),
    ),
    Format(
        "time, [level], logger",
        _TIME + rf" +\[{{level}}\] +{_NAME}:(?: |$)(?P<message>.*)$",
        variants=(rf"^{{any}} +\[{{level}}\] +{_NAME}: (?P<message>.*)$",),
        examples=("2026-03-10 12:00:00,123 [ERROR] app.db: connection lost",),
    ),
    Format(
        "time, [level], logger -",
        _TIME + r" +\[ *{level} *\] +(?P<logger>[A-Za-z_$][\w$]*(?:\.[\w$]+)+) - (?P<message>.*)$",
        examples=("2026-03-10 12:00:00,123 [ERROR] app.db - connection lost",),
    ),
    Format(
        "time, level, logger:line -",
        _TIME + r" +\[? *{level} *\]? +(?P<logger>[A-Za-z_$][\w$]*(?:\.[\w$]+)+):(?P<code.line.number>\d{1,4})"
        r"(?: (?P<code.function.name>[\w<>]+)\(\))? - (?P<message>.*)$",
        examples=("2026-03-10 12:00:00 [ERROR   ] app.db:12 connect() - connection lost",),
    ),
    Format(
        "time, [level], file:line",
        _TIME + rf" +\[{_LEVEL_OR_LETTER}\] +\[?(?P<code.file.path>[\w./-]+\.(?:{_SOURCES})):"
        r"(?P<code.line.number>\d+)\]?:? +(?P<message>.*)$",
        levels=_LETTERS, examples=("2026/03/10 12:00:00.123 [E] [db.go:12]  connection lost",),
    ),
    Format(
        "time, level, logger",
        _TIME + r"(?: -)? +(?:(?P<process.pid>\d+) +)?\[?{level}\]?:? +"
        r"(?P<logger>[A-Za-z_$][\w$]*(?:[./][\w$]+)+)"
        r"(?: \((?P<log.context>[^()]*(?:\([^()]*\)[^()]*)*)\))?(?: ?:)? (?:- )?(?P<message>.*)$",
        variants=(
            r"^{any} +(?:(?P<process.pid>\d+) +)?{level} +(?P<logger>[A-Za-z_$][\w$]*(?:[./][\w$]+)+):? "
            r"(?P<message>[^-(:].*)$",
        ),
        examples=(
            "17/06/09 20:10:40 INFO executor.Backend: Registered signal handlers",
            "081109 203615 148 INFO dfs.DataNode$PacketResponder: PacketResponder 1 for block terminating",
        ),
    ),
    Format(
        "time, logger, process, level",
        _TIME + r" +(?P<logger>[A-Za-z_][\w.-]*) *\[(?P<process.pid>\d+)\]: *{LEVEL}:? +(?P<message>.*)$",
        variants=(
            r"^{any} +(?P<logger>[A-Za-z_][\w.-]*) *\[(?P<process.pid>\d+)\]: *{LEVEL}:? +(?P<message>[^ ].*)$",
        ),
        examples=("2024-03-10 12:00:02,123 fail2ban.actions        [1234]: NOTICE  [sshd] Ban 10.0.0.1",),
    ),
    Format(
        "time, logger, level",
        _TIME + r" +\[?(?P<logger>[A-Za-z_$][\w.$/-]*)\]? +[\[(]?{LEVEL}[\])]?(?: *:)? +(?:- )?(?P<message>.*)$",
        variants=(r"^{any} +(?P<logger>[A-Za-z_$][\w.$/-]*) +{LEVEL}:? +(?P<message>[^ :-].*)$",),
        min_share=0.3, examples=("2026-03-10 12:00:00,123 app.db ERROR connection lost",),
    ),
    Format(
        "pipes: time, level, context, logger",
        r"^{any} ?\| *{level} *\| *(?P<log.context>[^|]*(?:\|[^|]*){1,4}?) *\| *"
        r"(?P<logger>[A-Za-z_$][\w$]*(?:\.[\w$]+)+) *\| ?(?P<message>.*)$",
        examples=("2024-01-01 00:00:00.123|ERROR|shop|5f3c5f3c|main|com.example.Db|connection lost",),
    ),
    Format(
        "pipes: time, level, logger", r"^{any} ?\| *{level} *\| *(?P<logger>[A-Za-z_$][\w.$:-]*) *\| ?(?P<message>.*)$",
        variants=(
            r"^{time:iso space} ?\| *{level} *\| *(?P<logger>[A-Za-z_$][\w.$:-]*) *\| ?(?P<message>[^ ].*)$",
        ),
        examples=("2024-01-01 00:00:00.1234|INFO|Shop.Web.Program|started",),
    ),
    Format(
        "pipes: time, logger, level", r"^{any} ?\| *(?P<logger>[A-Za-z_$][\w.$:-]*) *\| *{level} *\| ?(?P<message>.*)$",
        examples=("2024-01-01 00:00:00,123 | app.db | ERROR | connection lost",),
    ),
    Format(
        "dashes: time, level, logger",
        r"^\[?{any}\]?(?: -)? +{level} +- +(?P<logger>[A-Za-z_$][\w.$]*) - (?P<message>.*)$",
        examples=("2024-01-01 00:00:00,123 - ERROR - app.db - connection lost",),
    ),
    Format(
        "time, pid", r"^{iso} pid:(?P<process.pid>\d+) (?P<message>.*)$",
        examples=("2026-03-10 12:00:00 pid:1 worker[web:4711] exit with status 9",),
    ),
    Format(
        "time, level in brackets", _TIME + r"(?: -| \|)? *[\[(<|]+ *{level} *[\])>|]+:?(?: -)? *(?P<message>.*)$",
        variants=(
            r"^{any} +\[ *{level} *\]:? +(?P<message>[^ -].*)$",
            r"^\[{any}\] +\[ *{level} *\]:? +(?P<message>[^ -].*)$",
        ),
        examples=("2026-03-10 12:00:00 [warn] disk nearly full", "2024-01-01 00:00:00 | INFO | started"),
    ),
    Format(
        "time, level", _TIME + r"(?: -| \|)? *{LEVEL}(?:[\s:|,>-]+|$)(?P<message>.*)$",
        variants=(r"^{any} +{LEVEL}[\s:|,>-]+(?P<message>[^\s:|,>-].*)$",),
        examples=("2026-03-10 12:00:00 ERROR disk full",),
    ),
    Format(
        "time, [process], level",
        _TIME + rf" +\[(?P<process.pid>\d+)\]:? +\[?{_CAPITALS_OR_LOG}\]?(?:[\s:|,>-]+|$)(?P<message>.*)$",
        examples=("2026-03-10 12:00:00 [4711] ERROR - disk full",),
    ),
    Format(
        "time, level (any case)", _TIME + r"(?: -| \|)?\s*{level}(?: *[:|]| -|\t| {2})\s*(?P<message>.*)$",
        min_share=0.3, examples=("2024-01-01T00:00:00.000Z info: listening",),
    ),
    Format(
        "time, level in brackets (translated)",
        _TIME + r"(?: -| \|)? *[\[(<|【「［]+ *{translated} *[\])>|】」］]+[:：]?(?: -)? *(?P<message>.*)$",
        examples=("2026-03-10 12:00:00 [Fehler] Verbindung verloren", "2026-03-10 12:00:00 【错误】连接失败"),
    ),
    Format(
        "time, level (translated)",
        _TIME + rf"(?: -| \|)? *{{translated}} ?[:：|]\s*(?P<message>{_NO_COUNT}.*|)$",
        examples=("2026-03-10 12:00:00 错误：连接失败", "2026-03-10 12:00:00 Erreur : connexion perdue"),
    ),
    Format(
        "time, level in capitals (translated)",
        _TIME + r"(?: -| \|)? *{TRANSLATED}(?:[\s|,-]+|$)(?P<message>.*)$",
        examples=("2026-03-10 12:00:00 FEHLER Verbindung verloren", "2026-03-10 12:00:00 错误 连接失败"),
    ),
    Format(
        "time, letter of level",
        # Behind a colon without a blank stands what is named by a letter, such as T:4711.
        _TIME + rf" +(?:- +|\| *)?[\[(<]?{_LETTER}[\])>]?(?:[|/-]+\s*|:+\s+|\s+[|-]?\s*)(?P<message>.*)$",
        min_share=0.6, levels=_LETTERS,
        examples=("2026-03-10 12:00:00 [E] disk full", "2026-03-10 12:00:00.123 W disk nearly full"),
    ),
    Format(
        "letter of level, time",
        rf"^[\[(<]?{_LETTER}[\])>]?[ ,:|/-]+[\[(<]?{{any}}[\])>]?[,:]?(?: [-|])? *(?P<message>.*)$",
        min_share=0.6, levels=_LETTERS,
        examples=("E 2026-03-10 12:00:00 disk full", "(W) 2026-03-10T12:00:00 - disk nearly full"),
    ),
    Format(
        "time, level, words in brackets", _TIME + r"(?: -)? +{level} +(?P<message>\[.*)$",
        examples=("2026-03-10 12:00:00,123 Warning [orders desk] disk nearly full",),
    ),
    Format(
        "clock, [level]",
        r"^(?P<time>\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,9})?) (?P<log.prefix>(?:\w+=\S+ )*)\[ *{level} *\] +"
        r"(?P<message>.*)$",
        min_share=0.3, examples=("10:00:00.123 [info] GET /orders", "10:00:00.123 request_id=F1x [error] boom"),
    ),
    Format(
        "clock, level, thread (brackets)",
        r"^\[(?P<time>\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,9})?)\] ?\[ *{LEVEL} *\] ?\[(?P<thread.name>[^\]]*)\]"
        r"(?: ?\[(?P<logger>[^\]]*)\])?:? (?P<message>.*)$",
        min_share=0.1, examples=("[10:00:00,123][WARNING][main][GridDiagnostic] slow",),
    ),
    Format(
        "level::time", r"^{level}::{any}::(?:\((?P<log.context>[^)]*)\)::)?(?P<message>.*)$",
        examples=("Error::2024-01-01 00:00:00,123::(4)::[Some information] failed",),
    ),
    Format(
        "time and level, separated",
        r"^[~|;]?{any}[\])]? ?[~;,\t] ?[\[(]?{level}[\])]? ?[~;,|\t] ?(?P<message>.*)$",
        examples=("~2024-01-01 00:00:00~ERROR~disk full", "2024-01-01 00:00:00;INFO;started"),
    ),
    Format(
        "clock | level | logger -",
        r"^(?P<time>\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,9})?) \| {LEVEL} *\| (?P<logger>[A-Za-z_][\w.]*) - (?P<message>.*)$",
        min_share=0.1, examples=("10:00:00.123 | ERROR   | shop.db - connection lost",),
    ),
    Format(
        "clock, level",
        r"^[\[(]?(?P<time>\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,9})?)[\])]?(?: -| \|)? +[\[(]?{LEVEL}[\])]?(?:[\s:|,-]+|$)"
        r"(?P<message>.*)$",
        min_share=0.1, examples=("10:00:00,123 ERROR [org.example.App] disk full",),
    ),
    Format(
        "level, time",
        r"^[\[(]?{LEVEL}[\])]?(?::| -| \|)? *[\[(|;,-]? *{any}[\])]?[,:]?(?: -| \||:)?(?:[ |;,]|$)(?P<message>.*)$",
        variants=(r"^{LEVEL} +{time:iso space} (?P<message>[a-z_].*)$",),
        examples=("ERROR 2024-01-01 00:00:00,123 views 12 140 Internal Server Error", "[INFO] 2024-01-01 00:00:00 up"),
    ),
    Format(
        "level, [time]", r"^{level} +\[{any}(?: Z)?\]:? (?P<message>.*)$",
        examples=("info  [2024-01-01 00:00:00.123 Z] Server is initializing",),
    ),
    Format(
        "[level], time",
        r"^[\[(<] *{level} *[\])>]:? *(?:- )?[\[(]?{any}[\])]?[,:]?(?: -| \|)?(?: +|$)(?P<message>.*)$",
        examples=("[warning] 2024-01-01T00:00:00.123456Z node@host <0.500.0> -------- slow",),
    ),
)  # fmt: skip

# What closes a bracket or a quotation around a time.
_BEHIND_TIME = r"\b[\])}>|,:~\"']*"
TIME_FIRST = Format(
    "time first",
    rf"^(?:[\[\](<\"'|{{~*#=>-]*|(?P<before>[^{{\s].{{0,80}}?)[\s\[(<\"'=|:~,;]){{any}}{_BEHIND_TIME}(?P<after>.*)$",
    variants=tuple(rf"^{bracket}{{any}}{_BEHIND_TIME}(?P<after>.*)$" for bracket in ("", r"\[")),
    message=("before", "after"),
)
"""The rule for all other lines: one that begins with a time, or nearly so, is an event.

The words before the time stay in the message, with the time where they are those of a sentence. A line
that begins with a brace is broken JSON, which RAW takes."""

PROSE = ascii_only(r"(?:^|\s)[A-Z]?[a-z]+[,:]?(?:\s|$)")
"""What words before a time are of a sentence, not of a prefix: the time is part of what is said."""

_FIRST_WORDS = SEVERITY_WORDS.upper()
LEVEL_FIRST = Format(
    "level first",
    rf"^[\[<(]? *(?P<level>{_FIRST_WORDS}|Debug|Info|Notice|Warning) *(?:[\])>]:?|:)(?:\s+|$)(?P<message>.*)$",
    multiline=False,
)
"""The rule for lines without a time: one that begins with a level, as many writers put it, is an event."""

LEVEL_ONLY = (
    Format(
        "level, then message",
        rf"^[\[<(]? *(?P<level>{_FIRST_WORDS}) *(?:[\])>]+:?|:)?(?: +-|\t+-?| ?\|)?(?:\s+|$)(?P<message>.*)$",
        multiline=False, min_share=0.3, examples=("WRN\tslow", "FTL - disk full"),
    ),
    Format(
        "clock, message", r"^(?P<time>\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?):? +(?P<message>.*)$",
        min_share=0.5, examples=("10:00:00 *** Listening on high, default, low...",),
    ),
    Format(
        "level, message (translated)",
        rf"^(?:[\[<(【「［] *)?{{translated}}(?: *[\]>)】」］][:：]?| ?[:：])\s*(?P<message>{_NO_COUNT}.*|)$",
        multiline=False, min_share=0.3,
        examples=("错误：连接失败", "[Fehler] Platte voll"),
    ),
)  # fmt: skip
"""Lines without a time that begin with a level, as most of the file does."""

RAW = Format("text", r"^(?P<message>.*)$", multiline=False)
"""A line without a time: an event of its own that keeps the raw text."""
