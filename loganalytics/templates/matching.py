"""Texts against templates that are already known: the same tokens, anything where the template has a wildcard."""

from __future__ import annotations

import polars as pl

from loganalytics.templates.masking import MASK, WILDCARD, mask_phrases
from loganalytics.templates.token_arrays import TOKEN


def match_templates(masked: pl.Series, templates: pl.Series) -> pl.DataFrame:
    """Return masked and template for those of the masked texts that a template fits; the most literal one wins.

    Texts and templates meet by their punctuation and number of tokens, never in pairs.
    """
    texts = with_shapes(masked.to_frame("masked").with_columns(text=mask_phrases(pl.col("masked"))), "text")
    masked_template = pl.col("template").str.replace_all(WILDCARD, MASK, literal=True)
    candidates = with_shapes(templates.to_frame("template").with_columns(text=masked_template), "text").drop("text")
    pairs = texts.join(candidates, on="shape", suffix="_template").with_row_index("pair")
    tokens = pairs.select("pair", "tokens", "tokens_template").explode("tokens", "tokens_template")
    is_wildcard = pl.col("tokens_template") == MASK
    fits = tokens.group_by("pair").agg(
        fits=(is_wildcard | (pl.col("tokens") == pl.col("tokens_template"))).all(), wildcards=is_wildcard.sum()
    )
    matches = pairs.join(fits.filter("fits"), on="pair").sort("wildcards", "template")
    return matches.unique("masked", keep="first", maintain_order=True).select("masked", "template")


def with_shapes(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """Add shape (the text with w for every token), tokens, and how many are literals; drop texts without tokens."""
    masked = pl.col(column)
    frame = frame.with_columns(shape=masked.str.replace_all(TOKEN, "w"), tokens=masked.str.extract_all(TOKEN))
    tokens = pl.col("tokens").list
    literals = tokens.len().cast(pl.Int64) - tokens.count_matches(MASK)
    return frame.with_columns(literals=literals).filter(tokens.len() > 0)
