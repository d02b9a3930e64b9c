"""Which fields of records are the level, and what their numbers stand for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import NamedTuple

from loganalytics.formats.fields.aliases import (
    FieldPath,
    fields_by_name,
    fold_path,
    is_syslog,
    named_field,
    with_last_parts,
)
from loganalytics.schema import is_level, is_level_word

_OTEL = {str(n): word for n, word in enumerate(
    [w for w in ("trace", "debug", "info", "warn", "error", "fatal") for _ in range(4)], start=1)}  # fmt: skip
_SYSLOG = dict(zip("01234567", ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"), strict=True))
_SYSLOG_PRIORITY = {str(n): _SYSLOG[str(n % 8)] for n in range(192)}  # with the facility
_PYTHON = {"0": "trace", "5": "trace", "10": "debug", "15": "debug", "20": "info", "25": "success", "30": "warning",
           "40": "error", "50": "critical"}  # fmt: skip
_PINO = {"10": "trace", "20": "debug", "30": "info", "40": "warn", "50": "error", "60": "fatal"}
_MONOLOG = {"100": "debug", "200": "info", "250": "notice", "300": "warning", "400": "error", "500": "critical",
            "550": "alert", "600": "emergency"}  # fmt: skip
_GOOGLE = {"0": "default", "100": "debug", "200": "info", "300": "notice", "400": "warning", "500": "error",
           "600": "critical", "700": "alert", "800": "emergency"}  # fmt: skip
_LOG4J2 = {"100": "fatal", "200": "error", "300": "warn", "400": "info", "500": "debug", "600": "trace"}
_LOGBACK = {"5000": "trace", "10000": "debug", "20000": "info", "30000": "warn", "40000": "error", "50000": "fatal"}
_JUL = {"300": "finest", "400": "finer", "500": "fine", "700": "config", "800": "info", "900": "warning",
        "1000": "severe"}  # fmt: skip
_WINDOWS = {"0": "info", "1": "critical", "2": "error", "3": "warning", "4": "info", "5": "verbose"}
_DOTNET = {"0": "trace", "1": "debug", "2": "info", "3": "warning", "4": "error", "5": "critical"}
_APPLICATION_INSIGHTS = {"0": "verbose", "1": "info", "2": "warning", "3": "error", "4": "critical"}
_NEXTCLOUD = {"0": "debug", "1": "info", "2": "warn", "3": "error", "4": "fatal"}
_MYSQL = {"0": "info", "1": "error", "2": "warning", "3": "note"}

_PYTHON_NEIGHBOURS = {"levelno", "levelname", "lineno", "funcname", "pathname", "asctime", "processname", "threadname"}
_WINDOWS_NEIGHBOURS = {"eventid", "eventrecordid", "recordid", "providername", "channel", "computer", "machinename",
                       "leveldisplayname", "timegenerated", "opcode"}  # fmt: skip
_DOTNET_NEIGHBOURS = {"eventid", "category", "categoryname", "sourcecontext", "scopes", "state", "messagetemplate"}
_AZURE_NEIGHBOURS = {"resourceid", "operationname"}
_LOG4J2_NEIGHBOURS = {"loggername", "endofbatch", "loggerfqcn", "timemillis", "instant.epochsecond"}
_SYSLOG_LEAVES = {"severity", "syslogseverity", "level", "priority", "pri", "loglevel"}
_HOST_NEIGHBOURS = {"host", "hostname", "appname", "program", "tag", "facility", "source", "device", "fromhost",
                    "facilityname", "sysloghost", "computer", "hostip", "fromhostip"}  # fmt: skip
_SYSLOG_NAMES = {"priority", "log.syslog.severity.code", "syslogseverity", "syslog.severity", "logpriority",
                 "syslogseveritycode"}  # fmt: skip

# Names that are the level only where every value is the word for one.
_WEAK_NAMES = {"status", "label", "type", "prio", "pri", "entrytype", "eventtype", "priority", "s", "at"}
_LEVEL_LIKE = ("lev", "sev", "lvl", "prio", "nivel", "nível", "niveau", "stufe", "级别", "等级", "級別", "レベル",
               "уровень", "수준", "레벨")  # fmt: skip


class _Scale(NamedTuple):
    """The words for a field's numbers."""

    name: str
    words: Mapping[str, str]
    is_certain: bool = True


@dataclass(frozen=True, kw_only=True)
class LevelFields:
    """The fields that are the level, the likelier first."""

    paths: tuple[FieldPath, ...] = ()
    words: Mapping[FieldPath, Mapping[str, str]] = field(default_factory=dict)
    """Of each field that holds numbers the words for them."""
    guesses: tuple[str, ...] = ()


def level_fields(
    values: Mapping[FieldPath, Sequence[str]], aliased: Iterable[FieldPath], hint: str | None = None
) -> LevelFields:
    """Return the fields that are the level, given the sampled values of all fields as text.

    `aliased` are those with a name that loggers give a level, `hint` the name of the field that the user says it is.
    """
    names = fields_by_name(values)
    neighbours = with_last_parts(names)
    hinted = named_field(hint, names) if hint else None
    paths = [hinted] if hinted else [path for path in aliased if _is_level(path, values[path], neighbours)]
    scales = {path: scale for path in paths if (scale := _scale(fold_path(path), set(values[path]), neighbours))}
    if hinted is None:
        paths.sort(key=lambda path: path not in scales and not any(map(is_level, values[path])))
        paths = paths or _by_value(values)
    guesses = [_guess(path, scale) for path, scale in scales.items() if not scale.is_certain]
    guesses += [_unread(path) for path in paths if path not in scales and all(map(_is_number, values[path]))]
    guesses += [] if hinted or not paths or paths[0] in aliased else [_field_guess(paths[0])]
    words = {path: scale.words for path, scale in scales.items()}
    return LevelFields(paths=tuple(paths), words=words, guesses=tuple(guesses))


