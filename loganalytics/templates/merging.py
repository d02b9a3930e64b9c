"""Merge texts that differ only where a variable stands.

Which tokens are variables is decided from the distinct texts of the whole frame, all at once, so neither the order
of the lines nor how they were split matters. Texts meet in hash buckets, never in pairs: time grows with the
number of tokens.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from loganalytics.templates.token_arrays import Flags, Ints, TokenArrays, TokenKind

_MAX_TOKENS = 8_000_000
_MAX_ROUNDS = 6
_POSITION_FACTOR = np.uint64(0x94D049BB133111EB)


def merge_tokens(texts: pl.DataFrame) -> pl.DataFrame:
    """Return `text` and `new` for those that change; `texts` has `text` (distinct) and `events`."""
    texts = _most_frequent(texts)
    tokens = TokenArrays(texts["text"])
    tokens.to_wildcards(_varied(tokens, tokens.kind == TokenKind.DIGITS, texts=2, values=2))
    digits = tokens.kind == TokenKind.DIGITS
    identifiers = (tokens.kind == TokenKind.IDENTIFIER) & ~tokens.is_name()
    tokens.to_wildcards(_varied(tokens, digits | identifiers, texts=5, values=3))
    digits = tokens.kind == TokenKind.DIGITS
    values = tokens.is_value & (tokens.kind != TokenKind.OUTCOME)
    tokens.to_wildcards(_varied(tokens, digits | values, texts=2, values=2))
    _merge_competing(tokens)
    for _ in range(_MAX_ROUNDS):
        if not tokens.to_wildcards(_off_skeleton(tokens)):
            break
        _merge_competing(tokens)
    return texts.select("text", new=tokens.merged_texts()).filter(pl.col("new") != pl.col("text"))


def _most_frequent(texts: pl.DataFrame) -> pl.DataFrame:
    """Leave out the rarest texts when there are more tokens than can be merged within a minute."""
    tokens = pl.col("text").str.count_matches(" ", literal=True).cast(pl.Int64) + 1
    if texts.select(tokens.sum()).item() <= _MAX_TOKENS:
        return texts
    texts = texts.sort("events", "text", descending=[True, False])
    return texts.filter(tokens.cum_sum() <= _MAX_TOKENS)


def _varied(tokens: TokenArrays, loose: Flags, *, texts: int, values: int, join_wildcard: bool = False) -> Flags:
    """Find the loose tokens that vary among texts that are equal but for loose tokens.

    At least so many `texts` must be equal, with so many different `values` at the position. Where `join_wildcard`, it
    is also enough that one of them has a wildcard there already.
    """
    if not loose.any():
        return loose
    loose = loose | (tokens.kind == TokenKind.WILDCARD)
    fixed_hashes = tokens.text_hashes(tokens.hash_terms(np.where(loose, np.uint64(0), tokens.hash)))
    at = np.flatnonzero(loose)
    flat = pl.DataFrame(
        {
            "at": at,
            "fixed_hash": fixed_hashes[tokens.row[at]],
            "position": tokens.position[at],
            "hash": tokens.hash[at],
            "is_wildcard": tokens.kind[at] == TokenKind.WILDCARD,
        }
    )
    groups = flat.group_by("fixed_hash", "position").agg(
        pl.col("hash").n_unique().alias("values"),
        pl.len().alias("texts"),
        pl.col("is_wildcard").any().alias("has_wildcard"),
        pl.col("at"),
    )
    enough = (pl.col("values") >= values) & (pl.col("texts") >= texts)
    varied = groups.filter(enough | (pl.col("has_wildcard") & (pl.col("values") > 1) & join_wildcard))
    variables = _flags(tokens, varied["at"].explode(empty_as_null=False))
    variables[tokens.kind == TokenKind.WILDCARD] = False
    return variables


def _off_skeleton(tokens: TokenArrays) -> Flags:
    """Find tokens that are rare beside the frequent ones of their text, where most of the text is frequent.

    This merges texts with several variables of which no two share any value.
    """
    occurrences = _occurrences(tokens)
    highest = np.zeros(len(tokens), np.int64)
    np.maximum.at(highest, tokens.row, occurrences)
    is_fixed_kind = (tokens.kind == TokenKind.OUTCOME) | (tokens.kind == TokenKind.WILDCARD)
    rare = (occurrences * 4 <= highest[tokens.row]) & ~is_fixed_kind
    frequent_count = tokens.count_by_text(~rare & (tokens.kind != TokenKind.WILDCARD))
    mostly_frequent = (frequent_count >= 2) & (frequent_count >= tokens.count_by_text(rare))
    inside = rare & mostly_frequent[tokens.row] & ~tokens.is_name()
    variables = _varied(tokens, inside, texts=10, values=5, join_wildcard=True)
    at_start = rare & (mostly_frequent & (frequent_count >= 3))[tokens.row]
    names = _varied(tokens, at_start, texts=20, values=10, join_wildcard=True)
    return np.logical_or(variables, names)


def _occurrences(tokens: TokenArrays) -> Ints:
    """Return how many texts of the same punctuation have a token at the same position."""
    located = tokens.punctuation[tokens.row] + tokens.hash_terms(tokens.hash)
    ordered = np.sort(located)
    first = np.flatnonzero(np.diff(ordered, prepend=~ordered[:1]))
    sizes = np.diff(first, append=len(ordered))
    occurrences: Ints = sizes[np.searchsorted(ordered[first], located)]
    return occurrences


def _merge_competing(tokens: TokenArrays) -> None:
    """Make wildcards where texts differ in one token only, until nothing changes."""
    for _ in range(_MAX_ROUNDS):
        if not tokens.to_wildcards(_competing(tokens)):
            break


def _competing(tokens: TokenArrays) -> Flags:
    """Find tokens that compete for their position: texts equal in all else have enough other tokens there."""
    terms = tokens.hash_terms(tokens.hash)
    context = tokens.text_hashes(terms)[tokens.row] - terms + tokens.position.astype(np.uint64) * _POSITION_FACTOR
    ordered = np.sort(context)  # faster than hashing numbers of which most are different
    at = np.flatnonzero(np.isin(context, ordered[1:][ordered[1:] == ordered[:-1]]))
    flat = pl.DataFrame(
        {
            "at": at,
            "context": context[at],
            "is_first": tokens.is_name()[at],
            "is_verb": tokens.may_be_verb()[at],
            "is_outcome": tokens.kind[at] == TokenKind.OUTCOME,
            "is_wildcard": tokens.kind[at] == TokenKind.WILDCARD,
            "has_key": tokens.is_value[at] | np.isin(tokens.previous_hashes()[at], tokens.key_hashes),
            "is_known_value": np.isin(tokens.hash[at], tokens.value_hashes),
        }
    )
    flat = flat.with_columns(
        competing=pl.len().over("context"),
        outcomes=pl.col("is_outcome").sum().over("context"),
        has_wildcard=pl.col("is_wildcard").any().over("context"),
        known_values=pl.col("is_known_value").sum().over("context"),
    )
    return _flags(tokens, flat.filter(_is_variable())["at"])


def _is_variable() -> pl.Expr:
    """Return whether a token among those that compete with it is a variable.

    The fewer compete, the more else must speak for it.
    """
    candidates = pl.col("competing") - pl.col("outcomes")
    likely = pl.col("has_key") | (pl.col("known_values") * 2 > candidates)
    required = (
        pl.when("has_wildcard")
        .then(2)
        .when(pl.col("is_first") | pl.col("is_verb"))
        .then(20)
        .when(likely)
        .then(2)
        .otherwise(5)
    )
    is_free_text = pl.col("outcomes") * 5 <= pl.col("competing")
    return (candidates >= required) & ~pl.col("is_wildcard") & (~pl.col("is_outcome") | is_free_text)


def _flags(tokens: TokenArrays, at: pl.Series) -> Flags:
    flags = np.zeros(len(tokens.row), bool)
    flags[at.to_numpy()] = True
    return flags
