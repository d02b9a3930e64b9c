"""Which windows of time are unlike the others, and what about them is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganalytics.analyses.anomalies.count_baselines import expected_counts
from loganalytics.analyses.anomalies.duration_baselines import score_durations
from loganalytics.analyses.anomalies.explanations import NO_REASONS, REASONS, find_explanations, top_reasons
from loganalytics.analyses.anomalies.isolation_forest import WindowForest
from loganalytics.analyses.anomalies.runs import aggregate_over_runs, score_runs
from loganalytics.analyses.anomalies.scores import (
    Scores,
    WindowScores,
    concat_scores,
    ignore_fewer_errors,
    maximum_surprisal,
    score_error_share,
    score_unseen_templates,
    summarize_for_forest,
)
from loganalytics.analyses.anomalies.surprisal import (
    ExpectedRange,
    count_surprisal,
    overdispersion_factors,
    surprising_beyond,
)
from loganalytics.analyses.anomalies.window_events import Windows, lay_windows, read_events
from loganalytics.analyses.anomalies.window_features import Features, read_features
from loganalytics.schema import TIMESTAMP, Frame
from loganalytics.times import parse_every

ANOMALY_SURPRISAL = 3.0  # one ordinary window in a thousand; its score is MIN_ANOMALY_SCORE
MIN_ANOMALY_SCORE = 0.5
MIN_WINDOWS = 12  # among fewer nothing is usual
WARM_UP_SHARE, WARM_UP_EVENTS = 0.05, 200  # of the windows, of the log: before, every kind of event is new
QUIET_SHARE = 0.25  # of the blocks of windows in which nothing happens, at least
MIN_SERVICE_SHARE = 0.25  # of the usual events, down to which a service may slow down for a day

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
    percentile of duration. Each is compared with its own baseline: the same time of day on other days in logs
    of two days or more, else the hours around. What is odd at night but happens every night is usual; what
    lasts longer than half a day (three and a half hours in logs under three days) becomes usual.

    The surprisal of a window is -log10 of the chance that an ordinary one looks so odd, by its most surprising
    feature (corrected for their number, and for features that are surprising often) or by an isolation forest over
    all of them (Liu et al. 2008, doi:10.1109/ICDM.2008.17), whichever is higher. score = surprisal /
    (surprisal + 3): 0 is ordinary, 0.5 one ordinary window in a thousand, 0.67 one in a million. is_anomaly is
    score >= 0.5.

    Needs timestamp, severity_number, level, trace_id and message, and the column `by`; uses template,
    template_id and the duration_ms columns where present. Events without a timestamp are not counted,
    nor those dated years away from the others, of which a UserWarning says how many.

    Returns one row a window (and value): window (Datetime us UTC, its start), `by`, events, errors (Int64),
    score (Float64, 0 to 1, high = anomalous), is_anomaly (Boolean), detector (String: "baseline", "forest" or "both"
    found the anomaly, null where there is none; a forest that never stands alone adds nothing), baseline_score
    (Float64, without the forest) and reasons (List[Struct{feature, observed,
    expected, low, high, contribution, text}]: at most five, the strongest first, none where nothing stands out;
    contribution is the share of the window's surprisal); sorted by window and value. Among fewer than twelve
    windows all scores are 0.

    Raises MissingColumnError, and InvalidArgumentError when `every` is not a length of time or makes more windows
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
    if events.is_empty():
        table = pl.DataFrame(schema={**SCHEMA, "by": events.schema["by"]})
    else:
        windows, numbered = lay_windows(events, every)
        scores = [_score_windows(features, windows) for features in read_features(numbered, windows.count)]
        forest = WindowForest.fit([value_scores.summary for value_scores in scores], seed)
        table = anomaly_table(scores, forest, windows, events.schema["by"])
    return table.select(*SCHEMA).rename({"by": by}) if by else table.select(*SCHEMA).drop("by")


def _score_windows(features: Features, windows: Windows) -> WindowScores:
    """Return the scores of the windows of one value."""
    scores = _score_features(features, windows)
    surprisal = maximum_surprisal(scores)
    surprisal *= overdispersion_factors(surprisal[:, None], QUIET_SHARE)[0]
    if windows.count < MIN_WINDOWS:
        surprisal = np.zeros(windows.count)
    return window_scores(features, scores, surprisal)


def window_scores(features: Features, scores: Scores, surprisal: NDArray[np.float64]) -> WindowScores:
    """Return the scores of windows with this surprisal, whose features have these scores."""
    return WindowScores(
        value=features.value,
        totals=features.counts[:, :2],
        surprisal=surprisal,
        summary=summarize_for_forest(scores),
        explanations=find_explanations(scores),
    )


def _score_features(features: Features, windows: Windows) -> Scores:
    """Score every feature by what is expected of it."""
    # A kind of event may go for good; a whole service may only slow down.
    min_share = np.where([":" in name for name in features.names], 0.0, MIN_SERVICE_SHARE)
    expected = expected_counts(features.counts, windows, min_share)
    durations = score_durations(features.durations, features.measured, windows)
    scores = concat_scores(
        [
            _score_counts(features, expected),
            score_error_share(features.counts, expected),
            _score_unseen(features),
            Scores(
                names=features.duration_names,
                observed=durations.observed,
                expected=durations.expected.middle,
                low=durations.expected.low,
                high=durations.expected.high,
                surprisal=durations.surprisal,
                run=durations.runs.length,
            ),
        ]
    )
    return replace(scores, surprisal=scores.surprisal * overdispersion_factors(scores.surprisal))


def _score_counts(features: Features, expected: ExpectedRange) -> Scores:
    """Score the counts; observed and expected are summed over runs, where it is the run that is odd."""
    counts = features.counts
    surprisal, runs = score_runs(counts, expected, count_surprisal(counts, expected))
    ignore_fewer_errors(surprisal, counts, expected, features.names)
    observed, low, middle, high = (
        aggregate_over_runs(values, runs, np.nansum)
        for values in (counts, expected.low, expected.middle, expected.high)
    )
    usual = surprising_beyond(ExpectedRange(low=low, middle=middle, high=high), overdispersion_factors(surprisal))
    return Scores(
        names=features.names, observed=observed, expected=usual.middle, low=usual.low, high=usual.high,
        surprisal=surprisal, run=runs.length,
    )  # fmt: skip


def _score_unseen(features: Features) -> Scores:
    """Score the templates never seen before by the rate at which such turn up, once enough of the log is over."""
    scores = score_unseen_templates(features.unseen, features.expected_unseen)
    events_before = np.cumsum(features.counts[:, 0]) - features.counts[:, 0]
    first_windows = np.arange(len(events_before)) < WARM_UP_SHARE * len(events_before)
    scores.surprisal[(events_before < WARM_UP_EVENTS) | first_windows] = 0
    return scores


def anomaly_table(
    scores: list[WindowScores], forest: WindowForest | None, windows: Windows, by: pl.DataType
) -> pl.DataFrame:
    """Return one row a window and value: its scores, which detector decided, and the reasons."""
    values = pl.DataFrame({"by": pl.Series([value_scores.value for value_scores in scores], dtype=by)})
    reasons = top_reasons([value_scores.explanations for value_scores in scores], windows.every)
    start = pl.lit(windows.start) + pl.col("number") * windows.every
    return (
        _number_windows(scores, forest, windows.count)
        .join(values.with_row_index("value").cast({"value": pl.Int64}), on="value", how="left")
        .join(reasons, left_on=["value", "number"], right_on=["value", "window"], how="left")
        .with_columns(
            start.cast(TIMESTAMP).alias("window"),
            pl.col("reasons").fill_null(NO_REASONS),
            is_anomaly=pl.col("score") >= MIN_ANOMALY_SCORE,
            detector=pl.when(baseline=True, forest=True).then(pl.lit("both"))
            .when(baseline=True).then(pl.lit("baseline"))
            .when(forest=True).then(pl.lit("forest")),
        )
        .select(*SCHEMA)
        .sort("window", "by")
    )  # fmt: skip


def _number_windows(scores: list[WindowScores], forest: WindowForest | None, windows: int) -> pl.DataFrame:
    """Return value and number of each window with its counts and scores, and which detectors find it anomalous."""
    baseline = np.concatenate([value_scores.surprisal for value_scores in scores])
    summaries = np.vstack([value_scores.summary for value_scores in scores])
    isolated = forest.surprisal(summaries) if forest else np.zeros(len(baseline))
    surprisal = np.maximum(baseline, isolated)
    totals = np.vstack([value_scores.totals for value_scores in scores]).astype(np.int64)
    return pl.DataFrame(
        {
            "value": np.repeat(np.arange(len(scores)), windows),
            "number": np.tile(np.arange(windows), len(scores)),
            "events": totals[:, 0],
            "errors": totals[:, 1],
            "score": surprisal / (surprisal + ANOMALY_SURPRISAL),
            "baseline_score": baseline / (baseline + ANOMALY_SURPRISAL),
            "baseline": baseline >= ANOMALY_SURPRISAL,
            "forest": isolated >= ANOMALY_SURPRISAL,
        }
    )
