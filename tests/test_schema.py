"""The log frame's columns and severities."""

from __future__ import annotations

import polars as pl
import pytest

from loganalytics import schema
from loganalytics.exceptions import InvalidArgumentError, MissingColumnError


def test_conform_puts_the_core_columns_first():
    """Core columns come in the contract's order, whatever the frame brought, and other columns follow."""
    frame = schema.conform(pl.DataFrame({"user_id": [7], "message": ["hello"]}))
    assert frame.columns == [*schema.CORE, "user_id"]
    assert dict(frame.drop("user_id").schema) == schema.CORE


def test_conform_leaves_no_message_null():
    """The message is never null."""
    assert schema.conform(pl.DataFrame({"message": [None, "a"]}))["message"].to_list() == ["", "a"]


@pytest.mark.parametrize(
    ("word", "level", "number"),
    [
        ("WARN", "WARNING", 13),
        ("err", "ERROR", 17),
        ("Fatal", "CRITICAL", 21),
        ("notice", "INFO", 10),
        ("emerg", "CRITICAL", 21),
        ("D", "DEBUG", 5),
        ("security", "SECURITY", 13),
        ("STATS", "STATS", None),
        (None, None, None),
    ],
)
def test_levels_as_people_write_them(word, level, number):
    """A level's spelling decides its name and OpenTelemetry's number; an unknown word is kept."""
    frame = pl.DataFrame({"t": [word]}, schema={"t": pl.String}).select(schema.severities(pl.col("t")))
    assert frame.row(0) == (level, number)


# Appendix B of OpenTelemetry's log data model where it has the words; PostgreSQL's and our own beside them.
STANDARDS = {
    "syslog": {
        "debug": 5, "info": 9, "notice": 10, "warning": 13, "err": 17, "crit": 18, "alert": 19, "emerg": 21,
        "emergency": 21,
    },
    "log4j": {"trace": 1, "debug": 5, "info": 9, "warn": 13, "error": 17, "fatal": 21},
    "java.util.logging": {
        "finest": 1, "finer": 5, "fine": 6, "config": 7, "info": 9, "warning": 13, "severe": 17,
    },
    "Python": {"debug": 5, "info": 9, "warning": 13, "error": 17, "critical": 18},
    ".NET": {"trace": 1, "verbose": 1, "debug": 5, "information": 9, "warning": 13, "error": 17, "fatal": 21},
    "zap": {"dpanic": 21, "panic": 21},
    "PostgreSQL": {
        **{f"debug{n}": 5 for n in range(1, 6)}, "log": 9, "statement": 9, "detail": 9, "hint": 9, "context": 9,
        "notice": 10, "panic": 21,
    },
    "short": {"trc": 1, "dbg": 5, "dbug": 5, "inf": 9, "wrn": 13, "eror": 17, "note": 10, "crt": 18, "ntc": 10,
              "fail": 17},
    "logrus": {"trac": 1, "debu": 5, "erro": 17, "fata": 21},
    "Serilog": {"vrb": 1, "ftl": 21},
    "winston": {"silly": 1},
    "slog-term": {"debg": 5},
    "dnf": {"ddebug": 5},
    "Apple": {"default": 9, "fault": 21},
    "Windows": {"logalways": 9},
    "Kubernetes": {"normal": 9},
    "Android": {"assert": 21},
    "letters": {
        "t": 1, "v": 1, "d": 5, "i": 9, "n": 10, "w": 13, "e": 17, "c": 18, "a": 19, "f": 21,
    },
    "words": {"informational": 9, "success": 9, "failure": 17},
    "kept as levels": {"performance": 9, "business": 9, "audit": 10, "security": 13},
}  # fmt: skip


@pytest.mark.parametrize("standard", STANDARDS)
def test_severities_are_those_of_the_standards(standard):
    """Each word has the number that its standard maps to."""
    words = pl.DataFrame({"word": list(STANDARDS[standard])})
    numbers = words.select(schema.severity_numbers(pl.col("word"))).to_series().to_list()
    assert dict(zip(words["word"], numbers, strict=True)) == STANDARDS[standard]


def test_every_word_is_of_a_standard():
    """A word that is added is added to a standard here too."""
    known = {word for standard in STANDARDS.values() for word in standard}
    assert {*schema.LEVELS, *schema.LETTERS} == known


@pytest.mark.parametrize(
    ("number", "levels"),
    [
        (1, {"TRACE"}), (5, {"DEBUG"}), (6, {"DEBUG"}), (7, {"INFO"}), (9, {"INFO", "PERFORMANCE", "BUSINESS"}),
        (10, {"INFO", "AUDIT"}), (13, {"WARNING", "SECURITY"}), (17, {"ERROR"}), (18, {"CRITICAL"}),
        (19, {"CRITICAL"}), (21, {"CRITICAL"}),
    ],
)  # fmt: skip
def test_levels_are_few(number, levels):
    """A number has one name, and the levels that people ask for by name beside it."""
    assert {name for name, own in schema.LEVELS.values() if own == number} == levels


@pytest.mark.parametrize("word", ["[ERROR]", "<error>", " Error: "])
def test_brackets_around_a_level_are_taken_off(word):
    """As loggers write them."""
    frame = pl.DataFrame({"t": [word]}).select(schema.severities(pl.col("t")))
    assert frame.row(0) == ("ERROR", 17)


@pytest.mark.parametrize("word", ["<b>x</b>", "f(x)", "[a][b]", "<i>x", "（一）二"])
def test_brackets_that_are_part_of_an_unknown_level_stay(word):
    """It is shown as it was written, but for its capitals."""
    frame = pl.DataFrame({"t": [f" {word} "]}).select(schema.severities(pl.col("t")))
    assert frame.row(0) == (word.upper(), None)


@pytest.mark.parametrize("word", ["[loud]", "<loud>", "(LOUD)", "loud:", "**loud**"])
def test_brackets_around_an_unknown_level_are_taken_off(word):
    """As around a known one."""
    assert pl.DataFrame({"t": [word]}).select(schema.severities(pl.col("t"))).row(0) == ("LOUD", None)


def test_the_severity_of_a_level_that_is_asked_for():
    """Upper or lower case; a level that does not exist is named, with those that do."""
    assert schema.severity_of("Error") == 17
    with pytest.raises(InvalidArgumentError, match=r"no level 'loud'\. Hint: one of TRACE, DEBUG, INFO"):
        schema.severity_of("loud")


def test_many_columns_are_listed_up_to_twelve():
    """The message stays short."""
    frame = pl.DataFrame({f"c{number:02}": [1] for number in range(14)})
    with pytest.raises(MissingColumnError, match=r"it has c00, .*, c11\."):
        schema.lazy(frame, "message")


def test_a_missing_column_is_named():
    """The error says which column is missing and what the frame has."""
    with pytest.raises(MissingColumnError, match=r"no column 'timestamp'; it has a\."):
        schema.lazy(pl.DataFrame({"a": [1]}), "timestamp")


def test_only_errors_are_errors():
    """Severity 17 and above is an error; an unknown severity is none."""
    frame = pl.DataFrame({"severity_number": [16, 17, None]}, schema={"severity_number": pl.UInt8})
    assert frame.select(schema.is_error()).to_series().to_list() == [False, True, False]
