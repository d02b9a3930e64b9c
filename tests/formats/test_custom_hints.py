"""What a user says of logs, by arguments and in a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from loganalytics.exceptions import InvalidArgumentError
from loganalytics.formats.custom_hints import parse_hints
from loganalytics.formats.definitions import Format


def settings(folder: Path, text: str) -> str:
    """Return the path of a file of formats with that text."""
    path = folder / "formats.toml"
    path.write_text(text)
    return str(path)


def test_arguments_are_hints() -> None:
    """Each argument arrives in the hints, the encoding by its usual name."""
    hints = parse_hints(tz="Asia/Shanghai", time="born", dayfirst=False, level_field="prio", encoding="GBK")
    assert (hints.tz, hints.time_field, hints.dayfirst, hints.level, hints.encoding) == (
        "Asia/Shanghai", "born", False, "prio", "gbk",
    )  # fmt: skip


def test_a_time_with_directives_is_a_pattern() -> None:
    """What has a percent sign is how times are written, not a field."""
    hints = parse_hints(time="%d.%m.%Y %H:%M")
    assert hints.time_pattern == "%d.%m.%Y %H:%M"
    assert hints.time_field is None


@pytest.mark.parametrize("duration", ["took=us", ["took=us"], {"took": "us"}])
def test_durations_have_a_unit(duration: object) -> None:
    """One field, several, and a mapping are the same; the unit is in milliseconds."""
    assert parse_hints(duration=duration).durations == {"took": 1e-3}  # type: ignore[arg-type]


def test_the_file_of_formats_says_the_same(tmp_path: Path) -> None:
    """Settings above the formats are hints."""
    text = (
        'tz = "Europe/Berlin"\ntime = "born"\ndayfirst = true\nlevel = "prio"\n'
        'encoding = "cp1252"\nduration = {took = "s"}\n'
    )
    hints = parse_hints(formats=settings(tmp_path, text))
    assert (hints.tz, hints.time, hints.dayfirst, hints.level) == ("Europe/Berlin", "born", True, "prio")
    assert (hints.encoding, hints.durations) == ("cp1252", {"took": 1000.0})


def test_arguments_come_before_the_file(tmp_path: Path) -> None:
    """What is said twice is as the argument says."""
    path = settings(tmp_path, 'tz = "Europe/Berlin"\ndayfirst = true\n')
    hints = parse_hints(tz="Asia/Tokyo", dayfirst=False, formats=path)
    assert (hints.tz, hints.dayfirst) == ("Asia/Tokyo", False)


def test_a_format_with_a_time_says_how_times_are_written() -> None:
    """The strptime pattern of a user's format holds for the fields of structured logs too."""
    own = Format("mine", r"^(?P<timestamp>\S+) (?P<message>.*)$", time="%d-%m-%Y")
    assert parse_hints(formats=own).time_patterns == ("%d-%m-%Y",)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"tz": "Mars/Phobos"}, "Mars/Phobos"),
        ({"duration": "took"}, "took=ms"),
        ({"duration": "took=fortnights"}, "fortnights"),
        ({"encoding": "klingon"}, "klingon"),
        ({"time": "%Q"}, "%Q"),
    ],
)
def test_what_cannot_be_read_is_named(arguments: dict[str, str], named: str) -> None:
    """An error names what is wrong and says what to write."""
    with pytest.raises(InvalidArgumentError, match=named) as error:
        parse_hints(**arguments)  # type: ignore[arg-type]
    assert "Hint:" in str(error.value)


@pytest.mark.parametrize("line", ["dayfirst = 1", 'colour = "red"', 'duration = "us"'])
def test_a_wrong_setting_is_named(tmp_path: Path, line: str) -> None:
    """A setting that is not known, or of another type, is an error that names it."""
    with pytest.raises(InvalidArgumentError, match=line.split()[0]):
        parse_hints(formats=settings(tmp_path, line + "\n"))
