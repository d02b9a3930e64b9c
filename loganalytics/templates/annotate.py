"""The template of each event as columns of its own."""

from __future__ import annotations

from typing import overload

import polars as pl

from loganalytics import schema
from loganalytics.templates.masking import mask
from loganalytics.templates.mining import FOUND, counts, finish
from loganalytics.templates.parameters import parameters as _parameters
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
    text behind each wildcard). Columns of these names are replaced; rows keep their order. White space in a
    template is single spaces. A null message counts as an empty one.

    With a catalogue as `known`, what the catalogue has seen counts too, so that its templates keep their text and id
    in logs of any size; and `is_known` (Boolean) is False for the templates that it has never seen.

    What is a variable is decided from the distinct messages of the whole frame, whatever their order. A LazyFrame
    stays lazy; collecting it reads `message` twice.

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
    find = finish if known is None else known.finish
    marks = [] if known is None else ["is_known"]
    counted = counts(masked.select(masked=_MASKED))
    found = counted.map_batches(find, schema=FOUND | dict.fromkeys(marks, pl.Boolean()))
    added = ["template", "template_id", *marks, *(["parameters"] if parameters else [])]
    names = logs.collect_schema().names()
    out = masked.drop(added, strict=False).join(
        found.select(pl.col("masked").alias(_MASKED), "template", "template_id", *marks),
        on=_MASKED,
        how="left",
        maintain_order="left",
    )
    if parameters:
        out = out.with_columns(_parameters(pl.col("message"), pl.col("template")).alias("parameters"))
    out = out.select(*names, *[name for name in added if name not in names])
    return out.collect() if isinstance(logs, pl.DataFrame) else out
