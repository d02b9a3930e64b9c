"""How long events are expected to take in each window, and how surprising it is that they take longer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loganalytics.analyses.anomalies.runs import RUN_LENGTHS, RUN_PENALTY, Runs, aggregate_over_runs, rolling_sums
from loganalytics.analyses.anomalies.surprisal import LN10, ExpectedRange
from loganalytics.analyses.anomalies.time_of_day import DAY_SECONDS, hours_of_day, start_seconds
from loganalytics.analyses.anomalies.window_events import Windows

HOURS_A_DAY = 24
MIN_LOG_SPREAD = 0.1  # of the logarithm of durations: ten per cent slower is nothing
MAX_DURATION_SURPRISAL = 50.0
MIN_MILLISECONDS = 1e-3  # shorter durations have the logarithm of this
MAX_RUN_RESIDUAL = 2.0  # standard deviations by which one window adds to a run
MIN_TWO_DAYS, MIN_DAYS = 1.9, 3  # days, from which the time of the other day, of any day counts


@dataclass(frozen=True, kw_only=True)
class DurationScores:
    """Quantiles of duration (windows by features), what is expected of them, and how surprising slower ones are."""

    observed: NDArray[np.float64]
    expected: ExpectedRange
    surprisal: NDArray[np.float64]
    runs: Runs


def score_durations(durations: NDArray[np.float64], measured: NDArray[np.float64], windows: Windows) -> DurationScores:
    """Return the scores of quantiles of duration (milliseconds), each of so many durations `measured`.

    Expected is the median over the hours of the day, one hour around, on other days (of the whole log where it is
    shorter than two days), on the scale of logarithms; its spread is the scaled MAD of the residuals, for a window
    with one duration, and shrinks with the root of their number. A run is scored, and explained, by its geometric
    mean.
    """
    middle = _expected_log_durations(_logarithm(durations), windows)
    sigma = _sigma(measured, _spread(durations, measured, middle))
    residual = _residual(durations, middle, sigma)
    surprisal, runs = _surprisal_with_runs(residual)
    middle, sigma, residual = (
        aggregate_over_runs(np.where(np.isnan(durations), np.nan, values), runs, np.nanmean)
        for values in (middle, sigma, np.maximum(residual, -MAX_RUN_RESIDUAL))
    )
    return DurationScores(
        observed=np.exp(middle + sigma * residual),
        expected=_range(middle, sigma / np.sqrt(runs.length)),
        surprisal=np.minimum(surprisal, MAX_DURATION_SURPRISAL),
        runs=runs,
    )


def _surprisal_with_runs(residual: NDArray[np.float64]) -> tuple[NDArray[np.float64], Runs]:
    """Return the surprisal of residuals, or of the runs that they are part of where that is higher."""
    surprisal = residual_surprisal(residual)
    clipped = np.clip(residual, -MAX_RUN_RESIDUAL, MAX_RUN_RESIDUAL)
    runs = Runs.none(residual.shape)
    for length in RUN_LENGTHS:
        if len(residual) < 2 * length:
            continue
        total = np.maximum(rolling_sums(clipped, length), 0)
        run_surprisal = total**2 / length / 2 / LN10 - np.log10(length) - RUN_PENALTY
        surprisal = runs.extend(surprisal, run_surprisal, length)
    return surprisal, runs


def residual_surprisal(residual: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the surprisal of residuals above 0, given in standard deviations: Chernoff's bound for normal noise."""
    return np.asarray(np.maximum(residual, 0) ** 2 / 2 / LN10)


def expected_by_hour(
    durations: NDArray[np.float64], measured: NDArray[np.float64], windows: Windows
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the logarithm of the expected duration by hour of the day, one hour around, and the spread about it."""
    logs, hours = _logarithm(durations), hours_of_day(windows)
    overall = _median(logs)
    expected = np.tile(overall, (HOURS_A_DAY, 1))
    if len(logs) * windows.every.total_seconds() >= MIN_DAYS * DAY_SECONDS:
        for hour in range(HOURS_A_DAY):
            around = _median(logs[_near_hour(hours, hour)])
            expected[hour] = np.where(np.isnan(around), overall, around)
    return expected, _spread(durations, measured, expected[hours])


def duration_residuals(
    durations: NDArray[np.float64],
    measured: NDArray[np.float64],
    middle: NDArray[np.float64],
    spread: NDArray[np.float64],
) -> tuple[ExpectedRange, NDArray[np.float64]]:
    """Return the expected range of quantiles of duration, and their residuals in standard deviations."""
    sigma = _sigma(measured, spread)
    return _range(middle, sigma), _residual(durations, middle, sigma)


def _expected_log_durations(logs: NDArray[np.float64], windows: Windows) -> NDArray[np.float64]:
    """Return the expected logarithm of each window: of its hour, where the log has two days."""
    overall = np.broadcast_to(_median(logs), logs.shape)
    days = len(logs) * windows.every.total_seconds() / DAY_SECONDS
    if days < MIN_TWO_DAYS:
        return np.asarray(overall)
    day, hours = (start_seconds(windows) // DAY_SECONDS).astype(int), hours_of_day(windows)
    # Of two days the other one says what is expected; a median over three or more may include the day itself.
    day_sets = [day != today for today in np.unique(day)] if days < MIN_DAYS else [day >= 0]
    expected = np.full(logs.shape, np.nan)
    for hour in range(HOURS_A_DAY):
        near = _near_hour(hours, hour)
        for days_used in day_sets:
            targets = ~days_used if len(day_sets) > 1 else days_used
            expected[targets & (hours == hour)] = _median(logs[near & days_used])
    return np.where(np.isnan(expected), overall, expected)


def _near_hour(hours: NDArray[np.int64], hour: int) -> NDArray[np.bool_]:
    """Return which windows are of this hour of the day, the one before or the one after."""
    return np.isin(hours, [(hour - 1) % HOURS_A_DAY, hour, (hour + 1) % HOURS_A_DAY])


def _logarithm(durations: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.log(np.maximum(durations, MIN_MILLISECONDS)))


def _sigma(measured: NDArray[np.float64], spread: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the standard deviation of the logarithm of a quantile of so many durations."""
    return np.asarray(np.maximum(np.nan_to_num(spread) / np.sqrt(np.maximum(measured, 1)), MIN_LOG_SPREAD))


def _residual(
    durations: NDArray[np.float64], middle: NDArray[np.float64], sigma: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.asarray(np.nan_to_num((_logarithm(durations) - middle) / sigma))


def _range(middle: NDArray[np.float64], sigma: NDArray[np.float64]) -> ExpectedRange:
    return ExpectedRange(low=np.exp(middle - 2 * sigma), middle=np.exp(middle), high=np.exp(middle + 2 * sigma))


def _spread(
    durations: NDArray[np.float64], measured: NDArray[np.float64], middle: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the spread (scaled MAD) of the logarithm of one duration."""
    residual = _logarithm(durations) - middle
    return np.asarray(1.4826 * _median(np.abs(residual * np.sqrt(np.maximum(measured, 1)))))


def _median(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median of each column, NaN where there is nothing."""
    columns = [column[~np.isnan(column)] for column in rows.T]
    return np.array([np.median(column) if len(column) else np.nan for column in columns])
