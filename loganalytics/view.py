"""A view: which logs, and which of their events. The command line and the dashboard speak of logs through it."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from loganalytics import schema
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.sources import load
from loganalytics.sources.tally import load_report, remember


@dataclass(frozen=True)
class View:
    """A source and what to keep of it.

    `level` keeps events of that level and above; `services` those of the services named; `grep` those whose message or
    exception matches the regular expression; `formats` is the path of a TOML file with formats of one's own; `query` is
    a condition, as load() takes it.
    """

    source: tuple[str, ...]
    since: str | None = None
    until: str | None = None
    tz: str = "UTC"
    level: str | None = None
    services: tuple[str, ...] = ()
    grep: str | None = None
    formats: str | None = None
    query: str | None = None

    def load(self) -> pl.DataFrame:
        """Return the events of the view; load_report() still tells of all that was read."""
        logs = load(
            self.source, since=self.since, until=self.until, tz=self.tz, formats=self.formats, level=self.level,
            query=self.query,
        )  # fmt: skip
        kept = logs.filter(self.filter())
        report = load_report(logs)
        remember(kept, lambda: report)
        return kept

    def filter(self) -> pl.Expr:
        """Return the expression that is true for the events of the view.

        Raises InvalidArgumentError for a level that is not known and for a broken regular expression.
        """
        keep = pl.lit(value=True)
        if self.level:
            keep &= (pl.col("severity_number") >= schema.severity_of(self.level)).fill_null(value=False)
        if self.services:
            keep &= pl.col("service").is_in(self.services)
        if self.grep:
            _check_regex(self.grep)
            keep &= pl.col("message").str.contains(self.grep) | pl.col("exception").str.contains(self.grep).fill_null(
                value=False
            )
        return keep


def _check_regex(pattern: str) -> None:
    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.ComputeError as error:
        reason = str(error).strip().splitlines()
        detail = next((line for line in reason if line.startswith("error:")), reason[0])
        raise InvalidArgumentError(
            f"{pattern!r} is no regular expression ({detail}). Hint: put a backslash before characters that stand for "
            "themselves."
        ) from None
