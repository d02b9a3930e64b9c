"""Python: the standard library's logging in its usual layouts, and what runs Python programs."""

from __future__ import annotations

from loganalytics.formats.definitions.access import STATUS
from loganalytics.formats.definitions.format import PAIRS, Format

_WORDS = r"(?P<level>DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL|FATAL|TRACE)"

_THREAD = r"(?P<thread.name>MainThread|Scheduler|[A-Z][a-z]+-\d+)"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_TORNADO = {"D": "debug", "I": "info", "W": "warning", "E": "error", "C": "critical"}

_STRUCTLOG = (
    r"\[(?P<level>trace|debug|info|warning|warn|error|critical|exception|fatal|notset) +\] (?P<before>.*?) *"
    rf"(?:\[(?P<logger>[A-Za-z_][\w.]*)\])?(?P<rest>{PAIRS}) *$"
)

PYTHON = (
    Format(
        "Celery",
        r"^\[{iso}: {level}/(?P<thread.name>[^\]]+)\] (?:(?P<logger>[\w.]+)\[(?P<trace_id>[0-9a-f-]{36})\]: )?"
        r"(?P<message>(?:Task \S+ succeeded in (?P<duration_s>\d+(?:\.\d+)?(?:e-?\d+)?)s)?.*)$",
        variants=(
            r"^\[{time:iso space}: {level}/(?P<thread.name>[^\]]+)\] "
            r"(?P<message>Task \S+ (?:succeeded in (?P<duration_s>\d+(?:\.\d+)?(?:e-?\d+)?)s:.*|[^s].*))$",
        ),
        examples=("[2026-03-10 12:00:01,123: INFO/ForkPoolWorker-2] Task a.b[1] succeeded in 1.2s: None",),
    ),
    Format(
        "structlog", rf"^{{iso}} {_STRUCTLOG}", message=("before", "rest"),
        examples=("2024-03-10T12:34:56.789012Z [info     ] Running report                 [app.jobs] slug=3HYUFB n=1",),
    ),
    Format(
        "structlog (no time)", rf"^{_STRUCTLOG}", message=("before", "rest"),
        examples=("[info     ] Running report                 slug=3HYUFB n=1",),
    ),
    Format(
        "rich",
        r"^\[(?:{slash}|(?P<time>\d{2}:\d{2}:\d{2}))\] +(?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL) +"
        r"(?P<message>.*?) +(?P<code.file.path>[\w.-]+\.py):(?P<code.line.number>\d+) *$",
        examples=("[03/10/24 12:00:00] INFO     listening on 80                         server.py:12",),
    ),
    Format(
        "rich (same second)",
        r"^ {6,}(?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL) +(?P<message>.*?)"
        r" +(?P<code.file.path>[\w.-]+\.py):(?P<code.line.number>\d+) *$",
        examples=("                    WARNING  slow answer                             server.py:14",),
    ),
    Format(
        "coloredlogs",
        r"^{iso} (?P<host>[\w.-]+) (?P<logger>[A-Za-z_][\w.]*)\[(?P<process.pid>\d+)\] +{LEVEL} +(?P<message>.*)$",
        examples=("2024-01-01 10:00:00 web-1 shop.api[4711] ERROR no such order",),
    ),
    Format(
        "Airflow",
        r"^\[{iso}\] \{+(?P<code.file.path>[^:}]+):(?P<code.line.number>\d+)\}+ {level} - (?P<message>.*)$",
        examples=("[2024-01-01T00:00:00.123+0000] {taskinstance.py:1234} INFO - Marking task as SUCCESS",),
    ),
    Format(
        "gunicorn", r"^\[{iso}\] \[(?P<process.pid>\d+)\] \[{level}\] (?P<message>.*)$",
        examples=("[2024-01-01 00:00:00 +0000] [123] [INFO] Starting gunicorn 21.2.0",),
    ),
    Format(
        "Python logging (colons)", r"^{iso}:{level}:(?:(?P<logger>[A-Za-z_][\w.]*):)?(?P<message>.*)$",
        examples=("2009-07-20 22:59:27,672:DEBUG:Hello", "2015-03-12T23:16:52.071:INFO:com.root:Response"),
    ),
    Format(
        "Python logging (colons, thread)",
        rf"^\[{{iso}}\] {{level}}:(?P<logger>[A-Za-z_][\w.]*):{_THREAD}:(?P<message>.*)$",
        # With capitals such a line alone is one of basicConfig in brackets.
        examples=("[2024-03-10 12:00:00,123] error:huey:Worker-1:Unhandled exception in task 4711.",),
    ),
    Format(
        "Python logging (file, [line:], level)",
        r"^{iso}(?: -)? +(?P<code.file.path>[\w./-]+\.py) ?\[line:(?P<code.line.number>\d+)\](?: -)? +{LEVEL}:? +"
        r"(?P<message>.*)$",
        examples=("2024-03-10 12:00:00,123 - db.py[line:12] - ERROR: connection lost",),
    ),
    Format(
        "Python logging (logger, level, colon)",
        # Behind PostgreSQL's levels stand two blanks.
        r"^{iso} (?P<logger>[A-Za-z_]\w*(?:\.\w+)+) {LEVEL}: (?P<message>[^ ].*)$",
        examples=("2024-03-10 12:00:00 app.db ERROR: connection lost",),
    ),
    Format(
        "AWS Lambda", rf"^\[{{LEVEL}}\]\t{{zulu}}\t(?P<trace_id>{_UUID})\t(?P<message>.*)$",
        examples=("[ERROR]\t2024-03-10T12:00:00.123Z\t6f1c2d3e-0000-4000-8000-000000000001\tno such order",),
    ),
    Format(
        "AWS Lambda (platform)",
        rf"^(?P<message>(?:START|END|REPORT) RequestId: (?P<trace_id>{_UUID})"
        r"(?:\s+Duration: (?P<duration_ms>[\d.]+) ms)?.*)$",
        examples=("END RequestId: 6f1c2d3e-0000-4000-8000-000000000001",),
    ),
    Format(
        "Python logging (dashes)",
        r"^{iso} - (?P<logger>[^\s-]\S*) - {level} - (?:\[(?P<code.file.path>[\w./-]+\.py):(?P<code.line.number>\d+)\] "
        r"- )?(?P<message>.*)$",
        variants=(
            r"^{iso} - (?P<logger>[^\s-]\S*) - {level} - "
            r"(?:\[(?P<code.file.path>[\w/-]+\.py):(?P<code.line.number>\d+)\] - )?(?P<message>[^\[].*)$",
        ),
        examples=(
            "2026-03-10 12:00:00,123 - app.db - ERROR - connection lost",
            "2026-03-10 12:00:00,123 - app.db - ERROR - [db.py:12] - connection lost",
        ),
    ),
    Format(
        "loguru",
        r"^{iso} \| {level} *\| (?P<logger>[^\s:]+)(?::(?P<code.function.name>[^\s:]+):(?P<code.line.number>\d+))? - "
        r"(?P<message>.*)$",
        examples=("2026-03-10 12:00:00.123 | INFO     | app.db:connect:12 - connected",),
    ),
    Format(
        "loguru (context)",
        r"^{iso} \| {level} *\| (?P<log.context>[^|]+?) *\| "
        r"(?P<logger>[^\s:|]+):(?P<code.function.name>[^\s:|]+):(?P<code.line.number>\d+) - (?P<message>.*)$",
        examples=("2026-03-10 12:00:00.123 | INFO     | req-1a2b | app.db:connect:12 - connected",),
    ),
    Format(
        "OpenStack",
        r"^{iso} (?P<process.pid>\d+) {level} (?P<logger>[\w.-]+) "
        r"\[(?P<trace_id>req-[\w-]+|-)(?P<request.context>[^\]]*)\] "
        r"(?P<message>.*)$",
        variants=(
            r"^{iso} (?P<process.pid>\d+) {level} (?P<logger>[\w.-]+) "
            r"\[(?P<trace_id>req-[\w-]+|-)(?P<request.context>(?: [^\]]*)?)\] (?P<message>.*)$",
        ),
        examples=("2017-05-16 00:00:00.008 25746 INFO nova.osapi_compute.wsgi.server [req-38101a0b - - -] 10.11.10.1",),
    ),
    Format(
        "cloud-init", r"^{iso} - (?P<logger>[\w.]+)\[{LEVEL}\]: (?P<message>.*)$",
        examples=("2024-03-10 12:00:02,123 - url_helper.py[WARNING]: Calling 'http://169.254.169.254' failed",),
    ),
    Format(
        "Scrapy", r"^{iso} \[(?P<logger>[A-Za-z_][\w.]*)\] {LEVEL}: (?P<message>.*)$",
        examples=("2024-03-10 12:00:01 [scrapy.utils.log] INFO: Scrapy 2.11.0 started (bot: shop)",),
    ),
    Format(
        "Salt",
        r"^{iso} \[(?P<logger>[\w.-]+) *:(?P<code.line.number>\d+) *\]\[{LEVEL} *\]\[(?P<process.pid>\d+)\] "
        r"(?P<message>.*)$",
        examples=("2024-03-10 12:00:01,123 [salt.master      :123 ][INFO    ][1234] Setting up the Salt Master",),
    ),
    Format(
        "Tornado", r"^\[(?P<level>[DIWEC]) {any} (?P<logger>[^\]]+)\] (?P<message>.*)$",
        levels=_TORNADO,
        variants=(
            r"^\[(?P<level>[DIWEC]) {time:two-digit year compact, clock} (?P<logger>[^\]]+)\] (?P<message>.*)$",
        ),
        examples=("[W 240310 12:00:02 web:2271] 404 GET /x (127.0.0.1) 0.50ms",),
    ),
    Format(
        "Flask", r"^\[{iso}\] {LEVEL} in (?P<logger>\w+): (?P<message>.*)$",
        examples=("[2024-01-01 00:00:00,123] ERROR in app: Exception on /login [POST]",),
    ),
    Format(
        "Python logging (bracketed logger)",
        r"^{iso} +{level} +\[(?P<logger>[A-Za-z_][\w.]*)\](?: +\[(?P<trace_id>[\w-]+)\])? (?P<message>.*)$",
        variants=(
            r"^{iso} +{level} +\[(?P<logger>[A-Za-z_][\w.]*)\] (?:\[(?P<trace_id>[\w-]+)\] )?(?P<message>[^ \[].*)$",
        ),
        examples=("2026-03-10 09:14:03,123 INFO [api.routes] [req_1a2b3c4d] GET /builds/1 200 in 35.2ms",),
    ),
    Format(
        "Odoo",
        r"^{iso} (?P<process.pid>\d+) {LEVEL} (?P<db.namespace>\S+) (?P<logger>[A-Za-z_][\w.]*): (?P<message>.*)$",
        examples=("2024-03-10 12:00:00,123 4711 WARNING shop odoo.modules.loading: slow",),
    ),
    Format(
        "Ray", r"^{iso}\t{LEVEL} (?P<code.file.path>[\w./-]+\.\w+):(?P<code.line.number>\d+) -- (?P<message>.*)$",
        examples=("2024-03-10 12:00:00,123\tWARNING services.py:1889 -- slow",),
    ),
    Format(
        "PyTorch",
        r"^\[(?P<level>[IWEF]) (?P<code.file.path>[\w./-]+\.(?:cpp|cc|cu|h)):(?P<code.line.number>\d+)\] "
        r"(?P<message>.*)$",
        levels={"I": "info", "W": "warning", "E": "error", "F": "fatal"},
        examples=("[W socket.cpp:697] [c10d] The client socket has failed to connect",),
    ),
    Format(
        "Python logging (thread, logger)",
        r"^{iso} +{level} +\((?P<thread.name>[^)]*)\) +\[(?P<logger>[A-Za-z_][\w.-]*)\] (?P<message>.*)$",
        examples=("2024-03-10 12:00:00.123 ERROR (MainThread) [homeassistant.setup] no such component",),
    ),
    Format(
        "Python logging (basicConfig, thread)",
        rf"^{_WORDS}:(?P<logger>[A-Za-z_][\w.]*):{_THREAD}:(?P<message>.*)$",
        examples=("ERROR:huey:Worker-1:Unhandled exception in task 4711.",),
    ),
    Format(
        "Python logging (basicConfig)", rf"^{_WORDS}:(?P<logger>[A-Za-z_][\w.]*):(?P<message>.*)$",
        examples=("INFO:root:started", "WARNING:app.db:slow query"),
    ),
    Format(
        "uvicorn access log",
        rf'^INFO: +(?P<client.address>[\w.:-]+) - "(?P<http.request.method>[A-Z]+) (?P<url.original>\S+) '
        rf'(?P<network.protocol>HTTP/[\d.]+)" (?P<{STATUS}>\d{{3}})(?: (?P<http.response.status_text>.*))?$',
        status=STATUS, message=("http.request.method", "url.original", STATUS),
        examples=('INFO:     127.0.0.1:54321 - "GET /items HTTP/1.1" 200 OK',),
    ),
)  # fmt: skip

PYTHON_LATE = (
    Format(
        "level, message", rf"^{_WORDS}: +(?P<message>.*)$", min_share=0.2,
        examples=("INFO:     Started server process [1]", "ERROR: no such host"),
    ),
    Format(
        "[level] message", r"^\[{LEVEL}\] (?P<message>.*)$", min_share=0.2,
        examples=("[ERROR] plugin/errors: 2 example.com. A: i/o timeout",),
    ),
)  # fmt: skip
"""After those that say more; their lines have no time."""
