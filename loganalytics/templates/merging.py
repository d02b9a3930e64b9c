"""Merge texts that differ only where a variable stands.

Which words are variables is decided from the distinct texts of the whole frame, all at once, so neither the order
of the lines nor how they were split matters. Texts meet in hash buckets, never in pairs: time grows with the
number of words.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from loganalytics.templates.token_arrays import DIGITS, NAME, VERDICT, WILD, Flags, Words

_MOST_WORDS = 8_000_000
_ROUNDS = 6
_OTHER_POSITION = np.uint64(0x94D049BB133111EB)


def merge_words(texts: pl.DataFrame) -> pl.DataFrame:
    """Return `text` and `new` for those that change; `texts` has `text` (distinct) and `events`."""
    texts = _most_frequent(texts)
    words = Words(texts["text"])
    digits = words.kind == DIGITS
    words.put_holes(_varied(words, digits, texts=2, values=2))
    words.put_holes(_varied(words, (words.kind == DIGITS) | (words.kind == NAME), texts=5, values=3))
    values = words.is_value & (words.kind != VERDICT)
    words.put_holes(_varied(words, (words.kind == DIGITS) | values, texts=2, values=2))
    _put_rivals(words)
    for _ in range(_ROUNDS):
        changed = words.put_holes(_off_skeleton(words))
        if not (_put_rivals(words) or changed):
            break
    return texts.select("text", new=words.merged()).filter(pl.col("new") != pl.col("text"))


def _most_frequent(texts: pl.DataFrame) -> pl.DataFrame:
    """Leave out the rarest texts when there are more words than can be merged within a minute."""
    words = pl.col("text").str.count_matches(" ", literal=True).cast(pl.Int64) + 1
    if texts.select(words.sum()).item() <= _MOST_WORDS:
        return texts
    texts = texts.sort("events", "text", descending=[True, False])
    return texts.filter(words.cum_sum() <= _MOST_WORDS)


def _varied(words: Words, loose: Flags, *, texts: int, values: int, join_hole: bool = False) -> Flags:
    """Find the loose words that vary among texts that are equal but for loose words.

    At least `texts` must be equal so, and have `values` different words at the place. Where `join_hole`, it is also
    enough that one of them has a hole there already.
    """
    if not loose.any():
        return loose
    loose = loose | (words.kind == WILD)
    alike = words.sums(words.parts(np.where(loose, np.uint64(0), words.hash)))
    at = np.flatnonzero(loose)
    flat = pl.DataFrame(
        {
            "at": at,
            "alike": alike[words.row[at]],
            "position": words.position[at],
            "hash": words.hash[at],
            "wild": words.kind[at] == WILD,
        }
    )
    groups = flat.group_by("alike", "position").agg(
        pl.col("hash").n_unique().alias("values"),
        pl.len().alias("texts"),
        pl.col("wild").any(),
        pl.col("at"),
    )
    enough = (pl.col("values") >= values) & (pl.col("texts") >= texts)
    varied = groups.filter(enough | (pl.col("wild") & (pl.col("values") > 1) & join_hole))
    hit = _flags(words, varied["at"].explode(empty_as_null=False))
    hit[words.kind == WILD] = False
    return hit


def _off_skeleton(words: Words) -> Flags:
    """Find words that are rare beside the frequent ones of their text, where most of the text is frequent.

    This merges texts with several variables of which no two share any value.
    """
    place = words.frame[words.row] + words.parts(words.hash)
    _, which, sizes = np.unique(place, return_inverse=True, return_counts=True)
    often = sizes[which]
    most = np.zeros(len(words), np.int64)
    np.maximum.at(most, words.row, often)
    rare = (often * 4 <= most[words.row]) & (words.kind != VERDICT) & (words.kind != WILD)
    fixed = words.count(~rare & (words.kind != WILD))
    enough = (fixed >= 2) & (fixed >= words.count(rare))
    within = rare & enough[words.row] & (words.position > 0)
    hit = _varied(words, within, texts=10, values=5, join_hole=True)
    at_start = rare & (enough & (fixed >= 3))[words.row]
    start = _varied(words, at_start, texts=20, values=10, join_hole=True)
    return np.logical_or(hit, start)


def _put_rivals(words: Words) -> bool:
    """Make holes where texts differ in one word only, until nothing changes; return whether anything did."""
    for done in range(_ROUNDS):
        if not words.put_holes(_rivals(words)):
            return done > 0
    return True


def _rivals(words: Words) -> Flags:
    """Find words in whose place other texts, equal in all else, have enough other words."""
    parts = words.parts(words.hash)
    others = words.sums(parts)[words.row] - parts + words.position.astype(np.uint64) * _OTHER_POSITION
    at = np.flatnonzero(pl.Series(others).is_duplicated().to_numpy())
    flat = pl.DataFrame(
        {
            "at": at,
            "bucket": others[at],
            "first": (words.position[at] == 0) & ~words.opens[words.row[at]],
            "verdict": words.kind[at] == VERDICT,
            "wild": words.kind[at] == WILD,
            "named": words.is_value[at] | np.isin(words.names()[at], words.keys),
            "known": np.isin(words.hash[at], words.values),
        }
    )
    flat = flat.with_columns(
        rivals=pl.len().over("bucket"),
        verdicts=pl.col("verdict").sum().over("bucket"),
        has_hole=pl.col("wild").any().over("bucket"),
        known=pl.col("known").sum().over("bucket"),
    )
    return _flags(words, flat.filter(_is_variable())["at"])


def _is_variable() -> pl.Expr:
    """Return whether a word among its rivals is a variable: the fewer rivals, the more else must speak for it."""
    words = pl.col("rivals") - pl.col("verdicts")
    likely = pl.col("named") | (pl.col("known") * 2 > words)
    least = pl.when("has_hole").then(2).when("first").then(20).when(likely).then(2).otherwise(5)
    free_text = pl.col("verdicts") * 5 <= pl.col("rivals")
    return (words >= least) & ~pl.col("wild") & (~pl.col("verdict") | free_text)


def _flags(words: Words, at: pl.Series) -> Flags:
    flags = np.zeros(len(words.row), bool)
    flags[at.to_numpy()] = True
    return flags
