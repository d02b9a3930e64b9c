"""Log text made safe to show."""

from __future__ import annotations

import re

# CSI and OSC sequences whole, then what is left of the C0 and C1 controls; then the marks by which text can
# hide or turn round (https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing), and lone surrogates.
_ESCAPES = re.compile("\x1b\\[[0-9;:?<=>]*[ -/]*[@-~]|\x1b\\][^\x07\x1b]{0,400}(?:\x07|\x1b\\\\)|\x1b[@-Z\\\\-_]")


_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


_SPACE = re.compile(r"\s+")


def printable(text: object, limit: int = 200, *, lines: bool = False) -> str:
    """Return text that is safe to show: no escapes or controls, at most `limit` characters, "" for None.

    White space collapses to single blanks; with `lines=True` line breaks stay.

    >>> printable("\\x1b[31mdisk   full\\x1b[0m")
    'disk full'
    """
    raw = "" if text is None else str(text)
    head = raw[: 4 * limit]  # escapes take room too, and nobody wants a regex over a line of 100 MB
    clean = _CONTROLS.sub("", _ESCAPES.sub("", head.replace("\r\n", "\n")))
    clean = clean.strip() if lines else _SPACE.sub(" ", clean).strip()
    if len(clean) <= limit and len(head) == len(raw):
        return clean
    return clean[: limit - 1].rstrip() + "…"


_CONTROL = r"[\x00-\x08\x0b-\x1f\x7f-\x9f]"


def clean(text: str) -> str:
    """Return text on one line, without the control characters that a terminal would obey."""
    import re

    return re.sub(_CONTROL, "\ufffd", text).replace("\n", " ⏎ ")
