"""Tables in text to events: rows to cells, cells to fields, and what no column holds to attributes."""

from __future__ import annotations

import json
from collections.abc import Sequence

import polars as pl

from loganalytics.formats.delimited.cells import split_rows
from loganalytics.formats.delimited.columns import with_decimal_points
from loganalytics.formats.delimited.table import TIMESTAMP, Delimited
from loganalytics.formats.fields.events import parse_typed, to_events
from loganalytics.formats.fields.record_schema import TEXT
from loganalytics.formats.timestamps import Clock, to_utc
from loganalytics.schema import severity_numbers


def sample_times(lines: Sequence[str], table: Delimited) -> pl.Series:
    """Return the texts of the sample's timestamps."""
    numbered = pl.DataFrame({"line": lines}, schema={"line": pl.String}).with_row_index("n").cast({"n": pl.UInt64})
    rows = _read_cells(numbered, table, None)
    return rows[table.time] if table.time in rows.columns else pl.Series(TIMESTAMP, [], dtype=pl.String)


def sample_messages(lines: pl.Series, table: Delimited) -> pl.Series:
    """Return the texts of the sample's messages."""
    rows = _read_cells(lines.alias("line").to_frame().with_row_index("n").cast({"n": pl.UInt64}), table, None)
    return rows[table.message] if table.message in rows.columns else pl.Series("message", [], dtype=pl.String)


def read(lines: pl.DataFrame, table: Delimited, clock: Clock) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split records (n, line) into the events that are rows and those that are not; headers are neither."""
    rows = _read_cells(lines, table, clock)
    records = rows.select(pl.col("\0n").alias("n"), pl.struct(_fields(rows, table)).alias("record"))
    record_lines, unread = lines, lines.clear()
    if rows.height < lines.height:
        others = ~no_rows(lines["line"], table)
        is_row = lines["n"].is_in(rows["\0n"].implode())
        record_lines, unread = lines.filter(is_row & others), lines.filter(~is_row & others)
    events = to_events(records, record_lines.select("n", "line"), table.record_schema, clock, splits_messages=False)
    return _with_attributes(events, rows, table), unread


def no_rows(lines: pl.Series, table: Delimited) -> pl.Series:
    """Tell which lines are no rows: they name columns, stand beside the table, or are empty."""
    names_columns = table.headers.find(lines)
    return names_columns | _find_others(lines, names_columns, table)


def lines_beside(lines: pl.Series, table: Delimited) -> pl.Series:
    """Return the lines with text that are neither rows nor headers."""
    return lines.filter(table.headers.find_beside(lines, table.headers.find(lines)))


def _find_others(lines: pl.Series, names_columns: pl.Series, table: Delimited) -> pl.Series:
    return table.headers.find_beside(lines, names_columns) | table.headers.find_empty(lines)


def _fields(rows: pl.DataFrame, table: Delimited) -> list[pl.Expr]:
    """Return the expressions of the schema's fields; those that the rows do not have are null."""
    return [
        pl.col(path[0]) if path[0] in rows.columns else pl.lit(None, dtype=pl.String).alias(path[0])
        for path in table.record_schema.fields
    ]


def _read_cells(lines: pl.DataFrame, table: Delimited, clock: Clock | None) -> pl.DataFrame:
    """Return the cells of all rows, null where they stand for nothing, each section's by its header."""
    parts = [_read_section(section, columns, table, clock) for columns, section in _sections(lines, table)]
    return parts[0] if len(parts) == 1 else pl.concat(parts, how="diagonal").sort("\0n")


def _sections(lines: pl.DataFrame, table: Delimited) -> list[tuple[tuple[str, ...], pl.DataFrame]]:
    """Return the records below each header, and the columns that it names."""
    names_columns = table.headers.find(lines["line"])
    others = names_columns | _find_others(lines["line"], names_columns, table)
    if not others.any():
        return [(table.columns, lines)]
    above = lines.select(pl.when(names_columns).then("line").forward_fill().alias("\0header")).to_series()
    rows = lines.with_columns(above).filter(~others)
    sections = rows.partition_by("\0header", maintain_order=True, as_dict=True)
    return [
        (table.columns if header is None else table.columns_below(str(header)), section.drop("\0header"))
        for (header,), section in sections.items()
    ] or [(table.columns, lines.clear())]


