"""Objects as Node.js prints them, and dicts as Python does."""

from __future__ import annotations

import json

import polars as pl

from loganalytics.formats.detection import detect

TEXT = r"""{
  level: 'error',
  message: "it's \u00e9 bad",
  stack: 'Error: x\n' +
    '    at main (a.js:1:2)',
  at: 2024-03-10T12:34:56.789Z,
  ctx: { a: 1, none: undefined, list: [ 1, 'two' ], deep: [Object] },
  [Symbol(level)]: 'error'
}
Server { ready
{ level: 'info', message: 'short', ok: true }
{
  level: 'info',
  message: 'last'
}"""
LINES = TEXT.split("\n")


def framed(block: int) -> list[str]:
    """Return the records of the lines in blocks of so many."""
    framing = detect(LINES).framing
    assert framing is not None
    framer = framing.framer()
    frame = pl.DataFrame({"n": range(1, len(LINES) + 1), "line": LINES}, schema={"n": pl.UInt64, "line": pl.String})
    frames = [framer.feed(frame.slice(start, block)) for start in range(0, len(LINES), block)]
    return pl.concat([*frames, framer.finish()])["line"].to_list()


def test_printed_objects_are_records_in_any_blocks():
    """Keys without quotes, strings over some lines and what JSON does not have are read; other lines stay."""
    first, text, short, last = framed(100)
    assert framed(1) == framed(3) == [first, text, short, last]
    assert json.loads(first) == {
        "level": "error",
        "message": "it's é bad",
        "stack": "Error: x\n    at main (a.js:1:2)",
        "at": "2024-03-10T12:34:56.789Z",
        "ctx": {"a": 1, "none": None, "list": [1, "two"], "deep": "[Object]"},
        "[Symbol(level)]": "error",
    }
    assert text == "Server { ready"
    assert json.loads(short) == {"level": "info", "message": "short", "ok": True}
    assert json.loads(last) == {"level": "info", "message": "last"}


def test_dicts_of_python_are_records():
    """A line each, with quotes of both kinds and calls of constructors; the text between them stays."""
    lines = [
        """{'level': 'ERROR', 'msg': "it's bad", 'at': datetime.datetime(2024, 3, 10, 12, 0), 'x': None}""",
        "Traceback (most recent call last):",
        """{'level': 'INFO', 'msg': 'True, or not', 'ok': True, 'n': -1.5, 'pair': (1, 2)}""",
    ]
    framing = detect(lines).framing
    assert framing is not None
    frame = pl.DataFrame({"n": [1, 2, 3], "line": lines}, schema={"n": pl.UInt64, "line": pl.String})
    first, text, last = framing.framer().feed(frame)["line"]
    at = "datetime.datetime(2024, 3, 10, 12, 0)"
    assert json.loads(first) == {"level": "ERROR", "msg": "it's bad", "at": at, "x": None}
    assert text == lines[1]
    assert json.loads(last) == {"level": "INFO", "msg": "True, or not", "ok": True, "n": -1.5, "pair": "(1, 2)"}
