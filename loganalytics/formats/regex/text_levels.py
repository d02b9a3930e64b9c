"""Levels in free text: the word, letter or number by which a message names one, where it is not prose."""

from __future__ import annotations

import polars as pl

from loganalytics.formats.definitions import FACILITY, MNEMONIC, SEVERITY_WORDS, TRANSLATED_HEADS, fill
from loganalytics.formats.regex.ascii import ascii_only

_Places = tuple[tuple[str, tuple[str, ...]], ...]
"""Where a level may stand: what a message that may have one there holds, and the patterns for the level."""

# In free text: in brackets, after its name, or in capitals behind words that are not prose.
_IN_BRACKETS = rf"^.{{0,80}}?[\[<(|] ?(?P<level>(?i:{SEVERITY_WORDS})) *[\]>)|]"
_WITH_NAME = rf"\b(?:level|lvl|severity|loglevel)[=:] ?\"?(?P<level>(?i:{SEVERITY_WORDS}))\b"
_NOT_PROSE = r"^(?:(?:[^\sa-z]+|\S*[\d\[\]()<>|=/_:-]\S*)\s+){0,8}"
_IN_CAPITALS = _NOT_PROSE + r"{LEVEL}(?:[:|,]|\s|$)"
_FIRST = rf"^[\[<(]?(?:{FACILITY}[.,])?(?P<level>(?i:{SEVERITY_WORDS}))(?: *[\]>)]:?| ?:)(?:\s|$)"
_FIRST_IN_CAPITALS = rf"^(?P<level>{SEVERITY_WORDS.upper()})(?:\s|$)"
# In other languages. A colon before a lone number is that of a count.
_COLON = r"(?: ?[:：](?:\s*$|\s*[^\s\d]|\s*[1-9]\d\d))"
_TRANSLATED_FIRST = (r"^[\[<(【「［] *{translated} *[\]>)】」］]", rf"^{{translated}}{_COLON}")
_TRANSLATED_IN_BRACKETS = r"^.{0,80}?[\[<(|【「［] *{translated} *[\]>)|】」］]"
_TRANSLATED_IN_CAPITALS = _NOT_PROSE + rf"{{TRANSLATED}}(?:[|,]|\s|$|{_COLON})"

_AT_START: _Places = (
    (
        ascii_only(rf"^[\[<(【「［]?(?:{FACILITY}[.,]|(?i:{SEVERITY_WORDS})|{TRANSLATED_HEADS})"),
        (_FIRST, _FIRST_IN_CAPITALS, *_TRANSLATED_FIRST),
    ),
)
_BEHIND_TIME: _Places = (
    ("", (_FIRST, _FIRST_IN_CAPITALS, _IN_CAPITALS, _IN_BRACKETS, _WITH_NAME)),
    (
        ascii_only(rf"(?:^|[\s\[<(|【「［]){TRANSLATED_HEADS}"),
        (*_TRANSLATED_FIRST, _TRANSLATED_IN_CAPITALS, _TRANSLATED_IN_BRACKETS),
    ),
)
_SYSLOG_SEVERITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
_OF_NUMBER = dict(enumerate(_SYSLOG_SEVERITIES))


def level_words(events: pl.DataFrame, *, behind_time: bool = True) -> pl.Series:
    """Return the words by which messages, what a device calls them, or their syslog priority, name a level."""
    found = _words(events["message"], _BEHIND_TIME) if behind_time else _words(events["message"], _AT_START)
    if "priority" in events.columns:  # facility * 8 + severity, RFC 5424 section 6.2.1
        priority = pl.col("priority").cast(pl.Int32, strict=False)
        found = events.select(pl.coalesce(_severity_name(priority % 8), found).alias("level")).to_series()
    for name in ("service", "message"):
        if name in events.columns and _has_mnemonic(events[name]):
            number = pl.col(name).str.extract(MNEMONIC).cast(pl.Int32, strict=False)
            found = events.select(pl.coalesce(_severity_name(number), found).alias("level")).to_series()
    return found


def _words(messages: pl.Series, places: _Places) -> pl.Series:
    """Return the level that each message names; most name none, which is seen far sooner than what they name."""
    words = pl.repeat(None, messages.len(), dtype=pl.String, eager=True)
    for may_have, patterns in places:
        rows = (words.is_null() & messages.str.contains(may_have)).arg_true()
        if rows.len():
            texts = messages.gather(rows)
            found = pl.select(pl.coalesce(texts.str.extract(fill(pattern)) for pattern in patterns)).to_series()
            words = words.scatter(rows, found)
    return words


def _has_mnemonic(texts: pl.Series) -> bool:
    """Whether a text holds one; the search for its first character alone costs next to nothing."""
    with_mark = texts.filter(texts.str.contains("%", literal=True))
    return bool(with_mark.len()) and bool(with_mark.str.contains(MNEMONIC).any())


def _severity_name(number: pl.Expr) -> pl.Expr:
    return number.replace_strict(_OF_NUMBER, default=None, return_dtype=pl.String)
