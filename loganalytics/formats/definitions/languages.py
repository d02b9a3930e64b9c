"""Ruby, PHP, Go, C++ and .NET: their usual logging libraries."""

from __future__ import annotations

from loganalytics.formats.definitions.access import STATUS
from loganalytics.formats.definitions.format import PAIRS, Format
from loganalytics.schema import LETTERS

_GLOG = {"I": "info", "W": "warning", "E": "error", "F": "fatal"}
_FOUR = {"TRAC": "trace", "DEBU": "debug", "ERRO": "error", "FATA": "fatal", "PANI": "panic"}
_TELEGRAF = {"T": "trace", "D": "debug", "I": "info", "W": "warning", "E": "error"}
_THREE = {"VRB": "trace", "TRC": "trace", "FTL": "fatal", "PNC": "panic"}
_DOTNET = {"trce": "trace", "dbug": "debug", "fail": "error"}
_LOGRUS = r"(?P<level>TRAC|DEBU|DBUG|INFO|WARN|ERRO|EROR|FATA|PANI|CRIT|TRACE|DEBUG|WARNING|ERROR|FATAL|PANIC)"
_MESSAGE_AND_PAIRS = rf"(?P<before>.*?)(?P<rest>{PAIRS}) *$"
_ZEROLOG = (
    r"(?P<level>TRC|DBG|INF|WRN|ERR|FTL|PNC) (?:(?P<code.file.path>[\w./-]+\.go):(?P<code.line.number>\d+) > )?"
    + _MESSAGE_AND_PAIRS
)
_DOTNET_LINE = (
    r"(?P<level>trce|dbug|info|warn|fail|crit): (?P<logger>[A-Za-z_][\w.`+]*)\[(?P<event.code>\d+)\] (?P<message>.*)$"
)
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

