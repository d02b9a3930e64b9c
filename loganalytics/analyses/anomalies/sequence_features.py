"""What a sequence of events (a trace, a session, a job run) is made of, and how unusual each part of it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from loganalytics.schema import Frame, is_error, lazy
from loganalytics.templates.annotate import with_templates

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float64]]

EXACT = 8  # counts up to here are told apart; above, four steps to a doubling
MOST_MISSED = 30  # templates that are usually there, whose absence is looked at one by one
MOST_GROUPED = 2_000  # templates among which those that come together are looked for
MOST_PAIRS = 200_000_000
TOGETHER = 0.8  # share of the sequences with either template that have both
RARE = 0.01  # share of the sequences
FEATURES = ("log_events", "entropy", "unlikelihood", "kinds", "rarity", "rarest", "rare_kinds", "count_surprise",
            "most_surprise", "order_surprise")  # fmt: skip


@dataclass(frozen=True)
class Sequences:
    """The sequences of a log, one row each, and the cells that are odd about them."""

    table: pl.DataFrame  # by, events, errors, first_seen, last_seen; sorted by value
    features: Array  # sequences x FEATURES
    cells: pl.DataFrame  # sequence, template, count, surprise (nats), usual; those with any surprise
    shares: pl.DataFrame  # template, bin, count, share: how many sequences have so many events of a template


def read_steps(logs: Frame, by: str) -> pl.DataFrame:
    """Return what sequences are made of, in order: by, timestamp, error, template (its id) and text.

    Events without a value of `by` belong to no sequence. Order is that of time, then of place in the source,
    then of the rows.
    """
    frame = lazy(logs, by)
    have = frame.collect_schema().names()
    wanted = ("timestamp", "severity_number", "message", "template", "template_id", "source", "offset")
    events = frame.select(*dict.fromkeys([by, *(name for name in wanted if name in have)])).drop_nulls(by).collect()
    if "template_id" not in have:
        events = with_templates(events)
    text = "template" if "template" in events.columns else "template_id"
    null = pl.lit(None, pl.Int64)
    steps = events.select(
        by=pl.col(by),
        timestamp=pl.col("timestamp") if "timestamp" in have else null.cast(pl.Datetime("us", "UTC")),
        error=is_error() if "severity_number" in have else pl.lit(value=False),
        template=pl.col("template_id").cast(pl.String).fill_null(""),
        text=pl.col(text).cast(pl.String).fill_null(""),
        source=pl.col("source") if "source" in have else null,
        offset=pl.col("offset").cast(pl.Int64, strict=False) if "offset" in have else null,
    )
    return steps.sort("by", "timestamp", "source", "offset", maintain_order=True).drop("source", "offset")


def read_sequences(steps: pl.DataFrame) -> Sequences:
    """Return the sequences and their features."""
    import numpy as np

    numbered = steps.with_columns(
        sequence=pl.col("by").rle_id().cast(pl.Int64), kind=pl.col("template").rank("dense").cast(pl.Int64) - 1
    )
    table = numbered.group_by("sequence", maintain_order=True).agg(
        pl.col("by").first(),
        events=pl.len().cast(pl.Int64),
        errors=pl.col("error").fill_null(value=False).sum().cast(pl.Int64),
        first_seen=pl.col("timestamp").min(),
        last_seen=pl.col("timestamp").max(),
    )
    counts = numbered.group_by("sequence", "kind").agg(count=pl.len().cast(pl.Int64)).sort("sequence", "kind")
    shares = _shares(counts, table.height)
    cells = _surprise(counts, shares)
    missed = _missed(counts, shares, table.height)
    parts = [
        _amounts(counts, table["events"]),
        _rarity(counts, table.height),
        _total_surprise(cells, missed, shares, table.height),
        _order(numbered),
    ]
    names = steps.group_by("template").agg(pl.col("text").min()).sort("template").with_row_index("kind")
    odd = pl.concat([cells.select(missed.columns), missed]).filter(pl.col("surprise") > 0)
    named = odd.join(names.with_columns(pl.col("kind").cast(pl.Int64)), on="kind", how="left", maintain_order="left")
    return Sequences(table.drop("sequence"), np.column_stack(parts), named, shares)


def _bin() -> pl.Expr:
    """Return the bin of a count: exact where small, so that 300 and 301 events are not two kinds of sequence."""
    count = pl.col("count")
    return pl.when(count <= EXACT).then(count).otherwise((EXACT + 4 * (count / EXACT).log(2)).round().cast(pl.Int64))


def _shares(counts: pl.DataFrame, sequences: int) -> pl.DataFrame:
    """Return in how many sequences a template comes how often, none included, and how surprising that is.

    The surprise of a count is the logarithm of how much rarer it is than the commonest one (nats).
    """
    present = counts.group_by("kind", bin=_bin()).agg(count=pl.col("count").min(), sequences=pl.len().cast(pl.Int64))
    absent = present.group_by("kind").agg(sequences=sequences - pl.col("sequences").sum())
    absent = absent.filter(pl.col("sequences") > 0).with_columns(bin=0, count=0).cast(present.schema)
    shares = pl.concat([present, absent.select(present.columns)]).sort("kind", "bin")
    most = pl.col("sequences").max().over("kind")
    return shares.with_columns(
        surprise=(most / pl.col("sequences")).log(),
        usual=pl.col("count").sort_by("sequences", "count", descending=[True, False]).first().over("kind"),
    )


def _surprise(counts: pl.DataFrame, shares: pl.DataFrame) -> pl.DataFrame:
    known = shares.select("kind", "bin", "surprise", "usual")
    return counts.with_columns(bin=_bin()).join(known, on=["kind", "bin"], how="left", maintain_order="left")


def _missed(counts: pl.DataFrame, shares: pl.DataFrame, sequences: int) -> pl.DataFrame:
    """Return the cells of templates that a sequence lacks though most sequences have them."""
    usual = shares.filter((pl.col("bin") == 0) & (pl.col("surprise") > 0))
    usual = usual.sort("surprise", "kind", descending=[True, False]).head(MOST_MISSED)
    lacking = [
        pl.DataFrame({"sequence": pl.int_range(sequences, eager=True)})
        .join(counts.filter(pl.col("kind") == kind), on="sequence", how="anti", maintain_order="left")
        .with_columns(kind=pl.lit(kind, pl.Int64), count=pl.lit(0, pl.Int64), surprise=surprise, usual=usual_count)
        for kind, surprise, usual_count in usual.select("kind", "surprise", "usual").iter_rows()
    ]
    empty = pl.DataFrame(
        schema={"sequence": pl.Int64, "kind": pl.Int64, "count": pl.Int64, "surprise": pl.Float64, "usual": pl.Int64}
    )
    return pl.concat([empty, *(cells.cast(empty.schema) for cells in lacking)])


def _amounts(counts: pl.DataFrame, events: pl.Series) -> Array:
    """Return log events, entropy of the templates (nats) and the mean of -log p over the events, row by row."""
    import numpy as np

    sequence, count = counts["sequence"].to_numpy(), counts["count"].to_numpy().astype(float)
    total = events.to_numpy().astype(float)
    share = count / total[sequence]
    likelihood = np.bincount(counts["kind"].to_numpy(), count)
    unlikely = -np.log(likelihood / likelihood.sum())[counts["kind"].to_numpy()]
    size = len(total)
    entropy = np.bincount(sequence, -share * np.log(share), size)
    return np.column_stack([np.log(total), entropy, np.bincount(sequence, share * unlikely, size)])


def _rarity(counts: pl.DataFrame, sequences: int) -> Array:
    """Return kinds, sum and most of -log df, and the number of rare ones; templates that come together are one kind."""
    import numpy as np

    kind = counts["kind"].to_numpy()
    rarity = -np.log(np.bincount(kind) / sequences)
    grouped = pl.DataFrame({"sequence": counts["sequence"], "group": _groups(counts)[kind], "rarity": rarity[kind]})
    each = grouped.group_by("sequence", "group").agg(pl.col("rarity").max())
    rare = pl.col("rarity") > -np.log(RARE)
    of = each.sort("sequence", "group").group_by("sequence", maintain_order=True)
    rarity_ = pl.col("rarity")
    table = of.agg(kinds=pl.len(), sum=rarity_.sum(), most=rarity_.max(), rare=rare.sum())
    return table.select("kinds", "sum", "most", "rare").to_numpy().astype(float)


def _groups(counts: pl.DataFrame) -> np.ndarray[Any, Any]:
    """Return the group of each template: those that come together in four of five sequences tell one thing, once."""
    import numpy as np
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    kind, sequence = counts["kind"].to_numpy(), counts["sequence"].to_numpy()
    frequency = np.bincount(kind)
    kept = np.zeros(len(frequency), bool)
    kept[np.lexsort((np.arange(len(frequency)), -frequency))[:MOST_GROUPED]] = True
    pairs = int((np.bincount(sequence[kept[kind]]).astype(float) ** 2).sum())
    stride = 1 + pairs // MOST_PAIRS
    taken = kept[kind] & (sequence % stride == 0)
    has = csr_array((np.ones(taken.sum(), np.int32), (sequence[taken], kind[taken])), (sequence.max() + 1, len(kept)))
    both = (has.T @ has).tocoo()
    one, other = both.coords
    alone = both.diagonal()
    near = both.data > TOGETHER * (alone[one] + alone[other] - both.data)
    links = csr_array((np.ones(near.sum()), (one[near], other[near])), both.shape)
    return np.asarray(connected_components(links, directed=False)[1])


def _total_surprise(cells: pl.DataFrame, missed: pl.DataFrame, shares: pl.DataFrame, sequences: int) -> Array:
    """Return the sum and the most of the surprise of all templates, those that are not there included."""
    import numpy as np

    absence = shares.filter(pl.col("bin") == 0).select("kind", absent="surprise")
    against = cells.join(absence, on="kind", how="left", maintain_order="left").with_columns(
        more=pl.col("surprise") - pl.col("absent").fill_null(0.0)
    )
    sums = float(absence["absent"].sum()) + np.bincount(
        against["sequence"].to_numpy(), against["more"].to_numpy(), sequences
    )
    most = np.zeros(sequences)
    for odd in (cells, missed):
        np.maximum.at(most, odd["sequence"].to_numpy(), odd["surprise"].to_numpy())
    return np.column_stack([np.maximum(sums, 0.0), most])


def _order(steps: pl.DataFrame) -> Array:
    """Return the mean of -log p(template | the one before), the sequence's begin and end included."""
    import numpy as np

    kind, sequence = steps["kind"].to_numpy(), steps["sequence"].to_numpy()
    kinds = int(kind.max()) + 2
    first = np.append(True, sequence[1:] != sequence[:-1])
    last = np.append(first[1:], True)
    before = np.where(first, kinds - 1, np.append(kinds - 1, kind[:-1]))
    pairs = np.append(before * kinds + kind, kind[last] * kinds + kinds - 1)
    follows = pl.DataFrame({"sequence": np.append(sequence, sequence[last]), "pair": pairs, "before": pairs // kinds})
    seen = follows.group_by("pair").agg(pl.len().alias("pairs"), pl.col("before").first())
    seen = seen.with_columns(surprise=(pl.col("pairs").sum().over("before") / pl.col("pairs")).log())
    told = follows.join(seen.select("pair", "surprise"), on="pair", how="left", maintain_order="left")
    size = int(sequence[-1]) + 1
    number = told["sequence"].to_numpy()
    return np.asarray(np.bincount(number, told["surprise"].to_numpy(), size) / np.bincount(number, minlength=size))
