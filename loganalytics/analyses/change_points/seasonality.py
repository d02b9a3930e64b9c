"""What comes back at the same time every day, or with another period, taken out of a series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

MIN_AUTOCORRELATION = 0.4  # from which a period other than the day is believed
MIN_CYCLE_CORRELATION = 0.4  # of one day with the next, from which a daily rhythm is believed
MIN_CYCLES = 3  # of a period other than the day
MIN_PERIOD_WINDOWS = 3
MIN_DAY_WINDOWS = 4
MAX_JITTER_WINDOWS = 2  # by which what comes back may be early or late
MAX_AUTOCORRELATION_WINDOWS = 20_000  # of a longer series only so many are looked at
CYCLE_BLOCKS = 24  # parts of a period by which periods are compared
DAY_MICROSECONDS = 86_400e6
ANSCOMBE = 0.375  # added to a count before its square root is taken


@dataclass(frozen=True, kw_only=True)
class Series:
    """A series, and the same on a scale of even variance.

    Attributes:
        values: the values themselves.
        stabilized: the same on the even scale: 2 sqrt(x + 3/8) for counts, else the values.
        seasonal: what comes back, on the even scale: a factor (about 1) for counts, as it grows with the level; else
            a term.
        period: in windows; 0 for none.
        is_count: whether the values are counts.
    """

    values: NDArray[Any]
    stabilized: NDArray[np.float64]
    seasonal: NDArray[np.float64]
    period: int
    is_count: bool

    @property
    def deseasonalized(self) -> NDArray[np.float64]:
        """Return the series on the even scale without its season."""
        return self.stabilized / self.seasonal if self.is_count else self.stabilized - self.seasonal

    def with_season(self, level: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return a level without season as one with it."""
        return level * self.seasonal if self.is_count else level + self.seasonal

    @property
    def cycles(self) -> int:
        """Return how many full periods there are."""
        return len(self.values) // self.period if self.period else 0

    def to_values(self, level: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return values on the even scale as values of the series."""
        return np.maximum(level, 2 * ANSCOMBE**0.5) ** 2 / 4 - ANSCOMBE if self.is_count else level


def remove_season(values: NDArray[Any], *, is_count: bool, windows: pl.Series) -> Series:
    """Return the series with its season: by the day when there are two of them, else by a period it shows itself."""
    stabilized = 2 * np.sqrt(values + ANSCOMBE) if is_count else values.astype(float)
    period = _windows_a_day(windows)
    if not period or not _is_repeated(stabilized, period):
        period = _autocorrelation_period(stabilized)
    seasonal = _season(stabilized, period, is_factor=is_count) if period else np.full(len(values), float(is_count))
    return Series(values=values, stabilized=stabilized, seasonal=seasonal, period=period, is_count=is_count)


def _windows_a_day(windows: pl.Series) -> int:
    """Return how many windows make a day, 0 when the series is shorter than two or windows do not divide it."""
    if not windows.dtype.is_temporal():
        return 0
    times = windows.to_numpy().astype("datetime64[us]").astype(np.int64)
    step = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    if step <= 0:
        return 0
    day = DAY_MICROSECONDS / step
    is_divided = day >= MIN_DAY_WINDOWS and abs(day - round(day)) < 1e-6
    return round(day) if is_divided and len(windows) >= 2 * round(day) else 0


def _is_repeated(stabilized: NDArray[np.float64], period: int) -> bool:
    """Return whether the periods are alike, in parts of a 24th, without the level and slope of each."""
    from scipy.stats import spearmanr

    blocks_a_cycle = min(CYCLE_BLOCKS, period)
    cycles = stabilized[: len(stabilized) // period * period].reshape(-1, period)
    position = np.arange(period)
    slopes, levels = np.polyfit(position, cycles.T, 1)
    flat = cycles - slopes[:, None] * position - levels[:, None]
    blocks = np.array([block.mean(axis=1) for block in np.array_split(flat, blocks_a_cycle, axis=1)]).T.ravel()
    cycle, next_cycle = blocks[:-blocks_a_cycle], blocks[blocks_a_cycle:]
    if cycle.std() == 0 or next_cycle.std() == 0:
        return False
    pearson, spearman = np.corrcoef(cycle, next_cycle)[0, 1], spearmanr(cycle, next_cycle).statistic
    return max(float(pearson), float(spearman)) >= MIN_CYCLE_CORRELATION


def _autocorrelation_period(stabilized: NDArray[np.float64]) -> int:
    """Return the period with the highest autocorrelation, 0 when none is high enough."""
    sample = stabilized[:MAX_AUTOCORRELATION_WINDOWS]
    centred = np.clip(sample, *np.quantile(sample, [0.02, 0.98])) - np.median(sample)
    centred = centred - centred.mean()
    n = len(centred)
    spectrum = np.abs(np.fft.rfft(centred, 2 * n)) ** 2
    correlation = np.fft.irfft(spectrum)[: n // MIN_CYCLES + 1]
    if n < 4 * MIN_CYCLES or correlation[0] <= 0:
        return 0
    correlation = correlation / correlation[0] * n / (n - np.arange(len(correlation)))
    # A trend correlates at short lags too: a period is a peak after the curve has been low.
    low = np.flatnonzero(correlation < MIN_AUTOCORRELATION / 2)
    start = int(low[0]) if len(low) else len(correlation)
    if start >= len(correlation) - 1:
        return 0
    best = start + int(np.argmax(correlation[start:]))
    return best if correlation[best] >= MIN_AUTOCORRELATION and best >= MIN_PERIOD_WINDOWS else 0


def _season(stabilized: NDArray[np.float64], period: int, *, is_factor: bool) -> NDArray[np.float64]:
    """Return the median over the periods at each of their windows, each period first brought to the same level."""
    cycles = -(-len(stabilized) // period)
    padded = np.full(cycles * period, np.nan)
    padded[: len(stabilized)] = stabilized
    by_cycle = padded.reshape(cycles, period)
    levels = np.nanmedian(by_cycle, axis=1, keepdims=True)
    if len(stabilized) % period:  # an incomplete period does not show its level
        levels[-1] = levels[-2]
    profile = np.nanmedian(by_cycle / levels if is_factor else by_cycle - levels, axis=0)
    profile = np.maximum(profile / np.median(profile), 0.1) if is_factor else profile - np.median(profile)
    return np.tile(profile, cycles)[: len(stabilized)]
