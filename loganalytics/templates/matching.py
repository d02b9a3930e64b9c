"""Texts against templates that are already known: the same words, anything where the template has a wildcard."""

from __future__ import annotations

import polars as pl

from loganalytics.templates.masking import HOLE, WILDCARD, tidy
from loganalytics.templates.token_arrays import WORD


def match(masked: pl.Series, templates: pl.Series) -> pl.DataFrame:
    """Return masked and template for those of the masked texts that a template fits; the most literal one wins.

    Texts and templates meet by their punctuation and number of words, never in pairs.
    """
    texts = shaped(masked.to_frame("masked").with_columns(text=tidy(pl.col("masked"))), "text")
    holes = pl.col("template").str.replace_all(WILDCARD, HOLE, literal=True)
    known = shaped(templates.to_frame("template").with_columns(text=holes), "text").drop("text")
    pairs = texts.join(known, on="shape", suffix="_known").with_row_index("pair")
    words = pairs.select("pair", "words", "words_known").explode("words", "words_known")
    is_hole = pl.col("words_known") == HOLE
    fits = words.group_by("pair").agg(
        fits=(is_hole | (pl.col("words") == pl.col("words_known"))).all(), holes=is_hole.sum()
    )
    found = pairs.join(fits.filter("fits"), on="pair").sort("holes", "template")
    return found.unique("masked", keep="first", maintain_order=True).select("masked", "template")


def shaped(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """Add shape (the text with w for every word), words, and how many of them are literals; not for texts without."""
    text = pl.col(column)
    frame = frame.with_columns(shape=text.str.replace_all(WORD, "w"), words=text.str.extract_all(WORD))
    words = pl.col("words").list
    literals = words.len().cast(pl.Int64) - words.count_matches(HOLE)
    return frame.with_columns(literals=literals).filter(words.len() > 0)
