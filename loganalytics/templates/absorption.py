"""Rare texts beside a template that fits them become that template.

A value that comes once with a rare shape, such as a list of four where lists of two are usual, finds too few texts of
its own shape to be known as a variable. Where many texts have become a template already, that template is evidence.
"""

from __future__ import annotations

import polars as pl

from loganalytics.templates.masking import MASK
from loganalytics.templates.matching import with_shapes
from loganalytics.templates.token_arrays import TokenKind, token_kind

_MIN_RATIO = 5  # so many times more texts must be behind the template
_MIN_LITERALS = 3  # so many literal tokens must the template have, and more than are absorbed
_MAX_PAIRS = 5_000_000

_LIST = rf"(?:[\w.\-]|{MASK})+(?:, ?(?:[\w.\-]|{MASK})+)+"


def absorb_rare_texts(texts: pl.DataFrame) -> pl.DataFrame:
    """Return `text` and `new` for those that change; `texts` has `text` (distinct), `events` and `texts`."""
    templates = with_shapes(texts.filter(pl.col("texts") >= _MIN_RATIO).select("text", "texts", form="text"), "form")
    templates = templates.filter(pl.col("tokens").list.contains(MASK) & (pl.col("literals") >= _MIN_LITERALS))
    if not templates.height:
        return texts.select("text", new="text").clear()
    pairs = _pairs(_forms(texts).join(templates.select(pl.col("text")), on="text", how="anti"), templates)
    tokens = pairs.select("pair", "literals", "tokens", "tokens_template").explode("tokens", "tokens_template")
    is_wildcard = pl.col("tokens_template") == MASK
    absorbed = is_wildcard & (pl.col("tokens") != MASK)
    fits = tokens.with_columns(kind=token_kind(pl.col("tokens"))).group_by("pair").agg(
        fits=(is_wildcard | (pl.col("tokens") == pl.col("tokens_template"))).all(),
        outcomes=(absorbed & (pl.col("kind") == int(TokenKind.OUTCOME))).any(),
        absorbed=absorbed.sum(),
        wildcards=is_wildcard.sum(),
        literals=pl.col("literals").first(),
    )  # fmt: skip
    fits = fits.filter(pl.col("fits") & ~pl.col("outcomes") & (pl.col("literals") > pl.col("absorbed")))
    matches = pairs.drop("literals").join(fits, on="pair").sort("wildcards", "text_template")
    return matches.unique("text", keep="first", maintain_order=True).select("text", new="text_template")


def _forms(texts: pl.DataFrame) -> pl.DataFrame:
    """Return the texts as they are and with their lists as one variable, with the shapes of both."""
    forms = pl.concat(
        [
            texts.select("text", "texts", form="text"),
            texts.select("text", "texts", form=pl.col("text").str.replace_all(_LIST, MASK)),
        ]
    )
    return with_shapes(forms.unique(["text", "form"]), "form")


def _pairs(forms: pl.DataFrame, templates: pl.DataFrame) -> pl.DataFrame:
    """Return the texts beside the templates of their shape; the shapes with most pairs are left out if need be."""
    sizes = forms.group_by("shape").len("forms").join(templates.group_by("shape").len("templates"), on="shape")
    sizes = sizes.with_columns(pairs=pl.col("forms").cast(pl.Int64) * pl.col("templates")).sort("pairs", "shape")
    shapes = sizes.filter(pl.col("pairs").cum_sum() <= _MAX_PAIRS).select("shape")
    pairs = forms.drop("literals").join(shapes, on="shape", how="semi")
    pairs = pairs.join(templates, on="shape", suffix="_template")
    enough = pl.col("texts_template") >= _MIN_RATIO * pl.col("texts")
    return pairs.filter(enough).with_row_index("pair")
