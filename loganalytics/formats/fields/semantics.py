"""What the fields of a sample of records mean: the core columns, and what is beyond them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from loganalytics.formats.fields.aliases import FieldPath, core_paths, fields_by_name
from loganalytics.formats.fields.durations import duration_fields, is_duration
from loganalytics.formats.fields.exceptions import ExceptionFields, exception_fields, loguru_text
from loganalytics.formats.fields.levels import level_fields
from loganalytics.formats.fields.rendering import TemplateFields, template_fields
from loganalytics.formats.fields.requests import RequestFields, request_fields
from loganalytics.formats.fields.sampled_values import SampledValues
from loganalytics.formats.fields.times import SecondPart, time_fields
from loganalytics.formats.fields.zones import ZoneField
from loganalytics.formats.hints import NO_HINTS, Hints

# Kubernetes' own programs write either in JSON: the verbosity of a message, or the error.
_KLOG = {("err",): "error", ("v",): "info"}
_KLOG_NAMES = {"ts", "caller", "msg"}
_KIBANA_NAMES = {"@timestamp", "type", "tags", "pid"}

Core = dict[str, tuple[FieldPath, ...]]


@dataclass(frozen=True, kw_only=True)
class FieldSemantics:
    """What a source's fields mean beyond the core columns."""

    level_words: Mapping[FieldPath, Mapping[str, str]] = field(default_factory=dict)
    """Of each field that holds levels as numbers the words for them."""
    default_level: str | None = None
    """The level of a record that writes none."""
    level_markers: Mapping[FieldPath, str] = field(default_factory=dict)
    """Fields that tell the level of a record without one by being there."""
    level_tags: FieldPath | None = None
    """The list of tags one of which is the level."""
    time_parts: Mapping[FieldPath, SecondPart] = field(default_factory=dict)
    """Of each field that holds the first part of a time what completes it."""
    times_are_bracketed: bool = False
    """Whether there are brackets around times."""
    days: frozenset[FieldPath] = frozenset()
    """Fields of times that hold the day only."""
    zone: ZoneField | None = None
    """The field that names the zone of times which write none."""
    durations: Mapping[FieldPath, float] = field(default_factory=dict)
    """Fields that are durations, and how many milliseconds their unit is."""
    requests: RequestFields = field(default_factory=RequestFields)
    """The fields of a web request."""
    templates: TemplateFields | None = None
    """The field that holds the message as a template, with its properties."""
    exceptions: tuple[ExceptionFields, ...] = ()
    """Objects that are exceptions."""
    full_text: FieldPath | None = None
    """The field with the text of the whole record, whose lines after the first are the exception."""
    guesses: tuple[str, ...] = ()
    """What was decided without being certain, as sentences."""


def field_semantics(
    records: Sequence[Mapping[str, Any]], fields: Mapping[FieldPath, str], hints: Hints = NO_HINTS
) -> tuple[Core, FieldSemantics]:
    """Return the fields (path to type) of each core column in a sample of records, and what else they mean."""
    values = SampledValues(records, fields)
    core: Core = dict(core_paths(fields))
    times = time_fields(records, values, core.get("timestamp", ()), hints)
    levels = level_fields(values, core.get("level", ()), hints.level)
    durations = duration_fields(values, hints.durations)
    core |= {"timestamp": times.paths, "level": levels.paths}
    _name_service(core, values)
    names = fields_by_name(fields)
    is_serilog = "@t" in names and ("@m" in names or "@mt" in names)  # its compact form leaves Information out
    is_klog, is_kibana = (not levels.paths and names.keys() >= known for known in (_KLOG_NAMES, _KIBANA_NAMES))
    semantics = FieldSemantics(
        level_words=levels.words,
        default_level="info" if is_serilog else None,
        level_markers={path: word for path, word in _KLOG.items() if path in fields} if is_klog else {},
        level_tags=("tags",) if is_kibana else None,
        time_parts=times.parts,
        times_are_bracketed=times.are_bracketed,
        days=times.days,
        zone=times.zone,
        durations=durations.factors,
        requests=request_fields(values),
        templates=template_fields(fields.keys()),
        exceptions=tuple(exception_fields(fields)),
        full_text=loguru_text(fields),
        guesses=(*times.guesses, *levels.guesses, *durations.guesses),
    )
    return {column: paths for column, paths in core.items() if paths}, semantics


def _name_service(core: Core, values: SampledValues) -> None:
    """Take `name` for the service where another field is the logger; a duration called service is none (Heroku)."""
    filled = {path: [text for text in values[path] if text] for path in core.get("service", ())}
    service = [path for path, texts in filled.items() if not (texts and all(map(is_duration, texts)))]
    logger = core.get("logger", ())
    names = fields_by_name(values)
    if not service and ("name",) in logger and logger[0] != ("name",) and {"pid", "hostname"} <= names.keys():
        service, core["logger"] = [("name",)], tuple(path for path in logger if path != ("name",))
    core["service"] = tuple(service)
