"""Errors that say that a request failed: problems of one endpoint each, which their labels name."""

from __future__ import annotations

import polars as pl

from loganalytics.analyses.requests.endpoints import answered_endpoint, endpoint, ensure_routes, request_status
from loganalytics.analyses.requests.request_targets import REQUEST_IN_TEMPLATE
from loganalytics.schema import Frame

ENDPOINT, STATUS, DURING = "__endpoint", "__status", "__during"
REQUEST_COLUMNS = (ENDPOINT, STATUS, DURING)

# A method, one target and values, be they quoted: nothing that is not in the fields of the request.
_BARE_REQUEST = r"^(?:<\*>|[^\w<])*[A-Z]+ (?:/\S*|<\*>)(?:<\*>|[^\w<]|HTTP/)*(?:\"[^\"]*\"|<\*>|[^\w<\"])*$"


def with_requests(logs: Frame) -> pl.LazyFrame:
    """Add the endpoint of the request that an event answers, and the status of the answer, both null without one.

    Adds besides the endpoint of the request during which the event happened, whether it answers it or not.
    Routes are learnt from all events, so this goes before the errors are chosen.
    """
    frame = ensure_routes(logs).lazy()
    schema = frame.collect_schema()
    return frame.with_columns(
        answered_endpoint(schema).alias(ENDPOINT), request_status(schema).alias(STATUS), endpoint().alias(DURING)
    )


def request_label(error_text: pl.Expr) -> pl.Expr:
    """Return the expression for the label of an error: its template, in which the endpoint is named, or led by it.

    Type and text of the error follow where the template does not say them, then the status. Needs template,
    exception_type and the columns that `with_requests` adds.
    """
    template, named = pl.col("template"), pl.col(ENDPOINT)
    replacement = named.str.replace_all("$", "$$", literal=True)
    label = (
        pl.when(named.is_null()).then(template)
        .when(template.str.contains(_BARE_REQUEST) | ~template.str.contains(r"\p{L}")).then(named)
        .when(template.str.contains(REQUEST_IN_TEMPLATE)).then(template.str.replace(REQUEST_IN_TEMPLATE, replacement))
        .otherwise(pl.concat_str(named, template, separator=": "))
    )  # fmt: skip
    status = pl.concat_str(pl.lit(" (HTTP "), pl.col(STATUS), pl.lit(")"))
    short_type = pl.col("exception_type").str.extract(r"(\w+)$")
    is_said = template.str.contains(short_type, literal=True).fill_null(value=True)
    typed = pl.when(~is_said).then("exception_type")
    sentence = pl.concat_str(pl.when(label != "").then(label), typed, error_text, separator=": ", ignore_nulls=True)
    return pl.concat_str(sentence, status, ignore_nulls=True)


def failure() -> pl.Expr:
    """Return the expression for what failed, the same for all errors without a trace that may be one problem.

    Needs template and the columns that `with_requests` adds.
    """
    without_paths = pl.col("template").str.replace_all(REQUEST_IN_TEMPLATE, "request")
    return pl.concat_str(STATUS, ENDPOINT, without_paths, separator="\n", ignore_nulls=True)
