"""What the fields of structured logs mean: the names that loggers give the core columns, their levels and durations.

Known libraries: ECS, OpenTelemetry, structlog, zap, logrus, zerolog, bunyan, pino, winston, Rust tracing, MongoDB,
journald, GELF, Serilog, NLog, log4j 2, Monolog, Google Cloud, Cloudflare, Caddy, Traefik, nginx, Python formatters.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

FieldPath = tuple[str, ...]

# The likelier name first. Names are compared without case, underscores and dashes: see fold().
FIELD_ALIASES: dict[str, tuple[str, ...]] = {
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

# Single letters that mean something in some records only, and the field by which these are known: MongoDB's, log15's.
_ONE_LETTER_ALIASES = {"s": "t.$date", "c": "t.$date", "t": "msg"}

_OTEL_LEVELS = {str(n): word for n, word in enumerate(
    [w for w in ("trace", "debug", "info", "warn", "error", "fatal") for _ in range(4)], start=1)}  # fmt: skip
_SYSLOG_LEVELS = dict(
    zip("01234567", ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"), strict=True)
)
_PYTHON_LEVELS = {"10": "debug", "20": "info", "30": "warning", "40": "error", "50": "critical"}
_PINO_LEVELS = {"10": "trace", "20": "debug", "30": "info", "40": "warn", "50": "error", "60": "fatal"}
_MONOLOG_LEVELS = {"100": "debug", "200": "info", "250": "notice", "300": "warning", "400": "error", "500": "critical",
            "550": "alert", "600": "emergency"}  # fmt: skip
_GOOGLE_LEVELS = {"0": "default", "100": "debug", "200": "info", "300": "notice", "400": "warning", "500": "error",
           "600": "critical", "700": "alert", "800": "emergency"}  # fmt: skip

_SYSLOG_FIELDS = {"facility", "shortmessage", "realtimetimestamp", "syslogidentifier", "syslogfacility"}
_PYTHON_FIELDS = {"levelno", "levelname", "lineno", "funcname", "pathname", "asctime", "processname", "threadname"}

_MS_PER_UNIT = {"ms": 1.0, "us": 1e-3, "ns": 1e-6, "s": 1e3}
_UNIT = re.compile(
    r"^(?:duration|latency|elapsed|elapsed_time|took|runtime|(?:request|response|process|processing|execution|exec|total"
    r"|query)_(?:time|duration|latency)|time_taken)_(?:(?P<ms>ms|msecs?|millis|milliseconds)|(?P<us>us|micros|microseconds)"
    r"|(?P<ns>ns|nanos|nanoseconds)|(?P<s>s|secs?|seconds))$"
)
# Fields whose unit a field beside them makes certain: Caddy, nginx, pino-http, Traefik, Envoy; ECS names its own.
_UNIT_BY_NEIGHBOUR: dict[str, tuple[str, float]] = {
    "event.duration": ("@timestamp", 1e-6),
    "duration": ("respheaders", 1e3),
    "requesttime": ("bodybytessent", 1e3),
    "responsetime": ("res.statuscode", 1.0),
    "Duration": ("downstreamstatus", 1e-6),
}

_REQUEST_ALIASES: dict[str, tuple[str, ...]] = {
    "method": ("http.request.method", "request.method", "method", "request_method", "ClientRequestMethod", "cs-method",
               "httpRequest.requestMethod", "http_method"),
    "url": ("url.original", "cs-uri-stem", "url.path", "request.uri", "request_uri", "uri", "ClientRequestURI",
            "RequestPath", "path", "url", "httpRequest.requestUrl", "request.url"),
    "line": ("request",),
    "status": ("http.response.status_code", "status", "sc-status", "status_code", "EdgeResponseStatus",
               "DownstreamStatus", "httpRequest.status", "response_code", "res.statusCode", "response.status"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class FieldSemantics:
    """What a source's fields mean beyond the core columns."""

    level_words: Mapping[str, str] = field(default_factory=dict)
    """Words for the numbers that stand for levels."""
    default_level: str | None = None
    """The level of a record that writes none."""
    durations: Mapping[FieldPath, float] = field(default_factory=dict)
    """Fields that are durations, and how many milliseconds their unit is."""
    request_paths: tuple[FieldPath, ...] = ()
    """The fields of a web request that make the message of a record without one; the last is the status."""


def fold_name(name: str) -> str:
    """Return a field's name without differences of spelling: traceId, trace_id and TraceID are one name."""
    return re.sub(r"[_-]", "", name).lower()


def core_paths(fields: Mapping[FieldPath, str]) -> dict[str, tuple[FieldPath, ...]]:
    """Return the paths of each core column among the fields (path to type), the likelier first."""
    names = _by_name(fields)
    core = {column: tuple(_alias_paths(column, names, fields)) for column in FIELD_ALIASES}
    return {column: paths for column, paths in core.items() if paths}


