"""Fields called as columns that events have on their way are columns as any other."""

from __future__ import annotations

import json

import polars as pl
import pytest

import loganalytics as la
from loganalytics.formats.definitions import Format
from loganalytics.formats.hints import NO_HINTS
from loganalytics.formats.internal_columns import INTERNAL
from loganalytics.sources.json_records import RecordParser
from loganalytics.sources.redis_streams.entry_parser import EntryParser

NAMES = (*INTERNAL, "record", "attributes", "source", "offset", "head", "tail", "length", "k0", "raw", "key", "value")
FIELDS = {name: f"its-{name}" for name in NAMES}
RECORD = {"ts": "2026-03-10T01:02:03Z", "level": "info", "msg": "hello", **FIELDS}
GROUPS = {"ts": "timestamp", "msg": "message"}
PATTERN = "^" + " ".join(rf"(?P<{GROUPS.get(name, name)}>\S+)" for name in RECORD) + "$"
OWN_FORMAT = Format("own", PATTERN, time="%Y-%m-%dT%H:%M:%SZ")


def json_lines(records):
    """Write records as JSON lines."""
    return "".join(json.dumps(record) + "\n" for record in records)


def logfmt(records):
    """Write records as logfmt."""
    return "".join(" ".join(f"{key}={value}" for key, value in record.items()) + "\n" for record in records)


def table(records):
    """Write records as CSV."""
    return "".join(",".join(row) + "\n" for row in [records[0], *[record.values() for record in records]])


def text(records):
    """Write records as lines of text."""
    return "".join(" ".join(record.values()) + "\n" for record in records)


@pytest.mark.parametrize("write", [json_lines, logfmt, table, text])
def test_fields_of_files(tmp_path, write):
    """Each field of a file has its column, whether all is read at once or block by block."""
    path = tmp_path / "app.log"
    path.write_text(write([RECORD] * 3))
    own = OWN_FORMAT if write is text else None
    for logs in (la.load(path, formats=own), la.scan(path, formats=own).collect()):
        check(logs)
        assert logs["source"].to_list() == [str(path)] * 3


def check(logs: pl.DataFrame) -> None:
    """Check that the fields are there, those called as a core column under a longer name."""
    renamed = {name: f"attributes.{name}" for name in ("source", "offset", "attributes")}
    assert logs["message"].unique().to_list() == ["hello"]
    for name, value in FIELDS.items():
        assert logs[renamed.get(name, name)].unique().to_list() == [value]


def test_fields_of_streams():
    """They are fields of entries too, one each or all in one."""
    ids = pl.Series(["1741608000000-0"])
    check(EntryParser().events(ids, pl.DataFrame([RECORD])))
    check(EntryParser().events(ids, pl.DataFrame([{"record": json.dumps(RECORD)}])))


def test_fields_of_servers():
    """They are fields of a server's records."""
    line = json.dumps(RECORD)
    check(RecordParser.learn([line], NO_HINTS).frame(pl.DataFrame({"line": [line], "source": ["s"], "offset": ["1"]})))


def test_two_fields_of_one_column(tmp_path):
    """A field that is called as another one was renamed is not lost."""
    path = tmp_path / "app.jsonl"
    path.write_text(json_lines([{"msg": "a", "source": "mine", "attributes": {"source": "other"}}]))
    logs = la.load(path)
    assert logs["attributes.source"].item() == "mine"
    assert json.loads(logs["attributes"].item()) == {"attributes.source": "other"}
