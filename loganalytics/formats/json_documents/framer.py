"""The records of JSON documents, cut out of the text block by block, each as one line."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from loganalytics.formats.json_documents.context import with_context
from loganalytics.formats.json_documents.envelope import is_paired, pairs_to_fields
from loganalytics.formats.json_documents.skeleton import Around, RecordPath, Skeleton
from loganalytics.formats.json_documents.structure import (
    Structure,
    count_between,
    depths,
    parts,
    structure_of,
)
from loganalytics.formats.json_documents.wrapped import unwrap, unwrapped_parts
from loganalytics.formats.text_framer import Cuts, Flags, Positions, Text, TextFramer

# A record that has not ended after so many bytes is broken.
_DECODER = json.JSONDecoder()
_MAX_RECORD_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class DocumentShape:
    """How the records lie in the documents of a file."""

    path: RecordPath = ()
    indent: str | None = None
    """What is before each record on its first line; None where records do not begin their lines."""
    ends_with_line: bool = False
    """Whether each document ends with its line."""
    first_keys: tuple[str, ...] = ()
    """The names that come first in records."""
    is_paired: bool = False
    """Whether a record is a list of fields and values."""
    wrapper: str | None = None
    """The field of each object at the path that holds the record."""
    rewrite: Callable[[str], list[str]] | None = None
    """What makes records of the text of one that is written in a peculiar way."""

    @property
    def brackets(self) -> bytes:
        """What a record begins and ends with."""
        return b"[]" if self.is_paired else b"{}"

    def __call__(self) -> TextFramer:
        """Return the framer of one file."""
        return TextFramer(cutter=DocumentCutter(self))


@dataclass(kw_only=True)
class _Spans:
    """Where the objects are that may be records."""

    starts: Positions
    ends: Positions
    unfinished: int | None
    """Where the last one begins, if it does not end."""
    depth: int
    """How deep the text ends, or where the unfinished one begins."""


@dataclass(kw_only=True)
class _Found:
    """What a block holds: records as parts of its text, other text as it stands."""

    starts: list[Positions] = field(default_factory=list)
    ends: list[Positions] = field(default_factory=list)
    contexts: list[dict[str, Any]] = field(default_factory=list)
    """The fields around the records of each run."""
    behind: dict[int, dict[str, Any]] = field(default_factory=dict)
    """The fields that follow the last record of a run, by the run."""
    places: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    """Other text, and where it is."""

    def add_around(self, around: Around, piece: str, start: int) -> None:
        """Take what a piece of the skeleton showed, which begins at a place of the text."""
        for place, text in around.texts:
            if text.strip():
                self.places.append(start + len(piece[:place].encode()))
                self.texts.append(text)
        if around.behind and self.starts:
            self.behind.setdefault(len(self.starts) - 1, {}).update(around.behind)
        elif around.behind:
            self.places.append(start)
            self.texts.append(json.dumps(around.behind, ensure_ascii=False))


def _record_end(utf8: bytes, start: int, end: int) -> int:
    """Return where the object ends that begins a part of a text; the part's end where it is broken."""
    piece = utf8[start:end].decode(errors="replace")
    try:
        return start + len(piece[: _DECODER.raw_decode(piece)[1]].encode())
    except (ValueError, RecursionError):
        return start + len(utf8[start:end].rstrip(b" \t\r\n,"))


