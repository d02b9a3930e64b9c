"""Text that a line must hold for an expression to match it: looking for text needs no compiled expression."""

from __future__ import annotations

import re
from functools import cache

# Escapes, the heads of groups, classes, repetitions, and any other character for itself.
_TOKEN = re.compile(
    r"\\x\{[0-9A-Fa-f]+\}|\\x[0-9A-Fa-f]{2}|\\.|\(\?[^:)>]*[:>]|\[\^?\]?(?:\\.|[^\]\\])*\]|[*+?]\??|\{\d*,?\d*\}\??|.",
    re.DOTALL,
)


@cache
def literals_of(regex: str) -> tuple[str, ...]:
    """Return texts that occur in whatever the expression matches; those of optional parts and groups are left out.

    >>> literals_of(r"^\\[(?:a|b)+\\] uid=x?[0-9]: end")
    ('[', '] uid=', ': end')
    """
    runs, depth = [""], 0
    for token in _TOKEN.findall(regex):
        depth += (token[0] == "(") - (token == ")")
        if depth == 0 and token == "|":
            return ()
        if depth == 0 and (literal := _literal(token)):
            runs[-1] += literal
            continue
        if token[0] in "?*{":  # the character before it may be missing
            runs[-1] = runs[-1][:-1]
        runs.append("")
    return tuple(dict.fromkeys(run for run in runs if run))


def _literal(token: str) -> str:
    """Return the character that a token stands for, if it stands for one."""
    if len(token) == 2 and token[0] == "\\" and not token[1].isalnum():
        return token[1]
    return token if len(token) == 1 and token not in "^$.()*+?|" else ""


@cache
def python_regex(regex: str) -> re.Pattern[str]:
    """Return an expression of ascii_only() as Python compiles it: once, where Polars keeps the last few only."""
    ascii_flags = regex.replace(r"(?-u:\b)", r"\b").replace("(?i-u:", "(?i:")
    as_written = re.sub(r"\\x\{([0-9A-Fa-f]+)\}", lambda match: re.escape(chr(int(match[1], 16))), ascii_flags)
    return re.compile(as_written, re.ASCII)
