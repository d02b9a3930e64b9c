"""What `report --fail-on` comes to: findings, nothing, and that nothing could be judged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from loganalytics.cli.main import main


def log(path: Path, ago: timedelta, *lines: str) -> str:
    """Write two hours of a quiet log up to some time ago, and these lines at its end."""
    end = datetime.now(UTC).replace(microsecond=0) - ago
    quiet = [f"{end - timedelta(seconds=10 * n):%Y-%m-%d %H:%M:%S} INFO [web] request {n} done" for n in range(720)]
    path.write_text("\n".join([*reversed(quiet), *(f"{end:%Y-%m-%d %H:%M:%S} {line}" for line in lines)]) + "\n")
    return str(path)


def run(tmp_path: Path, *arguments: str) -> int:
    """Return the exit code of a report."""
    return main(["report", *arguments, "-o", str(tmp_path / "report.html"), "--fail-on", "warning"])


def test_a_quiet_log_is_0_and_a_panic_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the number of events and errors beside."""
    assert run(tmp_path, log(tmp_path / "a.log", timedelta(0)), "--since", "2h") == 0
    assert "events. None of them is an error." in capsys.readouterr().out.replace("\n", " ")
    assert run(tmp_path, log(tmp_path / "b.log", timedelta(0), "CRITICAL [web] panic: it broke"), "--since", "2h") == 1
    assert "Looked at 7" in capsys.readouterr().out


def test_nothing_in_range_is_4(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is no all-clear."""
    path = log(tmp_path / "a.log", timedelta(days=3))
    assert run(tmp_path, path, "--since", "2h") == 4
    assert "There are no events to report on." in capsys.readouterr().out


def test_a_log_without_times_is_4(tmp_path: Path) -> None:
    """Nothing can be said of when anything happened."""
    path = tmp_path / "a.log"
    path.write_text("something happened\n" * 50)
    assert run(tmp_path, str(path)) == 4


@pytest.mark.parametrize(("minutes", "code"), [(20, 4), (5, 0)])
def test_a_log_that_ended_a_while_ago_is_4(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], minutes: int, code: int
) -> None:
    """Where it was asked for up to now: more than a tenth of that time."""
    path = log(tmp_path / "a.log", timedelta(minutes=minutes))
    assert run(tmp_path, path, "--since", "2h") == code
    assert ("The log ended" in capsys.readouterr().out) is (code == 4)
