"""Which windows of time are unlike the others, and what about them is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from loganalytics.analyses.anomalies import baselines
from loganalytics.analyses.anomalies.explanations import REASONS, Judged, join, read_cells, read_reasons
from loganalytics.analyses.anomalies.isolation_forest import WindowForest
from loganalytics.analyses.anomalies.runs import Runs, over_runs
from loganalytics.analyses.anomalies.window_features import Features, Windows, lay_windows, read_events, read_features
from loganalytics.schema import TIMESTAMP, Frame
from loganalytics.times import parse_every

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float64]]

ALARM = 3.0  # surprise: one ordinary window in a thousand
FEWEST = 12  # windows; among fewer nothing is usual
WARM_UP = (0.05, 200)  # share of the windows, events: before, every kind of event is new
QUIET = 0.25  # share of the blocks of windows in which nothing happens, at least

_SUMMED_UP = ("events", "errors", "error_share", "unseen_templates", "duration_p50", "duration_p95")
SCHEMA = {
    "window": TIMESTAMP,
    "by": pl.String(),
    "events": pl.Int64(),
    "errors": pl.Int64(),
    "score": pl.Float64(),
    "is_anomaly": pl.Boolean(),
    "detector": pl.String(),
    "baseline_score": pl.Float64(),
    "reasons": REASONS,
}


def detect_anomalies(
    logs: Frame, *, every: str | timedelta = "5m", by: str | None = None, seed: int = 0
) -> pl.DataFrame:
    """Score every window of time by how unlike the usual it is, and say why.

    A window is described by its number of events, errors, distinct trace ids and events of each level and of up
    to 200 templates, its share of errors, the templates never seen before, and the median and 95th
    percentile of duration. Each is held against its own baseline: the same time of day on other days in logs
    of two days or more, else the hours around. What is odd at night but happens every night is usual; what
    lasts longer than half a day (an hour and a half in logs under three days) becomes usual.

    The surprise of a window is -log10 of the chance that an ordinary one looks so odd, by its oddest feature
    (corrected for their number, and for features that are odd often) or by an isolation forest over all of them
    (Liu et al. 2008, doi:10.1109/ICDM.2008.17), whichever is more. score = surprise / (surprise + 3): 0 is
    ordinary, 0.5 one ordinary window in a thousand, 0.67 one in a million. is_anomaly is score >= 0.5.

    Needs timestamp, severity_number, level, trace_id and message, and the column `by`; uses template,
    template_id and the duration_ms columns where present. Events without a timestamp are not counted,
    nor those dated years away from the rest, which a UserWarning tells of.

    Returns one row a window (and value): window (Datetime us UTC, its start), `by`, events, errors (Int64),
    score (Float64, 0 to 1, high = anomalous), is_anomaly (Boolean), detector (String: "baseline", "forest" or "both"
    found the anomaly, null where there is none; a forest that never stands alone adds nothing), baseline_score
    (Float64, without the forest) and reasons (List[Struct{feature, observed,
    expected, low, high, contribution, text}]: at most five, the strongest first, none where nothing stands out;
    contribution is the share of the window's surprise); sorted by window and value. Among fewer than twelve
    windows all scores are 0.

    Raises MissingColumnError, and InvalidArgumentError when `every` is no length of time or makes more windows
    than can be compared.

    Example:
        >>> from datetime import datetime
        >>> from loganalytics.schema import conform
        >>> begin, end = datetime(2025, 1, 31, 12), datetime(2025, 1, 31, 18)
        >>> usual = pl.DataFrame({"timestamp": pl.datetime_range(begin, end, "20s", eager=True), "message": "ok"})
        >>> failed = pl.DataFrame({"timestamp": [datetime(2025, 1, 31, 15, 2)] * 40, "message": "disk full"})
        >>> table = detect_anomalies(conform(pl.concat([usual, failed]))).filter("is_anomaly")
        >>> table["window"].to_list() == [datetime(2025, 1, 31, 15, tzinfo=table["window"][0].tzinfo)]
        True
        >>> table["reasons"][0][0]["text"]
        'events "disk full": 40, usually 0 to 1'
    """
    parse_every(every)
    events = read_events(logs, by)
    name = by or "by"
    if events.is_empty():
        table = pl.DataFrame(schema={**SCHEMA, "by": events.schema["by"]})
    else:
        windows, numbered = lay_windows(events, every)
        verdicts = [_judge(features, windows) for features in read_features(numbered, windows.count)]
        forest = WindowForest.fit([verdict.summary for verdict in verdicts], seed)
        table = tell(verdicts, forest, windows, events.schema["by"])
    return table.select(*SCHEMA).rename({"by": name}) if by else table.select(*SCHEMA).drop("by")


@dataclass(frozen=True)
class Verdict:
    """What the features of one value of `by` say about its windows."""

    value: object
    totals: Array  # windows x (events, errors)
    surprise: Array
    summary: Array  # windows x what the forest sees
    cells: pl.DataFrame  # what may be a reason


def _judge(features: Features, windows: Windows) -> Verdict:
    import numpy as np

    judged = _against_baselines(features, windows)
    surprise = oddest(judged)
    surprise *= baselines.temper(surprise[:, None], QUIET)[0]
    if windows.count < FEWEST:
        surprise = np.zeros(windows.count)
    return Verdict(features.value, features.counts[:, :2], surprise, summed_up(judged), read_cells(judged))


def oddest(judged: Judged) -> Array:
    """Return the surprise of each window by its oddest feature, corrected for how many were looked at."""
    import numpy as np

    return np.asarray(np.maximum(judged.surprise.max(axis=1) - np.log10(len(judged.names)), 0))


def _against_baselines(features: Features, windows: Windows) -> Judged:
    """Hold every feature against what is usual for it."""
    import numpy as np

    counts = features.counts
    # A kind of event may go for good; a whole service may only slow down.
    least_share = np.where([":" in name for name in features.names], 0.0, 0.25)
    usual = baselines.usual_counts(counts, windows, least_share)
    surprise = baselines.count_surprise(counts, usual)
    fewer_is_no_trouble = np.array([is_trouble(name) for name in features.names])
    surprise, runs = baselines.persistent(counts, usual, surprise)
    surprise[(counts < usual.low) & fewer_is_no_trouble] = 0
    parts = [
        _counts(features, usual, surprise, runs),
        share_of_errors(counts, usual),
        _unseen(features),
        _durations(features, windows),
    ]
    joined = join(parts)
    return replace(joined, surprise=joined.surprise * baselines.temper(joined.surprise))


def _counts(features: Features, usual: baselines.Usual, surprise: Array, runs: Runs) -> Judged:
    """Return counts as they are told: summed over runs, where it is the run that is odd."""
    import numpy as np

    parts = (features.counts, usual.low, usual.middle, usual.high)
    observed, low, middle, high = (over_runs(values, runs, np.nansum) for values in parts)
    told = baselines.count_range(baselines.Usual(low, middle, high), baselines.temper(surprise))
    return Judged(features.names, observed, told.middle, told.low, told.high, surprise, runs.length)


def is_trouble(name: str) -> bool:
    """Tell whether fewer of this is no news."""
    return name in ("errors", "level:ERROR", "level:CRITICAL", "level:WARNING", "level:SECURITY")


def share_of_errors(counts: Array, usual: baselines.Usual) -> Judged:
    """Hold the errors against how many there usually are among so many events."""
    import numpy as np

    events, errors = counts[:, [0]], counts[:, [1]]
    among = np.maximum(events, 1)
    share = np.minimum(usual.high[:, [1]] / np.maximum(usual.high[:, [0]], 1), 1)
    expected = np.maximum(events * share, baselines.FLOOR)
    surprise = baselines.count_surprise(errors, baselines.Usual(0 * expected, expected, expected))
    middle = usual.middle[:, [1]] / np.maximum(usual.middle[:, [0]], 1)
    high = np.minimum((expected + 2 * np.sqrt(expected)) / among, 1)
    alone = np.ones(surprise.shape)
    return Judged(["error_share"], errors / among, np.minimum(middle, high), 0 * high, high, surprise, alone)


def _unseen(features: Features) -> Judged:
    """Hold the kinds of event never seen before against the rate at which such turn up."""
    import numpy as np

    observed = features.unseen[:, None]
    expected = np.maximum(2 * features.unseen_expected[:, None], baselines.FLOOR)
    surprise = baselines.count_surprise(observed, baselines.Usual(0 * expected, expected, expected))
    before = np.cumsum(features.counts[:, 0]) - features.counts[:, 0]
    share, least = WARM_UP
    surprise[(before < least) | (np.arange(len(before)) < share * len(before))] = 0
    high = expected + 2 * np.sqrt(expected)
    middle, alone = features.unseen_expected[:, None], np.ones(surprise.shape)
    return Judged(["unseen_templates"], observed, middle, 0 * high, high, surprise, alone)


def _durations(features: Features, windows: Windows) -> Judged:
    observed, usual, surprise, runs = baselines.usual_durations(features.durations, features.measured, windows)
    return Judged(features.timed, observed, usual.middle, usual.low, usual.high, surprise, runs.length)


def summed_up(judged: Judged) -> Array:
    """Return a few columns that mean the same for every value of `by`, for one forest to learn from all."""
    import numpy as np

    named = np.array([":" in name for name in judged.names])
    strongest = -np.sort(-np.pad(judged.surprise[:, named], ((0, 0), (0, 3))), axis=1)[:, :3]
    every = judged.surprise
    first = [every[:, [judged.names.index(name)]] for name in _SUMMED_UP]
    return np.hstack([*first, strongest, every.sum(axis=1, keepdims=True), (every > 1).sum(axis=1, keepdims=True)])


def tell(verdicts: list[Verdict], forest: WindowForest | None, windows: Windows, dtype: pl.DataType) -> pl.DataFrame:
    """Return one row a window and value: its scores, which detector decided, and the reasons."""
    import numpy as np

    baseline = np.concatenate([verdict.surprise for verdict in verdicts])
    summaries = [verdict.summary for verdict in verdicts]
    isolated = forest.surprise(np.vstack(summaries)) if forest else np.zeros(len(baseline))
    surprise = np.maximum(baseline, isolated)
    totals = np.vstack([verdict.totals for verdict in verdicts]).astype(np.int64)
    both = pl.when(baseline=True, forest=True).then(pl.lit("both"))
    one = both.when(baseline=True).then(pl.lit("baseline")).when(forest=True).then(pl.lit("forest"))
    values = pl.DataFrame({"by": pl.Series([verdict.value for verdict in verdicts], dtype=dtype)})
    return (
        pl.DataFrame(
            {
                "value": np.repeat(np.arange(len(verdicts)), windows.count),
                "number": np.tile(np.arange(windows.count), len(verdicts)),
                "events": totals[:, 0],
                "errors": totals[:, 1],
                "score": surprise / (surprise + ALARM),
                "baseline_score": baseline / (baseline + ALARM),
                "baseline": baseline >= ALARM,
                "forest": isolated >= ALARM,
            }
        )
        .join(values.with_row_index("value").cast({"value": pl.Int64}), on="value", how="left")
        .join(
            read_reasons([verdict.cells for verdict in verdicts], windows.every),
            left_on=["value", "number"],
            right_on=["value", "window"],
            how="left",
        )
        .with_columns(
            (pl.lit(windows.first) + pl.col("number") * windows.every).cast(TIMESTAMP).alias("window"),
            pl.col("reasons").fill_null(pl.lit([], REASONS)),
            is_anomaly=pl.col("score") >= 0.5,
            detector=one.otherwise(None),
        )
        .select(*SCHEMA)
        .sort("window", "by")
    )
