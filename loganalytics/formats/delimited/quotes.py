"""Lines to records: a quoted cell may hold line breaks, and a quote that is never closed must not swallow the rest.

What a line makes of the state "within a quote" depends on the state before it, so each line is a function of two
states; its two values are found by regular expressions, and the functions are composed with cumulative sums.
"""

from __future__ import annotations

import polars as pl

from loganalytics.formats.delimited.cells import Dialect

# A quote that is open for so many lines or characters was never meant to be one.
_MAX_LINES = 10_000
_MAX_CHARACTERS = 8 * 1024 * 1024


class QuoteFramer:
    """Joins the lines of records whose quotes hold line breaks.

    `row_pattern` is the expression of a line that can only be a row of its own: no quote goes on over it.
    """

    def __init__(self, dialect: Dialect, row_pattern: str | None = None) -> None:
        self._dialect = dialect
        self._row_pattern = row_pattern
        self._open: pl.DataFrame | None = None

    def feed(self, lines: pl.DataFrame) -> pl.DataFrame:
        """Return the records (n: the number of the first line, line: all of its text) that end in these lines."""
        if self._open is not None:
            lines, self._open = pl.concat([self._open, lines.select("n", "line")]), None
        quoted = lines["line"].str.contains('"', literal=True)
        if not quoted.any():
            return lines
        states = _states(lines["line"], quoted, self._dialect)
        if states is None:
            return lines
        records = self._without_abandoned(lines.hstack(states))
        if records["open"][-1]:
            ends = records["record"] == records["record"][-1]
            records = self._keep_open(records, records.filter(ends))
        return _join(records)

    def finish(self) -> pl.DataFrame:
        """Return the record that was never closed, as it stands."""
        lines, self._open = self._open, None
        if lines is None:
            return pl.DataFrame(schema={"n": pl.UInt64, "line": pl.String})
        return lines.select(pl.col("n").first(), pl.col("line").str.join("\n"))

    def give_back(self) -> int:
        """Forget the lines at the end that are unfinished, and return how many: they will be fed again."""
        lines, self._open = self._open, None
        return 0 if lines is None else lines.height

    def _without_abandoned(self, records: pl.DataFrame) -> pl.DataFrame:
        """Let the lines of records that a stray quote began stand for themselves."""
        inner = ~pl.col("begins")
        is_row = pl.col("line").str.contains(self._row_pattern) if self._row_pattern else pl.lit(value=False)
        broken = records.filter((inner & is_row) | pl.col("abandoned"))["record"].unique()
        if not broken.len():
            return records
        begins = pl.col("begins") | pl.col("record").is_in(broken.implode())
        return records.with_columns(
            begins, record=begins.cum_sum(), open=pl.col("open") & ~pl.col("record").is_in(broken.implode())
        )

    def _keep_open(self, records: pl.DataFrame, last: pl.DataFrame) -> pl.DataFrame:
        """Keep the record that is open at the end for the next lines, unless it is too long to be one."""
        if last.height > _MAX_LINES or int(last["line"].str.len_bytes().sum()) > _MAX_CHARACTERS:
            begins = pl.col("begins") | (pl.col("record") == last["record"][0])
            return records.with_columns(begins, record=begins.cum_sum())
        self._open = last.select("n", "line")
        return records.head(-last.height)


def _states(lines: pl.Series, quoted: pl.Series, dialect: Dialect) -> pl.DataFrame | None:
    """Return for each line whether it begins a record, which one it is in, and whether a quote is open after it.

    `abandoned` are the lines of a record that the next one shows to have begun with a stray quote. None where no
    quote goes on over the end of a line.
    """
    texts = lines.filter(quoted)
    opens = ~texts.str.contains(dialect.complete) & texts.str.contains(dialect.opens)
    if not opens.any():
        return None
    stays, closes = texts.str.contains(dialect.stays_open), texts.str.contains(dialect.closes)
    stray = ~stays & ~closes
    frame = pl.DataFrame({"from_closed": opens, "from_open": stays | (stray & opens), "stray": stray})
    frame = frame.select("stray", state=_composed())
    frame = frame.with_columns(restarts=pl.col("stray") & pl.col("state").shift(1, fill_value=False))
    indices = quoted.arg_true()
    every = pl.DataFrame(
        {
            "open": pl.Series([None], dtype=pl.Boolean).new_from_index(0, lines.len()).scatter(indices, frame["state"]),
            "restarts": pl.repeat(value=False, n=lines.len(), eager=True).scatter(indices, frame["restarts"]),
        }
    ).with_columns(pl.col("open").forward_fill().fill_null(value=False))
    every = every.with_columns(begins=~pl.col("open").shift(1, fill_value=False) | pl.col("restarts"))
    every = every.with_columns(record=pl.col("begins").cum_sum())
    abandoned = every.filter("restarts")["record"] - 1
    return every.select("begins", "record", "open", abandoned=pl.col("record").is_in(abandoned.implode()))


def _composed() -> pl.Expr:
    """Return the state after each line, closed before the first: false is closed, true is open."""
    constant = pl.col("from_closed") == pl.col("from_open")
    swaps = (pl.col("from_closed") & ~pl.col("from_open")).cast(pl.Int64).cum_sum()
    since = swaps - pl.when(constant).then(swaps).forward_fill().fill_null(0)
    last_constant = pl.when(constant).then(pl.col("from_open")).forward_fill().fill_null(value=False)
    return last_constant ^ (since % 2 == 1)


def _join(records: pl.DataFrame) -> pl.DataFrame:
    """Return one line for each record."""
    is_single = pl.col("begins") & pl.col("begins").shift(-1, fill_value=True)
    singles = records.filter(is_single).select("n", "line")
    several = records.filter(~is_single).group_by("record", maintain_order=True)
    joined = several.agg(pl.col("n").first(), pl.col("line").str.join("\n")).select("n", "line")
    return pl.concat([singles, joined]).sort("n") if joined.height else singles