LANGUAGES = (
    Format(
        "Ruby logger",
        r"^[DIWEFAU], \[{iso} #(?P<process.pid>\d+)\] +(?P<level>DEBUG|INFO|WARN|ERROR|FATAL|ANY|UNKNOWN) -- "
        rf"(?P<logger>[^:]*): (?:\[(?P<trace_id>{_UUID})\] )?(?P<message>.*)$",
        levels={"ANY": "info", "UNKNOWN": "info"},
        examples=("I, [2024-01-01T00:00:00.123456 #1234]  INFO -- : Completed 200 OK in 12ms",),
    ),
    Format(
        "Rails request",
        r'^(?P<message>Started (?P<http.request.method>[A-Z]+) "(?P<url.original>[^"]*)" for (?P<client.address>\S+)) '
        r"at {iso}$",
        status=STATUS,
        body_pattern=rf"(?m)^Completed (?P<{STATUS}>\d{{3}}) .*? in (?P<duration_ms>\d+(?:\.\d+)?)ms",
        examples=('Started GET "/users/1" for 127.0.0.1 at 2024-01-01 10:00:00 +0000',),
    ),
    Format(
        "Laravel", r"^\[{iso}\] (?P<logger>[\w-]+)\.{level}: (?P<message>.*)$",
        examples=("[2025-01-02 11:19:06] laravel.EMERGENCY: Unable to create configured logger",),
    ),
    Format(
        "Kratos", r"^{LEVEL} ts={iso}(?P<rest>(?: [A-Za-z_][\w.]*=[^\s\"]*)*?) msg=(?P<before>.*)$",
        message=("before", "rest"),
        examples=("INFO ts=2024-03-10T12:00:00Z caller=server.go:330 trace.id= msg=listening on: [::]:8000",),
    ),
    Format(
        "Kratos (request)", r"^{LEVEL} ts={iso} (?P<message>[A-Za-z_][\w.]*=.*)$",
        examples=("INFO ts=2024-03-10T12:00:00Z caller=logging.go:50 kind=server operation=/shop.Order code=200",),
    ),
    Format(
        "klog (structured)",
        r"^(?P<level>[IWEF]){glog} +(?P<thread.id>\d+) (?P<code.file.path>[^\s:]+):(?P<code.line.number>\d+)\] "
        rf"\"(?P<before>(?:[^\"\\]|\\.)*)\"(?P<rest>{PAIRS}) *$",
        levels=_GLOG, message=("before", "rest"),
        examples=('E0310 12:00:00.123456    4711 pod_workers.go:1300] "Error syncing pod" err="no" pod="shop/web"',),
    ),
    Format(
        "glog",
        r"^(?P<level>[IWEF]){glog} +(?P<thread.id>\d+) (?P<code.file.path>[^\s:]+):(?P<code.line.number>\d+)\] "
        r"(?P<message>.*)$",
        levels=_GLOG,
        variants=(
            r"^(?P<level>[IWEF]){time:glog} +(?P<thread.id>\d+) (?P<code.file.path>[^\s:]+):(?P<code.line.number>\d+)"
            r"\] (?P<message>.*)$",
        ),
        examples=(
            "E0517 15:04:22.619632 1952452992 logging_unittest.cc:253] Log every 3",
            "I20240517 15:04:22.619632 12345 server.cc:25] listening",
        ),
    ),
    Format(
        "Airlift",
        r"^{zulu}\t *{level}\t(?P<thread.name>[^\t]+)\t(?P<logger>[A-Za-z_$][\w$]*(?:\.[\w$]+)+)\t(?P<message>.*)$",
        examples=("2024-03-10T12:00:00.123Z\tWARN\tmain\tio.trino.server.Server\tslow",),
    ),
    Format(
        "zap (console)",
        r"^{any}\t{level}\t(?:(?P<logger>[A-Za-z][\w.-]*)\t)?(?:(?P<code.file.path>[\w./-]+\.go):"
        r"(?P<code.line.number>\d+)"
        r"\t)?(?P<message>.*)$",
        variants=(
            r"^{any}\t{level}\t(?P<code.file.path>[\w/-]+\.go):(?P<code.line.number>\d+)\t(?P<message>.*)$",
            r"^{any}\t{level}\t(?P<logger>[A-Za-z][\w.-]*)\t(?P<code.file.path>[\w/-]+\.go):(?P<code.line.number>\d+)"
            r"\t(?P<message>.*)$",
        ),
        examples=('2024-01-01T00:00:00.000Z\tINFO\tserver/main.go:12\tlistening\t{"port": 80}',),
    ),
    Format(
        "btclog", r"^{iso} \[(?P<level>TRC|DBG|INF|WRN|ERR|CRT)\] (?P<logger>[A-Z]{4}): (?P<message>.*)$",
        examples=("2024-03-10 12:00:00.123 [ERR] RPCS: unable to start",),
    ),
    Format(
        "Gitea",
        r"^{go} (?P<code.file.path>[^\s:]+):(?P<code.line.number>\d+):(?P<code.function.name>\S+)\(\) "
        r"\[(?P<level>[TDIWECF])\] (?P<message>.*)$",
        levels={letter: LETTERS[letter.lower()] for letter in "TDIWECF"},
        examples=("2024/03/10 12:00:00 cmd/web.go:242:runWeb() [I] Starting",),
    ),
    Format(
        "zerolog (console, time)", rf"^{{any}} {_ZEROLOG}", levels=_THREE, message=("before", "rest"),
        examples=("2024-03-10T12:00:00Z WRN main.go:99 > slow took=3",),
    ),
    Format(
        "Serilog", r"^{any} \[?(?P<level>VRB|TRC|DBG|INF|WRN|ERR|FTL|PNC)\]? (?P<message>.*)$",
        levels=_THREE,
        variants=(
            r"^{time:iso space, spaced zone} \[(?P<level>VRB|TRC|DBG|INF|WRN|ERR|FTL|PNC)\] (?P<message>.*)$",
        ),
        examples=("2024-01-01 00:00:00.123 +00:00 [INF] Now listening on: http://localhost:5000",),
    ),
    Format(
        "logrus (terminal)", rf"^ *{_LOGRUS}\[(?P<process.uptime>\d+)\] {_MESSAGE_AND_PAIRS}",
        levels=_FOUR, message=("before", "rest"),
        examples=("WARN[0001] slow                                          took=3s", "  INFO[0000] upload  file=x"),
    ),
    Format(
        "logrus (terminal, time)", rf"^{_LOGRUS} ?\[{{any}}\] (?P<before>[^\s(].*?)(?P<rest>{PAIRS}) *$",
        levels=_FOUR, message=("before", "rest"),
        examples=("ERRO[2024-01-01T00:00:00Z] failed                                        order=7",),
    ),
    Format(
        "charm log, Go slog",
        r"^{go} (?P<level>DEBU|DEBUG|INFO|WARN|ERRO|ERROR|FATA) (?:<(?P<code.file.path>[^:>]+):"
        rf"(?P<code.line.number>\d+)> )?{_MESSAGE_AND_PAIRS}",
        levels=_FOUR, message=("before", "rest"),
        examples=("2024/01/01 00:00:00 ERRO failed to bake degree=375 err=\"no oven\"",),
    ),
    Format(
        "zerolog (console)",
        rf"^(?P<time>\d{{1,2}}:\d{{2}}[AP]M) {_ZEROLOG}",
        levels=_THREE, message=("before", "rest"), examples=("12:01PM ERR failed error=x",),
    ),
    Format(
        "charm log (time of day)",
        rf"^(?P<time>\d{{1,2}}:\d{{2}}[AP]M) (?P<level>DEBU|INFO|WARN|ERRO|FATA) {_MESSAGE_AND_PAIRS}",
        levels=_FOUR, message=("before", "rest"), examples=('12:01PM ERRO failed to bake err="no oven"',),
    ),
    Format(
        "Serilog (time of day)",
        r"^\[(?P<time>\d{2}:\d{2}:\d{2}) (?P<level>VRB|DBG|INF|WRN|ERR|FTL)\] (?P<message>.*)$",
        levels=_THREE, examples=("[10:00:00 INF] Now listening on: http://localhost:5000",),
    ),
    Format(
        "Telegraf", r"^{iso} (?P<level>[TDIWE])! (?:\[(?P<logger>[^\]]+)\] )?(?P<message>.*)$",
        levels=_TELEGRAF, examples=("2024-03-10T12:00:02Z E! [inputs.docker] Error in plugin: no such host",),
    ),
    Format(
        "npm",
        r"^(?P<event.sequence>\d+) (?P<level>silly|verbose|info|timing|http|notice|warn|error) (?P<message>.*)$",
        levels={"silly": "trace", "timing": "debug", "http": "info"}, min_share=0.3,
        examples=("0 verbose cli /usr/bin/node /usr/bin/npm",),
    ),
    Format(
        ".NET console (time)", rf"^\[?{{any}}\]? ?{_DOTNET_LINE}", levels=_DOTNET,
        examples=("2024-03-10T12:00:00.123Z fail: Shop.Orders[0] boom",),
    ),
    Format(
        ".NET console (time of day)", rf"^\[?(?P<time>\d{{2}}:\d{{2}}:\d{{2}}(?:\.\d{{1,7}})?)\]? ?{_DOTNET_LINE}",
        levels=_DOTNET, examples=("10:00:00 fail: Shop.Orders[0] boom",),
    ),
    Format(
        ".NET console",
        r"^(?P<level>trce|dbug|info|warn|fail|crit): (?P<message>(?P<logger>[A-Za-z_][\w.`+]*)\["
        r"(?P<event.code>\d+)\])$",
        levels=_DOTNET, body_pattern=r"^\s*(?P<message>[^\n]+)",
        examples=("info: Microsoft.Hosting.Lifetime[14]",),
    ),
)  # fmt: skip

GO = (
    Format(
        "Go log",
        r"^{go} (?:(?P<code.file.path>[\w./-]+\.go):(?P<code.line.number>\d+): )?(?P<message>.*)$",
        examples=("2009/11/10 23:00:00 listening on :8080", "2009/11/10 23:00:00.123456 main.go:23: listening"),
    ),
    Format(
        "level, words",
        r"^(?P<level>TRACE|DEBUG|DEBU|INFO|WARN|WARNING|ERROR|ERRO|CRITICAL|FATAL|FATA)(?: +-)?[ \t]+"
        rf"(?P<before>[^\s:\[].*?)(?P<rest>{PAIRS}) *$",
        levels=_FOUR, message=("before", "rest"), min_share=0.5,
        examples=("ERRO failed to bake degree=375", "ERROR\tboom"),
    ),
)  # fmt: skip
"""After those that begin alike and say more."""
