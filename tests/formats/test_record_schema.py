"""What becomes a column of structured records: how deep, of how many keys, how many fields."""

from __future__ import annotations

import json

import polars as pl
import pytest

import loganalytics as la
from loganalytics.formats.fields.record_schema import infer_schema


def nested(depth: int) -> dict[str, object]:
    """Return objects within objects, the value 1 under so many names: a, b, c …"""
    value: object = 1
    for name in reversed("abcdefghij"[1:depth]):
        value = {name: value}
    return {"a": value}


def fields(*records: dict[str, object]) -> dict[str, str]:
    """Return the type of each field by its dotted name."""
    record_schema = infer_schema(records)
    assert record_schema is not None
    return {".".join(path): kind for path, kind in record_schema.fields.items()}


@pytest.mark.parametrize(("depth", "kind"), [(2, "integer"), (5, "integer"), (6, "integer"), (7, "text")])
def test_objects_are_flattened_six_names_deep(depth, kind):
    """The sixth name is a column of its own; what is within it stays JSON text."""
    assert fields(nested(depth)) == {".".join("abcdef"[:depth]): kind}


def test_what_lies_deeper_stays_json_text(tmp_path):
    """Nothing of it is lost."""
    (tmp_path / "app.log").write_text(json.dumps({"message": "hi", **nested(7)}) + "\n")
    logs = la.load(tmp_path / "app.log")
    assert json.loads(logs["a.b.c.d.e.f"][0]) == {"g": 1}


def test_an_object_of_more_than_sixty_keys_is_data():
    """Its keys look like values, so it is one column of JSON text."""
    assert len(fields({"by_user": {f"u{i}": i for i in range(60)}})) == 60
    assert fields({"by_user": {f"u{i}": i for i in range(61)}}) == {"by_user": "text"}


def test_two_hundred_fields_become_columns(tmp_path):
    """What comes after them is in `attributes`."""
    record = {"message": "hi", **{f"k{i}": i for i in range(200)}}
    assert len(fields(record)) == 200
    (tmp_path / "app.log").write_text(json.dumps(record) + "\n")
    logs = la.load(tmp_path / "app.log")
    assert "k198" in logs.columns
    assert logs.select(pl.col("attributes").str.json_decode(pl.Struct({"k199": pl.Int64}))).item() == {"k199": 199}


TIME = {"time": "2026-03-10T12:00:00Z"}


@pytest.mark.parametrize(
    ("lesser", "better"),
    [({"level": 3}, {"Level": "Error"}), ({"Level": ""}, {"level": "error"}), ({"level": ["x"]}, {"LEVEL": "error"})],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_of_two_spellings_the_one_that_says_more_is_the_column(tmp_path, lesser, better, swapped):
    """Names that differ in case only would be one column in SQL: the other value is in `attributes`."""
    record = TIME | (better | lesser if swapped else lesser | better)
    path = tmp_path / "app.jsonl"
    path.write_text(f"{json.dumps(record)}\n" * 2)
    logs = la.load(path)
    assert logs["level"].to_list() == ["ERROR"] * 2
    assert json.loads(logs["attributes"][0]) == lesser


def test_a_record_may_spell_its_keys_otherwise_than_the_rest(tmp_path):
    """Its level and message are core columns all the same."""
    path = tmp_path / "app.jsonl"
    records = [TIME | {"Level": "info", "level": "", "Message": "a", "message": ""}] * 2
    path.write_text("\n".join(map(json.dumps, [*records, TIME | {"level": "warn", "message": "b"}])))
    assert la.load(path).select("level", "message").rows() == [("INFO", "a"), ("INFO", "a"), ("WARNING", "b")]
