"""MySQL's slow log writes the time of several statements of one second once: it is given to each of them."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from loganalytics.formats.framing import Framing

_TIME, _USER = "# Time:", "# User@Host:"


class SlowLogFramer:
    """Puts the line with the time before each statement's first line, "# User@Host"."""

    def __init__(self) -> None:
        self._time: str | None = None
        self._unfinished: pl.DataFrame | None = None

    def feed(self, lines: pl.DataFrame) -> pl.DataFrame:
        """Return the lines but for one with the time at the end, which waits for the statement."""
        lines = lines if self._unfinished is None else pl.concat([self._unfinished, lines])
        line = pl.col("line")
        is_time, is_user = line.str.starts_with(_TIME), line.str.starts_with(_USER)
        ends_with_time = bool(lines.height and lines["line"][-1].startswith(_TIME))
        self._unfinished = lines.tail(1) if ends_with_time else None
        time = pl.when(is_time).then(line).forward_fill().fill_null(pl.lit(self._time, dtype=pl.String))
        marked = lines.with_columns(time.alias("time"), (is_time & is_user.shift(-1)).alias("is_joined"))
        self._time = marked["time"][-1] if lines.height else self._time
        joined = pl.when(is_user & pl.col("time").is_not_null()).then(pl.concat_str("time", line, separator=" "))
        kept = marked.head(-1) if ends_with_time else marked
        records = kept.with_columns(joined.otherwise(line).alias("line"))
        return records.filter(~pl.col("is_joined").fill_null(value=False)).select("n", "line")

    def finish(self) -> pl.DataFrame:
        """Return the time at the end that no statement followed."""
        unfinished, self._unfinished = self._unfinished, None
        return pl.DataFrame(schema={"n": pl.UInt64, "line": pl.String}) if unfinished is None else unfinished

    def give_back(self) -> int:
        """Forget a time at the end."""
        return self.finish().height


SLOW_LOG = Framing(name="slow log", framer=SlowLogFramer)


def detect_slow_log(lines: Sequence[str]) -> Framing | None:
    """Return the framing when the lines are of a slow log."""
    return SLOW_LOG if any(line.startswith(_USER) for line in lines) else None
