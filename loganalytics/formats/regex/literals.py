"""Text that a line must hold for an expression to match it: looking for text needs no compiled expression."""

from __future__ import annotations

import itertools
import re
from functools import cache
from typing import NamedTuple

# Escapes, the heads of groups, classes, repetitions, and any other character for itself.
_TOKEN = re.compile(
    r"\\x\{[0-9A-Fa-f]+\}|\\x[0-9A-Fa-f]{2}|\\.|\(\?[^:)>]*[:>]|\[\^?\]?(?:\\.|[^\]\\])*\]|[*+?]\??|\{\d*,?\d*\}\??|.",
    re.DOTALL,
)

_DIGITS = frozenset(["[0-9]", r"\d", *"0123456789"])
_MAX_HEAD_TOKENS = 8
_ZEROS = str.maketrans("123456789", "0" * 9)
_LEAST = re.compile(r"\{(\d+)")


@cache
def literals_of(regex: str) -> tuple[str, ...]:
    """Return texts, with 0 for any digit, that occur in whatever the expression matches.

    Those of optional parts and groups are left out.

    >>> literals_of(r"^\\[(?:a|b)+\\] uid=x?[0-9]: \\d{4}-end")
    ('[', '] uid=', '0: 0000-end')
    """
    runs, depth = [""], 0
    for token in _TOKEN.findall(regex):
        depth += (token[0] == "(") - (token == ")")
        if depth == 0 and token == "|":
            return ()
        if depth == 0 and (literal := _literal(token)):
            runs[-1] += literal
        elif depth == 0 and token[0] in "?*+{":
            _repeat(runs, token)
        else:
            runs.append("")
    return tuple(dict.fromkeys(run for run in runs if run))


def _repeat(runs: list[str], token: str) -> None:
    """Repeat the last character as often as it must be there; only a fixed number lets the run go on."""
    required = runs[-1][-1:] * _least(token)
    runs[-1] = runs[-1][:-1] + required
    if token[-1] != "}" or "," in token:
        runs.append(required)


def _least(token: str) -> int:
    """Return how often at least a repetition asks for what it repeats."""
    least = _LEAST.match(token)
    return int(least[1]) if least else int(token[0] == "+")


class Searched(NamedTuple):
    """Lines, as may_match() looks into them."""

    texts: tuple[tuple[str, str], ...]
    """Each character with which lines begin, and these lines, with 0 for any digit."""

    @classmethod
    def of(cls, *lines: str) -> Searched:
        """Make it of lines."""
        by_head: dict[str, list[str]] = {}
        for line in lines:
            by_head.setdefault(line[:1], []).append(line)
        return cls(tuple((head, "\n".join(others).translate(_ZEROS)) for head, others in by_head.items()))


def may_match(regex: str, searched: Searched) -> bool:
    """Whether one of the lines may match the expression: whether lines that begin as it does hold its literals.

    The expression is no choice of several (a|b) as a whole.
    """
    heads = _heads_of(regex) if regex[0] == "^" else ()
    fitting = [text for head, text in searched.texts if not heads or any(_fits(token, head) for token in heads)]
    return bool(fitting) and any(all(literal in text for literal in literals_of(regex)) for text in fitting)


@cache
def _heads_of(regex: str) -> tuple[str, ...]:
    """Return expressions for the character with which a match begins; empty where that is not told easily."""
    tokens = [match[0] for match in itertools.islice(_TOKEN.finditer(regex, 1), _MAX_HEAD_TOKENS)]
    heads: list[str] = []
    for token, following in itertools.pairwise(tokens):
        if token[0] in "?*{":
            continue
        if token[0] in "($" or token.startswith((r"\x", r"\b")):
            break
        heads.append(token)
        if following[0] not in "?*{" or _least(following):
            return tuple(heads)
    return ()


@cache
def _fits(token: str, head: str) -> bool:
    return re.fullmatch(token, head, re.ASCII | re.DOTALL) is not None


def _literal(token: str) -> str:
    """Return the character that a token stands for, if it stands for one."""
    if token in _DIGITS:
        return "0"
    if len(token) == 2 and token[0] == "\\" and not token[1].isalnum():
        return token[1]
    return token if len(token) == 1 and token not in "^$.()*+?|" else ""


@cache
def python_regex(regex: str) -> re.Pattern[str]:
    """Return an expression of ascii_only() as Python compiles it: once, where Polars keeps the last few only."""
    ascii_flags = regex.replace(r"(?-u:\b)", r"\b").replace("(?i-u:", "(?i:")
    as_written = re.sub(r"\\x\{([0-9A-Fa-f]+)\}", lambda match: re.escape(chr(int(match[1], 16))), ascii_flags)
    return re.compile(as_written, re.ASCII)
