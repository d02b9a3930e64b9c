"""What an error says was wrong: the message of its exception, else the text of a field for it."""

from __future__ import annotations

import polars as pl

from loganalytics.analyses.errors.error_fields import ERROR_TEXT, ERROR_TYPE
from loganalytics.analyses.errors.exception_messages import message_words
from loganalytics.analyses.errors.stack_traces import parse_stack_traces
from loganalytics.schema import conform
from loganalytics.templates.annotate import with_templates

_SINGLE_LINE = r"^\s*([^\r\n]{1,400}?)\s*$"


def with_error_texts(errors: pl.DataFrame) -> pl.DataFrame:
    """Add error_text and error_template, null where the message says the same; words of the template; is_named.

    Needs message, exception and the columns of `with_error_fields`, in distinct rows; adds those of
    `parse_stack_traces` besides, exception_type filled from the fields. `is_named` is true where the trace has a type
    or a message.
    """
    traces = parse_stack_traces(errors.select("message", "exception").unique())
    errors = errors.join(traces, on=["message", "exception"], how="left", nulls_equal=True)
    is_named = pl.col("exception_type").is_not_null() | pl.col("reason").is_not_null()
    of_field = pl.coalesce(pl.col("exception").str.extract(_SINGLE_LINE), pl.col(ERROR_TEXT))
    is_traced = pl.col("fingerprint").is_not_null() & is_named
    reported = pl.when(is_named).then(pl.coalesce("reason", ERROR_TEXT)).otherwise(of_field)
    is_said = ~is_traced & pl.col("message").str.contains(reported.str.strip_chars_end(" ."), literal=True)
    errors = errors.with_columns(
        error_text=pl.when(~is_said.fill_null(value=False)).then(reported),
        is_named=is_named,
        exception_type=pl.coalesce("exception_type", ERROR_TYPE),
    )
    texts = errors.select("error_text", "exception_type").unique().drop_nulls("error_text")
    mined = with_templates(conform(texts.select(message="error_text").unique()))
    texts = texts.join(mined.select(error_text="message", error_template="template"), on="error_text", how="left")
    words = message_words(pl.col("error_template"))
    # "timeout" of a TimeoutError says no more than its type.
    letters, of_type = words.str.replace_all(" ", "", literal=True), pl.col("exception_type").str.to_lowercase()
    is_in_type = of_type.str.contains(letters, literal=True).fill_null(value=False)
    texts = texts.with_columns(words=pl.when(~is_in_type).then(words))
    errors = errors.join(texts, on=["error_text", "exception_type"], how="left", nulls_equal=True)
    return errors.with_columns(pl.col("words").fill_null(""))
