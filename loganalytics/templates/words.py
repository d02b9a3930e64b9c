"""Words that hold a number, a sign or a wildcard become one wildcard where their place shows that they vary.

`clock set to SELF(<*>), level <*>` belongs to `clock set to <*>, level <*>`. The form of a text has such words as
wildcards; texts of one form meet in a hash bucket.
"""

from __future__ import annotations

import polars as pl

from loganalytics.templates.masking import KEPT_SLASH, MASK
from loganalytics.templates.token_arrays import is_outcome

_MIN_RATIO = 5  # so many times more events must be behind the text that is its own form
_MIN_TEXTS = 5  # so many texts of one form show that their words vary
_MIN_FIXED = 2  # so many words must stay

# What opens a word, its key for instance; what varies; what closes it: brackets only where they are opened, too.
_CLOSED = r"[,;:.!?，。；：！？]*)$"
_BRACKETED_WORD = r"^((?:[\w.\-]+=)?[(\[{<\"'`]+)(.*?)([)\]}>\"'`]+" + _CLOSED
_WORD = r"^((?:[\w.\-]+=)?)(.*?)(" + _CLOSED
_VALUE = rf"[0-9{MASK}#$&*@^~\\]|^[+\-]."


def merge_words(texts: pl.DataFrame) -> pl.DataFrame:
    """Return `text` and `new` for those that change; `texts` has `text` (distinct) and `events`."""
    rows = texts.filter(pl.col("text").str.contains(_VALUE)).with_row_index("row")
    words = rows.select("row", word=pl.col("text").str.split(" "))
    words = words.with_columns(number=pl.int_ranges(pl.col("word").list.len())).explode("word", "number")
    parts = [
        pl.coalesce(pl.col("word").str.extract(pattern, group) for pattern in (_BRACKETED_WORD, _WORD))
        for group in (1, 2, 3)
    ]
    value = parts[1]
    # The path of a request is parted into segments, which vary each by itself.
    is_value = (
        value.str.contains(_VALUE)
        & ~value.str.contains(KEPT_SLASH, literal=True)
        & ~is_outcome(value.str.extract(r"^(\p{L}+)", 1).fill_null(""))
    )
    form = parts[0] + MASK + parts[2]
    words = words.with_columns(form=pl.when(is_value).then(form).otherwise("word"), is_value=is_value)
    forms = words.group_by("row", maintain_order=True).agg(
        form=pl.col("form").str.join(" "),
        fixed=(~pl.col("is_value") & pl.col("word").str.contains(r"\p{L}")).sum(),
    )
    rows = rows.join(forms, on="row").filter(pl.col("fixed") >= _MIN_FIXED)
    is_form = pl.col("text") == pl.col("form")
    behind = pl.when(is_form).then("events").max().over("form")
    absorbed = pl.col("events") * _MIN_RATIO <= behind
    rows = rows.with_columns(absorbed=absorbed.fill_null(value=False), varies=pl.len().over("form") >= _MIN_TEXTS)
    rows = rows.filter(~is_form & (pl.col("absorbed") | pl.col("varies")))
    whole = rows.filter("absorbed").select("text", new="form")
    varied = words.join(rows.filter(~pl.col("absorbed")).select("row", "text", whole="form"), on="row")
    differs = pl.col("word").n_unique().over("whole", "number") > 1
    varied = varied.sort("row", "number").with_columns(word=pl.when(differs).then("form").otherwise("word"))
    partly = varied.group_by("row", maintain_order=True).agg(pl.col("text").first(), new=pl.col("word").str.join(" "))
    return pl.concat([whole, partly.select("text", "new").filter(pl.col("new") != pl.col("text"))])
