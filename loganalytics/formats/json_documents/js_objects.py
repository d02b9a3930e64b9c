"""Objects as Node.js prints them (util.inspect, winston's prettyPrint), and dicts as Python does: nearly JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from loganalytics.formats.framing import Framing
from loganalytics.formats.json_documents.envelope import are_records

_SCHEMA = {"n": pl.UInt64, "line": pl.String}
_BEGINS, _ENDS = r"^\{(?:$| [\w$'\[])", r"^\}"
_ONE_LINE = r"^\{(?: .* |'[^']+': .*)\}$"
_FIELD = re.compile(r"(?:\{ ?)?\s*(?:[A-Za-z_$][\w$]*|'[^']+'): \S")
_TOKEN = re.compile(
    r"""(?P<blank>\s+)
    |(?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`)(?P<more>\s*\+\s*(?=['"`]))?
    |(?P<symbol>\[Symbol\([^)]*\)\])
    |(?P<what>\[(?:Object|Array|Circular|Function|class|Getter|Setter|Date|Error|\w*Error:)[^\]]*\])
    |(?P<call>[\w.]*\([^()\n]*\)(?=\s*[,}\]]))
    |(?P<mark>[{}\[\]:,])
    |(?P<key>[\w$]+(?=:\s))
    |(?P<word>[^\s,{}\[\]'"`][^,\n{}\[\]]*)""",
    re.VERBOSE,
)
_LITERAL = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$|true$|false$|null$")
_WORDS = {"undefined": None, "None": None, "True": True, "False": False}
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
_PEEKED_LINES = 200
_MIN_OBJECTS = 2


def detect_js_objects(lines: Sequence[str]) -> Framing | None:
    """Return how printed objects are put together; None where these lines hold none, or hold them within events."""
    head = [line for line in lines[:_PEEKED_LINES] if line]
    if not any(line.startswith("{") for line in head) or not any(map(_FIELD.match, head)):
        return None
    frame = pl.DataFrame({"n": range(len(head)), "line": head}, schema=_SCHEMA)
    framer = JsObjectFramer()
    records = pl.concat([framer.feed(frame), framer.finish()])["line"]
    objects = [value for line in records if isinstance(value := _loads(line), dict)]
    if len(objects) < max(1, len(records) // _MIN_OBJECTS) or not are_records(objects):
        return None
    return Framing(name="printed objects", framer=PrintedObjects())


@dataclass(frozen=True)
class PrintedObjects:
    """Objects of JavaScript, printed over some lines each."""

    def __call__(self) -> JsObjectFramer:
        """Return the framer of one file."""
        return JsObjectFramer()


class JsObjectFramer:
    """Puts the lines of a printed object together, and writes it as JSON."""

    def __init__(self) -> None:
        self._lines = pl.DataFrame(schema=_SCHEMA)

    def feed(self, lines: pl.DataFrame) -> pl.DataFrame:
        """Return the objects that end in these lines, and the lines between them."""
        lines = pl.concat([self._lines, lines])
        opens = lines["line"].str.contains(_BEGINS) & ~lines["line"].str.contains(_ONE_LINE)
        closes = lines["line"].str.contains(_ENDS)
        last_open, last_close = (
            int(found[-1]) if (found := flags.arg_true()).len() else -1 for flags in (opens, closes)
        )
        ended = last_open if last_open > last_close else lines.height
        self._lines = lines.slice(ended)
        return _objects(lines.head(ended))

    def finish(self) -> pl.DataFrame:
        """Return what is unfinished."""
        lines, self._lines = self._lines, self._lines.clear()
        return _objects(lines)

    def give_back(self) -> int:
        """Forget the lines of an unfinished object, and return how many they are."""
        count = self._lines.height
        self._lines = self._lines.clear()
        return count


def _objects(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the objects of whole lines as JSON, and other lines as they are."""
    line = pl.col("line")
    one_line = line.str.contains(_ONE_LINE)
    opens, closes = line.str.contains(_BEGINS) & ~one_line, line.str.contains(_ENDS).shift(1).fill_null(value=False)
    row = pl.int_range(pl.len())
    last_open, last_close = (pl.when(flag).then(row).forward_fill().fill_null(-1) for flag in (opens, closes))
    numbered = lines.with_columns(last_open.alias("object"), (last_open >= last_close).alias("is_within"))
    is_within = pl.col("is_within") & (pl.col("object") >= 0)
    within = numbered.filter(is_within).group_by("object", maintain_order=True)
    objects = within.agg(pl.col("n").first(), pl.col("line").str.join("\n")).select("n", "line")
    single = numbered.filter(~is_within & one_line).select("n", "line")
    others = numbered.filter(~is_within & ~one_line).select("n", "line")
    printed = pl.concat([objects, single])
    written = printed.with_columns(pl.Series("line", map(_to_json, printed["line"]), dtype=pl.String))
    return pl.concat([written, others]).sort("n")


def _to_json(printed: str) -> str:
    """Return a printed object as JSON; one that cannot be read as it is, on one line."""
    parts: list[str] = []
    text = ""
    for match in _TOKEN.finditer(printed):
        kind, token = match.lastgroup, match.group()
        if match["string"]:
            text += _unescaped(match["string"])
            if not match["more"]:
                parts.append(json.dumps(text, ensure_ascii=False))
                text = ""
        elif kind == "mark":
            parts.append(token)
        elif kind in ("symbol", "key", "what", "call"):
            parts.append(json.dumps(token))
        elif kind == "word":
            word = token.strip()
            parts.append(word if _LITERAL.match(word) else json.dumps(_WORDS.get(word, word)))
    written = "".join(parts)
    return written if _loads(written) is not None else " ".join(printed.split("\n"))


def _unescaped(string: str) -> str:
    return _ESCAPE.sub(
        lambda match: chr(int(match[1] or match[2], 16)) if match[1] or match[2] else _ESCAPES.get(match[3], match[3]),
        string[1:-1],
    )


def _loads(line: str) -> Any:
    if not line.startswith("{"):
        return None
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
