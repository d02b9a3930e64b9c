"""The template of each event as columns of its own."""

from __future__ import annotations

from typing import overload

import polars as pl

from loganalytics import schema
from loganalytics.templates.masking import mask
from loganalytics.templates.mining import TEMPLATE_SCHEMA, count_masked, finish
from loganalytics.templates.parameters import extract_parameters
from loganalytics.templates.template_store import TemplateCatalogue

_MASKED = "__masked"


@overload
def with_templates(
    logs: pl.DataFrame, *, parameters: bool = ..., known: TemplateCatalogue | None = ...
) -> pl.DataFrame: ...


@overload
def with_templates(
    logs: pl.LazyFrame, *, parameters: bool = ..., known: TemplateCatalogue | None = ...
) -> pl.LazyFrame: ...


def with_templates(
    logs: schema.Frame, *, parameters: bool = False, known: TemplateCatalogue | None = None
) -> schema.Frame:
    """Add the template of each message: its text with the variables replaced by `<*>`.

    Needs `message`. Adds `template` (String) and `template_id` (String, 12 hex digits of the SHA-256 of the
    template's text, so the same on any machine), and with `parameters=True` also `parameters` (List[String], the
    text behind each wildcard; null where a message is a variant of its template that has none there). Columns of these
    names are replaced; rows keep their order. White space in a template is single spaces. A null message counts as an
    empty one.

    With a catalogue as `known`, what it holds keeps its template and id, new messages take those of its templates that
    fit, and the others are mined together with what it holds; `is_known` (Boolean) says whether the catalogue has seen
    the template before, or messages that mining gives the same one.

    Variables are decided from the distinct messages of the whole frame, whatever their order. A LazyFrame stays
    lazy; collecting it reads `message` twice.

    Raises MissingColumnError without `message`.

    Example:
        >>> import polars as pl
        >>> logs = pl.DataFrame({"message": ["took 5 ms", "took 12 ms"]})
        >>> with_templates(logs)["template"].to_list()
        ['took <*> ms', 'took <*> ms']
    """
    masked = schema.lazy(logs, "message").with_columns(mask(pl.col("message")).alias(_MASKED))
    if isinstance(logs, pl.DataFrame):
        masked = masked.collect().lazy()  # so that the mask is computed once
    decide = finish if known is None else known.finish
    known_columns = [] if known is None else ["is_known"]
    counted = count_masked(masked.select(masked=_MASKED))
    templates = counted.map_batches(decide, schema=TEMPLATE_SCHEMA | dict.fromkeys(known_columns, pl.Boolean()))
    added = ["template", "template_id", *known_columns, *(["parameters"] if parameters else [])]
    names = logs.collect_schema().names()
    annotated = masked.drop(added, strict=False).join(
        templates.select(pl.col("masked").alias(_MASKED), "template", "template_id", *known_columns),
        on=_MASKED,
        how="left",
        maintain_order="left",
    )
    if parameters:
        values = extract_parameters(pl.col("message"), pl.col("template"))
        annotated = annotated.with_columns(parameters=values)
    annotated = annotated.select(*names, *[name for name in added if name not in names])
    return annotated.collect() if isinstance(logs, pl.DataFrame) else annotated
