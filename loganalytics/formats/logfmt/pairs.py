"""Lines of logfmt taken apart, pair by pair: for any order of keys, keys that come late, and what is no pair.

Values in quotation marks have the escapes of Go or JSON (strconv.Quote, go-logfmt), which most writers of logfmt
use. A word that is no pair is a key whose value is true, as go-logfmt and Heroku read it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

import polars as pl

from loganalytics.formats.fields.aliases import FieldPath
from loganalytics.formats.fields.events import parse_typed
from loganalytics.formats.fields.known_names import meaningful
from loganalytics.formats.fields.late_fields import SAMPLE_RECORDS, LateRecords, late_schema
from loganalytics.formats.fields.record_schema import TEXT, RecordSchema, parse_number
from loganalytics.formats.fields.remainders import Remainder, TakeRemainder
from loganalytics.formats.logfmt.recognition import KEY, VALUE

_TOKEN = rf"{KEY}={VALUE}|\S+"
_TOKENS = re.compile(rf"({KEY})=({VALUE})|(\S+)", re.DOTALL)

_QUOTED = r"""(?s)^(?:".*"|'.*')$"""

_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\r": "\r", "\\a": "\a", "\\b": "\b", "\\f": "\f", "\\v": "\v", '\\"': '"',
            "\\'": "'"}  # fmt: skip
_BACKSLASH = "\0\1\0"  # stands for an escaped one, while others are undone
_CODE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))")
_ANY_CODE = r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})"


def pairs_of(line: str) -> list[tuple[str, str | None]]:
    """Return the keys and values of a line; a word without a value has None."""
    return [
        (word, None) if word else (key, unescape(value[1:-1]) if _is_quoted(value) else value)
        for key, value, word in _TOKENS.findall(line)
    ]


def _is_quoted(value: str) -> bool:
    """Whether a value is in quotation marks; the single ones are structlog's, which writes values as Python does."""
    return len(value) > 1 and value[0] in "\"'" and value[0] == value[-1]


def record_of(line: str) -> dict[str, object]:
    """Return the first value of each key of a line, numbers as such."""
    record: dict[str, object] = {}
    for key, value in pairs_of(line):
        if value is not None:
            record.setdefault(key, parse_number(key, value))
    return record


def unescape(text: str) -> str:
    """Undo the escapes of a value in quotation marks; a backslash before any other character stays."""
    if "\\" not in text:
        return text
    text = text.replace("\\\\", _BACKSLASH)
    for escape, character in _ESCAPES.items():
        text = text.replace(escape, character)
    return _CODE.sub(_character, text).replace(_BACKSLASH, "\\")


def _character(code: re.Match[str]) -> str:
    number = int(code[1] or code[2] or code[3], 16)
    is_character = number <= 0x10FFFF and not 0xD800 <= number < 0xE000
    return chr(number) if is_character else code[0]


def _unquoted(value: pl.Expr) -> pl.Expr:
    """Return the expression for values without quotation marks and escapes."""
    inner = value.str.slice(1, value.str.len_chars() - 2).str.replace_all("\\\\", _BACKSLASH, literal=True)
    for escape, character in _ESCAPES.items():
        inner = inner.str.replace_all(escape, character, literal=True)
    inner = inner.str.replace_all(_BACKSLASH, "\\", literal=True)
    return pl.when(value.str.contains(_QUOTED)).then(inner).otherwise(value)


def take_apart(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs of lines (n, line) as (n, key, value), a row each; the value of a word is null."""
    tokens = lines.select("n", pl.col("line").str.extract_all(_TOKEN).alias("token")).explode("token")
    key = pl.col("token").str.extract(rf"^({KEY})=")
    pairs = tokens.with_columns(
        key=key, value=pl.when(key.is_not_null()).then(pl.col("token").str.splitn("=", 2).struct[1])
    )
    pairs = pairs.select("n", pl.coalesce("key", "token").alias("key"), "value")
    coded = pairs.select(pl.col("value").str.contains(_ANY_CODE).fill_null(value=False)).to_series()
    unquoted = pairs.select(_unquoted(pl.col("value"))).to_series()
    if coded.any():  # few programs write such escapes
        texts = [unescape(value[1:-1]) if _is_quoted(value) else value for value in pairs["value"].filter(coded)]
        unquoted = unquoted.scatter(coded.arg_true(), texts)
    return pairs.with_columns(unquoted.alias("value"))


def to_records(pairs: pl.DataFrame, keys: Collection[str]) -> pl.DataFrame:
    """Return (n, record: a struct of the keys), with the first value of each key."""
    known = pairs.filter(pl.col("value").is_not_null())
    values = [pl.col("value").filter(pl.col("key") == key).first().alias(key) for key in keys]
    records = known.group_by("n", maintain_order=True).agg(pl.struct(values).alias("record"))
    return records.cast(pl.Schema({"n": pl.UInt64(), "record": pl.Struct(dict.fromkeys(keys, pl.String()))}))


def surplus_pairs(pairs: pl.DataFrame, keys: Collection[str]) -> pl.DataFrame:
    """Return of lines that hold more than one value for each of the keys (n, surplus), how much more."""
    is_known = pl.col("key").is_in(list(keys)) & pl.col("value").is_not_null()
    counts = pairs.group_by("n", maintain_order=True).agg(
        surplus=pl.len().cast(pl.Int64) - pl.col("key").filter(is_known).n_unique()
    )
    return counts.filter(pl.col("surplus") > 0)


def late_records(
    pairs: pl.DataFrame, lines: pl.DataFrame, keys: Collection[str], record_schema: RecordSchema
) -> Iterator[LateRecords]:
    """Yield the lines whose late keys mean something, each with those that have the same ones."""
    late_keys = pairs.filter(~pl.col("key").is_in(list(keys)) & pl.col("value").is_not_null())
    paths = meaningful(((name,) for name in late_keys["key"].unique()), record_schema.hints)
    names = [name for (name,) in paths]
    if not names:
        return
    meaning = late_keys.filter(pl.col("key").is_in(names))
    shapes = meaning.group_by("n", maintain_order=True).agg(pl.col("key").unique().sort().str.join("\0"))
    for shape in shapes.partition_by("key", maintain_order=True):
        group = lines.join(shape, on="n", how="semi", maintain_order="left")
        schema = late_schema([record_of(line) for line in group["line"].head(SAMPLE_RECORDS)], paths, record_schema)
        if schema:
            fields = [path[0] for path in schema.fields]
            records = to_records(pairs.join(shape, on="n", how="semi", maintain_order="left"), fields)
            yield LateRecords(schema=schema, records=records)


def take_remainder(record_schema: RecordSchema) -> TakeRemainder:
    """Return the function that adds to a remainder what the columns do not hold of a line."""

    def take(remainder: Remainder, line: str, moved: Collection[FieldPath]) -> None:
        seen: set[str] = set()
        for key, value in pairs_of(line):
            if value is None:
                remainder.add((key,), value=True)
            elif key in seen:
                remainder.repeated_keys += 1
                remainder.add((key,), value)
            elif (key,) not in moved and not _holds(record_schema, key, value):
                remainder.add((key,), value)
            seen.update((key,) if value is not None else ())

    return take


def _holds(record_schema: RecordSchema, key: str, value: str) -> bool:
    """Whether the column of a key holds a value; there is nothing to hold of an empty one."""
    kind = record_schema.fields.get((key,))
    if kind is None or kind == TEXT or not value or (key,) in record_schema.without_column:
        return kind is not None
    return bool(pl.select(parse_typed(pl.lit(value), kind).is_not_null()).item())
