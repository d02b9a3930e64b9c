"""What the columns of a table mean: by their names, by a name in another language, and by their cells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from loganalytics.formats.delimited.headers import Headers
from loganalytics.formats.delimited.names import is_utc, likelihood, meaning
from loganalytics.formats.delimited.roles import Roles, level_column, text_column, time_roles
from loganalytics.formats.delimited.sample import Sample
from loganalytics.formats.delimited.table import TIMESTAMP, Delimited
from loganalytics.formats.fields.aliases import fold_name
from loganalytics.formats.fields.record_schema import infer_schema, parse_number
from loganalytics.formats.hints import NO_HINTS, Hints

_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,17})$")
_REQUEST_NAMES = {"csmethod", "csuristem", "method", "httpmethod", "requestmethod", "srcaddr", "id.orig_h"}
_TIME_SHAPES = 5
_NUMBER = re.compile(r"-?\d+(?: ?[a-zµ]{1,12})?$")
_DECIMAL = re.compile(r"^-?\d+,\d+(?: ?[a-zµ]{1,12})?$")
_THOUSANDS = re.compile(r"-?[1-9]\d{0,2},\d{3}(?!\d)")


@dataclass(frozen=True)
class Naming:
    """Which columns are called otherwise than in the file, and which two are the timestamp together."""

    renamed: Mapping[str, str] = field(default_factory=dict)
    time_parts: tuple[str, str] | None = None
    time: str | None = None
    """The timestamp's column, by its name in the file."""

    def names(self, sample: Sample) -> tuple[str, ...]:
        """Return the names of the sample's columns."""
        return tuple(self.renamed.get(name, name) for name in sample.names)


def name_columns(sample: Sample, hints: Hints = NO_HINTS, *, by_values: bool = True) -> Naming:
    """Return what the columns are called; with `by_values` the level and the message are also known by their cells."""
    renamed: dict[str, str] = {}
    roles = _time_roles(sample, hints)
    time = None if roles.time is None else sample.names[roles.time]
    if roles.time is not None and roles.clock is not None:
        return Naming(
            _others(sample, roles, hints, renamed, by_values=by_values),
            (sample.names[roles.time], sample.names[roles.clock]),
            time,
        )
    if time is not None:
        renamed[time] = TIMESTAMP
    return Naming(_others(sample, roles, hints, renamed, by_values=by_values), None, time)


def _time_roles(sample: Sample, hints: Hints) -> Roles:
    hinted = _hinted(sample, hints.time_field)
    if hinted is not None:
        return Roles(time=sample.names.index(hinted))
    likely = [number for number, name in enumerate(sample.names) if meaning(name) == "timestamp"]
    likely.sort(key=lambda number: likelihood(sample.names[number]))
    return time_roles(sample.columns(), likely, hints)


def _hinted(sample: Sample, field: str | None) -> str | None:
    """Return the column that the user named."""
    return next((name for name in sample.names if field and fold_name(name) == fold_name(field)), None)


def _others(sample: Sample, roles: Roles, hints: Hints, renamed: dict[str, str], *, by_values: bool) -> dict[str, str]:
    """Add the level and the message to the columns that get other names."""
    meanings = {name: meaning(name) for name in sample.names}
    hinted = _hinted(sample, hints.level)
    level = hinted or next((name for name, column in meanings.items() if column == "level"), None)
    if level is None and by_values:
        number = level_column(sample.columns())
        level = None if number is None else sample.names[number]
    if level is not None and (hinted or not _is_numeric(sample, level)):
        renamed[level] = "level"
    message = next((name for name, column in meanings.items() if column == "message"), None)
    if message is None and by_values and not _REQUEST_NAMES & {fold_name(name) for name in sample.names}:
        taken = [roles.time, roles.clock, None if level is None else sample.names.index(level)]
        number = text_column(sample.columns(), taken)
        message = None if number is None else sample.names[number]
    if message is not None:
        renamed[message] = "message"
    return _distinct(renamed, sample)


def decimal_columns(sample: Sample) -> tuple[str, ...]:
    """Return the columns whose numbers have a decimal comma, as spreadsheets of half of the world write them.

    Each cell must be a number, perhaps with a unit; where all have three digits behind the comma, it may as well stand
    between thousands.
    """
    if sample.dialect.separator in (",", " "):
        return ()
    return tuple(name for name in sample.names if _have_decimal_commas(sample.column(name)))


