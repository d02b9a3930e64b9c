"""The systemd journal as `journalctl -o export` and `-o verbose` print it: a field a line.

In the export form a value that holds line breaks is written as its name, its size and the value, each behind a line's
end; the verbose form begins an entry with its time and cursor and indents what follows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from loganalytics.formats.framing import Framing

_SCHEMA = {"n": pl.UInt64, "line": pl.String}
_FIELD = r"^(?P<name>[A-Z_][A-Z0-9_]*)=(?P<value>.*)$"
_NAME = re.compile(r"[A-Z_][A-Z0-9_]*$")
_FIELD_LINE = re.compile(_FIELD)
_HEADER = r"^\S.*\[s=[0-9a-f]+;.*\bt=(?P<time>[0-9a-f]+);"
_HEADER_LINE = re.compile(_HEADER)
_SIZE = re.compile(r"(?s)(.{1,7}?)\0+")
_INDENT = 4
_PEEKED_LINES = 50
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f"}
_CONTROL = r"[\x00-\x1f]"


def detect_journal(lines: Sequence[str]) -> Framing | None:
    """Return how entries of the journal are put together; None where these lines are no journal."""
    head = [line for line in lines[:_PEEKED_LINES] if line]
    if not head:
        return None
    first = head[0].partition("=")[0] + "="
    if first.startswith("__") and any(line.startswith("__REALTIME_TIMESTAMP=") for line in head):
        return Framing(name="journal export", framer=JournalEntries(first_field=first))
    is_verbose = _HEADER_LINE.match(head[0]) and any(line.startswith("    ") and "=" in line for line in head)
    return Framing(name="journal verbose", framer=JournalEntries()) if is_verbose else None


@dataclass(frozen=True, kw_only=True)
class JournalEntries:
    """Entries of the journal in one of its two forms."""

    first_field: str = ""
    """What begins an entry in the export form; empty in the verbose one."""

    def __call__(self) -> JournalFramer:
        """Return the framer of one file."""
        return JournalFramer(self.first_field)


class JournalFramer:
    """Puts the fields of an entry together as a JSON object."""

    def __init__(self, first_field: str) -> None:
        self._first_field = first_field
        self._lines = pl.DataFrame(schema=_SCHEMA)

    def feed(self, lines: pl.DataFrame) -> pl.DataFrame:
        """Return the entries that end in these lines."""
        lines = pl.concat([self._lines, lines])
        begins = self._begins(lines).arg_true()
        ended = int(begins[-1]) if begins.len() else 0
        self._lines = lines.slice(ended)
        return self._entries(lines.head(ended))

    def finish(self) -> pl.DataFrame:
        """Return the last entry."""
        lines, self._lines = self._lines, self._lines.clear()
        return self._entries(lines)

    def give_back(self) -> int:
        """Forget the lines of the last entry, which may go on, and return how many they are."""
        count = self._lines.height
        self._lines = self._lines.clear()
        return count

    def _begins(self, lines: pl.DataFrame) -> pl.Series:
        """Return for each line whether it begins an entry."""
        line = pl.col("line")
        begins = line.str.starts_with(self._first_field) if self._first_field else line.str.contains(_HEADER)
        return lines.select(begins).to_series()

    def _entries(self, lines: pl.DataFrame) -> pl.DataFrame:
        if lines.is_empty():
            return lines
        numbered = lines.with_columns(self._begins(lines).cum_sum().alias("entry"))
        if not self._first_field:
            numbered = _without_indent(numbered)
        numbered = numbered.with_columns(pl.col("line").str.extract_groups(_FIELD).struct.unnest())
        is_plain = (pl.col("name").is_not_null() | (pl.col("line") == "")).all().over("entry")
        plain = numbered.filter(is_plain & (pl.col("line") != ""))
        others = numbered.filter(~is_plain)
        entries = plain.group_by("entry", maintain_order=True).agg(pl.col("n").first(), _member().str.join(","))
        line = pl.concat_str(pl.lit("{"), "member", pl.lit("}")).alias("line")
        return pl.concat([entries.select("n", line), _read_each(others)]).sort("n")


def _member() -> pl.Expr:
    """Return the expression for a field as a member of a JSON object."""
    value = pl.col("value")
    for character, escape in _ESCAPES.items():
        value = value.str.replace_all(character, escape, literal=True)
    value = value.str.replace_all(_CONTROL, "\N{REPLACEMENT CHARACTER}")
    return pl.concat_str(pl.lit('"'), "name", pl.lit('":"'), value, pl.lit('"')).alias("member")


def _without_indent(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the lines of verbose entries as the export form has them."""
    line = pl.col("line")
    time = line.str.extract(_HEADER, 1).str.to_integer(base=16, strict=False)
    header = pl.concat_str(pl.lit("__REALTIME_TIMESTAMP="), time)
    is_field = line.str.contains(r"^ {4}[A-Z_][A-Z0-9_]*=")
    field = line.str.slice(_INDENT)
    export = pl.when(time.is_not_null()).then(header).when(is_field).then(field).otherwise(line)
    return lines.with_columns(export.alias("line"))


def _read_each(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the entries with a value of several lines."""
    entries = lines.group_by("entry", maintain_order=True).agg(pl.col("n").first(), pl.col("line"))
    texts = [json.dumps(_fields(entry), ensure_ascii=False) for entry in entries["line"].to_list()]
    return entries.select("n").with_columns(pl.Series("line", texts, dtype=pl.String))


def _fields(lines: Sequence[str]) -> dict[str, str]:
    """Return the fields of an entry."""
    fields: dict[str, str] = {}
    name, missing = "", 0  # the field that the next line belongs to, and how many bytes of its value are missing
    for line in lines:
        field = _FIELD_LINE.match(line)
        if missing > 0:
            fields[name] = f"{fields[name]}\n{line}" if fields[name] else line
            missing -= len(line.encode()) + 1
        elif field:
            name, fields[field["name"]] = field["name"], field["value"]
        elif _NAME.match(line):
            name, missing = line, -1
            fields[name] = ""
        elif missing == -1 and line:
            size = _SIZE.match(line)
            fields[name] = line[size.end() :] if size else line
            missing = _size(size[1]) - len(fields[name].encode()) if size else 0
        elif line:
            key = name or "MESSAGE"
            fields[key] = f"{fields[key]}\n{line.lstrip()}" if fields.get(key) else line
    return fields


def _size(low_bytes: str) -> int:
    """Return the size that a value's first bytes say, as far as they can be read."""
    return sum(ord(character) << (8 * place) for place, character in enumerate(low_bytes))