def _read_section(
    records: pl.DataFrame, columns: tuple[str, ...], table: Delimited, clock: Clock | None
) -> pl.DataFrame:
    message = table.message if table.message in columns else None
    found = split_rows(records, columns, table.dialect, message)
    regular, mended = (_cleaned(rows, columns, table) for rows in (found.regular, found.mended))
    if mended.is_empty() or clock is None or table.time not in mended.columns:
        return regular
    believed = mended.filter(_is_plausible(mended, table, clock)).unique("\0n", keep="first", maintain_order=True)
    return pl.concat([regular, believed], how="diagonal").sort("\0n")


def _is_plausible(rows: pl.DataFrame, table: Delimited, clock: Clock) -> pl.Series:
    """Tell which rows have a time, a level and numbers where the columns are these."""
    times = to_utc(rows[str(table.time)], clock)
    fits = [
        pl.col(path[0]).is_null() | parse_typed(pl.col(path[0]), kind).is_not_null()
        for path, kind in table.record_schema.fields.items()
        if kind != TEXT and path[0] in rows.columns and path[0] != table.time
    ]
    if "level" in rows.columns:
        fits.append(pl.col("level").is_null() | severity_numbers(pl.col("level")).is_not_null())
    return rows.select(pl.all_horizontal(pl.lit(times.is_not_null()), *fits)).to_series()


def _cleaned(rows: pl.DataFrame, columns: tuple[str, ...], table: Delimited) -> pl.DataFrame:
    """Return the cells without what stands for nothing, and the timestamp that two of them are."""
    cells = [pl.col(name).str.strip_chars() if table.dialect.is_spaced else pl.col(name) for name in rows.columns[1:]]
    filled = [pl.all_horizontal(cell != nothing for nothing in table.unset) for cell in cells]
    rows = rows.select("\0n", *[pl.when(is_filled).then(cell) for cell, is_filled in zip(cells, filled, strict=True)])
    commas = [name for name in table.decimal_commas if name in rows.columns]
    if commas:
        rows = rows.with_columns(with_decimal_points(pl.col(commas)))
    if table.time_parts is None or not set(table.time_parts) <= set(columns):
        return rows
    return rows.with_columns(pl.concat_str(*table.time_parts, separator=" ").alias(TIMESTAMP))


def _with_attributes(events: pl.DataFrame, rows: pl.DataFrame, table: Delimited) -> pl.DataFrame:
    """Add `attributes`: JSON text of the cells that no column holds, or not as they are."""
    fields = table.record_schema.fields
    lost = {
        name: (pl.col(name).is_not_null() & parse_typed(pl.col(name), kind).is_null())
        for name in rows.columns[1:]
        if (kind := fields.get((name,))) != TEXT and kind is not None
    }
    lost |= {name: pl.col(name).is_not_null() for name in rows.columns[1:] if (name,) not in fields}
    if table.time in rows.columns:
        lost[table.time] = pl.col(table.time).is_not_null() & events["timestamp"].is_null()
    if not lost:
        return events
    kept = rows.select("\0n", *[pl.when(is_lost).then(pl.col(name)).alias(name) for name, is_lost in lost.items()])
    kept = kept.filter(pl.any_horizontal(pl.col(list(lost)).is_not_null()))
    if kept.is_empty():
        return events
    texts = [_to_json(row) for row in kept.drop("\0n").iter_rows(named=True)]
    attributes = pl.DataFrame({"n": kept["\0n"], "attributes": texts})
    return events.drop("attributes", strict=False).join(attributes, on="n", how="left", maintain_order="left")


def _to_json(cells: dict[str, str | None]) -> str:
    return json.dumps({name: cell for name, cell in cells.items() if cell is not None}, ensure_ascii=False)
