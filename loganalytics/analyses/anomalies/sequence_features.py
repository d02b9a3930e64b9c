"""What a sequence of events (a trace, a session, a job run) is made of, and how unusual each part of it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganalytics.schema import TIMESTAMP, Frame, is_error, lazy
from loganalytics.templates.annotate import with_templates

MAX_EXACT_COUNT = 8  # counts up to here are distinguished; above, four steps to a doubling
MAX_MISSING_TEMPLATES = 30  # templates that are usually there, whose absence is looked at one by one
MAX_GROUPED_TEMPLATES = 2_000  # among which those that come together are looked for
MAX_PAIRS = 200_000_000  # of templates in one sequence
MIN_TOGETHER_SHARE = 0.8  # of the sequences with either of two templates that have both
RARE_SHARE = 0.01  # of the sequences
FEATURES = ("log_events", "entropy", "event_surprisal", "kinds", "rarity", "max_rarity", "rare_kinds",
            "count_surprisal", "max_count_surprisal", "order_surprisal")  # fmt: skip

_STEP_COLUMNS = ("timestamp", "severity_number", "message", "template", "template_id", "source", "offset")
_CELLS = pl.Schema(
    {"sequence": pl.Int64, "kind": pl.Int64, "count": pl.Int64, "surprisal": pl.Float64, "usual": pl.Int64}
)


@dataclass(frozen=True, kw_only=True)
class Sequences:
    """The sequences of a log, one row each, and the cells that are odd about them.

    Attributes:
        table: by, events, errors, first_seen, last_seen; sorted by value.
        features: sequences x FEATURES.
        count_rarity: the surprisal of all counts, summed; those of templates that come together count once (nats).
        rarity: how rare each sequence is at most (nats), by that or by its rarest pair of events in a row.
        cells: sequence, template, text, kind, count, surprisal (nats), usual; those with any surprisal.
        shares: kind (of template), bin, count, sequences, surprisal, usual: how many sequences have so many events of
            a template.
    """

    table: pl.DataFrame
    features: NDArray[np.float64]
    count_rarity: NDArray[np.float64]
    rarity: NDArray[np.float64]
    cells: pl.DataFrame
    shares: pl.DataFrame


def read_steps(logs: Frame, by: str) -> pl.DataFrame:
    """Return what sequences are made of, in order: by, timestamp, error, template (its id) and text.

    Events without a value of `by` belong to no sequence. Order is that of time, then of offset in the source,
    then of the rows.
    """
    frame = lazy(logs, by)
    columns = frame.collect_schema().names()
    optional = [name for name in _STEP_COLUMNS if name in columns]
    events = frame.select(*dict.fromkeys([by, *optional])).drop_nulls(by).collect()
    if "template_id" not in columns:
        events = with_templates(events)
    template = "template" if "template" in events.columns else "template_id"
    null = pl.lit(None, pl.Int64)
    steps = events.select(
        by=pl.col(by),
        timestamp=pl.col("timestamp") if "timestamp" in columns else null.cast(TIMESTAMP),
        error=is_error() if "severity_number" in columns else pl.lit(value=False),
        template=pl.col("template_id").cast(pl.String).fill_null(""),
        text=pl.col(template).cast(pl.String).fill_null(""),
        source=pl.col("source") if "source" in columns else null,
        offset=pl.col("offset").cast(pl.Int64, strict=False) if "offset" in columns else null,
    )
    return steps.sort("by", "timestamp", "source", "offset", maintain_order=True).drop("source", "offset")


def read_sequences(steps: pl.DataFrame) -> Sequences:
    """Return the sequences and their features."""
    numbered = steps.with_columns(
        sequence=pl.col("by").rle_id().cast(pl.Int64), kind=pl.col("template").rank("dense").cast(pl.Int64) - 1
    )
    table = _sequence_table(numbered)
    counts = numbered.group_by("sequence", "kind").agg(count=pl.len().cast(pl.Int64)).sort("sequence", "kind")
    shares = _count_shares(counts, table.height)
    cells = _with_surprisal(counts, shares)
    missing = _missing_templates(counts, shares, table.height)
    transitions, groups = _transitions(numbered), _template_groups(counts)
    odd = pl.concat([cells.select(missing.columns), missing]).filter(pl.col("surprisal") > 0)
    features = [
        _event_features(counts, table["events"]),
        _rarity_features(counts, groups, table.height),
        _count_features(cells, missing, shares, table.height),
        _order_surprisal(transitions, table.height),
    ]
    count_rarity = _count_rarity(odd, groups, table.height)
    names = steps.group_by("template").agg(pl.col("text").min()).sort("template").with_row_index("kind")
    labelled = odd.join(names.with_columns(pl.col("kind").cast(pl.Int64)), on="kind", how="left", maintain_order="left")
    return Sequences(
        table=table.drop("sequence"),
        features=np.column_stack(features),
        count_rarity=count_rarity,
        rarity=np.maximum(count_rarity, _rarest_transition(transitions, table.height)),
        cells=labelled,
        shares=shares,
    )


def _sequence_table(numbered: pl.DataFrame) -> pl.DataFrame:
    """Return one row a sequence: its number, value, events, errors, and first and last time."""
    return numbered.group_by("sequence", maintain_order=True).agg(
        pl.col("by").first(),
        events=pl.len().cast(pl.Int64),
        errors=pl.col("error").fill_null(value=False).sum().cast(pl.Int64),
        first_seen=pl.col("timestamp").min(),
        last_seen=pl.col("timestamp").max(),
    )


def _bin() -> pl.Expr:
    """Return the bin of a count: exact where small, so that 300 and 301 events are not two kinds of sequence."""
    count = pl.col("count")
    logarithmic = (MAX_EXACT_COUNT + 4 * (count / MAX_EXACT_COUNT).log(2)).round().cast(pl.Int64)
    return pl.when(count <= MAX_EXACT_COUNT).then(count).otherwise(logarithmic)


def _count_shares(counts: pl.DataFrame, sequences: int) -> pl.DataFrame:
    """Return in how many sequences a template comes how often, or not at all, and how surprising that is.

    The surprisal of a count is the logarithm of how much rarer it is than the commonest one (nats).
    """
    present = counts.group_by("kind", bin=_bin()).agg(count=pl.col("count").min(), sequences=pl.len().cast(pl.Int64))
    absent = present.group_by("kind").agg(sequences=sequences - pl.col("sequences").sum())
    absent = absent.filter(pl.col("sequences") > 0).with_columns(bin=0, count=0).cast(present.schema)
    shares = pl.concat([present, absent.select(present.columns)]).sort("kind", "bin")
    commonest = pl.col("sequences").max().over("kind")
    return shares.with_columns(
        surprisal=(commonest / pl.col("sequences")).log(),
        usual=pl.col("count").sort_by("sequences", "count", descending=[True, False]).first().over("kind"),
    )


def _with_surprisal(counts: pl.DataFrame, shares: pl.DataFrame) -> pl.DataFrame:
    by_bin = shares.select("kind", "bin", "surprisal", "usual")
    return counts.with_columns(bin=_bin()).join(by_bin, on=["kind", "bin"], how="left", maintain_order="left")


def _missing_templates(counts: pl.DataFrame, shares: pl.DataFrame, sequences: int) -> pl.DataFrame:
    """Return the cells of templates that a sequence lacks though most sequences have them."""
    usual = shares.filter((pl.col("bin") == 0) & (pl.col("surprisal") > 0))
    usual = usual.sort("surprisal", "kind", descending=[True, False]).head(MAX_MISSING_TEMPLATES)
    numbers = pl.DataFrame({"sequence": pl.int_range(sequences, eager=True)})
    tables = [
        numbers.join(counts.filter(pl.col("kind") == kind), on="sequence", how="anti", maintain_order="left")
        .with_columns(kind=pl.lit(kind, pl.Int64), count=pl.lit(0, pl.Int64), surprisal=surprisal, usual=usual_count)
        .cast(_CELLS)
        for kind, surprisal, usual_count in usual.select("kind", "surprisal", "usual").iter_rows()
    ]
    return pl.concat([pl.DataFrame(schema=_CELLS), *tables])


def _event_features(counts: pl.DataFrame, events: pl.Series) -> NDArray[np.float64]:
    """Return log events, entropy of the templates (nats) and the mean of -log p over the events, row by row."""
    sequence, count = counts["sequence"].to_numpy(), counts["count"].to_numpy().astype(float)
    total = events.to_numpy().astype(float)
    share = count / total[sequence]
    by_kind = np.bincount(counts["kind"].to_numpy(), count)
    surprisal = -np.log(by_kind / by_kind.sum())[counts["kind"].to_numpy()]
    size = len(total)
    entropy = np.bincount(sequence, -share * np.log(share), size)
    return np.column_stack([np.log(total), entropy, np.bincount(sequence, share * surprisal, size)])


def _rarity_features(counts: pl.DataFrame, groups: NDArray[np.int32], sequences: int) -> NDArray[np.float64]:
    """Return kinds, sum and maximum of -log df, and rare kinds; templates that come together are one kind."""
    kind = counts["kind"].to_numpy()
    rarity = -np.log(np.bincount(kind) / sequences)
    grouped = pl.DataFrame({"sequence": counts["sequence"], "group": groups[kind], "rarity": rarity[kind]})
    group_rarity = grouped.group_by("sequence", "group").agg(pl.col("rarity").max()).sort("sequence", "group")
    value = pl.col("rarity")
    table = group_rarity.group_by("sequence", maintain_order=True).agg(
        kinds=pl.len(), sum=value.sum(), maximum=value.max(), rare=(value > -np.log(RARE_SHARE)).sum()
    )
    return table.select("kinds", "sum", "maximum", "rare").to_numpy().astype(float)


def _template_groups(counts: pl.DataFrame) -> NDArray[np.int32]:
    """Return the group of each template: those that come together in four of five sequences count once."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    kind, sequence = counts["kind"].to_numpy(), counts["sequence"].to_numpy()
    frequency = np.bincount(kind)
    is_frequent = np.zeros(len(frequency), bool)
    is_frequent[np.lexsort((np.arange(len(frequency)), -frequency))[:MAX_GROUPED_TEMPLATES]] = True
    pairs = int((np.bincount(sequence[is_frequent[kind]]).astype(float) ** 2).sum())
    in_sample = is_frequent[kind] & (sequence % (1 + pairs // MAX_PAIRS) == 0)
    presence = (np.ones(in_sample.sum(), np.int32), (sequence[in_sample], kind[in_sample]))
    has = csr_array(presence, (sequence.max() + 1, len(frequency)))
    together = (has.T @ has).tocoo()
    first, second = together.coords
    alone = together.diagonal()
    near = together.data > MIN_TOGETHER_SHARE * (alone[first] + alone[second] - together.data)
    links = csr_array((np.ones(near.sum()), (first[near], second[near])), together.shape)
    return np.asarray(connected_components(links, directed=False)[1])


def _count_features(
    cells: pl.DataFrame, missing: pl.DataFrame, shares: pl.DataFrame, sequences: int
) -> NDArray[np.float64]:
    """Return the sum and the maximum of the surprisal of all templates, those that are missing included."""
    absence = shares.filter(pl.col("bin") == 0).select("kind", absent="surprisal")
    compared = cells.join(absence, on="kind", how="left", maintain_order="left").with_columns(
        gain=pl.col("surprisal") - pl.col("absent").fill_null(0.0)
    )
    gains = np.bincount(compared["sequence"].to_numpy(), compared["gain"].to_numpy(), sequences)
    sums = float(absence["absent"].sum()) + gains
    maximum = np.zeros(sequences)
    for table in (cells, missing):
        np.maximum.at(maximum, table["sequence"].to_numpy(), table["surprisal"].to_numpy())
    return np.column_stack([np.maximum(sums, 0.0), maximum])


def _count_rarity(odd: pl.DataFrame, groups: NDArray[np.int32], sequences: int) -> NDArray[np.float64]:
    """Return the sum of the surprisal of all counts; templates that come together tell one thing, and count once."""
    grouped = odd.select("sequence", "surprisal", group=pl.Series(groups)[odd["kind"]])
    strongest = grouped.group_by("sequence", "group").agg(pl.col("surprisal").max()).sort("sequence", "group")
    total = np.bincount(strongest["sequence"].to_numpy(), strongest["surprisal"].to_numpy(), sequences)
    return np.asarray(total, dtype=np.float64)


def _transitions(steps: pl.DataFrame) -> pl.DataFrame:
    """Return sequence, pair (of a template and the next) and before, the sequence's begin and end included."""
    kind, sequence = steps["kind"].to_numpy(), steps["sequence"].to_numpy()
    kinds = int(kind.max()) + 2
    is_first = np.append(True, sequence[1:] != sequence[:-1])
    is_last = np.append(is_first[1:], True)
    before = np.where(is_first, kinds - 1, np.append(kinds - 1, kind[:-1]))
    pairs = np.append(before * kinds + kind, kind[is_last] * kinds + kinds - 1)
    return pl.DataFrame({"sequence": np.append(sequence, sequence[is_last]), "pair": pairs, "before": pairs // kinds})


def _order_surprisal(transitions: pl.DataFrame, sequences: int) -> NDArray[np.float64]:
    """Return the mean of -log p(template | the one before)."""
    counts = transitions.group_by("pair").agg(pl.len().alias("pairs"), pl.col("before").first())
    counts = counts.with_columns(surprisal=(pl.col("pairs").sum().over("before") / pl.col("pairs")).log())
    scored = transitions.join(counts.select("pair", "surprisal"), on="pair", how="left", maintain_order="left")
    number = scored["sequence"].to_numpy()
    total = np.bincount(number, scored["surprisal"].to_numpy(), sequences)
    return np.asarray(total / np.bincount(number, minlength=sequences))


def _rarest_transition(transitions: pl.DataFrame, sequences: int) -> NDArray[np.float64]:
    """Return -log of the share of sequences that have the rarest of a sequence's transitions."""
    frequencies = transitions.group_by("pair").agg(frequency=pl.col("sequence").n_unique())
    rarest = transitions.join(frequencies, on="pair", how="left").group_by("sequence").agg(pl.col("frequency").min())
    return -np.log(rarest.sort("sequence")["frequency"].to_numpy() / sequences)
