"""A user's own formats, from code, a file and the command line."""

from __future__ import annotations

import subprocess
import sys

import pytest

import loganalytics as la
from loganalytics.exceptions import InvalidArgumentError, SourceNotFoundError
from loganalytics.formats.definitions import Format

LINES = "10~03~2026 14:05:06 !E! disk full\n10~03~2026 14:05:07 !I! fine\n"
PATTERN = r"^(?P<timestamp>\S+ \S+) !(?P<level>\w)! (?P<message>.*)$"


@pytest.fixture
def log(tmp_path):
    """Write a log in a format that nobody knows."""
    path = tmp_path / "app.log"
    path.write_text(LINES)
    return path


def test_a_format_from_code(log):
    """A pattern and a strptime pattern make a format."""
    logs = la.load(log, formats=Format("mine", PATTERN, time="%d~%m~%Y %H:%M:%S"))
    assert logs["message"].to_list() == ["disk full", "fine"]
    assert logs["level"].to_list() == ["ERROR", "INFO"]
    assert logs["timestamp"][0].isoformat() == "2026-03-10T14:05:06+00:00"
    assert la.load_report(logs)["format"].to_list() == ["mine"]


def test_a_format_from_a_file(log, tmp_path):
    """A strptime pattern alone is enough: what follows the time is the message."""
    toml = tmp_path / "formats.toml"
    toml.write_text("[[format]]\nname = 'mine'\ntime = '%d~%m~%Y %H:%M:%S'\n")
    logs = la.scan(log, formats=toml).collect()
    assert logs["message"].to_list() == ["!E! disk full", "!I! fine"]
    assert logs["timestamp"].null_count() == 0


def test_the_command_line_tells_the_formats(log, tmp_path):
    """`formats` says what was chosen and shows the first events, with formats of one's own and without."""
    toml = tmp_path / "formats.toml"
    toml.write_text(f"[[format]]\nname = 'mine'\npattern = '{PATTERN}'\ntime = '%d~%m~%Y %H:%M:%S'\n")
    command = [sys.executable, "-m", "loganalytics.cli", "formats", str(log)]
    result = subprocess.run([*command, "--formats", str(toml)], capture_output=True, text=True, check=True)
    assert "mine" in result.stdout
    assert "disk full" in result.stdout
    assert "2026-03-10 14:05:06" in result.stdout
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[format]]\nname = 'x'\npattern = '('", "not a valid regular expression"),
        ("[[format]]\nname = 'x'\npattern = 'a'", "captures nothing by name"),
        ("[[format]]\nname = 'x'\ntime = '%Q'", "'%Q'"),
        ("[[format]]\npattern = 'x'", "lacks a name"),
        ("[[format]]\nname = 'x'\nregex = 'x'", "the key 'regex'"),
        ("[[format", "not valid TOML"),
        ("", "holds no format"),
    ],
)
def test_a_broken_file_is_refused(log, tmp_path, text, message):
    """The error names the file or the format, and what is wrong."""
    toml = tmp_path / "formats.toml"
    toml.write_text(text)
    with pytest.raises(InvalidArgumentError, match=message.replace("(", r"\(")):
        la.load(log, formats=toml)


def test_a_missing_file_is_told(log, tmp_path):
    """The path is named."""
    with pytest.raises(SourceNotFoundError, match=r"none\.toml"):
        la.load(log, formats=tmp_path / "none.toml")