def _have_decimal_commas(cells: Sequence[str]) -> bool:
    with_comma = [cell for cell in cells if "," in cell]
    if not with_comma or all(map(_THOUSANDS.match, with_comma)):
        return False
    return all(map(_DECIMAL.match, with_comma)) and all(_NUMBER.match(cell) for cell in cells if "," not in cell)


def with_decimal_points(cell: pl.Expr) -> pl.Expr:
    """Return the expression for cells with a decimal point where they have a decimal comma."""
    points = cell.str.replace(",", ".", literal=True)
    return pl.when(cell.str.contains(_DECIMAL.pattern)).then(points).otherwise(cell)


def _is_numeric(sample: Sample, name: str) -> bool:
    cells = sample.column(name)
    return bool(cells) and all(map(_INTEGER.match, cells))


def _distinct(renamed: dict[str, str], sample: Sample) -> dict[str, str]:
    """Leave out what would give two columns one name."""
    others = {name.lower() for name in sample.names if name not in renamed}
    return {name: new for name, new in renamed.items() if new not in others}


def records_of(sample: Sample, naming: Naming) -> list[dict[str, object]]:
    """Return the sample's rows as records, with their times in one field."""
    records: list[dict[str, object]] = []
    names = naming.names(sample)
    nothing = {None, *sample.unset}
    for row in sample.rows.iter_rows():
        cells = dict(zip(sample.names, row, strict=True))
        record = {
            name: None if cell is None or cell in nothing else parse_number(name, cell)
            for name, cell in zip(names, row, strict=True)
        }
        if naming.time_parts:
            record[TIMESTAMP] = " ".join(str(cells[part]) for part in naming.time_parts)
        records.append(record)
    return records


def table_of(sample: Sample, hints: Hints, name: str, *, by_values: bool = True) -> Delimited | None:
    """Return the table whose rows the sample shows; None where it has no field to read."""
    decimals = decimal_columns(sample) if by_values else ()
    if decimals:
        sample = replace(sample, rows=sample.rows.with_columns(with_decimal_points(pl.col(decimals))))
    naming = name_columns(sample, hints, by_values=by_values)
    record_schema = infer_schema(records_of(sample, naming), without_names(hints))
    if record_schema is None:
        return None
    return Delimited(
        name=name,
        record_schema=record_schema,
        columns=naming.names(sample),
        dialect=sample.dialect,
        headers=Headers(separator=sample.dialect.separator),
        unset=sample.unset,
        renamed=naming.renamed,
        time_parts=tuple_of(naming),
        tz="UTC" if naming.time and is_utc(naming.time) else None,
        row_pattern=row_pattern(sample, naming.time),
        decimal_commas=tuple(naming.renamed.get(name, name) for name in decimals),
        guesses=(f"commas in {', '.join(decimals)} read as decimal points",) if decimals else (),
    )


def without_names(hints: Hints) -> Hints:
    """Return what the user says but for the names of columns, which have others now."""
    return replace(hints, time=hints.time_pattern, level=None)


def tuple_of(naming: Naming) -> tuple[str, str] | None:
    """Return the names of the columns of date and time of day."""
    if naming.time_parts is None:
        return None
    date, clock = (naming.renamed.get(part, part) for part in naming.time_parts)
    return date, clock


def row_pattern(sample: Sample, time: str | None) -> str | None:
    """Return the expression of a line that can only be a row: as many cells, and a time where the time is.

    Of two columns the text may look so by chance, hence none.
    """
    if time is None or len(sample.names) < 3:
        return None
    shapes = dict.fromkeys(map(_shape, sample.column(time)))
    if not shapes or len(shapes) > _TIME_SHAPES:
        return None
    separator = re.escape(sample.dialect.separator)
    cell = f'(?:"[^"]*"|[^"{separator}]*){separator}'
    position = sample.names.index(time)
    before, after = f"(?:{cell}){{{position}}}", len(sample.names) - position - 1
    return f'^{before}"?(?:{"|".join(shapes)})"?(?:{separator}.*){{{after}}}$'


def _shape(text: str) -> str:
    """Return the expression of texts with digits and letters in the same places."""
    return re.sub(r"[^\W\d_]+", r"\\p{L}+", re.sub(r"\d+", r"\\d+", re.escape(text)).replace("\\d", "\0")).replace(
        "\0", "\\d"
    )
