"""The records of JSON documents, cut out of the text block by block, each as one line."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from loganalytics.formats.framing import numbers
from loganalytics.formats.json_documents.context import with_context
from loganalytics.formats.json_documents.skeleton import Around, RecordPath, Skeleton
from loganalytics.formats.json_documents.structure import (
    OPEN_OBJECT,
    Flags,
    Positions,
    Structure,
    Text,
    count_between,
    depths,
    parts,
    structure_of,
    to_text,
    with_cuts,
)

_SCHEMA = {"n": pl.UInt64, "line": pl.String}
# A record that has not ended after so many bytes is broken.
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
    rewrite: Callable[[str], str] | None = None
    """What makes a record of the text of one that is written in a peculiar way."""

    def __call__(self) -> DocumentFramer:
        """Return the framer of one file."""
        return DocumentFramer(self)


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


class DocumentFramer:
    """Cuts the records out of the documents of one file."""

    def __init__(self, shape: DocumentShape) -> None:
        self._shape = shape
        self._skeleton = Skeleton(shape.path, ends_with_line=shape.ends_with_line)
        self._rows = with_cuts(pl.DataFrame(schema=_SCHEMA))  # what is unfinished
        self._skipped = 0  # so many bytes of the first unfinished line belong to records that were returned
        self._places = 0  # so many records began in that line
        self._was_given_back = False

    def feed(self, lines: pl.DataFrame) -> pl.DataFrame:
        """Return the records that end in these lines."""
        if lines.is_empty():
            return lines
        rows = with_cuts(lines)
        if self._was_given_back:
            first = rows["line"][0].encode()[self._skipped :].decode(errors="replace")
            rows = rows.with_columns(line=rows["line"].scatter(0, first)) if self._skipped else rows
            self._was_given_back = False
        return self._take(pl.concat([self._rows, rows]), is_end=False)

    def finish(self) -> pl.DataFrame:
        """Return what is left."""
        return self._take(self._rows, is_end=True)

    def give_back(self) -> int:
        """Forget the unfinished lines, and return how many they are."""
        count = self._rows.height
        self._was_given_back = count > 0
        self._rows = self._rows.clear()
        return count

    def _take(self, rows: pl.DataFrame, *, is_end: bool) -> pl.DataFrame:
        if rows.is_empty():
            return pl.DataFrame(schema=_SCHEMA)
        text = to_text(rows)
        structure = structure_of(text)
        spans = self._spans(text, structure, rows)
        if is_end or (spans.unfinished is not None and len(text.utf8) - spans.unfinished > _MAX_RECORD_BYTES):
            spans = self._with_broken(text, spans)
        found = _Found()
        end = self._read(text, spans, found, is_end=is_end)
        frame = self._frame(text, structure, found, rows)
        self._keep(text, rows, end, frame)
        return frame

    def _spans(self, text: Text, structure: Structure, rows: pl.DataFrame) -> _Spans:
        """Return the objects at the depth of the records."""
        depth, resets, reset_depth = len(self._shape.path), self._resets(text, rows), 0
        at = np.searchsorted(structure.positions, resets)
        if self._shape.indent is not None:
            reset_depth = depth
        kept = at < structure.positions.size
        resets, at = resets[kept], at[kept]
        behind = depths(structure.steps, self._skeleton.depth, at, reset_depth)
        if self._shape.indent is not None:
            opens = at
        else:
            is_object = text.codes[structure.positions] == OPEN_OBJECT
            opens = np.flatnonzero((behind == depth + 1) & (structure.steps == 1) & is_object)
        closes = np.flatnonzero((behind <= depth) & (structure.steps == -1))
        next_close = np.searchsorted(closes, opens)
        next_reset = np.searchsorted(at, opens, side="right")
        close = np.append(closes, structure.positions.size)[next_close]
        limit = np.append(at, structure.positions.size)[next_reset]
        starts = structure.positions[opens]
        ends = np.where(
            close < limit,
            np.append(structure.positions, 0)[np.minimum(close, structure.positions.size)] + 1,
            np.append(resets, -1)[next_reset],
        )
        unfinished = int(starts[-1]) if ends.size and ends[-1] < 0 else None
        if unfinished is not None:
            starts, ends = starts[:-1], ends[:-1]
            return _Spans(starts=starts, ends=ends, unfinished=unfinished, depth=depth)
        last = int(behind[-1]) if behind.size else self._skeleton.depth
        return _Spans(starts=starts, ends=ends, unfinished=None, depth=last)

    def _resets(self, text: Text, rows: pl.DataFrame) -> Positions:
        """Return where lines begin whose depth is certain."""
        certain: Flags = text.begins_line.copy()
        if self._skipped:
            certain[0] = False
        if self._shape.indent is not None:
            begins = pl.col("line").str.starts_with(self._shape.indent + "{")
            certain &= rows.select(begins).to_series().to_numpy()
        elif not self._shape.ends_with_line:
            certain[:] = False
        return text.starts[certain]

    def _with_broken(self, text: Text, spans: _Spans) -> _Spans:
        """Let the unfinished record end: where another begins, if it can be told, or where the text does."""
        if spans.unfinished is None:
            return spans
        starts = [spans.unfinished]
        if self._shape.first_keys:
            keys = b"|".join(re.escape(json.dumps(key).encode()) for key in self._shape.first_keys)
            record = re.compile(rb"(?<=\})[\s,]*(\{\s*(?:" + keys + rb")\s*:)")
            starts += [match.start(1) for match in record.finditer(text.utf8, spans.unfinished)]
        ends = [*starts[1:], len(text.utf8)]
        return _Spans(
            starts=np.append(spans.starts, starts), ends=np.append(spans.ends, ends), unfinished=None, depth=spans.depth
        )

    def _read(self, text: Text, spans: _Spans, found: _Found, *, is_end: bool) -> int:
        """Sort out records and what is around them, and return where the text begins that is unfinished."""
        is_held = not is_end and spans.depth > 0 and any(self._shape.path) and spans.starts.size > 0
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
        if spans.unfinished is None and not is_end and not text.utf8.endswith(b"\n"):
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
            self._skeleton.resume()
        if self._skeleton.at_record:
            found.starts.append(starts)
            found.ends.append(ends)
            found.contexts.append(self._skeleton.enter_record())
        else:
            self._feed(text, int(starts[0]), int(ends[-1]), found)
        return int(ends[-1])

    def _frame(self, text: Text, structure: Structure, found: _Found, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the records and the other text in their order."""
        starts = np.concatenate([*found.starts, np.array([], dtype=np.int64)])
        ends = np.concatenate([*found.ends, np.array([], dtype=np.int64)])
        line = parts(text, structure, starts, ends) if starts.size else pl.Series("line", [], dtype=pl.String)
        line = with_context(line, [run.size for run in found.starts], found.contexts, found.behind)
        if self._shape.rewrite is not None:
            line = pl.Series("line", map(self._shape.rewrite, line), dtype=pl.String)
        line = pl.concat([line, pl.Series("line", found.texts, dtype=pl.String)])
        positions = np.append(starts, np.array(found.places, dtype=np.int64))
        order = np.argsort(positions, kind="stable")
        row = np.searchsorted(text.starts, positions[order], side="right") - 1
        place = np.arange(row.size) - np.searchsorted(row, row)
        place[row == 0] += self._places
        located = pl.DataFrame({"n": rows["n"].gather(row), "place": place})
        return located.select(numbers(pl.col("n"), pl.col("place").cast(pl.UInt64)), line.gather(order))

    def _keep(self, text: Text, rows: pl.DataFrame, end: int, frame: pl.DataFrame) -> None:
        """Keep the text that is unfinished, as the rows that it is in."""
        if end >= len(text.utf8):
            self._rows, self._skipped, self._places = rows.clear(), 0, 0
            return
        row = int(np.searchsorted(text.starts, end, side="right")) - 1
        skipped = end - int(text.starts[row])
        if not text.utf8[end - skipped : end].strip():
            skipped = 0
        first = rows["line"][row].encode()[skipped:].decode()
        unfinished = rows.slice(row)
        self._rows = unfinished.with_columns(line=unfinished["line"].scatter(0, first)) if skipped else unfinished
        line = numbers(pl.lit(rows["n"][row]))
        count = frame.filter(pl.col("n") >= line).height
        self._skipped = skipped + (self._skipped if row == 0 else 0)
        self._places = count + (self._places if row == 0 else 0)
