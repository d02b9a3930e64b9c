"""What is around the records of a JSON document: read piece by piece, since the records are cut out of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

RecordPath = tuple[str | None, ...]
"""The steps from a document to its records: names of fields, and None for the elements of a list."""

_SKIPPED = re.compile(r"[ \t\r\n,:\x1e\ufeff]*")
_DECODER = json.JSONDecoder(strict=False)
_REST_OF_LINE = re.compile(r"[^\n]*")


@dataclass(kw_only=True)
class _Level:
    """A list or object that is open."""

    is_list: bool
    on_path: bool
    key: str | None = None
    """The field whose value comes next."""
    fields: dict[str, Any] = field(default_factory=dict)
    """What was read since its last record; the elements of a list by their place."""
    context: dict[str, Any] = field(default_factory=dict)
    """What was read before its last record."""
    has_records: bool = False

    def value(self) -> Any:
        return list(self.fields.values()) if self.is_list else self.fields

    def add(self, value: Any) -> None:
        self.fields[str(len(self.fields)) if self.is_list or self.key is None else self.key] = value
        self.key = None


@dataclass(kw_only=True)
class Around:
    """What a piece of the skeleton showed."""

    texts: list[tuple[int, str]] = field(default_factory=list)
    """Text that is in no document, and documents without records, with their places in the piece."""
    behind: dict[str, Any] = field(default_factory=dict)
    """Fields that follow the last record before the piece."""


class Skeleton:
    """Documents without their records, as far as they were read."""

    def __init__(self, path: RecordPath, *, ends_with_line: bool = False) -> None:
        self._path = path
        self._ends_with_line = ends_with_line
        self._levels: list[_Level] = []
        self._document: list[str] = []  # the text of a document in which no record was found yet
        self._document_start = 0

    @property
    def depth(self) -> int:
        """How many lists and objects are open."""
        return len(self._levels)

    @property
    def at_record(self) -> bool:
        """Whether what comes next is a record."""
        if len(self._levels) != len(self._path):
            return False
        return not self._levels or (self._levels[-1].on_path and self._is_on_path())

    @property
    def has_records(self) -> bool:
        """Whether a record was found in the document that is open."""
        return bool(self._levels) and self._levels[0].has_records

    def enter_record(self) -> dict[str, Any]:
        """Go on behind a record, or behind several of a list, and return the fields that come before it."""
        context: dict[str, Any] = {}
        for level in self._levels:
            if level.is_list:
                continue
            level.context.update(level.fields)
            level.fields = {}
            context.update(level.context)
        for level in self._levels:
            level.has_records = True
        if self._levels:
            self._levels[-1].key = None
        self._document = []
        return context

    def resume(self) -> list[str]:
        """Begin amid a document, within the list or object that holds the records; return what was read besides."""
        left = [_to_json(level.fields) for level in self._levels[len(self._path) :] if level.fields]
        del self._levels[len(self._path) :]
        for step in self._path[len(self._levels) :]:
            self._levels.append(_Level(is_list=step is None, on_path=True, has_records=True))
        for level, step in zip(self._levels, self._path, strict=True):
            level.key = step
        return left

    def take_left(self) -> list[str]:
        """Return what was read since the last record, and forget it; a document without records ends."""
        if not self.has_records:
            return [text for _, text in self.end().texts]
        left = [_to_json(level.fields) for level in self._levels if level.fields]
        for level in self._levels:
            level.fields = {}
        return left

    def feed(self, piece: str) -> Around:
        """Read the next piece, which ends where an object begins or a line ends."""
        around = Around()
        place, self._document_start = 0, 0
        while (place := self._skip(piece, place, around)) < len(piece):
            place = self._read(piece, place, around)
        if self._levels and not self._levels[0].has_records:
            self._document.append(piece[self._document_start :])
        return around

    def end(self) -> Around:
        """End the document although it is not complete."""
        around = Around()
        if self._levels and not self._levels[0].has_records:
            around.texts.append((0, " ".join("".join(self._document).split("\n"))))
        for level in self._levels:
            if level.has_records and level.fields:
                around.behind.update(level.fields)
        self._levels, self._document = [], []
        return around

    def _skip(self, piece: str, place: int, around: Around) -> int:
        match = _SKIPPED.match(piece, place)
        end = match.end() if match else place
        if self._ends_with_line and self._levels and "\n" in piece[place:end]:
            self._document.append(piece[self._document_start : place])
            ended = self.end()
            around.texts += [(place, text) for _, text in ended.texts]
            around.behind.update(ended.behind)
        return end

    def _read(self, piece: str, place: int, around: Around) -> int:
        """Read what stands at a place, and return where it ends."""
        character = piece[place]
        if character in "{[":
            return self._open(place, is_list=character == "[")
        if character in "}]":
            self._close(piece, place, around)
            return place + 1
        if not self._levels:
            return _text(piece, place, around)
        try:
            value, end = _DECODER.raw_decode(piece, place)
        except ValueError:
            return _text(piece, place, around)
        top = self._levels[-1]
        if not top.is_list and top.key is None and isinstance(value, str):
            top.key = value
        else:
            top.add(value)
        return end

    def _open(self, place: int, *, is_list: bool) -> int:
        if not self._levels:
            self._document, self._document_start = [], place
        on_path = not self._levels or (self._levels[-1].on_path and self._is_on_path())
        self._levels.append(_Level(is_list=is_list, on_path=on_path))
        return place + 1

    def _is_on_path(self) -> bool:
        """Whether the next value is on the way to the records."""
        depth, top = len(self._levels), self._levels[-1]
        if depth > len(self._path):
            return False
        return top.is_list if self._path[depth - 1] is None else top.key == self._path[depth - 1]

    def _close(self, piece: str, place: int, around: Around) -> None:
        if not self._levels:
            return
        level = self._levels.pop()
        if level.has_records:
            around.behind.update(level.fields)
            if self._levels:
                self._levels[-1].key = None
        elif self._levels:
            self._levels[-1].add(level.value())
        else:
            text = "".join([*self._document, piece[self._document_start : place + 1]])
            around.texts.append((self._document_start, " ".join(text.split("\n"))))
            self._document = []


def _to_json(fields: dict[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False)


def _text(piece: str, place: int, around: Around) -> int:
    """Take what is not JSON up to the end of its line."""
    match = _REST_OF_LINE.match(piece, place)
    end = match.end() if match else len(piece)
    around.texts.append((place, piece[place:end].rstrip()))
    return end
