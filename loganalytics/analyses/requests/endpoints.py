"""Which endpoint of a web service an event is about: method and path, without what differs from call to call."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

_PATHS = ("http.route", "url.path", "url.original", "url.full", "labels.path", "path", "url", "uri", "request.path",
          "request_path", "http.url", "http.target")  # fmt: skip
_METHODS = ("http.request.method", "http.method", "labels.method", "method", "request.method", "request_method", "verb")

_METHOD = "GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS"
_IN_TEXT = rf"\b(?P<method>{_METHOD}) (?P<path>/[^\s\"'?#]*)"
_ORIGIN = r"^[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*"
_VARIABLE = r"/[^/]*[0-9][^/]*"  # a part with a digit in it: an id, a date, a hash


def endpoint(columns: Iterable[str]) -> pl.Expr:
    """Return the expression for the endpoint, such as "GET /builds/<*>" (null when an event names none).

    Takes the names of the frame's columns. Uses the fields of HTTP and URL (OpenTelemetry's, ECS's and common ones);
    where these are null, what the message says: "GET /builds/17 200". Queries are left off; parts of a path that hold
    a digit become <*>.

    Example:
        >>> logs = pl.DataFrame({"message": ["GET /builds/17?full=1 200 in 5ms", "started"]})
        >>> logs.select(endpoint(logs.columns))["endpoint"].to_list()
        ['GET /builds/<*>', None]
    """
    have = set(columns)
    paths = [pl.col(name).cast(pl.String) for name in _PATHS if name in have]
    methods = [pl.col(name).cast(pl.String) for name in _METHODS if name in have]
    told = pl.col("message").str.extract_groups(_IN_TEXT)
    path = pl.coalesce(*paths, told.struct["path"])
    method = pl.coalesce(*methods, told.struct["method"]).str.to_uppercase()
    bare = path.str.replace(_ORIGIN, "").str.replace(r"[?#].*$", "").str.replace_all(_VARIABLE, "/<*>")
    return pl.concat_str(method, bare, separator=" ", ignore_nulls=True).replace("", None).alias("endpoint")
