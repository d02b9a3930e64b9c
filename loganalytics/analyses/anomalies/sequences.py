"""Which sequences of events (traces, sessions, job runs) are unlike the others, and what about them is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from loganalytics.analyses.anomalies.explanations import MOST, REASONS
from loganalytics.analyses.anomalies.sequence_features import FEATURES, Sequences, read_sequences, read_steps
from loganalytics.schema import TIMESTAMP, Frame

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float64]]

FEWEST = 12  # sequences; among fewer nothing is usual
TREES = 100  # in each of the two forests
BULK = 0.8  # share of the sequences that is taken for usual when scores are put to scale
BOTH = 0.15  # weight of the detector with the lower score
LEAST_STEP = {"forest": 0.02, "baseline": 0.5}  # of each detector's own unit, for a step on the common scale
ALARM = 4.5  # on the common scale, where the scores themselves show no better place
PLACES = (1.0, 6.5)  # where a gap between the usual and the odd is looked for
BLUR = 0.15
PATIENCE = 1.0  # how much emptier the gap must be for each step away from ALARM
GAP = 0.5  # of the density that an exponential tail would have
RARE_ENOUGH = 4.6  # nats: where all are alike, what one in a hundred shows is no anomaly yet
FEWEST_ODD = 1.0  # nats; less than that explains nothing

_SCHEMA = {
    "by": pl.String(),
    "events": pl.Int64(),
    "first_seen": TIMESTAMP,
    "last_seen": TIMESTAMP,
    "score": pl.Float64(),
    "is_anomaly": pl.Boolean(),
    "detector": pl.String(),
    "baseline_score": pl.Float64(),
    "reasons": REASONS,
}


def detect_anomalous_sequences(logs: Frame, *, by: str = "trace_id", seed: int = 0) -> pl.DataFrame:
    """Score every sequence of events by how unlike the others it is, and say why.

    A sequence is all events with one value of `by`: a trace, a session, a run of a job. Two detectors look at it.
    The baseline needs no model: for each template, the logarithm of how much rarer its count in the sequence is
    than its commonest count, summed over all templates, those that are missing included. The other is a pair of
    isolation forests (Liu et al. 2008, doi:10.1109/ICDM.2008.17) over features of the whole sequence: its length,
    kinds of event, entropy, mean -log p of its events, the rarity of its templates (sum and most of -log df;
    templates that always come together count once), the baseline's sum and most, and in one of the two the mean
    -log p of each event given the one before it.

    Both are put on one scale by the usual four fifths of the sequences, and the detector with the higher score decides.
    score = s / (s + t), where t is the place between the usual and the odd at which the scores leave the widest
    gap, and 4.5 steps of the scale where there is none: 0.5 and more is an anomaly. What one sequence in
    a hundred shows is no anomaly. No share of anomalies is assumed. The table is sorted so that an alert budget is
    its head.

    Needs the column `by`, and message unless there is template_id (with template for its text). Uses timestamp,
    and source and offset for the order within one time. Events without a value of `by` are left out.

    Returns one row a sequence: `by`, events (Int64), first_seen, last_seen (Datetime us UTC), score (Float64, 0 to
    1, high = anomalous), is_anomaly (Boolean), detector (String: "baseline", "forest" or "both" found the anomaly;
    null where there is none: forests that never stand alone add nothing), baseline_score (Float64, what the baseline
    says alone, on the same scale) and reasons (List[Struct{feature, observed, expected, low, high, contribution,
    text}]: the templates whose counts are unusual, at most five, the strongest first; contribution is the
    share of the baseline's sum); sorted by score, highest first, then by value. Among fewer than twelve
    sequences all scores are 0.

    Raises MissingColumnError.

    Example:
        >>> steps = ["open", "read", "read", "close"]
        >>> runs = [(f"run{i:03}", step) for i in range(99) for step in steps]
        >>> runs += [("run099", "open"), ("run099", "abort")]
        >>> logs = pl.DataFrame(runs, schema=["run", "template_id"], orient="row")
        >>> worst = detect_anomalous_sequences(logs, by="run").row(0, named=True)
        >>> worst["run"], worst["is_anomaly"], worst["reasons"][0]["text"]
        ('run099', True, 'events "abort": 1, usually 0')
    """
    steps = read_steps(logs, by)
    if steps.is_empty():
        empty = pl.DataFrame(schema={**_SCHEMA, "by": steps.schema["by"]})
        return empty.rename({"by": by})
    sequences = read_sequences(steps)
    table = sequences.table.with_columns(**_verdict(sequences.features, seed))
    reasons = _reasons(sequences)
    number = pl.int_range(pl.len(), dtype=pl.Int64).alias("sequence")
    told = table.with_columns(number).join(reasons, on="sequence", how="left", maintain_order="left")
    told = told.with_columns(pl.col("reasons").fill_null(pl.lit([], REASONS)))
    return told.sort("score", "by", descending=[True, False]).select(*_SCHEMA).rename({"by": by})


def _verdict(features: Array, seed: int) -> dict[str, pl.Series]:
    """Return the columns that the detectors fill."""
    import numpy as np

    if len(features) < FEWEST:
        forest = baseline = np.zeros(len(features))
    else:
        forest = _scaled(_forest(features, seed), LEAST_STEP["forest"])
        baseline = _scaled(np.sqrt(features[:, FEATURES.index("count_surprise")]), LEAST_STEP["baseline"])
        common = _evidence(features) < min(RARE_ENOUGH, np.log(len(features)) - 1.5)  # few sequences can show less
        forest, baseline = (np.where(common, np.minimum(scores, PLACES[0]), scores) for scores in (forest, baseline))
    both = np.maximum(forest, baseline) + BOTH * np.minimum(forest, baseline)
    alarm = _alarm(both)
    odd = both >= alarm
    detector = np.where(forest >= alarm, np.where(baseline >= alarm, "both", "forest"), "baseline")
    detector = np.where((forest < alarm) & (baseline < alarm), "both", detector)
    return {
        "score": pl.Series(both / (both + alarm)),
        "is_anomaly": pl.Series(odd),
        "detector": pl.Series(detector).set(pl.Series(~odd), None),
        "baseline_score": pl.Series(baseline / (baseline + alarm)),
    }


def _evidence(features: Array) -> Array:
    """Return how rare each sequence is at most (nats): by its counts, or by the order of its events."""
    import numpy as np

    named = dict(zip(FEATURES, features.T, strict=True))
    out_of_order = (named["order_surprise"] - np.median(named["order_surprise"])) * (np.exp(named["log_events"]) + 1)
    return np.asarray(np.maximum(named["count_surprise"], out_of_order))


def _forest(features: Array, seed: int) -> Array:
    """Return how isolated each row is, by one forest that looks at the order of events and one that does not.

    Order tells much where events follow one another strictly and little where they interleave. The rows are sorted,
    so that which of them a tree sees does not depend on what the sequences are called.
    """
    import numpy as np
    from sklearn.ensemble import IsolationForest

    distinct, where, times = np.unique(np.round(features, 3), axis=0, return_inverse=True, return_counts=True)
    rows = np.repeat(distinct, times, axis=0)
    orderless = [i for i, name in enumerate(FEATURES) if name != "order_surprise"]
    scores = np.zeros(len(distinct))
    for columns in (orderless, list(range(len(FEATURES)))):
        forest = IsolationForest(n_estimators=TREES, random_state=seed).fit(rows[:, columns])
        scores -= forest.score_samples(distinct[:, columns]) / 2
    return np.asarray(scores[where.ravel()])


def _scaled(scores: Array, least: float) -> Array:
    """Return scores in steps of a tail that falls by a factor e each, fitted to the usual ones; 0 at the median."""
    import numpy as np

    middle, edge = np.quantile(scores, [0.5, BULK])
    step = max((edge - middle) / np.log(0.5 / (1 - BULK)), least)
    return np.asarray(np.maximum((scores - middle) / step, 0))


def _alarm(scores: Array) -> float:
    """Return where anomalies begin: in the emptiest place, as seen from the scores above it, that is not far off.

    In an exponential tail the density over the share above is 1 everywhere; a gap before a group of
    anomalies shows as much less.
    """
    import numpy as np

    places = np.arange(*PLACES, 0.05)
    bins = np.arange(0, PLACES[1] + 1, 0.02)
    counts, _ = np.histogram(scores, bins)
    near = np.exp(-0.5 * ((places[:, None] - (bins[:-1] + 0.01)) / BLUR) ** 2) @ counts
    density = near / (len(scores) * BLUR * np.sqrt(2 * np.pi))
    above = np.array([(scores > place).mean() for place in places])
    hazard = np.divide(density, above, out=np.full(len(places), np.inf), where=above > 0)
    cost = np.log(hazard + 0.02) + PATIENCE * np.abs(places - ALARM)
    best = int(np.argmin(cost))
    return float(places[best]) if hazard[best] < GAP else ALARM


def _reasons(sequences: Sequences) -> pl.DataFrame:
    """Return sequence (its number) and reasons, for those that have any."""
    total = pl.col("surprise").sum().over("sequence")
    cells = sequences.cells.with_columns(contribution=pl.col("surprise") / total)
    cells = cells.filter(pl.col("surprise") >= FEWEST_ODD)
    most = cells.sort("sequence", "surprise", "template", descending=[False, True, False])
    shown = most.group_by("sequence", maintain_order=True).head(MOST)
    shown = shown.join(_ranges(sequences.shares), on="kind", how="left", maintain_order="left")
    alike = pl.col("low") == pl.col("high")
    usual = pl.when(alike).then(pl.col("high").cast(pl.String)).otherwise(pl.format("{} to {}", "low", "high"))
    fields = pl.struct(
        feature=pl.format("template:{}", "text"),
        observed=pl.col("count").cast(pl.Float64),
        expected=pl.col("usual").cast(pl.Float64),
        low=pl.col("low").cast(pl.Float64),
        high=pl.col("high").cast(pl.Float64),
        contribution="contribution",
        text=pl.format('events "{}": {}, usually {}', pl.col("text").str.slice(0, 120), "count", usual),
    )
    return shown.group_by("sequence", maintain_order=True).agg(reasons=fields).cast({"reasons": REASONS})


def _ranges(shares: pl.DataFrame) -> pl.DataFrame:
    """Return the range of counts of each template that is shared by one sequence in twenty or more, or is commonest."""
    common = shares.filter(
        (pl.col("sequences") >= 0.05 * pl.col("sequences").sum().over("kind")) | (pl.col("surprise") == 0)
    )
    return common.group_by("kind").agg(low=pl.col("count").min(), high=pl.col("count").max())
