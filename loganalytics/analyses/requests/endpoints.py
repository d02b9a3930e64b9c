"""The endpoint of a web service that an event is about: method and route, without what differs from call to call.

It is the same whoever logs the request: a web server in its fields, an application in a message.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import overload

import polars as pl

from loganalytics.analyses.requests.request_targets import (
    begins_with_request,
    request_target,
    status_code,
)
from loganalytics.schema import DURATION, Frame, lazy
from loganalytics.templates.routes import learn_routes

ROUTE, METHOD = "http.route", "http.request.method"
"""OpenTelemetry's names for the path of an endpoint, and for the method of a request."""

_STATUS = "http.response.status_code"
# What is said of a request at its end, where the path is in a field.
_ANSWERS = r"(?i)\b(?:requests?|responses?|handled|served|access)\b|请求|响应"
_REQUEST, _TARGET, _KEY, _LEARNT = "__request", "__target", "__key", "__learnt"


@overload
def with_routes(logs: pl.DataFrame) -> pl.DataFrame: ...


@overload
def with_routes(logs: pl.LazyFrame) -> pl.LazyFrame: ...


def with_routes(logs: Frame) -> Frame:
    """Add the route of the request that an event is about: its path with the variables replaced by `<*>`.

    Needs `message`. Adds `http.route` and `http.request.method` (String), null where an event is about no request; what
    columns of these names hold already stays. Rows keep their order. Path and method are those in the fields of HTTP
    and URL (OpenTelemetry's, ECS's and common ones); where these are null, those in the message: "GET /builds/17 200".
    The query string is left out.

    Variables are decided from the distinct paths of the whole frame, whatever their order: a segment is one by its
    shape, such as a number or an id, or where many different ones stand in one place. A LazyFrame stays lazy;
    collecting it reads the paths twice.

    Raises MissingColumnError without `message`.

    Example:
        >>> logs = pl.DataFrame({"message": ["GET /builds/17?full=1 200 in 5ms", "started"]})
        >>> with_routes(logs).select("http.request.method", "http.route").rows()
        [('GET', '/builds/<*>'), (None, None)]
    """
    frame = lazy(logs, "message")
    schema = frame.collect_schema()
    request = pl.col(_REQUEST).struct
    target = request["target"]
    # Paths are long, and met twice: by their hash.
    frame = frame.with_columns(request_target(schema).alias(_REQUEST)).with_columns(
        _filled(METHOD, schema, request["method"]),
        target.alias(_TARGET),
        pl.when(target.is_not_null()).then(target.hash()).alias(_KEY),
    )
    if isinstance(logs, pl.DataFrame):
        frame = frame.collect().lazy()  # so that the messages are read once
    targets = frame.select(_KEY, _TARGET).drop_nulls()
    distinct = targets.filter(pl.col(_KEY).is_first_distinct())  # a quarter of the time of first() in the grouping
    counted = targets.group_by(_KEY).agg(events=pl.len()).join(distinct, on=_KEY)
    learnt = counted.map_batches(_learn, schema={_KEY: pl.UInt64(), _LEARNT: pl.String()})
    frame = frame.join(learnt, on=_KEY, how="left", maintain_order="left")
    frame = frame.with_columns(_filled(ROUTE, schema, pl.col(_LEARNT)))
    routed = frame.select(*dict.fromkeys([*schema, ROUTE, METHOD]))
    return routed.collect() if isinstance(logs, pl.DataFrame) else routed


def _filled(name: str, schema: pl.Schema, value: pl.Expr) -> pl.Expr:
    """Return a column with its nulls filled by a value; the value, where there is no such column."""
    return (pl.col(name).cast(pl.String).fill_null(value) if name in schema else value).alias(name)


def _learn(counted: pl.DataFrame) -> pl.DataFrame:
    return counted.select(_KEY, learn_routes(counted[_TARGET], counted["events"]).alias(_LEARNT))


@overload
def ensure_routes(logs: pl.DataFrame) -> pl.DataFrame: ...


@overload
def ensure_routes(logs: pl.LazyFrame) -> pl.LazyFrame: ...


def ensure_routes(logs: Frame) -> Frame:
    """Return the frame with the columns of `with_routes`; where it has both, they are taken to be complete."""
    return logs if {ROUTE, METHOD} <= set(logs.collect_schema()) else with_routes(logs)


def endpoint() -> pl.Expr:
    """Return the expression for the endpoint, such as "GET /builds/<*>" (null when an event has no route).

    Needs the columns that `with_routes` adds.

    Example:
        >>> logs = pl.DataFrame({"message": ["GET /builds/17?full=1 200 in 5ms", "started"]})
        >>> with_routes(logs).select(endpoint())["endpoint"].to_list()
        ['GET /builds/<*>', None]
    """
    method = pl.col(METHOD).str.to_uppercase()
    named = pl.concat_str(method, ROUTE, separator=" ", ignore_nulls=True)
    return pl.when(pl.col(ROUTE).is_not_null()).then(named).alias("endpoint")


def request_status(schema: Mapping[str, pl.DataType]) -> pl.Expr:
    """Return the expression for the status of the answer to a request (Int32), null where an event tells none.

    Takes the columns of a frame that `with_routes` returned.
    """
    # Of an event that is about no request, a field called status may be anything.
    of_request = pl.when(pl.col(ROUTE).is_not_null()).then(status_code(schema))
    given = [pl.col(_STATUS).cast(pl.Int32, strict=False)] if _STATUS in schema else []
    return pl.coalesce(*given, of_request).alias("status")


def answered_endpoint(schema: Mapping[str, pl.DataType]) -> pl.Expr:
    """Return the expression for the endpoint of the request that an event answers.

    Takes the columns of a frame that `with_routes` returned. An event that only happened during a request, with neither
    a status nor the request at the beginning of its message, answers none, unless it says how long the request took.
    """
    is_request, has_status = pl.col(ROUTE).is_not_null(), request_status(schema).is_not_null()
    message = pl.when(is_request & ~has_status).then("message")
    is_answer = has_status | begins_with_request(message)
    if DURATION in schema:
        is_answer |= pl.col(DURATION).is_not_null() & message.cast(pl.String).str.contains(_ANSWERS)
    return pl.when(is_answer).then(endpoint()).alias("endpoint")


def operation(schema: Mapping[str, pl.DataType]) -> pl.Expr:
    """Return the expression for what took the time that an event reports: the request, else logger, else service.

    Takes the columns of the frame; only one that `with_routes` returned has requests.
    """
    names = [pl.col(name).cast(pl.String) for name in ("logger", "service") if name in schema]
    endpoints = [answered_endpoint(schema)] if {ROUTE, METHOD} <= set(schema) else []
    return pl.coalesce(*endpoints, *names, pl.lit(None, pl.String)).alias("operation")
