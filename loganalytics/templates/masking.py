"""Mask what is a variable by its shape: numbers, hex, ids, addresses, paths, URLs, dates and times."""

from __future__ import annotations

import polars as pl

MASK = "\x1a"
"""Stands for a variable while mining: one character that no log line holds. Written out as `<*>`."""

WILDCARD = "<*>"
"""Stands for a variable in a template."""

# ASCII word boundaries: they also hold between a digit and a letter of another script, and they are fast.
_B = r"(?-u:\b)"
_AFTER_NON_WORD = r"(?-u:\b{start-half})"
_W = r"[A-Za-z0-9_]"
_HEX = r"[0-9A-Fa-f]"
# Punctuation of full width ends words as the narrow one does.
WIDE_PUNCTUATION = "，。：；！？、（）【】《》〈〉「」『』“”‘’…·"
_INSIDE = rf"[^\s\"'<>\])}},;{WIDE_PUNCTUATION}]"
_LAST = rf"[^\s\"'<>\])}},;.:!?{WIDE_PUNCTUATION}]"

_IN_PATH = rf"[^\s\"'<>\])}},;:{WIDE_PUNCTUATION}]"

# One alternation without captures reads every line once; captures or several passes would double the time. A word
# boundary behind a repetition spares the automaton the slower steps of an end that is possible at every character.
SHAPES = {
    "URL": rf"{_B}[A-Za-z][A-Za-z0-9+.\-]*://{_INSIDE}*{_LAST}",
    "UUID": rf"{_B}[0-9A-Fa-f]{{8}}-(?:[0-9A-Fa-f]{{4}}-){{3}}[0-9A-Fa-f]{{12}}{_B}",
    "hardware address": rf"{_B}[0-9A-Fa-f]{{2}}(?::[0-9A-Fa-f]{{2}}){{5,}}{_B}",
    "Windows path": rf"{_B}[A-Za-z]:\\(?:{_INSIDE}*{_LAST})?",  # C:\path
    "network share": rf"{_AFTER_NON_WORD}\\\\{_INSIDE}*{_LAST}",  # \\server\path
    # /10.0.0.1:80, as Java writes it
    "Java address": rf"{_AFTER_NON_WORD}/[0-9]{{1,3}}(?:\.[0-9]{{1,3}}){{3}}(?::[0-9]+)?",
    "path": rf"{_AFTER_NON_WORD}[.~]{{0,2}}/[A-Za-z0-9_.@%+~\-](?:{_IN_PATH}*{_LAST})?",
    # job_12_0003, node-7; but of LINK-3-UPDOWN only LINK-3, for the rest names the event.
    "numbered name": rf"{_B}[A-Za-z]+(?:[_\-][A-Za-z]+)*[_\-]{{1,2}}[0-9]{_W}*"
    rf"(?:[.:/_\-]+(?:[a-z0-9_]{_W}*|[A-Z]+[0-9]{_W}*))*{_B}",
    # Hex that begins with a letter: a1b2c3 or, letters only, deadbeef.
    "hex": rf"{_B}(?:[a-f]+[0-9][0-9a-f]{{4,}}|[A-F]+[0-9][0-9A-F]{{4,}}|[0-9a-f]{{8,}}|[0-9A-F]{{8,}}){_B}",
    "random id": rf"{_B}[A-Za-z]+[0-9]+[A-Za-z]+[0-9]{_W}*{_B}",  # random ids: Rmr9l1Ad0auv6
    # IPv6: whole, or with ::, which begins with a digit or as local addresses do
    "IPv6": rf"{_B}(?:[0-9A-Fa-f]{{1,4}}:){{7}}[0-9A-Fa-f]{{1,4}}{_B}",
    "short IPv6": rf"{_B}(?:[0-9]{_HEX}{{0,3}}(?::{_HEX}{{1,4}})*:|fe80:|f[cd][0-9a-f]{{2}}(?::{_HEX}{{1,4}})*:):"
    rf"(?:{_HEX}{{1,4}}(?::{_HEX}{{1,4}})*)?(?:%{_W}+)?",
    "version": rf"{_B}[vV][0-9]+(?:\.[0-9]{_W}*)+",  # v1.2.3
    # Numbers, hex, times, IPv4, versions, 16K, 80x25: all that begins with a digit.
    "number": rf"(?:{_AFTER_NON_WORD}[+\-])?{_B}[0-9]{_W}*(?:[.:/_\-]+[0-9]{_W}*|,[0-9]{{3}}{_B})*(?:[µμ]s|{_B})",
    "digits of other scripts": r"[\p{Nd}--0-9]+",
    "query": rf"\?[A-Za-z_][\w.\-\[\]%]*={_INSIDE}*",  # ?query=
    "reserved characters": r"<\*>|[\x1d\x1e]",
}

SPACES = r"\s{2,}|[^\S ]"

METHODS = "GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT|TRACE"

KEPT_SLASH = "\x1c"
"""Stands for a slash in the path of a request, which stays but for its variable segments, and in the tags of XML."""

_NEXT_SLASH = rf"({KEPT_SLASH}[^\s\"'<>/]*)/"
_MAX_SEGMENTS = 32
_KEPT = rf"({_B}(?:{METHODS}) |<)/"

_LETTER = r"\p{L}"
_NAME = r"^[^/@\\]*[G-Zg-z]{2}[^/@\\]*$"


def mask(message: pl.Expr) -> pl.Expr:
    """Return the text with each variable that has a typical shape replaced by `MASK`."""
    return message.cast(pl.String).fill_null("").map_batches(_masked, return_dtype=pl.String, is_elementwise=True)


def _masked(texts: pl.Series) -> pl.Series:
    """Mask texts; where only a name is there, as in worker-7, its letters stay: a template needs some."""
    rows = texts.str.contains(f"{KEPT_SLASH}|{_KEPT}").arg_true()  # few, in most logs: to replace is to copy all
    if len(rows):
        kept = texts.gather(rows).str.replace_all(KEPT_SLASH, MASK, literal=True)
        texts = texts.scatter(rows, kept.str.replace_all(_KEPT, f"${{1}}{KEPT_SLASH}"))
    masked = texts.str.replace_all("|".join(SHAPES.values()), MASK)
    bare = (~masked.str.contains(_LETTER)).arg_true()
    if not len(bare):
        return masked
    names = texts.gather(bare)
    names = names.set(~names.str.contains(_NAME), None)
    return masked.scatter(bare, names.str.replace_all(r"\w*[0-9]\w*", MASK).fill_null(masked.gather(bare)))


def with_kept_slashes(texts: pl.Series) -> pl.Series:
    """Return masked texts, or templates, with `KEPT_SLASH` for each slash in the path of a request."""
    texts = texts.str.replace_all(_KEPT, f"${{1}}{KEPT_SLASH}")
    for _ in range(_MAX_SEGMENTS):
        if not texts.str.contains(_NEXT_SLASH).any():
            break
        texts = texts.str.replace_all(_NEXT_SLASH, f"${{1}}{KEPT_SLASH}")
    return texts


def keep_letters(new: pl.Expr, text: pl.Expr) -> pl.Expr:
    """Return the new text, or the old one where the new one has lost its last letter."""
    return pl.when(text.str.contains(_LETTER) & ~new.str.contains(_LETTER)).then(text).otherwise(new)


def normalize_spaces(message: pl.Expr) -> pl.Expr:
    """Return the message with single spaces: the text of its template with the wildcards filled in."""
    return message.cast(pl.String).fill_null("").str.replace_all(SPACES, " ").str.strip_chars()
