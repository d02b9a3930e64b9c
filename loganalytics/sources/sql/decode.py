"""Rows of a table, each as JSON, to log frames."""

from __future__ import annotations

import json
from collections.abc import Sequence

import polars as pl

from loganalytics.formats.hints import Hints
from loganalytics.sources.json_records import RecordParser
from loganalytics.sources.sql.query import Relation

_SAMPLE_ROWS = 1_000


class RowDecoder:
    """Turns the rows of one relation into log frames; the first ones show what they hold."""

    def __init__(self, relation: Relation, hints: Hints) -> None:
        self._relation, self._hints = relation, hints
        self._rows_read = 0
        self._records: RecordParser | None = None
        self._json_columns: list[str] | None = None
        """The columns whose texts are JSON objects."""

    def frame(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the log frame of rows (line, key_text); a row without a key has its number as offset."""
        if self._json_columns is None:
            self._json_columns = _find_json_columns(_spread_sample(rows["line"]))
        lines = _expand(rows["line"], self._json_columns)
        if self._records is None:
            self._records = RecordParser.learn(_spread_sample(lines), self._hints)
        first = self._rows_read + 1
        numbers = pl.int_range(first, first + rows.height, dtype=pl.Int64).cast(pl.String)
        self._rows_read += rows.height
        records = rows.select(
            line=lines,
            source=pl.repeat(self._relation.source, rows.height, dtype=pl.String),
            offset=pl.coalesce(pl.col("key_text").cast(pl.String), numbers),
        )
        return self._records.frame(records)


def _spread_sample(lines: pl.Series) -> list[str]:
    """Return a thousand of the lines, from all over."""
    step = max(1, lines.len() // _SAMPLE_ROWS)
    return [line for line in lines.gather_every(step).to_list() if line is not None]


def _find_json_columns(sample: Sequence[str]) -> list[str]:
    """Return the fields whose texts are JSON objects wherever they have any text."""
    always_object: dict[str, bool] = {}
    for line in sample:
        for name, value in json.loads(line).items():
            if isinstance(value, str) and value:
                always_object[name] = always_object.get(name, True) and _is_object(value)
    return [name for name, always in always_object.items() if always]


def _is_object(value: str) -> bool:
    try:
        return value.lstrip().startswith("{") and isinstance(json.loads(value), dict)
    except (ValueError, RecursionError):
        return False


def _expand(lines: pl.Series, names: Sequence[str]) -> pl.Series:
    """Put the objects in place of the texts that write them; a text that turns out not to be one stays."""
    if not names or lines.is_empty():
        return lines
    import duckdb

    line = "line"
    for name in names:
        pointer = "'/" + name.replace("~", "~0").replace("/", "~1").replace("'", "''") + "'"
        value, key = f"json_extract_string(line, {pointer})", "'" + name.replace("'", "''") + "'"
        patched = f"cast(json_merge_patch({line}, json_object({key}, cast({value} as json))) as varchar)"
        line = f"case when json_valid({value}) and ltrim({value}) like '{{%' then {patched} else {line} end"
    with duckdb.connect() as connection:
        connection.register("lines", lines.alias("line").to_frame().to_arrow())
        expanded: pl.DataFrame = connection.sql(f"select {line} as line from lines").pl()
    return expanded["line"]
