"""A file is read block by block: where one block ends and the next begins makes no difference."""

from __future__ import annotations

from itertools import chain

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import loganalytics as la
from loganalytics.sources.files import reader

FIRST = "2024-03-10 12:34:56.000 INFO [app.worker] job done"
GROUPS = [
    [FIRST],
    ["2024-03-10 12:34:57.000 ERROR [app.worker] job failed"],
    ['[10/Mar/2024 12:00:00] "GET /bad HTTP/1.1" 500 145'],
    ["Traceback (most recent call last):", '  File "app.py", line 3, in f', "ValueError: no rows"],
    ["Traceback (most recent call last):", '  File "app.py", line 3, in f', "KeyError: 'a'", "",
     "During handling of the above exception, another exception occurred:", "",
     "Traceback (most recent call last):", '  File "app.py", line 3, in f', "RuntimeError: b"],
    ["  + Exception Group Traceback (most recent call last):", "  | ExceptionGroup: two (2 sub-exceptions)",
     "  +-+---------------- 1 ----------------", "    | ValueError: bad"],
    ["panic: boom", "", "goroutine 1 [running]:", "main.main()", "\t/src/main.go:11 +0x1d"],
    ["/srv/server.js:12", "throw new Error('boom')", "^", "", "Error: boom", "    at f (/srv/server.js:12:11)", "",
     "Node.js v20.11.0"],
    ["thread 'main' panicked at src/main.rs:4:5:", "index out of bounds", "note: run with `RUST_BACKTRACE=1`"],
    ["java.io.IOException: reset", "\tat a.B.c(B.java:3)", "Caused by: java.io.EOFException"],
    ["2024-03-10 12:34:57.000 INFO [app.worker] ", "-----", "below"],
    ["INFO:     started"], ["Internal Server Error: /bad"], ["Killed"], [""], ["text"],
]  # fmt: skip
LINES = st.lists(st.sampled_from(GROUPS), min_size=1, max_size=9).map(lambda groups: [*chain.from_iterable(groups)])


@settings(deadline=None, max_examples=50)
@given(LINES, st.integers(10, 400), st.booleans())
def test_any_split_into_blocks_gives_the_same(tmp_path_factory, lines, size, timed):
    """Crashes, tracebacks, times from the line before: as if the file were read at once."""
    path = tmp_path_factory.mktemp("split") / "app.log"
    path.write_text("\n".join([FIRST if timed else "starting", *lines]) + "\n")
    whole, parts = _load(path, 8 * 1024 * 1024), _load(path, size)
    assert_frame_equal(whole, parts.select(whole.columns))
    assert set(parts.columns) == set(whole.columns)
    assert la.load_report(whole).drop("bytes").equals(la.load_report(parts).drop("bytes"))


def _load(path, size: int) -> pl.DataFrame:
    before, reader.BLOCK_BYTES = reader.BLOCK_BYTES, size
    try:
        return la.load(path)
    finally:
        reader.BLOCK_BYTES = before
