"""Lists of strings in JSON, each of them a line of a log."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from loganalytics.formats.text_framer import Cuts, Text, TextFramer

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_AROUND = b" \t\r\n,[]\x1e\xef\xbb\xbf"


def are_strings(documents: Sequence[Any]) -> bool:
    """Whether documents are lists, perhaps of lists, that hold nothing but text."""
    return all(isinstance(document, list) and _is_text(document) for document in documents)


def _is_text(element: Any) -> bool:
    if isinstance(element, list):
        return bool(element) and all(map(_is_text, element))
    return isinstance(element, str)


@dataclass(frozen=True)
class ListedStrings:
    """Lists of strings."""

    def __call__(self) -> TextFramer:
        """Return the framer of one file."""
        return TextFramer(cutter=StringCutter())


class StringCutter:
    """Cuts the strings out of lists; one of several lines is as many lines."""

    def cut(self, text: Text) -> Cuts:
        """Return the lines of the strings that end in a text, and other text as it stands."""
        places: list[int] = []
        lines: list[str] = []
        end = 0
        for match in _STRING.finditer(text.utf8):
            _add_other(text.utf8, end, match.start(), places, lines)
            written = _lines_of(match.group())
            lines += written
            places += [match.start()] * len(written)
            end = match.end()
        opened = -1 if text.is_end else text.utf8.find(b'"', end)
        unfinished = len(text.utf8) if opened < 0 else opened
        _add_other(text.utf8, end, unfinished, places, lines)
        return Cuts(positions=np.array(places, dtype=np.int64), line=pl.Series(lines, dtype=pl.String), end=unfinished)

    def end(self) -> list[str]:
        """Return nothing: no text is kept."""
        return []


def _lines_of(string: bytes) -> list[str]:
    text = string.decode(errors="replace")
    try:
        text = str(json.loads(text, strict=False))
    except ValueError:
        text = text[1:-1]
    return text.strip("\r\n").split("\n")


def _add_other(utf8: bytes, start: int, end: int, places: list[int], lines: list[str]) -> None:
    """Add the text between strings, where it is more than what a list puts there."""
    other = utf8[start:end].strip(_AROUND).decode(errors="replace")
    if other:
        places.append(start)
        lines.append(other)
