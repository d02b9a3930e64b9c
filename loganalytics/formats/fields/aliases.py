"""What the fields of structured logs mean: the names that loggers give the core columns, their levels and durations.

Known dialects: ECS, OpenTelemetry, structlog, zap, logrus, zerolog, bunyan, pino, winston, Rust tracing, MongoDB,
journald, GELF, Serilog, NLog, log4j 2, Monolog, Google Cloud, Cloudflare, Caddy, Traefik, nginx, Python formatters.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

Path = tuple[str, ...]

# The likelier name first. Names are compared without case, underscores and dashes: see fold().
KEYS: dict[str, tuple[str, ...]] = {
    "timestamp": ("@timestamp", "timestamp", "time", "ts", "@t", "t.$date", "datetime", "date", "eventTime", "asctime",
                  "timeUnixNano", "timeMillis", "__REALTIME_TIMESTAMP", "EdgeStartTimestamp", "time_iso8601",
                  "time_local", "StartUTC", "created", "log.timestamp", "observedTimeUnixNano", "receiveTimestamp",
                  "requestReceivedTimestamp", "instant.epochSecond", "t"),
    "level": ("level", "log.level", "severity", "severityText", "levelname", "lvl", "loglevel", "level_name", "@l", "s",
              "PRIORITY", "log.syslog.severity.name", "severityNumber", "levelno", "log.syslog.severity.code"),
    "service": ("service", "service.name", "service_name", "dd.service", "resource.service.name",
                "resource.attributes.service.name", "serviceContext.service", "app", "application", "app_name",
                "kubernetes.container_name", "SYSLOG_IDENTIFIER", "_SYSTEMD_UNIT", "container_name"),
    "logger": ("logger", "log.logger", "logger_name", "SourceContext", "Properties.SourceContext", "module", "name",
               "target", "component", "c", "channel", "category", "class", "scope.name", "instrumentationScope.name"),
    "message": ("message", "msg", "@m", "@message", "event", "fields.message", "log", "RenderedMessage", "@mt",
                "MessageTemplate", "body", "body.stringValue", "textPayload", "jsonPayload.message", "jsonPayload.msg",
                "text", "short_message", "error.message", "error"),
    "exception": ("exception", "exc_info", "error.stack_trace", "stack_trace", "stacktrace", "exception.stacktrace",
                  "err.stack", "error.stack", "stack", "traceback", "@x", "exc_text", "thrown.extendedStackTrace",
                  "attributes.exception.stacktrace", "full_message"),
    "trace_id": ("trace_id", "trace.id", "@tr", "otelTraceID", "dd.trace_id", "logging.googleapis.com/trace", "trace",
                 "request_id", "req_id", "req.id", "request.id", "http.request.id", "correlation_id", "x_request_id",
                 "RayID"),
}  # fmt: skip

# Letters that mean something in some records only, and the field by which these are known: MongoDB's, and log15's.
_LETTERS = {"s": "t.$date", "c": "t.$date", "t": "msg"}

_OTEL = {str(n): word for n, word in enumerate(
    [w for w in ("trace", "debug", "info", "warn", "error", "fatal") for _ in range(4)], start=1)}  # fmt: skip
_SYSLOG = dict(zip("01234567", ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"), strict=True))
_PYTHON = {"10": "debug", "20": "info", "30": "warning", "40": "error", "50": "critical"}
_PINO = {"10": "trace", "20": "debug", "30": "info", "40": "warn", "50": "error", "60": "fatal"}
_MONOLOG = {"100": "debug", "200": "info", "250": "notice", "300": "warning", "400": "error", "500": "critical",
            "550": "alert", "600": "emergency"}  # fmt: skip
_GOOGLE = {"0": "default", "100": "debug", "200": "info", "300": "notice", "400": "warning", "500": "error",
           "600": "critical", "700": "alert", "800": "emergency"}  # fmt: skip

_FROM_SYSLOG = {"facility", "shortmessage", "realtimetimestamp", "syslogidentifier", "syslogfacility"}
_FROM_PYTHON = {"levelno", "levelname", "lineno", "funcname", "pathname", "asctime", "processname", "threadname"}

_MS_PER_UNIT = {"ms": 1.0, "us": 1e-3, "ns": 1e-6, "s": 1e3}
_UNIT = re.compile(
    r"^(?:duration|latency|elapsed|elapsed_time|took|runtime|(?:request|response|process|processing|execution|exec|total"
    r"|query)_(?:time|duration|latency)|time_taken)_(?:(?P<ms>ms|msecs?|millis|milliseconds)|(?P<us>us|micros|microseconds)"
    r"|(?P<ns>ns|nanos|nanoseconds)|(?P<s>s|secs?|seconds))$"
)
# Fields whose unit a field beside them makes certain: Caddy, nginx, pino-http, Traefik, Envoy; ECS names its own.
_COMPANIONS: dict[str, tuple[str, float]] = {
    "event.duration": ("@timestamp", 1e-6),
    "duration": ("respheaders", 1e3),
    "requesttime": ("bodybytessent", 1e3),
    "responsetime": ("res.statuscode", 1.0),
    "Duration": ("downstreamstatus", 1e-6),
}

_REQUEST: dict[str, tuple[str, ...]] = {
    "method": ("http.request.method", "request.method", "method", "request_method", "ClientRequestMethod",
               "httpRequest.requestMethod", "http_method"),
    "url": ("url.original", "url.path", "request.uri", "request_uri", "uri", "ClientRequestURI", "RequestPath", "path",
            "url", "httpRequest.requestUrl", "request.url"),
    "line": ("request",),
    "status": ("http.response.status_code", "status", "status_code", "EdgeResponseStatus", "DownstreamStatus",
               "httpRequest.status", "response_code", "res.statusCode", "response.status"),
}  # fmt: skip


@dataclass(frozen=True)
class Dialect:
    """What a source's fields mean beyond the core columns."""

    levels: Mapping[str, str] = field(default_factory=dict)
    """Words for the numbers that stand for levels."""
    absent_level: str | None = None
    """The level of a record that writes none."""
    durations: Mapping[Path, float] = field(default_factory=dict)
    """Fields that are durations, and how many milliseconds their unit is."""
    request: tuple[Path, ...] = ()
    """The parts of a web request that make the message of a record without one; the last is the status."""


