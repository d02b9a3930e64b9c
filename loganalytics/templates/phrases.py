"""Variables that take a word or several: dates with names of months, host names, true and null."""

from __future__ import annotations

import polars as pl

from loganalytics.templates.masking import KEPT_SLASH, MASK, SPACES, keep_letters, with_kept_slashes

_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_LABEL = rf"(?:{MASK}|[\w\-])+"
_TOP_LEVEL = (
    r"(?:[a-z]{2}|com|net|org|edu|gov|mil|int|info|biz|name|arpa|asia|app|cloud|dev"
    r"|corp|example|home|internal|lan|local|localdomain|test)"
)
_VALUE_WORD = "true|false|True|False|TRUE|FALSE|null|NULL|None|nil"
_ITSELF = rf"${{1}}{MASK}${{2}}"
_VALUE = (
    rf"(^|[\s=:,;|(\[{{<\"'：，；（])(?:{_VALUE_WORD})($|[\s,;|)\]}}>\"'，；。）]|[.:](?:\s|$))",
    _ITSELF,
)

# Only distinct texts are read, which are few, so these may cost more than shapes. Pattern and replacement.
PHRASES = {
    "true, null": _VALUE,
    "spaces": (SPACES, " "),
    # Sat Jun 18 02:23:10 2005; 17/Oct/2015
    "date": (
        rf"\b(?:{_DAY},? )?{_MONTH}\.?,? {MASK}(?:,? {MASK})*(?: [A-Z]{{3,4}} {MASK})?"
        rf"|{MASK}[/\- ]{_MONTH}[/\- ]{MASK}(?:[ :]{MASK})*",
        MASK,
    ),
    "e-mail address": (rf"(?:{MASK}|[\w.+\-])+@{_LABEL}(?:\.{_LABEL})+", MASK),
    # Perhaps with port and address.
    "host name": (
        rf"(^|[\s=\[(\"'@,:])(?:{_LABEL}\.)+{_TOP_LEVEL}(?::{MASK})?(?:/{MASK})?($|[\s\])\"',:;])",
        _ITSELF,
    ),
    "relative path": (rf"(^|[^\w.\-/{KEPT_SLASH}])[\w.\-]*(?:/[\w.\-]+){{3,}}", rf"${{1}}{MASK}"),
    # 1.2.3-rc1+build.5
    "version": (
        rf"{MASK}-(?:rc|alpha|beta|pre|dev|final|SNAPSHOT|RELEASE)[.\-]?(?:\d|{MASK})*|{MASK}\+(?:[\w.\-]|{MASK})+",
        MASK,
    ),
    # 3f de <*> 00
    "bytes of a dump": (rf"(?:{MASK} )*\b[0-9a-f]{{2}}(?: (?:[0-9a-f]{{2}}\b|{MASK})){{3,}}", MASK),
    "less than": (rf"(^| )<{MASK}($|[ ,;])", _ITSELF),  # <1 sec
    "numbered file": (rf"{MASK}(?:\.[a-z0-9_\-]+)+", MASK),  # 12.map
    "neighbours": (rf"{MASK}{{2,}}", MASK),
    "true, null again": _VALUE,  # the first time took what stands between two
}
_MAY_HOLD_PHRASES = rf"[{MASK}{KEPT_SLASH}@./<]|{SPACES}|^ | $|{_VALUE_WORD}"


def mask_phrases(masked: pl.Expr) -> pl.Expr:
    """Return masked text with normal spaces and with its phrases masked too."""
    return masked.map_batches(_masked, return_dtype=pl.String, is_elementwise=True)


def _masked(texts: pl.Series) -> pl.Series:
    rows = texts.str.contains(_MAY_HOLD_PHRASES).arg_true()
    old = with_kept_slashes(texts.gather(rows))
    new = old
    for pattern, replacement in PHRASES.values():
        new = new.str.replace_all(pattern, replacement)
    kept = pl.select(keep_letters(pl.lit(new), pl.lit(old.str.replace_all(SPACES, " ")))).to_series()
    return texts.scatter(rows, kept.str.strip_chars())
