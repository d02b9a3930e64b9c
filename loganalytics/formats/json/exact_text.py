"""Text that readers of JSON would change or refuse, kept as it is: escapes that are no characters, and within lists."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import polars as pl

from loganalytics.formats.fields.aliases import FieldPath, value_at
from loganalytics.formats.fields.events import field_value
from loganalytics.formats.fields.record_schema import TEXT, FieldTree, RecordSchema, field_tree
from loganalytics.formats.json.objects import parse_with_repeats, read_as_text, with_repeats

_SURROGATE, _PAIR = r"\\u[dD][89a-fA-F]", r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F]"
_BYTE = r"\\x[0-9a-fA-F]{2}"
_ESCAPE = re.compile(
    r"\\(?:(?P<pair>u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?P<wrong>u[dD][89a-fA-F][0-9a-fA-F]{2}|x[0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


def without_wrong_escapes(lines: pl.Series, utf8: bytes) -> pl.Series | None:
    r"""Write escapes that JSON does not have as their characters: halves of pairs, \ud83d, and nginx's bytes, \xE4.

    Returns None where no object has any. `utf8` is what the lines are cut from.
    """
    if b"\\" not in utf8 or not any(start in utf8 for start in (b"\\ud", b"\\uD", b"\\x")):
        return None
    wrong = lines.str.count_matches(_SURROGATE) != 2 * lines.str.count_matches(_PAIR)
    wrong |= lines.str.contains(_BYTE)
    wrong &= lines.str.starts_with("{") & lines.str.contains(r"\}\s*$")
    if not wrong.any():
        return None
    return lines.scatter(wrong.arg_true(), [_ESCAPE.sub(_spelled, line) for line in lines.filter(wrong)])


def _spelled(escape: re.Match[str]) -> str:
    return "\\" + escape[0] if escape["wrong"] else escape[0]


def read_spaced(lines: pl.DataFrame, record_schema: RecordSchema) -> pl.DataFrame:
    """Return (n, record) of lines (n, line) as read_as_text() does, lists written as Polars writes them."""
    records = read_as_text(lines, record_schema)
    spaced = {
        path: field_value(path).map_batches(_with_spaces, return_dtype=pl.String)
        for path, kind in record_schema.fields.items()
        if kind == TEXT
    }
    record = _rewritten(field_tree(record_schema.fields), spaced)
    return records.with_columns(pl.when(pl.col("record").is_not_null()).then(record).alias("record"))


def _rewritten(tree: FieldTree, values: Mapping[FieldPath, pl.Expr]) -> pl.Expr:
    """Return the expression for records with other values in some fields."""
    return pl.struct(
        (_rewritten(inner, values) if isinstance(inner, dict) else values.get(inner, field_value(inner))).alias(name)
        for name, inner in tree.items()
    )


def _with_spaces(values: pl.Series) -> pl.Series:
    """Return lists and objects, in JSON, with the blanks that Polars puts into them when it reads a block."""
    is_nested = values.str.contains(r"^[\[{]").fill_null(value=False)
    has_escapes = values.str.contains("\\", literal=True).fill_null(value=False)
    indices = (is_nested & ~has_escapes).arg_true()
    objects = pl.select(pl.concat_str(pl.lit('{"v":'), values.gather(indices), pl.lit("}"))).to_series()
    try:
        utf8 = bytes(objects.str.join("\n").cast(pl.Binary).item() or b"")
        spaced = pl.read_ndjson(utf8, schema={"v": pl.String}).to_series() if indices.len() else objects
    except pl.exceptions.PolarsError:
        return values
    return values.scatter(indices, spaced)


def with_exact_lists(records: pl.DataFrame, lines: pl.DataFrame, record_schema: RecordSchema) -> pl.DataFrame:
    """Write lists and objects with escapes anew, which the readers undo or keep; lines: (n, line) of the records."""
    with_escapes = lines["line"].str.contains("\\", literal=True).arg_true()
    if not with_escapes.len():
        return records
    exact: dict[FieldPath, pl.Expr] = {}
    for path, kind in record_schema.fields.items():
        values = records.select(field_value(path)).to_series()
        is_nested = values.gather(with_escapes).str.contains(r"^[\[{]") if kind == TEXT else pl.Series([False])
        rows = with_escapes.filter(is_nested.fill_null(value=False)) if is_nested.any() else with_escapes.clear()
        if rows.len():
            pairs = zip(lines["line"].gather(rows), values.gather(rows), strict=True)
            exact[path] = pl.lit(values.scatter(rows, [_text_at(line, path, text) for line, text in pairs]))
    if not exact:
        return records
    return records.with_columns(_rewritten(field_tree(record_schema.fields), exact).alias("record"))


def _text_at(line: str, path: FieldPath, text: str) -> str:
    value = with_repeats(value_at(parse_with_repeats(line), path))
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else text
