"""Message -> template: the text that stays when the variables are replaced by `<*>`.

The lines are masked in one pass and counted by masked text; only the distinct masked texts, which are few, are
merged. What is counted adds up: `finish(merge([partial(a), partial(b)]))` equals `finish(partial(a and b))`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import overload

import polars as pl

from loganalytics import schema
from loganalytics.templates.masking import HOLE, WILDCARD, mask, tidy
from loganalytics.templates.merging import merge_words
from loganalytics.templates.parameters import parameters as _parameters
from loganalytics.templates.variants import merge_variants

__all__ = ["WILDCARD", "finish", "merge", "partial", "with_templates"]

_MASKED = "__masked"


@overload
def with_templates(logs: pl.DataFrame, *, parameters: bool = ...) -> pl.DataFrame: ...
@overload
def with_templates(logs: pl.LazyFrame, *, parameters: bool = ...) -> pl.LazyFrame: ...
def with_templates(logs: schema.Frame, *, parameters: bool = False) -> schema.Frame:
    """Add the template of each message: its text with the variables replaced by `<*>`.

    Needs `message`. Adds `template` (String) and `template_id` (String, 12 hex digits of the SHA-256 of the
    template's text, so the same on any machine), and with `parameters=True` also `parameters` (List[String], the
    text behind each wildcard). Columns of these names are replaced; rows keep their order. White space in a
    template is single spaces. A null message counts as an empty one.

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
    found = _counts(masked).map_batches(finish, schema=_FOUND)
    added = ["template", "template_id", *(["parameters"] if parameters else [])]
    names = logs.collect_schema().names()
    out = masked.drop(added, strict=False).join(
        found.select(pl.col("masked").alias(_MASKED), "template", "template_id"),
        on=_MASKED,
        how="left",
        maintain_order="left",
    )
    if parameters:
        out = out.with_columns(_parameters(pl.col("message"), pl.col("template")).alias("parameters"))
    out = out.select(*names, *[name for name in added if name not in names])
    return out.collect() if isinstance(logs, pl.DataFrame) else out


_FOUND = {"masked": pl.String(), "events": pl.Int64(), "template": pl.String(), "template_id": pl.String()}


def partial(logs: schema.Frame) -> pl.DataFrame:
    """Count the masked messages: `masked` (String), `events` (Int64)."""
    return _counts(schema.lazy(logs, "message").select(mask(pl.col("message")).alias(_MASKED))).collect()


def merge(partials: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Add up the counts of several `partial` results, or of merged ones."""
    return pl.concat(partials).group_by("masked").agg(pl.col("events").sum())


def finish(counts: pl.DataFrame) -> pl.DataFrame:
    """Decide what is a variable: `masked`, `events` and beside them `template` and `template_id`."""
    texts = counts.select("masked", "events", text=tidy(pl.col("masked")))
    for merged in (merge_variants, merge_words, merge_variants):
        texts = _rewrite(texts, merged)
    template = pl.col("text").str.replace_all(f"{HOLE}+", WILDCARD)
    found = texts.select("masked", "events", template=template)
    return found.join(_ids(found["template"].unique()), on="template", how="left").select(list(_FOUND))


def _rewrite(texts: pl.DataFrame, merged: Callable[[pl.DataFrame], pl.DataFrame]) -> pl.DataFrame:
    new = merged(texts.group_by("text").agg(pl.col("events").sum()))
    if not new.height:
        return texts
    joined = texts.join(new, on="text", how="left")
    return joined.select("masked", "events", text=pl.coalesce("new", "text"))


def _ids(templates: pl.Series) -> pl.DataFrame:
    """Return the id of each template. Polars' own hash differs between machines and versions."""
    ids = [hashlib.sha256(text.encode()).hexdigest()[:12] for text in templates]
    return pl.DataFrame({"template": templates, "template_id": pl.Series(ids, dtype=pl.String)})


def _counts(masked: pl.LazyFrame) -> pl.LazyFrame:
    counts = masked.group_by(pl.col(_MASKED).alias("masked")).agg(pl.len().cast(pl.Int64).alias("events"))
    return counts.select("masked", "events")