class DocumentCutter:
    """Cuts the records out of the documents of one file."""

    def __init__(self, shape: DocumentShape) -> None:
        self._shape = shape
        self._skeleton = Skeleton(shape.path, ends_with_line=shape.ends_with_line)

    def cut(self, text: Text) -> Cuts:
        """Return the records that end in a text, and other text as it stands."""
        structure = structure_of(text)
        spans = self._spans(text, structure)
        if text.is_end or (spans.unfinished is not None and len(text.utf8) - spans.unfinished > _MAX_RECORD_BYTES):
            spans = self._with_ended(text, spans)
        found = _Found()
        end = self._read(text, spans, found)
        positions, line = self._records(text, structure, found)
        positions = np.append(positions, np.array(found.places, dtype=np.int64))
        return Cuts(positions=positions, line=pl.concat([line, pl.Series(found.texts, dtype=pl.String)]), end=end)

    def end(self) -> list[str]:
        """Return the fields behind the last record, or the text of a document that has none."""
        return self._skeleton.take_left()

    def _spans(self, text: Text, structure: Structure) -> _Spans:
        """Return the objects at the depth of the records."""
        depth, resets = len(self._shape.path), self._resets(text)
        at = np.searchsorted(structure.positions, resets)
        kept = at < structure.positions.size
        resets, at = resets[kept], at[kept]
        is_aligned = self._shape.indent is not None
        behind = depths(structure.steps, self._skeleton.depth, at, depth if is_aligned else 0)
        begins_record = text.codes[structure.positions] == self._shape.brackets[0]
        opens = at if is_aligned else np.flatnonzero((behind == depth + 1) & (structure.steps == 1) & begins_record)
        starts, ends = structure.positions[opens], _ends(structure, behind, depth, opens, at, resets)
        is_broken = (ends > 0) & (text.codes[ends - 1] != self._shape.brackets[1])
        if is_aligned:  # what is left of a broken record is up to the next one
            ends[is_broken] = np.append(resets, -1)[1:][is_broken]
        unfinished = int(starts[-1]) if ends.size and ends[-1] < 0 else None
        if unfinished is not None:
            starts, ends, is_broken = starts[:-1], ends[:-1], is_broken[:-1]
        last = int(behind[-1]) if behind.size and unfinished is None else max(depth, self._skeleton.depth)
        spans = _Spans(starts=starts, ends=ends, unfinished=unfinished, depth=last)
        return self._with_split(text, spans, np.flatnonzero(is_broken)) if is_broken.any() else spans

    def _resets(self, text: Text) -> Positions:
        """Return where lines begin whose depth is certain."""
        if self._shape.indent is None:
            return text.starts[text.begins_line & self._shape.ends_with_line]
        begins: Flags = text.begins_line.copy()
        padded = np.append(text.codes, np.zeros(len(self._shape.indent) + 1, dtype=np.uint8))
        for place, code in enumerate(self._shape.indent.encode() + self._shape.brackets[:1]):
            begins &= padded[text.starts + place] == code
        return text.starts[begins]

    def _with_ended(self, text: Text, spans: _Spans) -> _Spans:
        """Let the unfinished record end where the text does, or where another record begins, if it can be told."""
        if spans.unfinished is None:
            return spans
        starts, ends = np.append(spans.starts, spans.unfinished), np.append(spans.ends, len(text.utf8))
        ended = _Spans(starts=starts, ends=ends, unfinished=None, depth=0)
        return self._with_split(text, ended, np.array([starts.size - 1]))

    def _with_split(self, text: Text, spans: _Spans, broken: Positions) -> _Spans:
        """Split the broken ones of some spans where another record seems to begin."""
        starts, ends = np.delete(spans.starts, broken), np.delete(spans.ends, broken)
        pieces = [piece for index in broken for piece in self._split(text, spans.starts[index], spans.ends[index])]
        starts = np.append(starts, [start for start, _ in pieces])
        ends = np.append(ends, [end for _, end in pieces])
        order = np.argsort(starts, kind="stable")
        return replace(spans, starts=starts[order], ends=ends[order])

    def _split(self, text: Text, start: int, end: int) -> list[tuple[int, int]]:
        """Return the parts of a broken span that begin as records do; a whole one ends where its JSON does."""
        keys = b"|".join(re.escape(json.dumps(key).encode()) for key in self._shape.first_keys)
        record = re.compile(rb"(?<=[\}\]])[\s,]*(\{\s*(?:" + keys + rb")\s*:)")
        starts = [
            start,
            *(match.start(1) for match in record.finditer(text.utf8, start, end) if match.start(1) > start),
        ]
        return [(first, _record_end(text.utf8, first, last)) for first, last in itertools.pairwise([*starts, end])]

    def _read(self, text: Text, spans: _Spans, found: _Found) -> int:
        """Sort out records and what is around them, and return where the text begins that is unfinished."""
        is_held = not text.is_end and spans.depth > 0 and any(self._shape.path) and spans.starts.size > 0
        starts, ends = (spans.starts[:-1], spans.ends[:-1]) if is_held else (spans.starts, spans.ends)
        before = np.append(0, ends[:-1])[: starts.size]
        new_runs = np.flatnonzero(count_between(text, before, starts)) if starts.size else starts
        bounds = np.unique(np.concatenate([[0], new_runs, [starts.size]])) if starts.size else starts
        position = 0
        for first, last in itertools.pairwise(bounds):
            self._feed(text, position, int(starts[first]), found)
            position = self._read_run(text, starts[first:last], ends[first:last], found)
        if is_held:
            self._feed(text, position, int(spans.starts[-1]), found)
            return int(spans.starts[-1])
        end = len(text.utf8) if spans.unfinished is None else spans.unfinished
        if spans.unfinished is None and not text.is_end and not text.utf8.endswith(b"\n"):
            return position  # amid what is around the records
        self._feed(text, position, end, found)
        return end

    def _feed(self, text: Text, start: int, end: int, found: _Found) -> None:
        if start < end:
            piece = text.utf8[start:end].decode(errors="replace")
            found.add_around(self._skeleton.feed(piece), piece, start)

    def _read_run(self, text: Text, starts: Positions, ends: Positions, found: _Found) -> int:
        """Take objects that follow one another as records, or as a part of what is around them."""
        is_broken = self._shape.indent is not None and self._skeleton.depth != len(self._shape.path)
        if is_broken and not self._skeleton.at_record:
            left = self._skeleton.resume()
            found.texts += left
            found.places += [int(starts[0])] * len(left)
        if self._skeleton.at_record:
            found.starts.append(starts)
            found.ends.append(ends)
            found.contexts.append(self._skeleton.enter_record())
        else:
            self._feed(text, int(starts[0]), int(ends[-1]), found)
        return int(ends[-1])

    def _records(self, text: Text, structure: Structure, found: _Found) -> tuple[Positions, pl.Series]:
        """Return the records as lines, with the fields around them, and where they begin."""
        starts = np.concatenate([*found.starts, np.array([], dtype=np.int64)])
        ends = np.concatenate([*found.ends, np.array([], dtype=np.int64)])
        line = self._parts(text, structure, starts, ends) if starts.size else pl.Series(dtype=pl.String)
        if self._shape.is_paired:
            line = pl.Series(map(_fields_of_pairs, line), dtype=pl.String)
        line = with_context(line, [run.size for run in found.starts], found.contexts, found.behind)
        if self._shape.rewrite is None:
            return starts, line
        written = pl.Series(map(self._shape.rewrite, line), dtype=pl.List(pl.String))
        return np.repeat(starts, written.list.len().to_numpy()), written.explode()

    def _parts(self, text: Text, structure: Structure, starts: Positions, ends: Positions) -> pl.Series:
        """Return the records from each start to its end as lines."""
        name = self._shape.wrapper
        if name is None:
            line = parts(text, structure, starts, ends)
        else:
            line = unwrapped_parts(text, structure, starts, ends, name)
        # A string goes on in the next line, which JSON does not allow.
        is_odd = np.searchsorted(structure.odd_lines, ends) > np.searchsorted(structure.odd_lines, starts)
        for index in np.flatnonzero(is_odd):
            record = _one_line(text.utf8[starts[index] : ends[index]].decode(errors="replace"))
            line = line.scatter(int(index), record if name is None else unwrap(record, name))
        return line


