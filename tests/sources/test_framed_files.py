"""Files whose records are not lines: loaded, scanned and tailed alike, with unique offsets."""

from __future__ import annotations

import json

import pytest

import loganalytics as la

RECORDS = [
    {"time": f"2026-03-10T12:00:0{number}Z", "level": "error", "msg": f"message {number}", "ctx": {"n": number}}
    for number in range(6)
]


def written(indent: int | None, *, is_list: bool) -> str:
    """Return the records as JSON."""
    if is_list:
        return json.dumps(RECORDS, indent=indent) + "\n"
    return "".join(json.dumps(record, indent=indent) + "\n" for record in RECORDS)


@pytest.mark.parametrize(("indent", "is_list"), [(2, False), (2, True), (None, True)])
def test_load_scan_and_tail_agree(tmp_path, indent, is_list):
    """Whichever way a file is read, its events are the same, and their offsets unique."""
    path = tmp_path / "app.json"
    path.write_text(written(indent, is_list=is_list))
    loaded = la.load(path)
    assert loaded["message"].to_list() == [record["msg"] for record in RECORDS]
    assert loaded["ctx.n"].to_list() == list(range(6))
    assert loaded["offset"].is_unique().all()
    assert la.scan(path).collect().select(loaded.columns).equals(loaded)
    with la.tail(path, since="2020-01-01") as tail:
        assert tail.read(3).select("message", "offset").rows() == loaded.select("message", "offset").rows()


@pytest.mark.parametrize("is_list", [False, True])
def test_a_tail_waits_for_the_rest_of_a_record(tmp_path, is_list):
    """A record that is being written comes once, when it is whole, and none comes twice."""
    text = written(2, is_list=is_list)
    path = tmp_path / "app.json"
    start = text.index("message 1")
    path.write_text(text[:start])
    with la.tail(path, since="2020-01-01") as tail:
        found = tail.read(0.05)["message"].to_list()
        for place in range(start, len(text), 150):
            with path.open("a") as file:
                file.write(text[place : place + 150])
            found += tail.read(0.05)["message"].to_list()
        while (batch := tail.read(0.6)).height:
            found += batch["message"].to_list()
    assert found == [record["msg"] for record in RECORDS]


def test_a_long_line_is_read_in_pieces(tmp_path, monkeypatch):
    """A list on a line that is longer than what is read at once has all of its records."""
    monkeypatch.setattr("loganalytics.sources.files.blocks.MAX_LINE_BYTES", 3000)
    monkeypatch.setattr("loganalytics.formats.framing.MAX_LINE_BYTES", 3000)
    monkeypatch.setattr("loganalytics.sources.files.reader.BLOCK_BYTES", 1000)
    path = tmp_path / "app.json"
    path.write_text(json.dumps(RECORDS * 50))
    logs = la.load(path)
    assert logs["message"].to_list() == [record["msg"] for record in RECORDS] * 50
    assert logs["offset"].is_unique().all()
