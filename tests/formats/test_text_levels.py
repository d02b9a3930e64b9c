"""Levels in free text and beside unknown scales: found where they stand for one, not in prose."""

from __future__ import annotations

import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import loganalytics as la
from loganalytics import schema
from loganalytics.formats import detect, parse_each
from loganalytics.formats.fields.record_schema import infer_schema
from loganalytics.formats.regex.text_levels import level_words


def words(*messages: str) -> list[str | None]:
    """Return the words that name a level in messages behind a time."""
    return level_words(pl.DataFrame({"message": messages})).to_list()


@pytest.mark.parametrize(
    "message",
    [
        "no errors found", "Keine Fehler gefunden", "Fehler: 0, Warnungen: 2", "错误率为 0", "没有错误发生",
        "Fehler beim Lesen wurde behoben", "informations sur le service", "url=/a%2F-3-x", "95%IO-3-x",
    ],
)  # fmt: skip
def test_prose_with_a_level_s_word_is_none(message):
    """A word within a sentence, or the name of a count, says nothing of the line."""
    assert words(message) == [None]


@pytest.mark.parametrize(
    ("message", "word"),
    [
        ("main [Fehler] kaputt", "Fehler"),
        ("12 [main] FEHLER kaputt", "FEHLER"),
        ("【错误】连接失败", "错误"),
        ("错误：连接失败", "错误"),
        ("sw1: %LINK-3-UPDOWN: down", "err"),
        ("%%01SEC/4/ATTACK(l): x", "warning"),
        ("<local0,err> boom", "err"),
    ],
)
def test_a_level_in_its_place(message, word):
    """In brackets, before a colon, in capitals behind what is not prose, in a device's name of the message."""
    assert words(message) == [word]


@given(st.sampled_from(schema.TRANSLATIONS), st.sampled_from([("[", "]"), ("【", "】"), ("(", ")")]))
def test_every_translated_word_in_brackets_is_a_level(word, brackets):
    """As it is in a record's field."""
    line = f"2024-03-10 12:34:56 {brackets[0]}{word.capitalize()}{brackets[1]} x"
    events = parse_each(pl.DataFrame({"n": [1], "line": [line]}, schema_overrides={"n": pl.UInt64}), detect([line]))
    assert (
        events["level"].to_list() == pl.select(schema.severities(pl.lit(pl.Series("level", [word]))))["level"].to_list()
    )


def test_messages_of_records_may_begin_with_a_level(tmp_path):
    """As those of exported logs do, which have no field for it."""
    records = [{"timestamp": 1710074096789, "message": text} for text in ("ERROR boom", "INFO ok")]
    (tmp_path / "app.log").write_text("".join(json.dumps(record) + "\n" for record in records))
    logs = la.load(tmp_path / "app.log")
    assert logs["level"].to_list() == ["ERROR", "INFO"]


def test_numbers_of_syslog_beside_a_host(tmp_path):
    """They are read as syslog's, which the report tells."""
    (tmp_path / "export.csv").write_text(
        "timestamp,source,level,message\n2024-03-10T12:34:56Z,web1,3,boom\n2024-03-10T12:34:57Z,web1,6,ok\n"
    )
    assert la.load(tmp_path / "export.csv")["level"].to_list() == ["ERROR", "INFO"]


def test_an_unknown_scale_is_told():
    """Numbers that no known logger writes have no severity."""
    record_schema = infer_schema([{"level": 77, "message": "x"}])
    assert record_schema is not None
    assert "no known scale" in " ".join(record_schema.guesses)


def parsed_levels(*lines: str) -> list[str | None]:
    """Return the levels of lines."""
    frame = pl.DataFrame({"line": lines}).with_row_index("n", 1).cast({"n": pl.UInt64})
    return parse_each(frame, detect(list(lines)))["level"].to_list()


def test_a_letter_that_names_a_thing_is_no_level():
    """Behind a colon without a blank stands the thread or table that the letter is of."""
    assert parsed_levels(*[f"2026-01-01 00:00:0{n} T:471{n} job done" for n in range(6)]) == [None] * 6
    assert parsed_levels(*[f"2026-01-01 00:00:0{n} W: job {n}" for n in range(6)]) == ["WARNING"] * 6


def test_a_message_behind_no_more_than_a_time_may_name_its_level():
    """Whichever format took the line, as long as it says nothing else of it."""
    assert parsed_levels("2026/01/01 00:00:00 agent: WARNING: slow") == ["WARNING"]
