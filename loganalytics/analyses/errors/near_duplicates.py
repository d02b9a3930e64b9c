"""Groups of errors that differ only in wording, or in a few callers, are merged.

Groups are compared by the cosine of TF-IDF weights over the words of their templates, or by that of their frames, which
weigh the same (the frames that near-identical traces share are the frequent ones, and would weigh least), and joined by
agglomerative clustering with complete linkage, so that no chain of small steps joins what is far apart. A high cosine
is not enough: "could not open" and "could not close" are alike, but two problems. Messages must be equal but for what
is added at an end; traces must have the same types and fail at the same frame.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

MAX_GROUPS = 2_000
"""So many groups are compared, the greatest: time and memory grow with the square."""

MIN_TEXT_COSINE = 0.75
MIN_TRACE_COSINE = 0.8 - 1e-9  # four of five frames, five of six

_WORD = r"[\p{L}_][\p{L}\p{N}_']*"
# An ending that says the opposite, or names a cause of its own, is more than an addition.
_CHANGES_MEANING = r"\b(?:not|no|never|without|because|due|caused|but)\b"


def near_duplicates(groups: pl.DataFrame) -> pl.DataFrame:
    """Return fingerprint and `into`, the fingerprint of the greatest group that it is merged into, where they differ.

    Needs fingerprint (distinct), kind (a group joins only one of the same kind; null joins none), text (the template
    or the frames that are compared), is_trace and events.
    """
    table = groups.filter(pl.col("kind").is_not_null()).sort("events", "fingerprint", descending=[True, False])
    table = table.head(MAX_GROUPS).with_columns(text=pl.when("is_trace").then("text").otherwise(_normalized("text")))
    table = table.filter(pl.col("text").str.len_bytes() > 0)
    pairs = _mergeable(_similar_pairs(table), table)
    if pairs.is_empty():
        return pl.DataFrame(schema={"fingerprint": pl.String, "into": pl.String})
    joined = table.with_columns(cluster=linked_rows(pairs, table.height))
    into = pl.col("fingerprint").first().over("cluster")  # the table begins with the greatest
    return joined.select("fingerprint", into=into).filter(pl.col("into") != pl.col("fingerprint"))


def _normalized(name: str) -> pl.Expr:
    """Return the words of a template, in lower case and without the plural's s; the name of this host is a value."""
    words = pl.col(name).str.to_lowercase().str.replace_all(r"\blocalhost\b", " ").str.extract_all(_WORD)
    return words.list.eval(pl.element().str.replace(r"(?:ies|y|es|s)$", "")).list.join(" ")


def _similar_pairs(table: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs of row numbers a < b whose texts have a high cosine: a, b, similarity."""
    rows = table.with_row_index("number")
    texts = _cosines(rows.filter(~pl.col("is_trace")), " ", use_idf=True)
    traces = _cosines(rows.filter("is_trace"), "\n", use_idf=False)
    similarity = pl.col("similarity")
    return pl.concat([texts.filter(similarity >= MIN_TEXT_COSINE), traces.filter(similarity >= MIN_TRACE_COSINE)])


def _cosines(rows: pl.DataFrame, separator: str, *, use_idf: bool) -> pl.DataFrame:
    from sklearn.feature_extraction.text import TfidfVectorizer

    if rows.height < 2:
        return pl.DataFrame(schema={"a": pl.Int64, "b": pl.Int64, "similarity": pl.Float64})
    terms = rows["text"].str.split(separator).to_list()
    weights = TfidfVectorizer(analyzer=_unchanged, use_idf=use_idf).fit_transform(terms)
    cosines: Any = (weights @ weights.T).tocoo()
    numbers = rows["number"].cast(pl.Int64)
    pairs = pl.DataFrame(
        {"a": numbers.gather(cosines.row), "b": numbers.gather(cosines.col), "similarity": cosines.data}
    )
    return pairs.filter(pl.col("a") < pl.col("b"))


def _unchanged(terms: list[str]) -> list[str]:
    """Return the terms as they are: the analyzer of texts that are split already."""
    return terms


def _mergeable(pairs: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs that may be one problem, not only similar."""
    sides = table.with_row_index("number").select(pl.col("number").cast(pl.Int64), "kind", "text", "is_trace")
    joined = pairs.join(sides, left_on="a", right_on="number")
    joined = joined.join(sides, left_on="b", right_on="number", suffix="_b")
    is_longer = pl.col("text").str.len_bytes() >= pl.col("text_b").str.len_bytes()
    joined = joined.with_columns(
        long=pl.when(is_longer).then("text").otherwise("text_b"),
        short=pl.when(is_longer).then("text_b").otherwise("text"),
    )
    return joined.filter((pl.col("kind") == pl.col("kind_b")) & (pl.col("is_trace") | is_extension()))


def is_extension() -> pl.Expr:
    """Return the expression for whether `long` is `short` with an addition at one end that keeps its meaning."""
    long, short = pl.col("long"), pl.col("short")
    at_end = long.str.starts_with(pl.concat_str(short, pl.lit(" "))) | (long == short)
    at_start = long.str.ends_with(pl.concat_str(pl.lit(" "), short))
    added = pl.when(at_end).then(long.str.strip_prefix(short)).otherwise(long.str.strip_suffix(short))
    return (at_end | at_start) & ~added.str.contains(_CHANGES_MEANING)


def linked_rows(pairs: pl.DataFrame, size: int) -> pl.Series:
    """Return the cluster of each of so many rows; every two rows of a cluster are among the pairs.

    Needs a, b (row numbers) and similarity, the cosine of the two.
    """
    from sklearn.cluster import AgglomerativeClustering

    distance: NDArray[np.float64] = np.ones((size, size))
    np.fill_diagonal(distance, 0.0)
    a, b = pairs["a"].to_numpy(), pairs["b"].to_numpy()
    distance[a, b] = distance[b, a] = 1 - pairs["similarity"].to_numpy()
    linkage = AgglomerativeClustering(
        n_clusters=None, distance_threshold=1 - MIN_TEXT_COSINE + 1e-9, metric="precomputed", linkage="complete"
    )
    return pl.Series(linkage.fit_predict(distance))
