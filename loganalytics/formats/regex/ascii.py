"""Regular expressions without Unicode classes."""

from __future__ import annotations

import re
from functools import cache

_ASCII = {"d": "0-9", "w": "0-9A-Za-z_", "s": r"\t-\r "}


@cache
def ascii_only(pattern: str) -> str:
    r"""Return the pattern with \d, \w, \s and \b of ASCII: those of Unicode take many times as long to compile."""
    tokens: list[str] = []
    in_class = False
    for token in re.split(r"(\\.|[\[\]])", pattern.replace("(?i:", "(?i-u:")):
        if token in ("[", "]"):
            in_class = token == "["
        chars = _ASCII.get(token[1:].lower()) if token.startswith("\\") and len(token) == 2 else None
        if token == r"\b":
            tokens.append(r"(?-u:\b)")
        elif chars is None:
            tokens.append(token)
        elif in_class:
            tokens.append(token if token[1].isupper() else chars)
        else:
            tokens.append(f"[^{chars}]" if token[1].isupper() else f"[{chars}]")
    return "".join(tokens)