def _is_level(path: FieldPath, texts: Sequence[str], names: Collection[str]) -> bool:
    """Whether a field with a level's name holds levels: words that are, or numbers."""
    words = [text for text in texts if not _is_number(text)]
    name = fold_path(path)
    if name not in _WEAK_NAMES:
        return not words or len(words) < len(texts) or any(map(is_level, words))
    if words:
        return (
            len(words) == len(texts) and all(map(is_level, words)) and (name == "s" or any(map(is_level_word, words)))
        )
    return bool(texts) and _scale(name, set(texts), names) is not None


def _by_value(values: Mapping[FieldPath, Sequence[str]]) -> list[FieldPath]:
    """Return the field whose values are all words for levels, if there is one."""
    candidates = [
        path
        for path, texts in values.items()
        if texts and all(map(is_level if _is_named_alike(path) else is_level_word, texts)) and _varies(path, texts)
    ]
    candidates.sort(key=lambda path: (not _is_named_alike(path), len(path)))
    return candidates[:1]


def _varies(path: FieldPath, texts: Sequence[str]) -> bool:
    return _is_named_alike(path) or len(set(texts)) > 1


def _is_named_alike(path: FieldPath) -> bool:
    return any(word in path[-1].lower() for word in _LEVEL_LIKE)


def _is_number(text: str) -> bool:
    return text.isdigit()


def _scale(level: str, texts: Set[str], names: Collection[str]) -> _Scale | None:
    """Return the scale of a numeric level, by its field's name and by the fields beside it; None when uncertain."""
    numbers = {text for text in texts if _is_number(text)}
    if not numbers:
        return None
    neighbours = set(names)
    by_name = _scale_of_name(level, numbers, neighbours)
    if by_name and numbers <= by_name.words.keys():
        return by_name
    return next((scale for scale in _plausible_scales(level, neighbours) if numbers <= scale.words.keys()), None)


def _scale_of_name(level: str, numbers: Set[str], neighbours: Set[str]) -> _Scale | None:
    leaf = level.rsplit(".", 1)[-1]
    if leaf == "severitynumber":
        return _Scale("OpenTelemetry", _OTEL)
    if leaf in ("pri", "logpriority") and numbers <= _SYSLOG_PRIORITY.keys():
        return _Scale("syslog", _SYSLOG_PRIORITY)
    if leaf == "prio" and {"errcode", "subsystem", "label"} & neighbours:
        return _Scale("MySQL", _MYSQL)
    if level in _SYSLOG_NAMES or (is_syslog(neighbours) and numbers <= _SYSLOG.keys()):
        return _Scale("syslog", _SYSLOG)
    if leaf in ("levelno", "no") or (numbers <= _PYTHON.keys() and neighbours & _PYTHON_NEIGHBOURS):
        return _Scale("Python", _PYTHON)
    if leaf == "levelvalue":
        return _Scale("logback", _LOGBACK)
    if {"reqid", "remoteaddr", "app"} <= neighbours:
        return _Scale("Nextcloud", _NEXTCLOUD)
    return _Scale("Application Insights", _APPLICATION_INSIGHTS) if leaf == "severitylevel" else None


def _plausible_scales(level: str, neighbours: Set[str]) -> list[_Scale]:
    """Return the scales that a level of this name may be in, the likelier first."""
    leaf = level.rsplit(".", 1)[-1]
    is_pino = {"pid", "hostname"} <= neighbours or {"time", "msg"} <= neighbours
    scales = [_Scale("pino", _PINO, is_pino)]
    if leaf == "severity":
        scales.append(_Scale("Google Cloud", _GOOGLE))
    if neighbours & _LOG4J2_NEIGHBOURS:
        scales += [_Scale("log4j 2", _LOG4J2), _Scale("logback", _LOGBACK)]
    if leaf in ("level", "levelnumber", "severity", "loglevel"):
        scales += [_Scale("Monolog", _MONOLOG), _Scale("logback", _LOGBACK), _Scale("java.util.logging", _JUL, False)]
    is_dotnet = neighbours & (_DOTNET_NEIGHBOURS - _WINDOWS_NEIGHBOURS)
    if neighbours >= _AZURE_NEIGHBOURS or (neighbours & _WINDOWS_NEIGHBOURS and not is_dotnet):
        scales.append(_Scale("Windows", _WINDOWS))
    if leaf == "loglevel" or neighbours & _DOTNET_NEIGHBOURS:
        scales.append(_Scale(".NET", _DOTNET, leaf == "loglevel" or bool(neighbours & {"category", "eventid"})))
    if leaf in _SYSLOG_LEAVES and neighbours & _HOST_NEIGHBOURS:
        scales.append(_Scale("syslog", _SYSLOG, False))
    return scales


def _guess(path: FieldPath, scale: _Scale) -> str:
    numbers = ", ".join(f"{number} {word}" for number, word in list(scale.words.items())[:8])
    return f'levels of "{".".join(path)}" read as {scale.name} numbers them ({numbers})'


def _unread(path: FieldPath) -> str:
    name = ".".join(path)
    return (
        f'numbers of "{name}" are of no known scale of levels: severity_number is null. Hint: level="FIELD" for another'
    )


def _field_guess(path: FieldPath) -> str:
    name = ".".join(path)
    return f'level taken from "{name}". Hint: level="{name}" or the field that holds it'
