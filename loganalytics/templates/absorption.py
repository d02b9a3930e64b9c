"""Texts that are left over beside a template that fits them become that template.

A value that comes once with a rare shape, such as a list of four where lists of two are usual, finds too few texts of
its own shape to be known as a variable. Where many texts have become a template already, that template is evidence.
"""

from __future__ import annotations

import polars as pl

from loganalytics.templates.masking import HOLE
from loganalytics.templates.matching import shaped
from loganalytics.templates.token_arrays import VERDICT, kind_of

_LEAST = 5  # so many times more texts must be behind the template
_LITERALS = 3  # so many words must the template have, and more than are absorbed
_MOST_PAIRS = 5_000_000

_LIST = rf"(?:[\w.\-]|{HOLE})+(?:, ?(?:[\w.\-]|{HOLE})+)+"


def absorb(texts: pl.DataFrame) -> pl.DataFrame:
    """Return `text` and `new` for those that change; `texts` has `text` (distinct), `events` and `texts`."""
    known = shaped(texts.filter(pl.col("texts") >= _LEAST).select("text", "texts", form="text"), "form")
    known = known.filter(pl.col("words").list.contains(HOLE) & (pl.col("literals") >= _LITERALS))
    forms = pl.concat(
        [
            texts.select("text", "texts", form="text"),
            texts.select("text", "texts", form=pl.col("text").str.replace_all(_LIST, HOLE)),
        ]
    )
    rest = shaped(forms.unique(["text", "form"]).join(known.select(pl.col("text")), on="text", how="anti"), "form")
    pairs = _few(rest, known)
    words = pairs.select("pair", "literals", "words", "words_known").explode("words", "words_known")
    is_hole = pl.col("words_known") == HOLE
    absorbed = is_hole & (pl.col("words") != HOLE)
    fits = words.with_columns(kind=kind_of(pl.col("words"))).group_by("pair").agg(
        fits=(is_hole | (pl.col("words") == pl.col("words_known"))).all(),
        verdicts=(absorbed & (pl.col("kind") == VERDICT)).any(),
        absorbed=absorbed.sum(),
        holes=is_hole.sum(),
        literals=pl.col("literals").first(),
    )  # fmt: skip
    fits = fits.filter(pl.col("fits") & ~pl.col("verdicts") & (pl.col("literals") > pl.col("absorbed")))
    found = pairs.drop("literals").join(fits, on="pair").sort("holes", "text_known")
    return found.unique("text", keep="first", maintain_order=True).select("text", new="text_known")


def _few(rest: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Return the texts beside the templates of their shape; the shapes with most pairs are left out if need be."""
    sizes = rest.group_by("shape").len("rest").join(known.group_by("shape").len("known"), on="shape")
    sizes = sizes.with_columns(pairs=pl.col("rest").cast(pl.Int64) * pl.col("known")).sort("pairs", "shape")
    kept = sizes.filter(pl.col("pairs").cum_sum() <= _MOST_PAIRS).select("shape")
    pairs = rest.drop("literals").join(kept, on="shape", how="semi").join(known, on="shape", suffix="_known")
    enough = pl.col("texts_known") >= _LEAST * pl.col("texts")
    return pairs.filter(enough).with_row_index("pair")
