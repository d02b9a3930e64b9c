"""Values that their place gives away: what stands in quotes or between tags, and the values of key=value pairs.

A slot is a place where values stand. What stands in slots of the same place shows whether they vary.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from loganalytics.templates.masking import KEPT_SLASH, MASK, METHODS
from loganalytics.templates.token_arrays import UNSPACED, is_outcome

_CUT = "\x1e"  # between the slots of a text and what stands around them; no masked text holds it
_KEY_QUOTE = "\x1d"  # a quote around a key, which is no value

# The value of such a key names the event, and so does a sentence.
_NAMING_KEY = (
    r"(?i)(?:^|[^a-z])(?:(?:event|action|level|lvl|severity)(?:[_.]?(?:name|type))?[\"'\x1d]?\s*[=:]"
    r"|(?:msg|message)=)\s*[\"']?$"
)
_SENTENCE = r"\S\s+\S+\s+\S+\s+\S"
_MEMBER = r"(?:[\"'\x1d]\s*[:=,]|\w=>?)\s*[\"']$"
_REQUEST = f"^(?:{METHODS}) "
_METHOD = f"^(?:{METHODS})$"

_BRACKETED = r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}"
_QUOTES = ['""', "''", "``", "“”", "‘’", "«»", "„“", "「」", "『』", "《》"]


@dataclass(frozen=True, kw_only=True)
class _Slot:
    pattern: str
    """Three groups: what stands before the value, the value, what stands after it."""
    quote: str = ""
    min_values: int
    """So many different values make a variable."""
    min_slots: int = 1
    """So many slots must a text have."""
    is_local: bool = True
    """Whether the words before a slot are its place; else it is the whole text around the slots."""


def _quoted(start: str, end: str) -> _Slot:
    before = r"(?:^|[\s=:,>(\[{])" if start == end else ""
    return _Slot(
        pattern=rf"({before}{start})((?:[^{start}{end}\\]|\\.)*)({end})",
        quote=start if start == end else "",
        min_values=5,
    )


SLOTS = {
    **{f"quotes {pair}": _quoted(pair[0], pair[1]) for pair in _QUOTES},
    "tags": _Slot(pattern=rf"(<[\w:.\-]+(?: [^<>]*)?>)([^<>]+)(<{KEPT_SLASH})", min_values=5),
    "key=value": _Slot(
        pattern=rf"((?:^|[\s,;(\[{{])[A-Za-z][\w.\-]*[=:][\"']?)"
        rf"((?:[^\s,;=:()\[\]{{}}\"'](?:[^\s,;()\[\]{{}}\"']|{_BRACKETED})*))()",
        min_values=2,
        min_slots=3,
        is_local=False,
    ),
}


def merge_slots(texts: pl.DataFrame) -> pl.DataFrame:
    """Return `text` and `new` for those that change; `texts` has `text` (distinct)."""
    signs = "".join(_QUOTES) + "<=:"
    table = texts.filter(pl.col("text").str.contains(f"[{signs}]")).select("text", new="text")
    for slot in SLOTS.values():
        with_slots = table["new"].str.contains(slot.pattern)
        if with_slots.any():
            rows = with_slots.arg_true()
            new = table["new"].scatter(rows, _filled(table["new"].gather(rows), slot))
            table = table.with_columns(new)
    return table.filter(pl.col("new") != pl.col("text"))


def _filled(texts: pl.Series, slot: _Slot) -> pl.Series:
    """Return the texts with wildcards in the slots that vary."""
    if slot.quote:
        key = rf"([{{,]\s*){slot.quote}([^{slot.quote}]*){slot.quote}(\s*:)"
        texts = texts.str.replace_all(key, f"${{1}}{_KEY_QUOTE}${{2}}{_KEY_QUOTE}${{3}}")
    cut = texts.str.replace_all(slot.pattern, f"${{1}}{_CUT}${{2}}{_CUT}${{3}}").str.split(_CUT).alias("segment")
    table = cut.to_frame().with_row_index("row").filter(pl.col("segment").list.len() > 2 * slot.min_slots)
    segment, number = pl.col("segment"), pl.col("number")
    flat = table.with_columns(number=pl.int_ranges(segment.list.len())).explode("segment", "number")
    slots = flat.with_columns(before=segment.shift(), after=segment.shift(-1)).filter(number % 2 == 1)
    skeletons = flat.filter(number % 2 == 0).group_by("row").agg(skeleton=segment.str.join(_CUT))
    slots = slots.join(skeletons, on="row").with_columns(is_local=slot.is_local)
    slots = slots.with_columns(place=_place() if slot.is_local else pl.struct("skeleton", "number"))
    varied = slots.filter(_is_variable(slot.min_values)).select("row", "number", wildcard=True)
    changed = flat.join(varied.select("row").unique(), on="row", how="semi")
    changed = changed.join(varied, on=["row", "number"], how="left").sort("row", "number")
    value = pl.when("wildcard").then(pl.lit(MASK)).otherwise("segment")
    new = changed.group_by("row", maintain_order=True).agg(value.str.join("").alias("new"))
    filled = texts.clone().scatter(new["row"], new["new"])
    return filled.str.replace_all(_KEY_QUOTE, slot.quote, literal=True)


def _place() -> pl.Expr:
    """Return the last words before a slot; of text without blanks the last characters."""
    before = pl.col("before")
    tail = before.str.tail(6)
    return pl.when(tail.str.contains(f"[{UNSPACED}]")).then(tail).otherwise(before.str.extract(r"(\S+\s*\S*)$"))


def _is_variable(min_values: int) -> pl.Expr:
    """Return whether the value of a slot is one of enough at its place."""
    value = pl.col("segment")
    fixed = value.str.contains(_REQUEST) | pl.col("before").str.contains(_NAMING_KEY)
    # "Probe failed" pod="web": what opens a line of pairs is the statement.
    fixed |= (
        (pl.col("number") == 1)
        & (pl.col("before").str.len_chars() == 1)
        & pl.col("after").str.contains(r"^.(?:$| [\w.]+=)")
    )
    sentence = value.str.contains(_SENTENCE) & pl.col("is_local")
    fixed |= pl.when(sentence).then(value).drop_nulls().n_unique().over("place") * 2 > value.n_unique().over("place")
    # Quoted text is data even where it says what happened.
    outcome = is_outcome(value) & ~value.str.contains(_METHOD) & ~pl.col("is_local")
    values = pl.when(~fixed).then(value).n_unique().over("place")
    outcomes = pl.when(outcome).then(value).drop_nulls().n_unique().over("place")
    has_wildcard = (value == MASK).any().over("place")
    # In prose, what texts differ in is enough; a member of an object may be one of few that say what happened.
    in_prose = pl.col("is_local") & ~pl.col("before").str.contains(_MEMBER)
    beside = (pl.len().over("skeleton", "number") >= min_values) & (value.n_unique().over("skeleton", "number") > 1)
    enough = (values - outcomes >= min_values) | (in_prose & beside) | (has_wildcard & (values - outcomes > 1))
    return ~fixed & enough & (~outcome | (outcomes * 5 <= values))
