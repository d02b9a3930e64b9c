"""Levels of records: by their words in any language, by numbers in the scale of their writer."""

from __future__ import annotations

import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import loganalytics as la
from loganalytics import schema
from loganalytics.formats.fields.record_schema import infer_schema


def load(tmp_path, *records: dict[str, object], **options: object) -> pl.DataFrame:
    """Load records as JSON lines."""
    (tmp_path / "app.log").write_text("".join(json.dumps(record) + "\n" for record in records))
    return la.load(tmp_path / "app.log", **options)


PINO = {"time": 1710074096789, "pid": 1, "hostname": "h", "msg": "x"}
MEL = {"EventId": 3, "Category": "Shop", "Message": "x"}
WINDOWS = {"TimeCreated": "2024-03-10T12:34:56Z", "ProviderName": "disk", "EventRecordID": 9, "Message": "x"}


@pytest.mark.parametrize(
    ("record", "level"),
    [
        ({**PINO, "level": 50}, "ERROR"),
        ({"levelno": 40, "message": "x"}, "ERROR"),
        ({"PRIORITY": "3", "SYSLOG_IDENTIFIER": "a", "MESSAGE": "x"}, "ERROR"),
        ({"severityNumber": 13, "body": "x"}, "WARNING"),
        ({"level": 400, "level_name": "ERROR", "channel": "app", "message": "x"}, "ERROR"),
        ({"severity": 500, "textPayload": "x"}, "ERROR"),
        ({**WINDOWS, "Level": 2}, "ERROR"),
        ({**MEL, "LogLevel": 4}, "ERROR"),
        ({"level_value": 40000, "message": "x"}, "ERROR"),
        ({"severityLevel": 3, "message": "x"}, "ERROR"),
        ({"prio": 1, "err_code": 10131, "subsystem": "Server", "msg": "x"}, "ERROR"),
        ({"level": {"name": "ERROR", "intLevel": 200}, "loggerName": "a", "message": "x"}, "ERROR"),
        ({"record": {"level": {"name": "SUCCESS", "no": 25}, "message": "x"}}, "INFO"),
        ({"log_level": {"name": "critical"}, "log_format": "x"}, "CRITICAL"),
        ({"@level": "warn", "@message": "x"}, "WARNING"),
        ({"error_severity": "FATAL", "message": "x"}, "CRITICAL"),
        ({"severityNumber": "SEVERITY_NUMBER_ERROR2", "body": "x"}, "ERROR"),
        ({"status": "error", "message": "x"}, "ERROR"),
        ({"priority": "Warning", "output": "x"}, "WARNING"),
        ({"sev": "W", "message": "x"}, "WARNING"),
        ({"t": {"$date": "2024-03-10T12:34:56Z"}, "s": "D2", "c": "REPL", "msg": "x"}, "DEBUG"),
        ({"level": "[WRN]", "message": "x"}, "WARNING"),
        ({"level": "INFO ", "message": "x"}, "INFO"),
        ({"level": "ERROR+2", "msg": "x"}, "ERROR"),
        ({"ts": 1710074096789.0, "caller": "a.go:1", "msg": "x", "err": "timeout"}, "ERROR"),
        ({"ts": 1710074096789.0, "caller": "a.go:1", "msg": "x", "v": 4}, "INFO"),
        ({"type": "log", "@timestamp": 1710074096789, "tags": ["error", "x"], "pid": 1, "message": "x"}, "ERROR"),
        ({"reqId": "a", "level": 3, "remoteAddr": "::1", "app": "core", "message": "x"}, "ERROR"),
        ({"resourceId": "/t", "operationName": "x", "category": "Audit", "Level": 2}, "ERROR"),
        ({"data": ["x"], "level": {"level": 40000, "levelStr": "ERROR"}}, "ERROR"),
        ({"Event": {"System": {"EventID": 7, "Level": 3, "Computer": "h"}}}, "WARNING"),
        ({"type": "Warning", "reason": "BackOff", "message": "x"}, "WARNING"),
    ],
)  # fmt: skip
def test_levels_of_loggers(tmp_path, record, level):
    """Each in its own field, by name or by number."""
    assert load(tmp_path, record)["level"][0] == level


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("错误 錯誤 エラー 오류 ошибка fehler erreur erro errore ERRO", 17),
        ("警告 경고 предупреждение warnung avertissement advertencia aviso", 13),
        ("信息 情報 정보 информация información informação INFORMATION", 9),
        ("调试 デバッグ 디버그 отладка", 5),
        ("致命 致命的 치명적", 21),
        ("严重 심각 критический kritisch", 18),
    ],
)
def test_levels_in_other_languages(words, number):
    """As programs translate them."""
    frame = pl.DataFrame({"word": words.split()})
    assert set(frame.select(schema.severity_numbers(pl.col("word"))).to_series()) == {number}


@given(st.sampled_from(sorted(schema.LEVELS)), st.sampled_from(["", "[", "<", " "]), st.booleans())
def test_a_level_is_the_same_however_it_is_dressed(word, bracket, is_upper):
    """Brackets, blanks and case do not change it."""
    dressed = f"{bracket}{word.upper() if is_upper else word}{ {'[': ']', '<': '>'}.get(bracket, bracket) }"
    assert schema.is_level(dressed)
    frame = pl.DataFrame({"word": [dressed, word]}).select(schema.severity_numbers(pl.col("word"))).to_series()
    assert frame[0] == frame[1] == schema.LEVELS[word][1]


def test_a_field_of_levels_by_another_name(tmp_path):
    """Where no known field is there, one whose values are all words for levels; the load report is told."""
    logs = load(tmp_path, {"Stufe": "FEHLER", "message": "x"}, {"Stufe": "WARNUNG", "message": "x"})
    assert logs["severity_number"].to_list() == [17, 13]
    assert 'level taken from "Stufe"' in la.load_report(logs)["guessed"][0]


@pytest.mark.parametrize("record", [{"kind": "event"}, {"outcome": "failure"}, {"mode": "debug"}, {"type": "log"}])
def test_a_word_that_may_be_a_level_is_not_always_one(tmp_path, record):
    """A single value in a field of another name says little."""
    logs = load(tmp_path, {**record, "message": "x"})
    assert logs["level"][0] is None


def test_a_field_called_level_with_other_words_stays_a_field(tmp_path):
    """As Kubernetes' audit log has it."""
    logs = load(tmp_path, {"level": "Metadata", "message": "x"})
    assert (logs["level"][0], logs["attributes.level"][0]) == (None, "Metadata")


def test_the_user_says_which_field(tmp_path):
    """Against what its name says."""
    logs = load(tmp_path, {"level": "info", "gravity": "error", "message": "x"}, level_field="gravity")
    assert logs["level"][0] == "ERROR"


def test_a_scale_that_is_not_certain_is_told():
    """Thirty is pino's info, and Python's warning."""
    record_schema = infer_schema([{"level": 30, "message": "x"}])
    assert record_schema is not None
    assert record_schema.guesses[0].startswith('levels of "level" read as pino numbers them (10 trace')
