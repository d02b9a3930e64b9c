"""What comes back at the same time every day, or with another period, taken out of a series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    Array = np.ndarray[Any, np.dtype[np.float64]]

STRONG = 0.4  # autocorrelation, from which a period other than the day is believed
ALIKE = 0.4  # correlation of one day with the next, from which a daily rhythm is believed
CYCLES = 3  # of such a period that must be there
JITTER = 2  # windows by which what comes back may be early or late
DAY = 86_400e6  # microseconds
LONGEST = 20_000  # windows whose autocorrelation is looked at


@dataclass(frozen=True)
class Series:
    """A series on a scale of even variance.

    Attributes:
        x: the values themselves.
        y: the same on the even scale: 2 sqrt(x + 3/8) for counts, else x.
        season: what comes back, on the even scale: a factor (about 1) for counts, as it grows with the level; else
            a term.
        period: in windows; 0 for none.
        is_count: whether the values are counts.
    """

    x: Array
    y: Array
    season: Array
    period: int
    is_count: bool

    @property
    def calm(self) -> Array:
        """Return the series on the even scale without its season."""
        return self.y / self.season if self.is_count else self.y - self.season

    def with_season(self, calm: Array) -> Array:
        """Return a level without season as one with it."""
        return calm * self.season if self.is_count else calm + self.season

    @property
    def cycles(self) -> int:
        """Return how many whole periods there are."""
        return len(self.x) // self.period if self.period else 0

    def restore(self, level: Array) -> Array:
        """Return values on the even scale as values of the series."""
        import numpy as np

        return np.maximum(level, 2 * 0.375**0.5) ** 2 / 4 - 0.375 if self.is_count else level


def remove_season(x: Array, *, is_count: bool, windows: pl.Series) -> Series:
    """Return the series with its season: by the day when there are two of them, else by a period it shows itself."""
    import numpy as np

    y = 2 * np.sqrt(x + 0.375) if is_count else x.astype(float)
    period = _daily(windows)
    if not period or not _repeats(y, period):
        period = _shown(y)
    season = _profile(y, period, is_factor=is_count) if period else np.full(len(y), float(is_count))
    return Series(x, y, season, period, is_count)


def restore(series: Series, level: float) -> float:
    """Return one value on the even scale as a value of the series."""
    import numpy as np

    return float(series.restore(np.array([level]))[0])


def _daily(windows: pl.Series) -> int:
    """Return how many windows make a day, 0 when the series is shorter than two or windows do not divide it."""
    import numpy as np

    if not windows.dtype.is_temporal():
        return 0
    times = windows.to_numpy().astype("datetime64[us]").astype(np.int64)
    step = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    if step <= 0:
        return 0
    day = DAY / step
    return round(day) if day >= 4 and abs(day - round(day)) < 1e-6 and len(windows) >= 2 * round(day) else 0


def _repeats(y: Array, period: int) -> bool:
    """Return whether the periods are alike, in parts of a 24th, once each one's level and slope are taken off."""
    import numpy as np
    from scipy.stats import spearmanr

    parts = min(24, period)
    table = y[: len(y) // period * period].reshape(-1, period)
    at = np.arange(period)
    slopes, levels = np.polyfit(at, table.T, 1)
    flat = table - slopes[:, None] * at - levels[:, None]
    blocks = np.array([block.mean(axis=1) for block in np.array_split(flat, parts, axis=1)]).T.ravel()
    one, next_one = blocks[:-parts], blocks[parts:]
    if one.std() == 0 or next_one.std() == 0:
        return False
    alike = max(float(np.corrcoef(one, next_one)[0, 1]), float(spearmanr(one, next_one).statistic))
    return alike >= ALIKE


def _shown(y: Array) -> int:
    """Return the period with the highest autocorrelation, 0 when none is high enough."""
    import numpy as np

    short = y[:LONGEST]
    steady = np.clip(short, *np.quantile(short, [0.02, 0.98])) - np.median(short)
    steady = steady - steady.mean()
    n = len(steady)
    spectrum = np.abs(np.fft.rfft(steady, 2 * n)) ** 2
    correlation = np.fft.irfft(spectrum)[: n // CYCLES + 1]
    if n < 4 * CYCLES or correlation[0] <= 0:
        return 0
    correlation = correlation / correlation[0] * n / (n - np.arange(len(correlation)))
    # A trend correlates at short lags too: a period is a peak after the curve has been low.
    low = np.flatnonzero(correlation < STRONG / 2)
    start = int(low[0]) if len(low) else len(correlation)
    if start >= len(correlation) - 1:
        return 0
    best = start + int(np.argmax(correlation[start:]))
    return best if correlation[best] >= STRONG and best >= 3 else 0


def _profile(y: Array, period: int, *, is_factor: bool) -> Array:
    """Return the season: the median over the periods at each place, each period first brought to the same level."""
    import numpy as np

    cycles = -(-len(y) // period)
    table = np.full(cycles * period, np.nan)
    table[: len(y)] = y
    by_period = table.reshape(cycles, period)
    levels = np.nanmedian(by_period, axis=1, keepdims=True)
    if len(y) % period:  # the level of a part says nothing of the whole
        levels[-1] = levels[-2]
    profile = np.nanmedian(by_period / levels if is_factor else by_period - levels, axis=0)
    profile = np.maximum(profile / np.median(profile), 0.1) if is_factor else profile - np.median(profile)
    return np.tile(profile, cycles)[: len(y)]
