"""Times in the zone of the reader, and where the log lies of which a time range holds nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loganalytics.cli.main import main

LINES = [f"2026-03-0{day} {hour:02}:30:00 ERROR [a] no answer" for day in (2, 3) for hour in (0, 7, 8, 15, 23)]


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave times in tables on one line."""
    monkeypatch.setenv("COLUMNS", "250")


@pytest.fixture
def log(tmp_path: Path) -> str:
    """Return the name of a log of two days, whose times have no zone."""
    path = tmp_path / "app.log"
    path.write_text("\n".join(LINES) + "\n")
    return str(path)


def test_days_are_those_of_the_zone_in_which_times_are_read_and_shown(
    log: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The zone is named once, on standard error; programs get UTC."""
    assert main(["trend", log, "--every", "1d", "--tz", "Asia/Shanghai"]) == 0
    output = capsys.readouterr()
    assert [line.split()[:3] for line in output.out.splitlines() if line.startswith(" 2026")] == [
        ["2026-03-02", "00:00:00", "5"], ["2026-03-03", "00:00:00", "5"]
    ]  # fmt: skip
    assert output.err.count("Times are those of Asia/Shanghai.") == 1
    assert main(["trend", log, "--every", "1d", "--tz", "Asia/Shanghai", "--format", "json"]) == 0
    output = capsys.readouterr()
    assert [row["window"] for row in json.loads(output.out)] == ["2026-03-01T16:00:00Z", "2026-03-02T16:00:00Z"]
    assert "Times are" not in output.err


@pytest.mark.parametrize("verb", [["errors"], ["patterns"], ["coverage"], ["traces", "--by", "service"]])
def test_tables_show_the_times_that_the_log_has(verb: list[str], log: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Read and shown in one zone, they are the same; without a zone, nothing is said of one."""
    main([verb[0], log, *verb[1:], "--tz", "Asia/Shanghai"])
    output = capsys.readouterr()
    assert "2026-03-02 00:30:00" in " ".join(output.out.split())
    assert "Times are those of Asia/Shanghai." in output.err
    main([verb[0], log, *verb[1:]])
    assert "Times are" not in capsys.readouterr().err


def test_an_incident_is_told_in_the_zone(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Its range is read and shown in it."""
    main(["incident", log, "--from", "2026-03-03 00:00", "--to", "2026-03-03 12:00", "--tz", "Asia/Shanghai"])
    assert "2026-03-03 00:00–12:00 Asia/Shanghai" in capsys.readouterr().out


def test_a_range_outside_of_the_log_says_where_the_log_lies(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In the zone; where events are in the range, nothing is said."""
    main(["errors", log, "--since", "2026-04-01", "--tz", "Asia/Shanghai"])
    lies = "the log lies from 2026-03-02 00:30 Asia/Shanghai to 2026-03-03 23:30 Asia/Shanghai."
    assert f"No event lies in the time range asked for; {lies}" in capsys.readouterr().err
    main(["errors", log, "--until", "2026-03-03"])
    assert "No event lies" not in capsys.readouterr().err
