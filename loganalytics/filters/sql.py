"""A condition in SQL, evaluated over log frames."""

from __future__ import annotations

import re

import polars as pl

from loganalytics.exceptions import InvalidArgumentError, MissingColumnError
from loganalytics.filters.condition_check import check_condition

_HINT = "Hint: an SQL condition over the columns, such as duration_ms > 500 and message like '%timeout%'."
_LUCENE = re.compile(r"(?:^|[\s(])[\w.@-]+:(?![:\s])")  # level:ERROR; only servers that search read it
_HOLDS = "__holds"
_NAMED_COLUMNS = 20  # of the frame, in the message about a missing one


def condition(query: str) -> pl.Expr:
    """Return the expression of a condition such as "duration_ms > 500".

    Raises InvalidArgumentError, which says what is wrong with it.
    """
    try:
        check_condition(query, "frame")
    except InvalidArgumentError as error:
        raise _to_invalid_query(query, error) if _LUCENE.search(query) else error from None
    try:
        return pl.sql_expr(query)
    except pl.exceptions.PolarsError as error:
        raise _to_invalid_query(query, error) from None


def where(logs: pl.DataFrame, query: str | None) -> pl.DataFrame:
    """Return the events for which the condition holds.

    Raises InvalidArgumentError, and MissingColumnError for a column that the logs do not have.
    """
    return logs if query is None else logs.filter(matches(logs, query))


def matches(logs: pl.DataFrame, query: str) -> pl.Series:
    """Return for each event whether the condition holds; never null.

    Raises what where() raises.
    """
    expression = condition(query)
    check_columns(expression, logs.columns)
    try:
        holds = logs.with_columns(expression.alias(_HOLDS))[_HOLDS]
        if holds.dtype != pl.Boolean:
            logs.head(0).filter(expression)  # Polars' error, which names the type
        return holds.fill_null(value=False)
    except pl.exceptions.PolarsError as error:
        raise _to_invalid_query(query, error) from None


def where_in_batch(logs: pl.DataFrame, query: str | None) -> pl.DataFrame:
    """Do the same for a batch of the logs, in which a column may be missing: it counts as null."""
    if query is None:
        return logs
    missing = set(condition(query).meta.root_names()) - set(logs.columns)
    wide = logs.with_columns(pl.lit(None).alias(name) for name in sorted(missing))
    return where(wide, query).select(logs.columns)


def check_columns(expression: pl.Expr, columns: list[str]) -> None:
    """Raise MissingColumnError if the condition names a column that is not among these."""
    for name in expression.meta.root_names():
        if name not in columns:
            have = ", ".join(columns[:_NAMED_COLUMNS]) + (", …" if len(columns) > _NAMED_COLUMNS else "")
            raise MissingColumnError(
                f"The query names the column {name!r}; the logs have {have}. "
                "Hint: a text is written in single quotes, as in level = 'ERROR'; a name with a dot in double quotes, "
                'as in "http.status_code" >= 500.'
            )


def _to_invalid_query(query: str, error: Exception) -> InvalidArgumentError:
    if _LUCENE.search(query):
        return InvalidArgumentError(
            f"The query {query!r} is in Lucene's syntax, which is for Elasticsearch and OpenSearch. {_HINT}"
        )
    reason = (str(error).strip().splitlines() or [""])[0]
    return InvalidArgumentError(f"The query {query!r} cannot be evaluated: {reason}. {_HINT}")
