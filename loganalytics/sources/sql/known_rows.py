"""Which rows a tail has handed out lately: by their key and their content, in hashes."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

_MIN_ROWS, _MAX_ROWS, _MAX_SAVED_ROWS = 1_000, 300_000, 50_000
_LEAD_ROWS = 200
_SCHEMA = {
    "key": pl.UInt64(),
    "content": pl.UInt64(),
    "order_text": pl.String(),
    "at": pl.Float64(),
    "lead": pl.Float64(),
}
_FOR_EVER = float("inf")


class KnownRows:
    """Rows that were handed out, the newest last."""

    def __init__(self, rows: pl.DataFrame | None = None) -> None:
        self._rows = pl.DataFrame(schema=_SCHEMA) if rows is None else rows

    def __bool__(self) -> bool:
        """Whether any are known."""
        return bool(self._rows.height)

    def identify(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return rows (line, key_text) with hashes of their key and content, and whether they are known.

        Rows without a key are known by what they hold, and by how many with the same come before them. is_reused:
        whether the key is known, but of a row with another content.
        """
        number = pl.int_range(pl.len(), dtype=pl.UInt32).over("line")
        own_key = pl.col("key_text").hash(0)
        rows = rows.with_columns(
            key=pl.when(pl.col("key_text").is_null()).then(pl.struct("line", number).hash(0)).otherwise(own_key),
            content=pl.col("line").hash(0),
            row=pl.int_range(pl.len(), dtype=pl.UInt32),
        )
        known = self._rows.select("key", "content", is_known=True).unique()
        keys = self._rows.select("key", is_old_key=True).unique()
        joined = rows.join(known, on=["key", "content"], how="left").join(keys, on="key", how="left").sort("row")
        return joined.with_columns(pl.col("is_known").fill_null(value=False)).with_columns(
            is_reused=pl.col("is_old_key").fill_null(value=False) & ~pl.col("is_known")
        )

    def add(self, rows: pl.DataFrame, leads: pl.Series, *, is_lasting: pl.Series) -> str | None:
        """Remember rows that were handed out now, some of them for ever.

        `leads`: the seconds by which their times lie after now. Returns from which place in the order on all are still
        known when the oldest had to be forgotten, since they are too many.
        """
        at = pl.when(is_lasting).then(_FOR_EVER).otherwise(time.time())
        new = rows.select("key", "content", "order_text", at=at, lead=leads.cast(pl.Float64))
        rows = pl.concat([self._rows, new])
        self._rows = rows.tail(_MAX_ROWS)
        surplus = rows.height - self._rows.height
        if surplus <= 0:
            return None
        last_forgotten = rows["order_text"][surplus - 1]
        later = self._rows["order_text"].filter(self._rows["order_text"] != last_forgotten)
        return str(later[0] if later.len() else last_forgotten)

    def forget(self, before: float, order_text: str | None) -> None:
        """Forget what was handed out up to a time, but for the newest rows and those of this place in the order."""
        is_needed = (pl.col("at") > before) | (pl.col("order_text") == order_text).fill_null(value=False)
        is_newest = pl.int_range(pl.len()) >= pl.len() - _MIN_ROWS
        self._rows = self._rows.filter(is_needed | is_newest)

    def clear(self) -> None:
        """Forget all."""
        self._rows = self._rows.clear()

    def lowest(self) -> str | None:
        """Return the lowest place in the order, which is a number."""
        numbers = self._rows["order_text"].cast(pl.Float64, strict=False)
        row = numbers.arg_min()
        return None if row is None else str(self._rows["order_text"][row])

    def lead(self) -> float:
        """Return by how many seconds the times of rows lie after the moment when they came, as a rule; at least 0."""
        median = self._rows["lead"].tail(_LEAD_ROWS).median()
        return max(0.0, float(median)) if isinstance(median, int | float) else 0.0

    def save(self) -> dict[str, Any]:
        """Return the newest rows as text; hashes hold for one version of Polars."""
        newest = self._rows.select("key", "content").tail(_MAX_SAVED_ROWS).to_numpy()
        return {"hashes": base64.b64encode(np.ascontiguousarray(newest).tobytes()).decode(), "polars": pl.__version__}

    @classmethod
    def load(cls, saved: Mapping[str, Any]) -> KnownRows:
        """Return the rows that were saved; none by another version of Polars."""
        if saved.get("polars") != pl.__version__:
            return cls()
        hashes = np.frombuffer(base64.b64decode(saved["hashes"]), dtype=np.uint64).reshape(-1, 2)
        rows = pl.DataFrame({"key": hashes[:, 0], "content": hashes[:, 1]})
        empty = {"order_text": pl.lit(None, pl.String), "at": pl.lit(time.time()), "lead": pl.lit(None, pl.Float64)}
        return cls(rows.with_columns(**empty))
