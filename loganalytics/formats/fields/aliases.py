"""The names that loggers give the core columns.

Known libraries: ECS, OpenTelemetry, structlog, zap, logrus, zerolog, bunyan, pino, winston, Rust tracing, MongoDB,
journald, GELF, Serilog, NLog, log4j 2, logback, Monolog, loguru, Twisted, hclog, Google Cloud, Cloudflare, Caddy,
Traefik, nginx, Envoy, PostgreSQL, MySQL, Datadog, Azure, Python formatters.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

FieldPath = tuple[str, ...]

# The likelier name first. Names are compared without case, underscores and dashes: see fold_name().
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
               "target", "component", "c", "channel", "category", "class", "scope.name", "instrumentationScope.name",
               "@module", "_log_logger", "record.name", "log_namespace", "CategoryName", "log.name"),
    "message": ("formattedMessage", "message", "msg", "@m", "@message", "event", "fields.message", "log",
                "RenderedMessage", "record.message", "@mt", "MessageTemplate", "body", "body.stringValue",
                "textPayload", "jsonPayload.message", "jsonPayload.msg", "text", "short_message", "log_text",
                "log_format", "log_message", "message_text", "body.message", "body.msg", "record.msg",
                "State.Message", "{OriginalFormat}", "State.{OriginalFormat}", "error.message", "error"),
    "exception": ("exception", "exc_info", "error.stack_trace", "stack_trace", "stacktrace", "exception.stacktrace",
                  "err.stack", "error.stack", "stack", "traceback", "@x", "exc_text", "thrown.extendedStackTrace",
                  "attributes.exception.stacktrace", "full_message"),
    "trace_id": ("trace_id", "trace.id", "@tr", "otelTraceID", "dd.trace_id", "logging.googleapis.com/trace", "trace",
                 "request_id", "req_id", "req.id", "request.id", "http.request.id", "correlation_id", "x_request_id",
                 "RayID"),
}  # fmt: skip

# Names of the level after those above, which servers of logs are not asked for.
_FURTHER_LEVELS = (
    "@level", "record.level.name", "record.level.no", "record.levelname", "level.name", "log_level.name",
    "error_severity", "severity_name", "severity_level", "level_text", "LevelDisplayName", "EventLevelName",
    "EntryType", "log.severity", "log_severity", "log.priority", "level_value", "syslog_severity", "syslog.severity",
    "prio", "pri", "sev", "level_no", "log_priority", "messageType", "metadata.level", "attributes.level",
    "attributes.log.level", "fields.level", "jsonPayload.level", "jsonPayload.severity", "meta.level", "context.level",
    "level.levelStr", "_meta.logLevelName", "severity_string", "log_level_name", "severityValue",
    "EventType", "status", "label", "type", "at",
)  # fmt: skip

# The message, where no other field is.
_FURTHER_MESSAGES = (
    "eventMessage", "log_line", "raw_message", "messageText", "RenderedDescription", "displayMessage", "full_log",
    "output", "line", "Meldung", "Nachricht", "mensaje", "mensagem", "messaggio", "сообщение", "消息", "日志", "内容",
    "訊息", "メッセージ", "메시지", "content", "description", "details", "data", "args", "0",
)  # fmt: skip

# Single letters that mean something in some records only, and the field by which these are known: MongoDB's, log15's.
_ONE_LETTER_ALIASES = {"s": "t.$date", "c": "t.$date", "t": "msg"}

_SYSLOG_NEIGHBOURS = {"facility", "shortmessage", "realtimetimestamp", "syslogidentifier", "syslogfacility",
                      "syslogfacilitytext"}  # fmt: skip

# Names by which a core column is known in any object, where no field has one of the names above.
_IN_ANY_OBJECT = {
    "level": {"level", "severity", "loglevel", "levelname", "lvl"},
    "message": {"message", "msg", "logmessage"},
}
_OTHER_OWNERS = {"error", "err", "exception", "cause", "request", "req", "response", "res", "user", "rule", "alert"}

# What writers of JSON wrap a value into: MongoDB's extended JSON.
_WRAPPERS = re.compile(r"(?:\.\$(?:date|numberlong))+$")


@lru_cache(maxsize=4096)
def fold_name(name: str) -> str:
    """Return a field's name without differences of spelling: traceId, trace_id and TraceID are one name."""
    return re.sub(r"[_-]", "", name).lower()


