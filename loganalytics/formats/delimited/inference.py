"""Which table a sample of lines is: by the header that it has, by a known layout, or by its cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from loganalytics.formats.delimited.cells import Dialect
from loganalytics.formats.delimited.columns import name_columns, records_of, table_of, without_names
from loganalytics.formats.delimited.headers import Headers, preface_of
from loganalytics.formats.delimited.layouts import LAYOUTS
from loganalytics.formats.delimited.names import column_names, meaning
from loganalytics.formats.delimited.recognition import MAX_PREAMBLE, column_cells, header_cells, separators_of
from loganalytics.formats.delimited.sample import Sample, fitting_sample, join_lines
from loganalytics.formats.delimited.table import Delimited
from loganalytics.formats.delimited.w3c import FIELDS, find_separator, header_columns, unset_cells
from loganalytics.formats.fields.record_schema import infer_schema
from loganalytics.formats.hints import NO_HINTS, Hints

_MIN_SHARE = 0.8
_NEAR = 20
_NAMES = {",": "CSV", "\t": "TSV", " ": "columns"}
_ESSENTIAL = {"timestamp", "level", "message"}


def infer(lines: Sequence[str], hints: Hints = NO_HINTS) -> Delimited | None:
    """Return the table that a sample is, by its header or by a layout that is known; None when it is none."""
    header = next((line for line in lines if line[:1] in ("#", "\ufeff") and FIELDS.match(line)), None)
    if header is not None:
        return _infer_w3c(header, lines, hints)
    return _infer_with_header(lines, hints) or _infer_layout(lines, hints)


def _infer_w3c(header: str, lines: Sequence[str], hints: Hints) -> Delimited | None:
    separator = find_separator(header, lines)
    is_zeek = header.startswith("#fields")
    unset = unset_cells(lines)
    samples = _sections(lines, Dialect(separator, has_quotes=not is_zeek), unset)
    namings = [name_columns(sample, hints, by_values=False) for sample in samples]
    records = [record for pair in zip(samples, namings, strict=True) for record in records_of(*pair)]
    record_schema = infer_schema(records, without_names(hints))
    table = table_of(samples[0], hints, "Zeek" if is_zeek else "W3C", by_values=False) if samples else None
    if table is None or record_schema is None:
        return None
    renamed = {name: new for naming in namings for name, new in naming.renamed.items()}
    headers = Headers(separator=separator, first=header, has_directives=True)
    return replace(table, record_schema=record_schema, renamed=renamed, headers=headers, row_pattern=None)


def _sections(lines: Sequence[str], dialect: Dialect, unset: tuple[str, ...]) -> list[Sample]:
    """Return the rows below each header."""
    sections: list[tuple[tuple[str, ...], list[str]]] = []
    for line in lines:
        if FIELDS.match(line):
            sections.append((header_columns(line, dialect.separator), []))
        elif line[:1] != "#" and sections:
            sections[-1][1].append(line)
    samples = (
        fitting_sample(join_lines(rows, dialect), names, dialect, min_share=0) for names, rows in sections if rows
    )
    return [replace(sample, unset=unset) for sample in samples if sample]


def _infer_with_header(lines: Sequence[str], hints: Hints) -> Delimited | None:
    for number, line in enumerate(lines[:MAX_PREAMBLE]):
        header = line.removeprefix("\ufeff")
        tables = [_below_header(header, lines[number + 1 :], separator, hints) for separator in separators_of(header)]
        found = max((table for table in tables if table), key=lambda table: len(table.columns), default=None)
        if found:
            preface = preface_of(lines[:number], found.dialect.separator, len(found.columns))
            return replace(found, headers=replace(found.headers, preface=preface))
    return None


def _below_header(header: str, lines: Sequence[str], separator: str, hints: Hints) -> Delimited | None:
    """Return the table whose columns a line names, if the lines below it are its rows."""
    cells = column_cells(header, lines, separator)
    if not cells:
        return None
    headers = _headers(header, cells, lines, separator)
    sections = _split_at_headers(headers, lines)
    is_spaced = header.count(f"{separator} ") == header.count(separator)
    dialect = Dialect(separator, has_quotes=separator != " ", is_spaced=is_spaced)
    sample = _below(join_lines(sections.pop(header), dialect), column_names(cells), dialect)
    table = sample and table_of(sample, hints, _NAMES.get(separator, f"CSV ({separator})"))
    if sample is None or not table or not _is_log(table, cells):
        return None
    return _with_sections(replace(table, headers=headers, sections={header: table.columns}), sample, sections, hints)


def _headers(header: str, cells: Sequence[str], lines: Sequence[str], separator: str) -> Headers:
    """Return what tells the headers of a table from its rows."""
    rows_with_hash = (line for line in lines if line[:1] == "#" and line.count(separator) >= header.count(separator))
    roles = {role for role in map(meaning, cells) if role in _ESSENTIAL}
    return Headers(
        separator=separator,
        first=header,
        lines=frozenset({header}),
        roles=frozenset(roles) if "timestamp" in roles and len(roles) > 1 else frozenset(),
        has_comments=next(rows_with_hash, None) is None,
    )


def _split_at_headers(headers: Headers, lines: Sequence[str]) -> dict[str, list[str]]:
    """Return the lines below each header, without those that are no rows."""
    texts = pl.Series("line", lines, dtype=pl.String)
    names_columns = headers.find(texts)
    is_left = headers.find_beside(texts, names_columns) | headers.find_empty(texts)
    sections: dict[str, list[str]] = {headers.first or "": []}
    header = headers.first or ""
    for line, is_header_line, is_no_row in zip(lines, names_columns, is_left, strict=True):
        if is_header_line:
            header = line.removeprefix("\ufeff")
        elif not is_no_row:
            sections.setdefault(header, []).append(line)
    return sections


def _with_sections(table: Delimited, first: Sample, sections: Mapping[str, Sequence[str]], hints: Hints) -> Delimited:
    """Return the table with the columns that other headers name."""
    if not sections:
        return table
    known = dict(table.sections)
    records = records_of(first, name_columns(first, hints))
    for header, lines in sections.items():
        names = column_names(header_cells(header, table.dialect.separator))
        sample = fitting_sample(join_lines(lines, table.dialect), names, table.dialect, min_share=0)
        if sample:
            naming = name_columns(sample, hints)
            known[header] = naming.names(sample)
            records += records_of(sample, naming)
    record_schema = infer_schema(records, without_names(hints)) or table.record_schema
    return replace(table, sections=known, record_schema=record_schema)


def _below(records: pl.DataFrame, names: tuple[str, ...], dialect: Dialect) -> Sample | None:
    """Return the rows below a header, if most lines have its columns, or one more, which is the message then."""
    message = next((name for name in names if meaning(name) == "message"), None)
    sample = fitting_sample(records, names, dialect, message=message, min_share=_MIN_SHARE)
    if sample is None and message is None and len(names) > 2:  # as Windows' Event Viewer does not name its last column
        sample = fitting_sample(records, (*names, "message"), dialect, message="message", min_share=_MIN_SHARE)
    if sample is None or dialect.separator != " ":
        return sample
    return replace(sample, unset=("", "-"))


def _is_log(table: Delimited, cells: Sequence[str]) -> bool:
    """Whether it has a time, or what three columns are called says that it is a log."""
    if table.has_times:
        return True
    return len(cells) > 2 and any(meaning(cell) in _ESSENTIAL for cell in cells) and table.dialect.separator != " "


def _infer_layout(lines: Sequence[str], hints: Hints) -> Delimited | None:
    layout = next((layout for layout in LAYOUTS if any(map(layout.begins, lines[:_NEAR]))), None)
    if layout is None:
        return None
    records = join_lines(lines, layout.dialect)
    for width in layout.widths:
        columns = layout.columns[:width]
        sample = fitting_sample(records, columns, layout.dialect, min_share=_MIN_SHARE)
        if sample and all(map(layout.is_level, sample.column(layout.columns[layout.level_at]))):
            return table_of(replace(sample, unset=layout.unset), hints, layout.name, by_values=False)
    return None
