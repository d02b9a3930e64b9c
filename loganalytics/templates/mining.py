"""Masked messages, counted -> templates: only the distinct masked texts, which are few, are merged.

What is counted adds up: `finish(merge([partial(a), partial(b)]))` equals `finish(partial(a and b))`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import polars as pl

from loganalytics import schema
from loganalytics.templates.absorption import absorb_rare_texts
from loganalytics.templates.affixes import merge_affixed
from loganalytics.templates.masking import KEPT_SLASH, MASK, WILDCARD, keep_letters, mask
from loganalytics.templates.merging import merge_tokens
from loganalytics.templates.phrases import mask_phrases
from loganalytics.templates.routes import merge_routes
from loganalytics.templates.slots import merge_slots
from loganalytics.templates.token_arrays import encode
from loganalytics.templates.variants import merge_variants
from loganalytics.templates.words import merge_words

STEPS = [
    *(merge_routes, merge_variants, merge_slots, merge_affixed, merge_tokens),
    *(merge_variants, merge_slots, merge_affixed, merge_words, absorb_rare_texts),
]
"""Each takes distinct texts and returns those that become others. What tokens merge shows more: some come twice."""

TEMPLATE_SCHEMA = {"masked": pl.String(), "events": pl.Int64(), "template": pl.String(), "template_id": pl.String()}


def partial(logs: schema.Frame) -> pl.DataFrame:
    """Count the masked messages: `masked` (String), `events` (Int64)."""
    return count_masked(schema.lazy(logs, "message").select(masked=mask(pl.col("message")))).collect()


def merge(partials: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Add up the counts of several `partial` results, or of merged ones."""
    return pl.concat(partials).group_by("masked").agg(pl.col("events").sum())


def finish(counted: pl.DataFrame) -> pl.DataFrame:
    """Decide what is a variable: `masked`, `events` and beside them `template` and `template_id`, in the same order."""
    masked = counted.select("masked", "events", text=mask_phrases(pl.col("masked")))
    texts = _distinct(masked)
    for merge_texts in STEPS:
        new = merge_texts(texts)
        if new.height:
            joined = masked.join(new, on="text", how="left", maintain_order="left")
            masked = joined.select("masked", "events", text=keep_letters(pl.coalesce("new", "text"), pl.col("text")))
            texts = _distinct(masked)
    templates = masked.select("masked", "events", template=to_template(pl.col("text")))
    return with_template_ids(templates).select(list(TEMPLATE_SCHEMA))


def _distinct(masked: pl.DataFrame) -> pl.DataFrame:
    """Return text, events and texts (how many masked texts have become it)."""
    return masked.group_by("text").agg(pl.col("events").sum(), texts=pl.len().cast(pl.Int64))


def to_template(masked: pl.Expr) -> pl.Expr:
    """Return masked texts as templates."""
    return masked.str.replace_all(f"{MASK}+", WILDCARD).str.replace_all(KEPT_SLASH, "/", literal=True)


def with_template_ids(frame: pl.DataFrame) -> pl.DataFrame:
    """Add template_id to a frame with `template`."""
    number, distinct = encode(frame["template"])
    # Polars' own hash differs between machines and versions.
    ids = [hashlib.sha256(template.encode()).hexdigest()[:12] for template in distinct]
    return frame.with_columns(template_id=pl.Series(ids, dtype=pl.String).gather(number))


def count_masked(masked: pl.LazyFrame) -> pl.LazyFrame:
    """Return how many rows have each `masked` text."""
    return masked.group_by("masked").agg(events=pl.len().cast(pl.Int64)).select("masked", "events")
