"""Levels in free text: the word, letter or number by which a message names one, where it is not prose."""

from __future__ import annotations

from functools import cache

import polars as pl

from loganalytics.formats.definitions import FACILITY, MNEMONIC, SEVERITY_WORDS, TRANSLATED_HEADS, fill
from loganalytics.formats.regex.ascii import ascii_only

# Where a level may stand in free text: in brackets, after its name, or in capitals behind words that are not prose.
_IN_BRACKETS = fill(rf"^.{{0,80}}?[\[<(|] ?(?P<level>(?i:{SEVERITY_WORDS})) *[\]>)|]")
_WITH_NAME = fill(rf"\b(?:level|lvl|severity|loglevel)[=:] ?\"?(?P<level>(?i:{SEVERITY_WORDS}))\b")
_NOT_PROSE = r"^(?:(?:[^\sa-z]+|\S*[\d\[\]()<>|=/_:-]\S*)\s+){0,8}"
_IN_CAPITALS = fill(_NOT_PROSE + r"{LEVEL}(?:[:|,]|\s|$)")
_FIRST = fill(rf"^[\[<(]?(?:{FACILITY}[.,])?(?P<level>(?i:{SEVERITY_WORDS}))(?: *[\]>)]:?| ?:)(?:\s|$)")
_FIRST_IN_CAPITALS = fill(rf"^(?P<level>{SEVERITY_WORDS.upper()})(?:\s|$)")
# In other languages. A colon before a lone number is that of a count.
_MAY_BE_TRANSLATED = ascii_only(rf"(?:^|[\s\[<(|【「［]){TRANSLATED_HEADS}")
_MAY_BEGIN_TRANSLATED = ascii_only(rf"^[\[<(【「［]?{TRANSLATED_HEADS}")
_COLON = r"(?: ?[:：](?:\s*$|\s*[^\s\d]|\s*[1-9]\d\d))"
_TRANSLATED_FIRST = (r"^[\[<(【「［] *{translated} *[\]>)】」］]", rf"^{{translated}}{_COLON}")
_TRANSLATED_IN_BRACKETS = r"^.{0,80}?[\[<(|【「［] *{translated} *[\]>)|】」］]"
_TRANSLATED_IN_CAPITALS = _NOT_PROSE + rf"{{TRANSLATED}}(?:[|,]|\s|$|{_COLON})"
_SYSLOG_SEVERITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
_OF_NUMBER = dict(enumerate(_SYSLOG_SEVERITIES))


def level_words(events: pl.DataFrame, *, behind_time: bool = True) -> pl.Series:
    """Return the words by which messages, what a device calls them, or their syslog priority, name a level."""
    message = pl.col("message")
    words = [message.str.extract(_FIRST), message.str.extract(_FIRST_IN_CAPITALS)]
    if behind_time:
        words += [message.str.extract(regex) for regex in (_IN_CAPITALS, _IN_BRACKETS, _WITH_NAME)]
    if "priority" in events.columns:  # facility * 8 + severity, RFC 5424 section 6.2.1
        words.insert(0, _severity_name(pl.col("priority").cast(pl.Int32, strict=False) % 8))
    found = events.select(pl.coalesce(words).alias("level")).to_series()
    for name in ("service", "message"):
        if name in events.columns and _has_mnemonic(events[name]):
            number = pl.col(name).str.extract(MNEMONIC).cast(pl.Int32, strict=False)
            found = events.select(pl.coalesce(_severity_name(number), found).alias("level")).to_series()
    return _with_translated(found, events["message"], behind_time=behind_time)


def _has_mnemonic(texts: pl.Series) -> bool:
    """Whether a text holds one; the search for its first character alone costs next to nothing."""
    with_mark = texts.filter(texts.str.contains("%", literal=True))
    return bool(with_mark.len()) and bool(with_mark.str.contains(MNEMONIC).any())


def _severity_name(number: pl.Expr) -> pl.Expr:
    return number.replace_strict(_OF_NUMBER, default=None, return_dtype=pl.String)


def _with_translated(words: pl.Series, messages: pl.Series, *, behind_time: bool) -> pl.Series:
    """Fill in levels in other languages; to look for them costs more than to see that there are none."""
    may_be = words.is_null() & messages.str.contains(_MAY_BE_TRANSLATED if behind_time else _MAY_BEGIN_TRANSLATED)
    if not may_be.any():
        return words
    rows = may_be.arg_true()
    texts = messages[rows]
    found = pl.select(pl.coalesce([texts.str.extract(regex) for regex in _translated(behind_time)])).to_series()
    return words.scatter(rows, found)


@cache
def _translated(behind_time: bool) -> tuple[str, ...]:
    patterns = [*_TRANSLATED_FIRST]
    if behind_time:
        patterns += [_TRANSLATED_IN_CAPITALS, _TRANSLATED_IN_BRACKETS]
    return tuple(map(fill, patterns))
