"""A view: which logs, and which of their events; what command line, dashboard, links and notebooks have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, fields, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import polars as pl

from loganalytics import schema
from loganalytics.analyses.errors.clusters import with_cluster_ids
from loganalytics.analyses.requests.endpoints import ROUTE, ensure_routes
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.filters.expressions import Where, check_regex, in_text, within_times
from loganalytics.filters.sql import matches
from loganalytics.sources import schemes, uri
from loganalytics.sources.load import load
from loganalytics.sources.load_report import load_report, remember
from loganalytics.templates.annotate import with_templates
from loganalytics.times import parse_when

# Options of a store's address that are not secret; all others stay out of links.
_PUBLIC_OPTIONS = ("stream", "streams", "group", "table", "time", "index", "format", "field", "columns")


@dataclass(frozen=True)
class View:
    """A source, what to keep of it, and what it is compared with.

    `tz`, `time`, `dayfirst`, `level_field`, `duration`, `encoding` and `formats` (a TOML file) say how to read, as
    load() takes them. `level` keeps events of that level and above; `services` and `loggers` those named; `text` those
    whose message or exception contains it (letters' case aside); `grep` those that match the regular expression;
    `where` those of which all conditions are true. `query` is a condition as load() takes it. Of these filters,
    `inverted` names those that keep what they would leave out (not `where`, whose conditions say so themselves), and
    `disabled` those that are passed over for now: "text", or a condition of `where` as written, "user=7". `baseline` is
    the range of time that the rest is held against, `every` the length of a window.
    """

    source: tuple[str, ...] = ()
    _: KW_ONLY
    since: str | None = None
    until: str | None = None
    tz: str = "UTC"
    time: str | None = None
    dayfirst: bool | None = None
    level_field: str | None = None
    duration: tuple[str, ...] = ()
    encoding: str | None = None
    level: str | None = None
    services: tuple[str, ...] = ()
    loggers: tuple[str, ...] = ()
    text: str | None = None
    grep: str | None = None
    where: tuple[Where, ...] = ()
    formats: str | None = None
    query: str | None = None
    inverted: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()
    baseline: tuple[str, str] | None = None
    every: str | None = None

    def load(self, *, templates: bool = False) -> pl.DataFrame:
        """Return the events of the view; load_report() still covers all that was read.

        With `templates` they have template, template_id and the columns of with_routes(), found in all of the source
        before anything is left out: they do not depend on the filters then, and a condition can name one. Such a
        condition implies it, and so does one on cluster_id, the problem of an error as cluster_errors() finds it in all
        of the source.
        """
        self.filter()
        if templates or self.names_annotation() or self.names_cluster():
            logs = load(self.source, **self.reading())
            holds = self.holds(logs)
            mined = ensure_routes(with_templates(logs))
            annotated = with_cluster_ids(mined) if self.names_cluster() else mined
            selected = self.keep(self._between(annotated if holds is None else annotated.filter(holds)))
        else:
            ranges: dict[str, Any] = {"since": self.since, "until": self.until, "level": self.level_floor}
            logs = load(self.source, query=self.condition, **self.reading(), **ranges)
            selected = self.keep(logs)
        report = load_report(logs)
        remember(selected, lambda: report)
        return selected

    def holds(self, logs: pl.DataFrame) -> pl.Series | None:
        """Return for each event of the source, all of it, whether the condition holds; None where there is none.

        Where a server evaluates it, it is asked for those events.
        """
        if self.condition is None:
            return None
        if self.has_query_language():
            return is_among(logs, load(self.source, query=self.condition, **self.reading()))
        return matches(logs, self.condition)

    def has_query_language(self) -> bool:
        """Whether the condition is in the language of a server, which evaluates it."""
        return any(map(schemes.has_query_language, self.source))

    def reading(self) -> dict[str, Any]:
        """Return the arguments of load() that say how to read."""
        return {name: getattr(self, name) for name in _READING}

    def keep(self, logs: pl.DataFrame) -> pl.DataFrame:
        """Return those of the events that the filters keep; the time range is load()'s affair."""
        return logs.filter(self.filter(logs.columns)) if self.filters() else logs

    def _between(self, logs: pl.DataFrame) -> pl.DataFrame:
        ends = [None if end is None else parse_when(end, tz=self.tz) for end in (self.since, self.until)]
        return within_times(logs, *ends)

    @property
    def level_floor(self) -> str | None:
        """The lowest level kept, which load() can ask a server for; None where the filter leaves those above out."""
        return self.level if self.level and self._is_plain("level") else None

    @property
    def condition(self) -> str | None:
        """The condition in effect, as load() takes it."""
        if not self.query or "query" in self.disabled:
            return None
        if "query" not in self.inverted:
            return self.query
        return f"NOT ({self.query})" if self.has_query_language() else f"NOT coalesce(({self.query}), false)"

    def names_annotation(self) -> bool:
        """Whether a condition is on a template or a route, which only all of the source together shows."""
        return any(condition.field in _ANNOTATIONS for condition in self.conditions())

    def names_cluster(self) -> bool:
        """Whether a condition is on the problem of an error, which only clustering finds."""
        return any(condition.field == _CLUSTER for condition in self.conditions())

    def filters(self) -> bool:
        """Whether anything but the source and the time range chooses events."""
        return bool(self.conditions() or self.condition or any(map(self._is_enabled, _FILTERS)))

    def filter(self, columns: Iterable[str] | None = None) -> pl.Expr:
        """Return the expression that is true for the events of the view, and never null.

        `columns` are those of the frame; without them every field of a condition must be one.
        Raises InvalidArgumentError for a level that is not known and for a broken regular expression.
        """
        keep = pl.lit(value=True)
        for name in filter(self._is_enabled, _FILTERS):
            expression = self._filter(name)
            keep &= ~expression if name in self.inverted else expression
        conditions = self.conditions()
        known_fields = set(columns) if columns is not None else {condition.field for condition in conditions}
        for condition in conditions:
            keep &= condition.expression(known_fields)
        return keep

    def conditions(self) -> list[Where]:
        """Return the conditions on fields that are in effect."""
        return [condition for condition in self.where if str(condition) not in self.disabled]

    def _is_enabled(self, name: str) -> bool:
        return bool(getattr(self, name)) and name not in self.disabled

    def _is_plain(self, name: str) -> bool:
        return name not in self.disabled and name not in self.inverted

    def _filter(self, name: str) -> pl.Expr:
        """Return the expression of one filter as it is, not inverted."""
        text, pattern = self.text or "", self.grep or ""
        if name == "level":
            return (pl.col("severity_number") >= schema.severity_of(self.level or "")).fill_null(value=False)
        if name == "text":
            return in_text(lambda column: column.str.contains_any([text], ascii_case_insensitive=True))
        if name == "grep":
            check_regex(pattern)
            return in_text(lambda column: column.str.contains(pattern))
        return pl.col(name.removesuffix("s")).is_in(getattr(self, name)).fill_null(value=False)

    def public(self) -> View:
        """Return the view without the secrets of its addresses: what may be shown, linked to and written down."""
        return replace(self, source=tuple(map(without_secrets, self.source)))

    def to_query(self) -> str:
        """Return the view as the query of a URL, without secrets; from_query() reads it back."""
        return urlencode(self.to_parameters(), doseq=True)

    def to_parameters(self) -> dict[str, list[str]]:
        """Return the view as parameters of a URL: name -> values; what has its default is left out."""
        written = {}
        view = self.public()
        for name, default in _DEFAULTS.items():
            value = getattr(view, name)
            if value != default:
                written[name] = [str(item) for item in value] if isinstance(value, tuple) else [str(value)]
        return written

    @classmethod
    def from_query(cls, query: str) -> View:
        """Read a view from the query of a URL; parameters that are not a view's are passed over.

        Raises InvalidArgumentError for a condition or a baseline that cannot be read.
        """
        parameters: dict[str, list[str]] = {}
        for name, value in parse_qsl(query, keep_blank_values=True):
            parameters.setdefault(name, []).append(value)
        return cls.from_parameters(parameters)

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, list[str]]) -> View:
        """Read a view from the parameters of a URL, as to_parameters() writes them."""
        values_by_name: dict[str, Any] = {}
        for name, values in parameters.items():
            if name == "where":
                values_by_name[name] = tuple(map(Where.parse, values))
            elif name == "baseline":
                values_by_name[name] = _two_ends(values)
            elif name == "dayfirst":
                values_by_name[name] = values[-1] == "True"
            elif name in _DEFAULTS:
                values_by_name[name] = tuple(values) if isinstance(_DEFAULTS[name], tuple) else values[-1]
        return cls(**values_by_name)

    def to_arguments(self) -> list[str]:
        """Return the view as arguments of the command line, without secrets."""
        view = self.public()._without_disabled()
        pairs = [("--since", view.since), ("--until", view.until), ("--level", view.level)]
        pairs += [("--service", name) for name in view.services] + [("--logger", name) for name in view.loggers]
        pairs += [("--text", view.text), ("--grep", view.grep), ("--query", view.query)]
        pairs += [("--where", str(condition)) for condition in view.where]
        pairs += [("--invert", name) for name in view.inverted]
        pairs += [("--tz", None if view.tz == "UTC" else view.tz), ("--time", view.time)]
        pairs += [("--level-field", view.level_field), ("--encoding", view.encoding), ("--formats", view.formats)]
        pairs += [("--duration", duration) for duration in view.duration]
        day_first = {None: [], True: ["--dayfirst"], False: ["--no-dayfirst"]}[view.dayfirst]
        return [f"{flag}={value}" for flag, value in pairs if value is not None] + day_first + ["--", *view.source]

    def _without_disabled(self) -> View:
        """Return the view without the filters that are passed over."""
        cleared = {name: _DEFAULTS[name] for name in self.disabled if name in (*_FILTERS, "query")}
        inverted = tuple(name for name in self.inverted if name not in self.disabled)
        return replace(self, where=tuple(self.conditions()), inverted=inverted, disabled=(), **cleared)

    def to_python(self) -> str:
        """Return the Python expression that makes the view, without secrets: a line of a notebook."""
        view = self.public()
        assignments = [
            f"{name}={getattr(view, name)!r}" for name, default in _DEFAULTS.items() if getattr(view, name) != default
        ]
        return f"View({', '.join(assignments)})"


