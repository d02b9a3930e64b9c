"""Tables without a header: the columns are known by their cells, if one is the time and others are those of a log."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from loganalytics.formats.delimited.cells import Dialect
from loganalytics.formats.delimited.columns import table_of
from loganalytics.formats.delimited.recognition import count_quoted
from loganalytics.formats.delimited.sample import NULL, Sample, fitting_sample, join_lines
from loganalytics.formats.delimited.table import Delimited
from loganalytics.formats.hints import NO_HINTS, Hints

_SEPARATORS = ("|", "\t", ";", ",")
_MIN_SHARE = 0.8
_MIN_COLUMNS = 3
_NEAR = 50
_SAMPLED_CELLS = 200
# Columns of requests, by what all of their cells look like; the first that fits gets the name.
_REQUEST_COLUMNS = {
    "http.request.method": re.compile(r"(?:GET|HEAD|POST|PUT|DELETE|PATCH|OPTIONS|CONNECT|TRACE|PROPFIND)$"),
    "http.response.status_code": re.compile(r"[1-5]\d\d$"),
    "url.original": re.compile(r"(?:/|https?://)\S*$"),
    "http.request.line": re.compile(r"(?:GET|HEAD|POST|PUT|DELETE|PATCH|OPTIONS) \S+(?: HTTP/[\d.]+)?$"),
    "client.address": re.compile(r"(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?$|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}$"),
}
_NAMES = {",": "CSV", "\t": "TSV"}
_UNSET = ("", "-", NULL)


def infer(lines: Sequence[str], hints: Hints = NO_HINTS) -> Delimited | None:
    """Return the table that a sample without a header is; None where no column is a time, or none tells of a log."""
    return _infer(lines, hints, needs_level=True)


def infer_quoted(lines: Sequence[str], hints: Hints = NO_HINTS) -> Delimited | None:
    """Return the table some of whose cells stand in quotes; where most lines have such, a time is enough of it."""
    near = lines[:_NEAR]
    return _infer(lines, hints, needs_level=count_quoted(near) * 2 < len(near))


def _infer(lines: Sequence[str], hints: Hints, *, needs_level: bool) -> Delimited | None:
    for separator in _SEPARATORS:
        counts = Counter(line.count(separator) + 1 for line in lines[:_NEAR])
        likely = [width for width, _ in counts.most_common(3) if width >= _MIN_COLUMNS]
        for width in likely:
            table = _table(lines, width, Dialect(separator), hints, needs_level=needs_level)
            if table:
                return table
    return None


def _table(lines: Sequence[str], width: int, dialect: Dialect, hints: Hints, *, needs_level: bool) -> Delimited | None:
    names = tuple(f"column_{number}" for number in range(1, width + 1))
    records = join_lines(lines, dialect)
    sample = fitting_sample(records, names, dialect, min_share=_MIN_SHARE)
    if sample is None:
        return None
    few = replace(sample, rows=sample.rows.head(_SAMPLED_CELLS), unset=_UNSET)
    requests = _request_names(few)
    named = Sample(tuple(requests.get(name, name) for name in names), dialect, sample.rows.rename(requests), _UNSET)
    table = table_of(named, hints, _NAMES.get(dialect.separator, f"CSV ({dialect.separator})"))
    if table is None or not table.has_times or (needs_level and "level" not in table.columns and not requests):
        return None
    return replace(table, guesses=(_guess(table, names), *table.guesses))


def _request_names(sample: Sample) -> dict[str, str]:
    """Return the names of the columns of a request, by those that they have."""
    names: dict[str, str] = {}
    for new, pattern in _REQUEST_COLUMNS.items():
        fitting = (name for name in sample.names if name not in names and _all_match(sample.column(name), pattern))
        found = next(fitting, None)
        if found:
            names[found] = new
    return names if _is_request(names) else {}


def _all_match(cells: Sequence[str], pattern: re.Pattern[str]) -> bool:
    return bool(cells) and all(map(pattern.match, cells))


def _is_request(names: dict[str, str]) -> bool:
    found = set(names.values())
    return "http.response.status_code" in found and bool({"http.request.method", "http.request.line"} & found)


def _guess(table: Delimited, names: tuple[str, ...]) -> str:
    """Return the sentence that tells which columns were taken for what."""
    meanings = ", ".join(f"{table.renamed[name]} in {name}" for name in names if name in table.renamed)
    return f'no header names the columns: {meanings}. Hint: time="column_1" or level_field="column_2" says it'
