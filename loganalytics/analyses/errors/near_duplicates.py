"""Groups of errors that say the same in slightly other words, or come by a slightly other way, become one.

Groups are compared by the cosine of TF-IDF weights over the words of their templates, or by that of their frames, which
weigh the same (the frames that near-identical traces share are the frequent ones, and would weigh least), and joined by
agglomerative clustering with complete linkage, so that no chain of small steps joins what is far apart. High cosine
is not enough: "could not open" and "could not close" are alike, but two problems. Texts must be equal but for what is
added at an end; traces must have the same types and fail at the same place.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

MOST = 2_000
"""So many groups are compared, the greatest: time and memory grow with the square."""

_ALIKE = 0.75  # cosine from which groups can be one
_TRACES = 0.8 - 1e-9  # four of five frames, five of six

_WORD = r"[\p{L}_][\p{L}\p{N}_']*"
# An ending that says the opposite, or tells a cause of its own, is more than an addition.
_OTHERWISE = r"\b(?:not|no|never|without|because|due|caused|but)\b"


def near_duplicates(groups: pl.DataFrame) -> pl.DataFrame:
    """Return fingerprint and `into`, the fingerprint of the greatest group that it is one with; only where they differ.

    Needs fingerprint (distinct), kind (a group joins only one of the same kind; null joins none), text (the words or
    frames that are compared), is_trace and events.
    """
    table = (
        groups.filter(pl.col("kind").is_not_null()).sort("events", "fingerprint", descending=[True, False]).head(MOST)
    )
    table = table.with_columns(text=pl.when("is_trace").then("text").otherwise(_words("text")))
    table = table.filter(pl.col("text").str.len_bytes() > 0)
    pairs = _allowed(_alike(table), table)
    if pairs.is_empty():
        return pl.DataFrame(schema={"fingerprint": pl.String, "into": pl.String})
    joined = table.with_columns(cluster=_linked(pairs, table.height))
    into = pl.col("fingerprint").first().over("cluster")  # the table begins with the greatest
    return joined.select("fingerprint", into=into).filter(pl.col("into") != pl.col("fingerprint"))


def _words(name: str) -> pl.Expr:
    """Return the words of a template, in lower case and without the plural's s."""
    words = pl.col(name).str.to_lowercase().str.extract_all(_WORD)
    return words.list.eval(pl.element().str.replace(r"(?:ies|y|es|s)$", "")).list.join(" ")


def _alike(table: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs a < b whose texts have a high cosine: a, b, similarity."""
    rows = table.with_row_index("at")
    texts = _cosines(rows.filter(~pl.col("is_trace")), " ", weigh=True)
    traces = _cosines(rows.filter("is_trace"), "\n", weigh=False)
    return pl.concat([texts.filter(pl.col("similarity") >= _ALIKE), traces.filter(pl.col("similarity") >= _TRACES)])


def _cosines(rows: pl.DataFrame, separator: str, *, weigh: bool) -> pl.DataFrame:
    from sklearn.feature_extraction.text import TfidfVectorizer

    if rows.height < 2:
        return pl.DataFrame(schema={"a": pl.Int64, "b": pl.Int64, "similarity": pl.Float64})
    weights = TfidfVectorizer(analyzer=_as_it_is, use_idf=weigh).fit_transform(
        rows["text"].str.split(separator).to_list()
    )
    found: Any = (weights @ weights.T).tocoo()
    at = rows["at"].cast(pl.Int64)
    pairs = pl.DataFrame({"a": at.gather(found.row), "b": at.gather(found.col), "similarity": found.data})
    return pairs.filter(pl.col("a") < pl.col("b"))


def _as_it_is(terms: list[str]) -> list[str]:
    return terms


def _allowed(pairs: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs that may be one problem, not only sound alike."""
    sides = table.with_row_index("at").select(pl.col("at").cast(pl.Int64), "kind", "text", "is_trace")
    both = pairs.join(sides, left_on="a", right_on="at").join(sides, left_on="b", right_on="at", suffix="_b")
    is_longer = pl.col("text").str.len_bytes() >= pl.col("text_b").str.len_bytes()
    both = both.with_columns(
        long=pl.when(is_longer).then("text").otherwise("text_b"),
        short=pl.when(is_longer).then("text_b").otherwise("text"),
    )
    return both.filter((pl.col("kind") == pl.col("kind_b")) & (pl.col("is_trace") | _only_added()))


def _only_added() -> pl.Expr:
    """Return whether `long` is `short` with words added at one end that do not turn its meaning."""
    long, short = pl.col("long"), pl.col("short")
    at_end = long.str.starts_with(pl.concat_str(short, pl.lit(" "))) | (long == short)
    at_start = long.str.ends_with(pl.concat_str(pl.lit(" "), short))
    added = pl.when(at_end).then(long.str.strip_prefix(short)).otherwise(long.str.strip_suffix(short))
    return (at_end | at_start) & ~added.str.contains(_OTHERWISE)


def _linked(pairs: pl.DataFrame, size: int) -> pl.Series:
    """Return the cluster of each group; every two groups of a cluster are an allowed pair."""
    from sklearn.cluster import AgglomerativeClustering

    distance: npt.NDArray[np.float64] = np.ones((size, size))
    np.fill_diagonal(distance, 0.0)
    a, b = pairs["a"].to_numpy(), pairs["b"].to_numpy()
    distance[a, b] = distance[b, a] = 1 - pairs["similarity"].to_numpy()
    merge = AgglomerativeClustering(
        n_clusters=None, distance_threshold=1 - _ALIKE + 1e-9, metric="precomputed", linkage="complete"
    )
    return pl.Series(merge.fit_predict(distance))
