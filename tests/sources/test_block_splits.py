"""A file is read block by block: where one block ends and the next begins makes no difference."""

from __future__ import annotations

import re
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


WRAPPERS = {
    "cri": "2024-03-10T12:01:{n:02}.123456789Z stdout F {line}",
    "compose": "web-1  | {line}",
    "journalctl": "Mar 10 12:01:{n:02} host web[812]: {line}",
    "docker of syslog": "web-1  | Mar 10 12:01:{n:02} host web[812]: {line}",
    "aws": "2024-03-10T12:01:{n:02}.123000+00:00 ecs/web/0a1b2c3d4e5f {line}",
}
FORMATS = {
    "text": [FIRST, "2024-03-10 12:34:58.000 WARN [app.worker] slow"],
    "json": ['{"time":"2024-03-10T12:00:00.5Z","level":"info","msg":"listening"}',
             '{"time":"2024-03-10T12:00:01Z","level":"warn","msg":"slow query"}'],
}  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(list(WRAPPERS)), st.sampled_from(list(FORMATS)), st.tuples(LINES, LINES), st.integers(60, 900),
    st.randoms(use_true_random=False),
)  # fmt: skip
def test_wrapped_lines_of_two_writers_in_any_split(tmp_path_factory, wrapper, form, groups, size, random):
    """What one's lines belong to is known over the end of a block, whatever the other writes between them."""
    shape = WRAPPERS[wrapper]
    first, second = (
        [shape.format(n=n % 60, line=line) for n, line in enumerate([*FORMATS[form], *lines])] for lines in groups
    )
    other = {"web": "api", "812": "733", "stdout": "stderr"}
    queues = [first, [re.sub("|".join(other), lambda name: other[name[0]], line) for line in second]]
    written = []
    while any(queues):
        written.append(random.choice([queue for queue in queues if queue]).pop(0))
    path = tmp_path_factory.mktemp("split") / "app.log"
    path.write_text("\n".join(written) + "\n")
    whole, parts = _load(path, 8 * 1024 * 1024), _load(path, size)
    assert set(parts.columns) == set(whole.columns)
    assert_frame_equal(whole, parts.select(whole.columns))
    assert la.load_report(whole).drop("bytes").equals(la.load_report(parts).drop("bytes"))


def test_a_line_that_a_runtime_cut_stays_at_its_place(tmp_path):
    """Its end comes in a later block than what another container wrote meanwhile."""
    path = tmp_path / "app.log"
    lines = ['stdout P {"level":"info",', "stderr F boom", "stderr F bang", 'stdout F "msg":"listening"}']
    path.write_text("".join(f"2024-03-10T12:00:00.000000001Z {line}\n" for line in lines))
    for size in (8 * 1024 * 1024, 60):
        logs = _load(path, size)
        assert logs.select("offset", "message").rows() == [("1", "listening"), ("2", "boom"), ("3", "bang")]


def _load(path, size: int) -> pl.DataFrame:
    before, reader.BLOCK_BYTES = reader.BLOCK_BYTES, size
    try:
        return la.load(path)
    finally:
        reader.BLOCK_BYTES = before