_READING = ("tz", "time", "dayfirst", "level_field", "duration", "encoding", "formats")
_FILTERS = ("level", "services", "loggers", "text", "grep")
"""The filters that are expressions over the core columns; `where` and `query` are over any."""
_CLUSTER = "cluster_id"
_ANNOTATIONS = ("template", "template_id", ROUTE)
DERIVED_FIELDS = (*_ANNOTATIONS, _CLUSTER)
"""The fields that conditions may name though no event has them: they are found in its text, or by clustering."""
_DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(View)}


def _two_ends(ends: list[str]) -> tuple[str, str]:
    if len(ends) != 2:
        raise InvalidArgumentError(f"A baseline has two ends, not {len(ends)}. Hint: baseline=FROM&baseline=UNTIL.")
    return ends[0], ends[1]


def is_among(logs: pl.DataFrame, some: pl.DataFrame) -> pl.Series:
    """Return for each event whether it is one of some events of the same source, by source and offset."""
    key = ["source", "offset"]
    found = some.select(key).unique().with_columns(found=True)
    return (
        logs.select(key)
        .join(found, on=key, how="left", nulls_equal=True, maintain_order="left")["found"]
        .fill_null(value=False)
    )


def without_secrets(address: str) -> str:
    """Return an address without user, password and what else in it could be a secret; a path as it is."""
    if not uri.has_scheme(address):
        is_path = not uri.resembles_address(address) and "?" not in address
        return address if is_path else uri.without_credentials(address)
    public = uri.without_credentials(address)
    if "***@" in public:
        return public
    parameters = [(name, value) for name, value in uri.split(address).parameters if name in _PUBLIC_OPTIONS]
    return public + ("?" + urlencode(parameters, safe=":*,/") if parameters else "")