def _ends(
    structure: Structure, behind: Positions, depth: int, opens: Positions, reset_brackets: Positions, resets: Positions
) -> Positions:
    """Return where objects end: behind their last bracket, or at the line that begins the next; -1 where nothing is.

    `opens` are their first brackets, `resets` lines with a certain depth and `reset_brackets` the first ones in these.
    """
    count = structure.positions.size
    closes = np.flatnonzero((behind <= depth) & (structure.steps == -1))
    close = np.append(closes, count)[np.searchsorted(closes, opens)]
    next_reset = np.searchsorted(reset_brackets, opens, side="right")
    limit = np.append(reset_brackets, count)[next_reset]
    behind_close = np.append(structure.positions, -2)[close] + 1
    ends: Positions = np.where(close < limit, behind_close, np.append(resets, -1)[next_reset])
    return ends


def _one_line(piece: str) -> str:
    try:
        return json.dumps(json.loads(piece, strict=False), ensure_ascii=False, separators=(",", ":"))
    except (ValueError, RecursionError):
        return " ".join(piece.split("\n"))


def _fields_of_pairs(line: str) -> str:
    """Return a record that is a list of fields and values as an object."""
    try:
        pairs = json.loads(line)
    except (ValueError, RecursionError):
        return line
    return json.dumps(pairs_to_fields(pairs), ensure_ascii=False) if is_paired(pairs) else line