def fold(name: str) -> str:
    """Return a field's name without what only spelling varies: traceId, trace_id and TraceID are one name."""
    return re.sub(r"[_-]", "", name).lower()


def core_paths(fields: Mapping[Path, str]) -> dict[str, tuple[Path, ...]]:
    """Return the paths of each core column among the fields (path to type), the likelier first."""
    names = _by_name(fields)
    found: dict[str, tuple[Path, ...]] = {}
    for column, keys in KEYS.items():
        known = [key for key in keys if key not in _LETTERS or _LETTERS[key] in names]
        paths = [path for key in known for path in names.get(fold(key), ()) if _can_be(column, fields[path])]
        found[column] = tuple(path for path in paths if fold(path[-1]) != "priority" or names.keys() & _FROM_SYSLOG)
    return {column: paths for column, paths in found.items() if paths}


def dialect(
    fields: Mapping[Path, str], core: Mapping[str, tuple[Path, ...]], levels: Mapping[Path, set[str]]
) -> Dialect:
    """Return what the fields of a sample mean, given the values that it has for each of the level's fields."""
    names = _by_name(fields)
    scales = [_scale(fold(".".join(path)), values, names.keys()) for path, values in levels.items()]
    compact = "@t" in names and ("@m" in names or "@mt" in names)  # Serilog leaves Information out
    request = () if "message" in core else _request(names)
    return Dialect(next(filter(None, scales), {}), "info" if compact else None, _durations(fields), request)


def _by_name(fields: Mapping[Path, str]) -> dict[str, list[Path]]:
    names: dict[str, list[Path]] = {}
    for path in fields:
        names.setdefault(fold(".".join(path)), []).append(path)
    return names


def _can_be(column: str, kind: str) -> bool:
    """Whether a field of this type can be the core column: a number is no message, a flag is nothing of the kind."""
    return kind == "text" or (kind != "boolean" and column in ("timestamp", "level", "trace_id"))


def _scale(level: str, values: set[str], names: Collection[str]) -> Mapping[str, str]:
    """Return the scale of a numeric level, by its field's name and by the fields beside it; empty when uncertain."""
    numbers = {value for value in values if value.isdigit()}
    others = set(names)
    if not numbers:
        return {}
    if level == "severitynumber":
        return _OTEL
    if level in ("priority", "log.syslog.severity.code") or (numbers <= _SYSLOG.keys() and others & _FROM_SYSLOG):
        return _SYSLOG
    if level == "levelno" or (numbers <= _PYTHON.keys() and others & _FROM_PYTHON):
        return _PYTHON
    if numbers <= _PINO.keys() and ({"pid", "hostname"} <= others or {"time", "msg"} <= others):
        return _PINO
    if level == "severity" and numbers <= _GOOGLE.keys():
        return _GOOGLE
    return _MONOLOG if level == "level" and numbers <= _MONOLOG.keys() else {}


def _durations(fields: Mapping[Path, str]) -> dict[Path, float]:
    """Return the numeric fields that hold how long the event took in a unit that is certain."""
    names = _by_name(fields)
    found: dict[Path, float] = {}
    for path, kind in fields.items():
        name = ".".join(path)
        unit = _UNIT.match(re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", path[-1]).lower().replace("-", "_"))
        companion, factor = _COMPANIONS.get(name) or _COMPANIONS.get(fold(name), ("", 0.0))
        if kind not in ("integer", "number"):
            continue
        if unit:
            found[path] = _MS_PER_UNIT[str(unit.lastgroup)]
        elif companion and any(other == companion or other.startswith(companion + ".") for other in names):
            found[path] = factor
    return found


def _request(names: Mapping[str, list[Path]]) -> tuple[Path, ...]:
    parts = {part: next((names[fold(key)][0] for key in keys if fold(key) in names), None)
             for part, keys in _REQUEST.items()}  # fmt: skip
    status = parts["status"]
    words = [parts["method"], parts["url"]] if parts["method"] and parts["url"] else [parts["line"]]
    known = [path for path in words if path]
    return (*known, status) if status and known else ()
