"""Which fields of records tell of a web request: its method, its address and the status of the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import polars as pl

from loganalytics.formats.fields.aliases import FieldPath, fields_by_name, fold_name, fold_path

# The likelier name first.
REQUEST_ALIASES: dict[str, tuple[str, ...]] = {
    "method": ("http.request.method", "request.method", "req.method", "method", "request_method", "requestMethod",
               "ClientRequestMethod", "httpRequest.requestMethod", "http_method", "http.method", "verb", "cs-method",
               "meta.req.method", "Properties.RequestMethod", "httpMethod", "httpRequest.httpMethod", "reqMethod",
               "proxy.method", "protoPayload.method"),
    "url": ("url.original", "url.path", "request.uri", "request_uri", "uri", "ClientRequestURI", "RequestPath", "path",
            "url", "req.url", "httpRequest.requestUrl", "request.url", "request.path", "requestURI", "http.url",
            "http.target", "http.path", "http.route", "cs-uri-stem", "request_path", "request_url", "uri_path",
            "meta.req.url", "Properties.RequestPath", "endpoint", "route", "target", "resourcePath",
            "httpRequest.uri", "reqPath", "url.full",
            "proxy.path", "protoPayload.resource"),
    "line": ("request", "request_line", "req"),
}  # fmt: skip

# Names of the status of an answer to a request; the likelier first.
_STATUS_ALIASES = (
    "http.response.status_code", "httpRequest.status", "res.statusCode", "response.status", "response.status_code",
    "status", "status_code", "EdgeResponseStatus", "DownstreamStatus", "response_code", "http_status", "sc-status",
    "responseStatus.code", "elb_status_code", "http_code",
)  # fmt: skip
_STATUS_RANKS = {fold_name(alias): rank for rank, alias in enumerate(_STATUS_ALIASES)}
_STATUS_LEAF = re.compile(r"(?:http)?(?:response|resp)?(?:status|statuscode|code)$")
_ANSWERS = {"res", "resp", "response", "http", "httprequest", "httpresponse", "responsestatus", "answer"}
_QUESTIONS = {"req", "request", "upstream", "origin", "backend", "exit", "process", "grpc", "rpc", "job", "state"}
# Statuses that servers answer with: a lone number that is none of these is something else.
_REGISTERED = {
    *range(100, 104), *range(200, 209), 218, 226, *range(300, 309), *range(400, 432), 440, 444, 449, 450, 451, 460,
    463, *range(494, 500), *range(500, 512), *range(520, 531), 561, 598, 599,
}  # fmt: skip
_STATUS = r"^\s*([1-5][0-9]{2})(?:\.0)?(?:[^0-9.]|$)"


class RequestFields(NamedTuple):
    """The fields of a web request."""

    request: tuple[FieldPath, ...] = ()
    """Method and address, or the line that holds both."""
    statuses: tuple[FieldPath, ...] = ()
    """The status of the answer, the likelier first."""
    failures: tuple[FieldPath, ...] = ()
    """What may be the status of the answer, written among the fields of the request: a 5xx certainly is one."""

    @property
    def may_raise(self) -> bool:
        """Whether a field may raise the level."""
        return bool(self.statuses or self.failures)

    @property
    def message_paths(self) -> tuple[FieldPath, ...]:
        """The fields that make the message of a record without one."""
        is_certain = self.statuses or len(self.request) > 1
        return (*self.request, *self.statuses[:1]) if self.request and is_certain else ()


def request_fields(values: Mapping[FieldPath, Sequence[str]]) -> RequestFields:
    """Return the fields of a web request, given the sampled values of all fields as text."""
    names = fields_by_name(values)
    found = {element: _first(aliases, names) for element, aliases in REQUEST_ALIASES.items()}
    elements = ("method", "url" if found["url"] else "line") if found["method"] else ("line",)
    request = tuple(path for element in elements if (path := found[element]))
    statuses = [path for path in values if is_status_name(path) and _holds_statuses(values[path])]
    statuses.sort(key=lambda path: (_STATUS_RANKS.get(fold_path(path), len(_STATUS_RANKS)), len(path)))
    failures = [path for path in values if _is_among_request(path) and _holds_statuses(values[path])]
    return RequestFields(request, tuple(statuses), tuple(failures))


def _first(aliases: Sequence[str], names: Mapping[str, list[FieldPath]]) -> FieldPath | None:
    return next((names[fold_name(alias)][0] for alias in aliases if fold_name(alias) in names), None)


def is_status_name(path: FieldPath) -> bool:
    """Whether a field may be the status of an answer, by its name and the object in which it is."""
    *parts, leaf = _parts(path)
    parents = set(parts)
    if parents & _QUESTIONS or not (fold_path(path) in _STATUS_RANKS or _STATUS_LEAF.fullmatch(leaf)):
        return False
    return leaf != "code" or bool(parents & _ANSWERS)


def may_raise_level(path: FieldPath) -> bool:
    """Whether a field may by its name raise the level of its record."""
    return is_status_name(path) or _is_among_request(path)


def _is_among_request(path: FieldPath) -> bool:
    *parents, leaf = _parts(path)
    return bool(parents) and {*parents} <= {"req", "request"} and leaf in ("status", "statuscode")


def _parts(path: FieldPath) -> list[str]:
    return fold_path(path).split(".")


def _holds_statuses(texts: Sequence[str]) -> bool:
    """Whether the values are statuses of HTTP: a value or two may be missing or 0, as for a client that went away."""
    statuses = [_status(text) for text in texts if text not in ("", "-", "0", "000")]
    return bool(statuses) and all(status in _REGISTERED for status in statuses)


def _status(text: str) -> int | None:
    match = re.match(_STATUS, text)
    return int(match[1]) if match else None


def status_number(statuses: pl.DataFrame) -> pl.Series:
    """Return the status of an answer, of columns that may be numbers or text; the first that has one counts."""
    return statuses.select(pl.coalesce(_read_status(column) for column in statuses.iter_columns())).to_series()


def _read_status(column: pl.Series) -> pl.Series:
    numbers = column.cast(pl.Int32, strict=False)
    if numbers.null_count() > column.null_count():  # "404 Not Found"
        numbers = numbers.fill_null(column.cast(pl.String).str.extract(_STATUS).cast(pl.Int32))
    return numbers
