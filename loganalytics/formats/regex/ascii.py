"""Regular expressions that need not know Unicode."""

from __future__ import annotations

import re
from functools import cache

_ASCII = {"d": "0-9", "w": "0-9A-Za-z_", "s": r"\t-\r "}


@cache
def ascii_only(pattern: str) -> str:
    r"""Return the pattern with \d, \w, \s and \b of ASCII: those of Unicode take many times as long to compile."""
    parts: list[str] = []
    inside = False
    for part in re.split(r"(\\.|[\[\]])", pattern.replace("(?i:", "(?i-u:")):
        if part in ("[", "]"):
            inside = part == "["
        chars = _ASCII.get(part[1:].lower()) if part.startswith("\\") and len(part) == 2 else None
        if part == r"\b":
            parts.append(r"(?-u:\b)")
        elif chars is None:
            parts.append(part)
        elif inside:
            parts.append(part if part[1].isupper() else chars)
        else:
            parts.append(f"[^{chars}]" if part[1].isupper() else f"[{chars}]")
    return "".join(parts)
