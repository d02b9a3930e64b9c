"""Units that are repeated within a text, such as the records of a list, stand once."""

from __future__ import annotations

import numpy as np
import polars as pl

from loganalytics.templates.masking import MASK
from loganalytics.templates.token_arrays import TOKEN, Flags, Hashes, Ints, TokenKind, token_hashes, token_kind

_CUT = "\x1e"  # between tokens and what stands between them; no masked text holds it
_LENGTHS = range(2, 9)  # of a unit, in tokens


def without_repeats(texts: pl.Series) -> pl.Series:
    """Return the texts with their first repeated unit once: `disk * ok disk * ok` becomes `disk * ok`.

    Two units are the same when they are but for numbers, wildcards, identifiers, names of functions and what stands in
    quotes.
    """
    cut = texts.str.replace_all(f"({TOKEN})", f"{_CUT}${{1}}{_CUT}").str.split(_CUT).alias("segment")
    table = cut.to_frame().with_row_index("row").filter(
        pl.col("segment").list.len() > 4 * _LENGTHS.start, texts.str.count_matches(MASK, literal=True) > 1
    )  # fmt: skip
    flat = table.with_columns(number=pl.int_ranges(pl.col("segment").list.len())).explode("segment", "number")
    number = pl.col("number")
    tokens = flat.with_columns(before=pl.col("segment").shift(), after=pl.col("segment").shift(-1))
    tokens = tokens.filter(number % 2 == 1).with_columns(is_value=_is_value())
    edits = _edits(tokens)
    if not edits.height:
        return texts
    changed = flat.join(edits, on="row").join(
        tokens.select("row", "number", "is_value"), on=["row", "number"], how="left", maintain_order="left"
    )
    changed = changed.filter((number < pl.col("end")) | (number > pl.col("last")))
    in_unit = (number >= pl.col("start")) & (number < pl.col("end")) & pl.col("is_value")
    segment = pl.when(in_unit).then(pl.lit(MASK)).otherwise("segment")
    new = changed.group_by("row", maintain_order=True).agg(segment.str.join("").alias("new"))
    return texts.clone().scatter(new["row"], new["new"])


def _is_value() -> pl.Expr:
    """Return whether a token may differ from unit to unit: a name in front of its value may not."""
    before, token, after = pl.col("before"), pl.col("segment"), pl.col("after")
    kind = token_kind(token)
    is_key = after.str.contains("^[\"']?[:=]") & ~token.str.contains(".", literal=True) & (kind == TokenKind.IDENTIFIER)
    in_quotes = before.str.ends_with('"') & after.str.contains('^"(?:[^:]|$)')
    is_called = after.str.contains(r"^ ?\(")
    return ((kind <= TokenKind.IDENTIFIER) & ~is_key) | in_quotes | is_called


def _edits(tokens: pl.DataFrame) -> pl.DataFrame:
    """Return row, where the unit starts and ends, and the last segment of its repetitions: one a text."""
    row, number = tokens["row"].to_numpy(), tokens["number"].to_numpy()
    forms = np.where(tokens["is_value"], np.uint64(0), token_hashes(tokens["segment"]))
    before = token_hashes(tokens["before"])
    edits = []
    for length in _LENGTHS:
        first, count = _runs(forms, before, row, length)
        # The body is the unit and its repetitions; an incomplete one at the end shows where the unit begins.
        retained = np.where(count % length > 0, count % length, length)
        start = first - length
        columns = {"start": number[start], "end": number[start + retained - 1] + 1, "last": number[first + count - 1]}
        edits.append(pl.DataFrame({"row": tokens["row"].gather(first), **columns}))
    return pl.concat(edits).unique("row", keep="first", maintain_order=True)


def _runs(forms: Hashes, before: Hashes, row: Ints, length: int) -> tuple[Ints, Ints]:
    """Return first token and number of tokens of each run that repeats the tokens so many places before it."""
    same, same_before = np.zeros(len(forms), bool), np.zeros(len(forms), bool)
    same[length:] = (forms[length:] == forms[:-length]) & (row[length:] == row[:-length])
    same_before[length:] = before[length:] == before[:-length]
    # What stands before the first unit may be other than what stands between units.
    linked: Flags = same & np.r_[False, same[:-1]] & same_before
    starts = same & ~linked & np.r_[linked[1:], False]
    edges = np.diff(np.r_[0, (linked | starts).astype(np.int8), 0])
    first, end = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    enough = end - first >= length
    return first[enough], (end - first)[enough]
