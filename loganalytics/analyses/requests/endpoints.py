"""The endpoint of a web service that an event is about: method and path, without what differs from call to call."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

_PATH_FIELDS = (
    *("http.route", "url.path", "url.original", "url.full", "labels.path", "path", "url", "uri"),
    *("request.path", "request_path", "http.url", "http.target"),
)
_METHOD_FIELDS = (
    *("http.request.method", "http.method", "labels.method", "method", "request.method", "request_method", "verb"),
)

_METHOD = "GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS"
_REQUEST_IN_MESSAGE = rf"\b(?P<method>{_METHOD}) (?P<path>/[^\s\"'?#]*)"
_ORIGIN = r"^[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*"
_VARIABLE_SEGMENT = r"/[^/]*[0-9][^/]*"  # with a digit in it: an id, a date, a hash


def endpoint(columns: Iterable[str]) -> pl.Expr:
    """Return the expression for the endpoint, such as "GET /builds/<*>" (null when an event names none).

    Takes the names of the frame's columns. Uses the fields of HTTP and URL (OpenTelemetry's, ECS's and common ones);
    where these are null, what the message says: "GET /builds/17 200". The query string is left out;
    segments of a path that hold a digit become <*>.

    Example:
        >>> logs = pl.DataFrame({"message": ["GET /builds/17?full=1 200 in 5ms", "started"]})
        >>> logs.select(endpoint(logs.columns))["endpoint"].to_list()
        ['GET /builds/<*>', None]
    """
    have = set(columns)
    paths = [pl.col(name).cast(pl.String) for name in _PATH_FIELDS if name in have]
    methods = [pl.col(name).cast(pl.String) for name in _METHOD_FIELDS if name in have]
    request = pl.col("message").str.extract_groups(_REQUEST_IN_MESSAGE)
    path = pl.coalesce(*paths, request.struct["path"])
    method = pl.coalesce(*methods, request.struct["method"]).str.to_uppercase()
    route = path.str.replace(_ORIGIN, "").str.replace(r"[?#].*$", "").str.replace_all(_VARIABLE_SEGMENT, "/<*>")
    return pl.concat_str(method, route, separator=" ", ignore_nulls=True).replace("", None).alias("endpoint")
