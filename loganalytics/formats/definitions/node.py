"""Node.js: its loggers as they write for people."""

from __future__ import annotations

from loganalytics.formats.definitions.format import Format

_CLOCK = r"(?P<time>\d{1,2}:\d{2}:\d{2}(?:\.\d{1,6})?(?: [AP]M)?)Z?"
_WORD = r"(?P<level>TRACE|DEBUG|INFO|WARN|ERROR|FATAL|USERLVL)"
_PROCESS = r"\((?:(?P<service>[^/()]+)/)?(?P<process.pid>\d+)(?: on (?P<host>[^()\s]+))?\)"
_NPM = {"sill": "trace", "silly": "trace", "verb": "debug", "verbose": "debug", "timing": "debug", "http": "info",
        "ERR!": "error"}  # fmt: skip
_SIGNALE = {"await": "info", "complete": "info", "fav": "info", "pause": "info", "pending": "info", "star": "info",
            "start": "info", "wait": "info", "watch": "info", "note": "info", "log": "info"}  # fmt: skip
_CONSOLA = {"ready": "info", "start": "info", "box": "info", "log": "info", "fail": "error", "http": "info",
            "silent": "trace"}  # fmt: skip

NODE = (
    Format(
        "NestJS",
        r"^\[(?P<service>Nest|[A-Z]\w*)\] (?P<process.pid>\d+) +- {any} *"
        r"(?:(?P<level>LOG|ERROR|WARN|DEBUG|VERBOSE|FATAL) +)?(?:\[(?P<logger>[^\]]+)\] ?)?(?P<message>.*)$",
        examples=(
            "[Nest] 4711  - 01/31/2024, 4:34:05 PM     LOG [UserService] user created +3ms",
            "[Nest] 4711  - 2024-01-31 16:34:05     LOG [UserService] user created +3ms",
        ),
    ),
    Format(
        "log4js", r"^\[{iso}\] \[{LEVEL}\] (?P<logger>[\w.$/:@-]+) - (?P<message>.*)$",
        examples=("[2024-01-01T10:00:00.123] [WARN] http.server - slow answer",),
    ),
    Format(
        "pino-pretty", rf"^\[{{any}}\] +{_WORD} +{_PROCESS}: ?(?P<message>.*)$",
        examples=("[2024-01-01 10:00:00.123 +0000] INFO (shop/4711): listening",),
    ),
    Format(
        "pino-pretty (time of day)", rf"^\[{_CLOCK}\] +{_WORD}(?: +{_PROCESS})?: ?(?P<message>.*)$",
        examples=("[10:00:00.123] INFO (4711): listening", "[10:00:00.123] ERROR (shop/4711 on web-1): boom"),
    ),
    Format(
        "pino-pretty (level first)",
        rf"^{_WORD} +\[(?:{{any}}|{_CLOCK})\](?: +{_PROCESS})?: ?(?P<message>.*)$",
        examples=("INFO [2024-01-01 10:00:00.123 +0000] (shop/4711): listening",),
    ),
    Format(
        "bunyan",
        rf"^\[{{any}}\] +{_WORD}: (?P<service>[^/\s]+)/(?:(?P<logger>[^/\s]+)/)?(?P<process.pid>\d+) on "
        r"(?P<host>[^\s:]+)(?: \((?P<code.file.path>[^\s:()]+):(?P<code.line.number>\d+)"
        r"(?: in (?P<code.function.name>[^)]*))?\))?: "
        r"(?P<message>.*)$",
        examples=("[2024-01-01T10:00:00.123Z]  INFO: shop/4711 on web-1: listening (port=80)",),
    ),
    Format(
        "bunyan (short)", rf"^{_CLOCK} +{_WORD} (?P<service>[\w.-]+): (?P<message>.*)$",
        examples=("10:00:00.123Z  INFO shop: listening",),
    ),
    Format(
        "signale",
        r"^(?:\[(?P<logger>[A-Za-z][^\]]*)\] +)?(?P<log.prefix>(?:\[[^\]]*\] +)*)› +(?P<log.mark>[^\w\s]+) +"
        r"(?P<level>await|complete|error|debug|fatal|fav|info|note|pause|pending|star|start|success|wait|warn|watch|log)"
        r" +(?P<message>.*)$",
        levels=_SIGNALE, examples=("[shop] › ✖  error     no such order",),
    ),
    Format(
        "npm (console)",
        r"^(?P<logger>npm|gyp|pnpm|node-pre-gyp) (?P<level>sill|silly|verb|verbose|info|timing|http|notice|WARN|warn|"
        r"ERR!|error)(?: (?P<message>.*))?$",
        levels=_NPM, min_share=0.1, examples=("npm ERR! code ELIFECYCLE", "npm WARN deprecated har@5: no longer kept"),
    ),
)  # fmt: skip

NODE_LATE = (
    Format(
        "level: message",
        r"^(?P<level>silly|trace|verbose|debug|http|info|notice|warn|warning|error|crit|critical|alert|emerg|fatal): "
        r"+(?P<message>.*)$",
        levels=_CONSOLA, min_share=0.2, examples=('warn: slow answer {"took":3}',),
    ),
    Format(
        "[level] message, any case",
        r"^\[(?P<level>silent|trace|verbose|debug|info|log|success|ready|start|notice|warn|warning|error|fail|fatal|"
        r"critical|box)\] (?P<message>.*)$",
        levels=_CONSOLA, min_share=0.2, examples=("[warn] slow answer took=3",),
    ),
)  # fmt: skip
"""After those that say more; their lines have no time."""