def _alias_paths(
    column: str, names: Mapping[str, list[FieldPath]], fields: Mapping[FieldPath, str]
) -> Iterator[FieldPath]:
    for alias in FIELD_ALIASES[column]:
        if alias in _ONE_LETTER_ALIASES and _ONE_LETTER_ALIASES[alias] not in names:
            continue
        for path in names.get(fold_name(alias), ()):
            is_ambiguous = fold_name(path[-1]) == "priority" and not names.keys() & _SYSLOG_FIELDS
            if _can_be(column, fields[path]) and not is_ambiguous:
                yield path


def field_semantics(
    fields: Mapping[FieldPath, str],
    core: Mapping[str, tuple[FieldPath, ...]],
    level_values: Mapping[FieldPath, set[str]],
) -> FieldSemantics:
    """Return what the fields of a sample mean, given the values that it has for each of the level's fields."""
    names = _by_name(fields)
    scales = (_scale(fold_name(".".join(path)), values, names.keys()) for path, values in level_values.items())
    is_serilog = "@t" in names and ("@m" in names or "@mt" in names)  # its compact form leaves Information out
    return FieldSemantics(
        level_words=next(filter(None, scales), {}),
        default_level="info" if is_serilog else None,
        durations=_durations(fields),
        request_paths=() if "message" in core else _request_paths(names),
    )


def _by_name(fields: Mapping[FieldPath, str]) -> dict[str, list[FieldPath]]:
    names: dict[str, list[FieldPath]] = {}
    for path in fields:
        names.setdefault(fold_name(".".join(path)), []).append(path)
    return names


def _can_be(column: str, kind: str) -> bool:
    """Whether a field of this type can be the core column: a number is not a message, a flag is never one of them."""
    return kind == "text" or (kind != "boolean" and column in ("timestamp", "level", "trace_id"))


def _scale(level: str, values: set[str], names: Collection[str]) -> Mapping[str, str]:
    """Return the scale of a numeric level, by its field's name and by the fields beside it; empty when uncertain."""
    numbers = {value for value in values if value.isdigit()}
    neighbours = set(names)
    if not numbers:
        return {}
    if level == "severitynumber":
        return _OTEL_LEVELS
    is_syslog = numbers <= _SYSLOG_LEVELS.keys() and neighbours & _SYSLOG_FIELDS
    if level in ("priority", "log.syslog.severity.code") or is_syslog:
        return _SYSLOG_LEVELS
    if level == "levelno" or (numbers <= _PYTHON_LEVELS.keys() and neighbours & _PYTHON_FIELDS):
        return _PYTHON_LEVELS
    if numbers <= _PINO_LEVELS.keys() and ({"pid", "hostname"} <= neighbours or {"time", "msg"} <= neighbours):
        return _PINO_LEVELS
    if level == "severity" and numbers <= _GOOGLE_LEVELS.keys():
        return _GOOGLE_LEVELS
    return _MONOLOG_LEVELS if level == "level" and numbers <= _MONOLOG_LEVELS.keys() else {}


def _durations(fields: Mapping[FieldPath, str]) -> dict[FieldPath, float]:
    """Return the numeric fields that hold how long the event took in a unit that is certain."""
    names = _by_name(fields)
    factors = {path: _milliseconds(path, names) for path, kind in fields.items() if kind in ("integer", "number")}
    return {path: factor for path, factor in factors.items() if factor is not None}


def _milliseconds(path: FieldPath, names: Collection[str]) -> float | None:
    """Return how many milliseconds the unit of a duration is, by its name or by a field beside it."""
    unit = _UNIT.match(re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", path[-1]).lower().replace("-", "_"))
    if unit:
        return _MS_PER_UNIT[str(unit.lastgroup)]
    name = ".".join(path)
    neighbour, factor = _UNIT_BY_NEIGHBOUR.get(name) or _UNIT_BY_NEIGHBOUR.get(fold_name(name), ("", 0.0))
    is_certain = neighbour and any(n == neighbour or n.startswith(neighbour + ".") for n in names)
    return factor if is_certain else None


def _request_paths(names: Mapping[str, list[FieldPath]]) -> tuple[FieldPath, ...]:
    paths: dict[str, FieldPath | None] = {}
    for element, aliases in _REQUEST_ALIASES.items():
        paths[element] = next((names[fold_name(alias)][0] for alias in aliases if fold_name(alias) in names), None)
    status = paths["status"]
    elements = ("method", "url") if paths["method"] and paths["url"] else ("line",)
    request = [path for element in elements if (path := paths[element])]
    return (*request, status) if status and request else ()
