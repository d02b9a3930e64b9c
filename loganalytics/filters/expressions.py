"""Conditions on a field, a text or a time as Polars expressions."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, unquote

import polars as pl

from loganalytics.exceptions import InvalidArgumentError


@dataclass(frozen=True)
class Where:
    """A condition on one field: its value as text is this, or with `exclude` is not; "" stands for none at all."""

    field: str
    value: str
    exclude: bool = False

    def __str__(self) -> str:
        """Return the condition as written on the command line: field=value or field!=value."""
        return f"{quote(self.field, safe='. @/()[]:-')}{'!=' if self.exclude else '='}{self.value}"

    @classmethod
    def parse(cls, text: str) -> Where:
        """Read field=value or field!=value; a field's own "=" and "!" are written %3D and %21.

        Raises InvalidArgumentError where there is no field or no "=".
        """
        name, equals, value = text.partition("=")
        exclude = name.endswith("!")
        name = unquote(name.removesuffix("!") if exclude else name)
        if not equals or not name:
            raise InvalidArgumentError(f"{text!r} is no condition. Hint: write field=value or field!=value.")
        return cls(name, value, exclude)

    def expression(self, columns: Collection[str]) -> pl.Expr:
        """Return the expression for it; a field that the logs do not have is empty in all events."""
        if self.field not in columns:
            return pl.lit(value=(self.value == "") != self.exclude)
        same = pl.col(self.field).cast(pl.String).fill_null("") == self.value
        return ~same if self.exclude else same


def within_times(logs: pl.DataFrame, since: datetime | None, until: datetime | None) -> pl.DataFrame:
    """Return the events from `since` on and before `until`; those without a time only where neither is given."""
    keep = pl.lit(value=True)
    if since:
        keep &= (pl.col("timestamp") >= since).fill_null(value=False)
    if until:
        keep &= (pl.col("timestamp") < until).fill_null(value=False)
    return logs.filter(keep) if since or until else logs


def in_text(test: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
    """Hold the test against the message and the exception."""
    return test(pl.col("message")).fill_null(value=False) | test(pl.col("exception")).fill_null(value=False)


def check_regex(pattern: str) -> None:
    """Raise InvalidArgumentError where the pattern is not a valid regular expression."""
    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.ComputeError as error:
        reason = str(error).strip().splitlines()
        detail = next((line for line in reason if line.startswith("error:")), reason[0])
        raise InvalidArgumentError(
            f"{pattern!r} is no regular expression ({detail}). Hint: put a backslash before characters that stand for "
            "themselves."
        ) from None
