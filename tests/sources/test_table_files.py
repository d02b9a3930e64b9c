"""Files that are tables: load, scan and tail read the same events, wherever blocks and writes end."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import loganalytics as la
from loganalytics.sources.files import reader

CELLS = st.text(st.sampled_from('ab,;\t"\n 日|-'), max_size=12)
ROWS = st.lists(st.tuples(CELLS, st.sampled_from(["info", "warn", "error"]), CELLS), min_size=1, max_size=8)


def table(rows, separator=",", newline="\n"):
    """Return the text of a table of times, levels, messages and users."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator=newline)
    writer.writerow(["time", "user", "level", "message"])
    writer.writerows([f"2026-03-10 12:00:{n:02d}", user, level, text] for n, (user, level, text) in enumerate(rows))
    return text.getvalue()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(ROWS, st.sampled_from(",;\t"), st.sampled_from(["\n", "\r\n"]))
def test_any_table_is_loaded_whole(tmp_path, monkeypatch, rows, separator, newline):
    """Each row is one event with its cells, whatever stands in these, in one block or in many."""
    path = tmp_path / "table.csv"
    path.write_text(table(rows, separator, newline), newline="", encoding="utf-8")
    logs = la.load(path)
    assert logs.height == len(rows)
    assert logs["severity_number"].to_list() == [{"info": 9, "warn": 13, "error": 17}[level] for _, level, _ in rows]
    assert [str(user or "") for user in logs["user"]] == [user for user, _, _ in rows]
    for message, (_, _, text) in zip(logs["message"], rows, strict=True):
        assert text in ("", message)
    with monkeypatch.context() as patch:
        patch.setattr(reader, "BLOCK_BYTES", 16)
        assert la.load(path).equals(logs)
        assert la.scan(path).select(logs.columns).collect().equals(logs)


@pytest.mark.parametrize("cut", [70, 95, 110, 130])
def test_a_tail_waits_for_the_end_of_a_quote(tmp_path, cut):
    """A row that is written in two goes is one event."""
    path = tmp_path / "table.csv"
    text = table([("kim", "info", "ok"), ("lee", "error", 'boom\n  at "x", y\n  at z'), ("kim", "warn", "slow")])
    path.write_text(text[:cut])
    with la.tail(path, since="2026-03-10", idle=0.2) as tail:
        batches = [tail.read(0.4)]
        with path.open("a") as file:
            file.write(text[cut:])
        batches += [tail.read(0.6), tail.read(0.6)]
    found = [row for batch in batches if batch.height for row in batch.select("message", "offset").rows()]
    assert found == la.load(path).select("message", "offset").rows()
