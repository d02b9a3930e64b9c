"""Conditions on a field, a message or a time as Polars expressions."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, unquote

import polars as pl

from loganalytics.exceptions import InvalidArgumentError


@dataclass(frozen=True)
class Where:
    """A condition on a field: its value as text equals `value`, or with `exclude` does not; "" stands for no value."""

    field: str
    value: str
    exclude: bool = False

    def __str__(self) -> str:
        """Return the condition as written on the command line: field=value or field!=value."""
        return f"{quote(self.field, safe='. @/()[]:-')}{'!=' if self.exclude else '='}{self.value}"

    @classmethod
    def parse(cls, condition: str) -> Where:
        """Read field=value or field!=value; an "=" or "!" in the name of the field is written %3D or %21.

        Raises InvalidArgumentError when the field or the "=" is missing.
        """
        name, equals, value = condition.partition("=")
        exclude = name.endswith("!")
        name = unquote(name.removesuffix("!") if exclude else name)
        if not equals or not name:
            raise InvalidArgumentError(
                f"{condition!r} is not a valid condition. Hint: write field=value or field!=value."
            )
        return cls(name, value, exclude)

    def expression(self, columns: Collection[str]) -> pl.Expr:
        """Return the condition as an expression; a field that the logs do not have is empty in all events."""
        if self.field not in columns:
            return pl.lit(value=(self.value == "") != self.exclude)
        is_equal = value_text(self.field) == self.value
        return ~is_equal if self.exclude else is_equal


def value_text(field: str) -> pl.Expr:
    """Return the values of a field as conditions write them: true, 0.1, 2026-03-10 12:00:00+00:00; "" for no value."""
    return pl.col(field).cast(pl.String).fill_null("")


def time_range_filter(since: datetime | None, until: datetime | None, *, column: str = "timestamp") -> pl.Expr:
    """Return the condition that a time is at `since` or later and before `until`; null for an event without a time.

    Either end may be None, which means no limit; without any limit the condition is true for all events.
    """
    limits = [pl.col(column) >= since] if since is not None else []
    limits += [pl.col(column) < until] if until is not None else []
    if not limits:
        return pl.lit(value=True)
    return limits[0] & limits[1] if len(limits) == 2 else limits[0]


def within_times(logs: pl.DataFrame, since: datetime | None, until: datetime | None) -> pl.DataFrame:
    """Return the events from `since` on and before `until`, without those that have no time; all if both are None."""
    if since is None and until is None:
        return logs
    return logs.filter(time_range_filter(since, until))


def in_text(test: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
    """Return whether the test holds for the message or the exception."""
    return test(pl.col("message")).fill_null(value=False) | test(pl.col("exception")).fill_null(value=False)


def check_regex(pattern: str) -> None:
    """Raise InvalidArgumentError if the pattern is not a valid regular expression."""
    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.ComputeError as error:
        reason = str(error).strip().splitlines()
        detail = next((line for line in reason if line.startswith("error:")), reason[0])
        raise InvalidArgumentError(
            f"{pattern!r} is not a valid regular expression ({detail}). Hint: put a backslash before characters that "
            "stand for themselves."
        ) from None