def fold_path(path: FieldPath) -> str:
    """Return a field's dotted name without differences of spelling."""
    return fold_name(".".join(path))


def value_at(record: Any, path: FieldPath) -> Any:
    """Return what a record holds at a path, None where there is nothing."""
    for name in path:
        record = record.get(name) if isinstance(record, dict) else None
    return record


def fields_by_name(fields: Iterable[FieldPath]) -> dict[str, list[FieldPath]]:
    """Return the fields by their folded dotted names; one in a wrapper is found by the name without it too."""
    names: dict[str, list[FieldPath]] = {}
    for path in fields:
        name = fold_path(path)
        for spelling in dict.fromkeys((name, _WRAPPERS.sub("", name))):
            names.setdefault(spelling, []).append(path)
    return names


def with_last_parts(names: Collection[str]) -> set[str]:
    """Return folded names and the last part of each, by which a field is known in whichever object it is."""
    return {*names, *(name.rsplit(".", 1)[-1] for name in names)}


def named_field(name: str, names: Mapping[str, list[FieldPath]]) -> FieldPath | None:
    """Return the field that a user means by a name: spelled as it is, or nearly."""
    spelled = [path for paths in names.values() for path in paths if ".".join(path) == name]
    return next(iter(spelled or names.get(fold_name(name), [])), None)


def may_hold_alias(path: FieldPath) -> bool:
    """Whether an object of this name may hold a field with a name that loggers give a core column."""
    return fold_path(path) in _PREFIXES


def core_paths(fields: Mapping[FieldPath, str]) -> dict[str, tuple[FieldPath, ...]]:
    """Return the paths of each core column among the fields (path to type), the likelier first."""
    names = fields_by_name(fields)
    further = {"level": _FURTHER_LEVELS, "message": _FURTHER_MESSAGES}
    core = {
        column: tuple(dict.fromkeys(_alias_paths(column, (*aliases, *further.get(column, ())), names, fields)))
        for column, aliases in FIELD_ALIASES.items()
    }
    for column, leaves in _IN_ANY_OBJECT.items():
        core[column] = core[column] or tuple(_paths_by_leaf(leaves, fields))
    return {column: paths for column, paths in core.items() if paths}


def _paths_by_leaf(leaves: Collection[str], fields: Mapping[FieldPath, str]) -> list[FieldPath]:
    """Return the fields whose last name is one of these, the outermost first."""
    paths = [
        path
        for path, kind in fields.items()
        if fold_name(path[-1]) in leaves
        and kind in ("text", "integer")
        and not _OTHER_OWNERS & set(map(str.lower, path))
    ]
    return sorted(paths, key=len)


def _alias_paths(
    column: str, aliases: Collection[str], names: Mapping[str, list[FieldPath]], fields: Mapping[FieldPath, str]
) -> Iterator[FieldPath]:
    for alias in aliases:
        if alias in _ONE_LETTER_ALIASES and _ONE_LETTER_ALIASES[alias] not in names:
            continue
        for path in names.get(fold_name(alias), ()):
            is_ambiguous = fold_name(path[-1]) == "priority" and fields[path] != "text" and not is_syslog(names)
            if _can_be(column, fields[path]) and not is_ambiguous:
                yield path


def is_syslog(names: Collection[str]) -> bool:
    """Whether fields with these folded names are those of a syslog or journal."""
    return not _SYSLOG_NEIGHBOURS.isdisjoint(names)


def _can_be(column: str, kind: str) -> bool:
    """Whether a field of this type can be the core column: a number is not a message, a flag is never one of them."""
    return kind == "text" or (kind != "boolean" and column in ("timestamp", "level", "trace_id"))


_PREFIXES = {
    name[:index]
    for aliases in (*FIELD_ALIASES.values(), _FURTHER_LEVELS, _FURTHER_MESSAGES)
    for name in map(fold_name, aliases)
    for index, character in enumerate(name)
    if character == "."
}
