"""`loganalytics tail` and `sources`, as a process."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from loganalytics.cli.main import main

COMMAND = [sys.executable, "-m", "loganalytics.cli"]


def run(*arguments, **options):
    """Run one command to its end."""
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, **options)


@pytest.fixture
def filled(redis, valkey):
    """The address of a stream with three events, one of them hostile."""
    redis.xadd("s", {"message": "started", "level": "info", "service": "api"})
    redis.xadd("s", {"message": "\x1b]0;owned\x07bad\nTraceback", "level": "error", "service": "api"})
    redis.xadd("s", {"message": "other", "level": "debug"})
    return f"{valkey.address}?stream=s"


def test_text(filled):
    """One event a line, no colour in a pipe, no control character; counts go to standard error."""
    result = run("tail", filled, "--since", "1h", "--level", "info", "--until-idle", "0.3s")
    assert result.returncode == 0
    first, second, below = result.stdout.splitlines()
    assert first.endswith("INFO     api: started")
    assert second.endswith("ERROR    api: bad")
    assert below == "    Traceback"
    assert result.stderr == "Read 3 events, 2 after the filters.\n"


def test_json_and_a_cursor(filled, redis, tmp_path):
    """Objects, one a line; a second run goes on where the first ended, and tells what it lost."""
    options = [
        "tail",
        filled,
        "--since",
        "1h",
        "--format",
        "json",
        "--until-idle",
        "0.3s",
        "--cursor",
        str(tmp_path / "c"),
    ]
    first = [json.loads(line)["message"] for line in run(*options).stdout.splitlines()]
    assert first[0] == "started"
    assert len(first) == 3
    for number in range(10):
        redis.xadd("s", {"message": f"m{number}"}, maxlen=4, approximate=False)
    result = run(*options)
    assert [json.loads(line)["message"] for line in result.stdout.splitlines()] == ["m6", "m7", "m8", "m9"]
    assert "6 lost (trimmed before they were read)" in result.stderr


def test_a_consumer_group(filled, redis):
    """What was printed is confirmed."""
    assert run("tail", filled, "--since", "1h", "--group", "g", "--until-idle", "0.3s").stdout.count("\n") == 4
    assert redis.xpending("s", "g")["pending"] == 0


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colour_on_a_terminal(filled, variables, coloured):
    """Unless NO_COLOR is set."""
    leader, terminal = pty.openpty()
    options = ["tail", filled, "--since", "1h", "--until-idle", "0.2s"]
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | variables
    subprocess.run([*COMMAND, *options], stdout=terminal, stderr=subprocess.DEVNULL, env=environment, check=True)
    os.close(terminal)
    shown = os.read(leader, 65536).decode()
    os.close(leader)
    assert ("\x1b[31mERROR" in shown) == coloured
    assert "\x1b]" not in shown


def test_ctrl_c(filled):
    """Ends with 130, the counts, and no traceback."""
    process = subprocess.Popen(
        [*COMMAND, "tail", filled, "--since", "1h"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert "started" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert "Read 3 events" in errors


def test_exit_codes(capsys, tmp_path):
    """3 where a server does not answer, 2 for a wrong argument."""
    assert main(["tail", "redis://user:s3cr3t@127.0.0.1:1?stream=s"]) == 3
    assert main(["sources", "redis://127.0.0.1:1"]) == 3
    assert main(["tail", str(tmp_path), "--query", "level ="]) == 2
    assert main(["tail", str(tmp_path), "--until-idle", "soon"]) == 2
    (tmp_path / "c").write_text("no cursor")
    assert main(["tail", str(tmp_path), "--cursor", str(tmp_path / "c")]) == 2
    shown = capsys.readouterr()
    assert "s3cr3t" not in shown.out + shown.err


def test_sources(filled, tmp_path):
    """One row a file and stream."""
    (tmp_path / "app.log").write_text("2026-03-10 12:00:00 ERROR disk full\n")
    result = run("sources", filled, str(tmp_path), "--format", "json")
    rows = {row["kind"]: row for row in json.loads(result.stdout)}
    assert (rows["stream"]["entries"], rows["stream"]["services"]) == (3, ["api"])
    assert rows["file"]["first_seen"].startswith("2026-03-10T12:00:00")
    assert rows["file"]["services"] == ["app"]


def test_other_verbs_take_streams(filled):
    """As they take files, with the query."""
    result = run("trend", filled, "--query", "level <> 'DEBUG'", "--format", "json")
    assert sum(row["events"] for row in json.loads(result.stdout)) == 2


def started(*arguments, **options):
    """Start a command and return it once it has saved its cursor."""
    process = subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )
    cursor = Path(arguments[arguments.index("--cursor") + 1])
    deadline = time.monotonic() + 30
    while not cursor.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    return process


def messages_of(result) -> list[str]:
    """Return the messages that were printed as JSON."""
    return [json.loads(line)["message"] for line in result.stdout.splitlines()]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_quiet_run_saves_its_place(tmp_path, number, code):
    """What comes after it ended is what the next one prints, though this one printed nothing."""
    log, cursor = tmp_path / "app.log", str(tmp_path / "c")
    log.write_text("2026-03-10 12:00:00 ERROR before\n")
    process = started("tail", str(log), "--cursor", cursor)
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (code, "Read 0 events.\n")
    with log.open("a") as file:
        file.write("2026-03-10 12:00:01 ERROR after\n")
    assert messages_of(run("tail", str(log), "--cursor", cursor, "--format", "json", "--until-idle", "1s")) == ["after"]


@pytest.mark.parametrize("option", [["--level", "error"], ["--grep", "wanted"], ["--query", "level = 'ERROR'"]])
def test_what_a_filter_left_out_is_behind(tmp_path, option):
    """It does not come when the next run filters otherwise."""
    log, options = tmp_path / "app.log", ["--cursor", str(tmp_path / "c"), "--format", "json", "--until-idle", "1s"]
    log.write_text("2026-03-10 12:00:00 INFO left out\n" * 3)
    assert run("tail", str(log), *options, *option, "--since", "2026-03-10").stdout == ""
    with log.open("a") as file:
        file.write("2026-03-10 12:00:01 INFO new\n")
    assert messages_of(run("tail", str(log), *options)) == ["new"]


def test_a_killed_run_loses_nothing(tmp_path):
    """The place was saved before anything was printed."""
    log, cursor = tmp_path / "app.log", str(tmp_path / "c")
    log.write_text("")
    process = started("tail", str(log), "--cursor", cursor)
    process.kill()
    process.communicate(timeout=30)
    log.write_text("2026-03-10 12:00:01 ERROR after\n")
    assert messages_of(run("tail", str(log), "--cursor", cursor, "--format", "json", "--until-idle", "1s")) == ["after"]


def test_a_cursor_is_of_one_run(tmp_path):
    """Two would each print a part."""
    log, cursor = tmp_path / "app.log", str(tmp_path / "c")
    log.write_text("2026-03-10 12:00:00 ERROR before\n")
    process = started("tail", str(log), "--cursor", cursor)
    second = run("tail", str(log), "--cursor", cursor)
    process.terminate()
    process.communicate(timeout=30)
    assert second.returncode == 2
    assert f"is in use by process {process.pid} on " in second.stderr


def test_standard_input_streams(tmp_path):
    """Events are printed while the writer goes on, and its end ends the run."""
    process = subprocess.Popen(
        [*COMMAND, "tail", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    process.stdin.write("2026-03-10 12:00:00 ERROR disk full\n")
    process.stdin.flush()
    assert process.stdout.readline().endswith("disk full\n")
    _, errors = process.communicate("2026-03-10 12:00:01 ERROR again\n", timeout=30)
    assert (process.returncode, errors) == (0, "Read 2 events.\n")


def test_what_a_pipe_did_not_take_is_not_confirmed(filled, redis):
    """`tail --group | head`: the rest comes again."""
    process = subprocess.Popen(
        [*COMMAND, "tail", filled, "--since", "1h", "--group", "g"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    process.stdout.close()
    process.wait(timeout=30)
    assert redis.xpending("s", "g")["pending"] == 3


@pytest.fixture
def long_log(tmp_path):
    """A log that no pipe holds at once."""
    log = tmp_path / "long.log"
    log.write_text("".join(f"2026-03-10 12:00:00 INFO line {number}\n" for number in range(20_000)))
    return log


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_what_a_pipe_did_not_take_comes_again(long_log, tmp_path, unbuffered):
    """The place is saved behind what was written, also where Python would not write the rest: PYTHONUNBUFFERED."""
    options = ["tail", str(long_log), "--since", "2020-01-01", "--cursor", str(tmp_path / "c"), "--until-idle", "1s"]
    process = subprocess.Popen(
        [*COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
    )  # fmt: skip
    taken = os.read(process.stdout.fileno(), 1000).count(b"\n")
    process.stdout.close()
    process.wait(timeout=60)
    assert run(*options).stdout.count("\n") >= 20_000 - taken


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_signal_while_the_output_waits_loses_nothing(long_log, tmp_path, unbuffered):
    """What was begun is written to its end, and the next run goes on behind it."""
    options = ["--cursor", str(tmp_path / "c"), "--until-idle", "1s"]
    process = subprocess.Popen(
        [*COMMAND, "tail", str(long_log), "--since", "2020-01-01", *options], stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
    )  # fmt: skip
    first = process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    printed = (first + process.stdout.read()).count(b"\n")
    process.wait(timeout=60)
    assert process.returncode == 143
    assert printed + run("tail", str(long_log), *options).stdout.count("\n") == 20_000


def test_a_cursor_of_another_source_is_refused(filled, redis, long_log, tmp_path):
    """It would be passed over, and what came since the last run be lost; also where a source is spelled otherwise."""
    cursor, options = str(tmp_path / "c"), ["--until-idle", "0.3s"]
    run("tail", filled, "--cursor", cursor, *options)
    result = run("tail", filled.replace("127.0.0.1", "localhost"), "--cursor", cursor, *options)
    assert result.returncode == 2
    assert "The cursor has the place in 'redis://127.0.0.1" in result.stderr
    run("tail", str(long_log), "--cursor", str(tmp_path / "d"), *options)
    (tmp_path / "other.log").write_text("2026-03-10 12:00:00 INFO other\n")
    result = run("tail", str(tmp_path / "other.log"), "--cursor", str(tmp_path / "d"), *options)
    assert (result.returncode, result.stdout) == (2, "")


def test_places_of_sources_that_are_not_read_are_kept(filled, redis, long_log, tmp_path):
    """A run with fewer sources does not lose those of the others; one with more adds theirs."""
    cursor, options = str(tmp_path / "c"), ["--until-idle", "1s", "--format", "json"]
    run("tail", filled, "--cursor", cursor, *options)
    run("tail", filled, str(long_log), "--cursor", cursor, *options)
    run("tail", str(long_log), "--cursor", cursor, *options)
    redis.xadd("s", {"message": "meanwhile"})
    assert messages_of(run("tail", filled, "--cursor", cursor, *options)) == ["meanwhile"]


def test_a_file_of_the_cursor_is_known_from_another_folder(tmp_path):
    """Its path is not that of the last run's folder."""
    (tmp_path / "sub").mkdir()
    log = tmp_path / "app.log"
    log.write_text("2026-03-10 12:00:00 INFO before\n")
    run("tail", "app.log", "--cursor", "c", "--until-idle", "1s", cwd=tmp_path)
    with log.open("a") as file:
        file.write("2026-03-10 12:00:01 INFO after\n")
    options = ["--cursor", "../c", "--until-idle", "1s", "--format", "json"]
    assert messages_of(run("tail", "../app.log", *options, cwd=tmp_path / "sub")) == ["after"]


def test_a_cursor_that_is_no_file_is_refused(filled):
    """A device would be read without end."""
    assert run("tail", filled, "--cursor", "/dev/zero", timeout=30).returncode == 2


def test_a_cursor_that_cannot_be_read_is_refused(filled, tmp_path):
    """Whatever is wrong in it."""
    cursor = tmp_path / "c"
    run("tail", filled, "--cursor", str(cursor), "--until-idle", "0.3s")
    saved = json.loads(cursor.read_text())
    (source,) = saved["cursor"]["readers"]
    for place in ({"streams": {"s": 5}}, {"streams": {"s": {"id": "x"}}}, {"streams": 7}, 7):
        cursor.write_text(json.dumps({"cursor": {"readers": {source: place}}, "state": None}))
        result = run("tail", filled, "--cursor", str(cursor), "--until-idle", "0.3s")
        assert (result.returncode, "Traceback" in result.stderr) == (2, False)


def test_standard_input_named_twice_is_read_once():
    """Two readers would each take a part."""
    result = run("tail", "-", "/dev/stdin", input="2026-03-10 12:00:00 INFO a\n2026-03-10 12:00:01 INFO b\n")
    assert result.stdout.count("\n") == 2


def test_the_last_event_of_a_pipe_is_printed_when_a_signal_comes():
    """It waits for lines that may belong to it, and cannot be read again."""
    process = subprocess.Popen([*COMMAND, "tail", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    process.stdin.write("2026-03-10 12:00:00 INFO a\n")
    process.stdin.flush()
    assert process.stdout.readline().endswith("a\n")
    process.stdin.write("2026-03-10 12:00:01 INFO b\n2026-03-10 12:00:02 INFO c\n")
    process.stdin.flush()
    process.send_signal(signal.SIGTERM)
    rest = process.stdout.read()
    assert process.wait(timeout=30) == 143
    assert [line.split()[-1] for line in rest.splitlines()] == ["b", "c"]


@pytest.mark.parametrize("verb", [["tail", "-"], ["report", "-", "-o", "/dev/null"]])
def test_closed_streams_are_no_bug(verb, tmp_path):
    """As under a daemon: a closed input is empty, a closed output is an error."""
    command = " ".join([sys.executable, "-m loganalytics.cli", *verb])
    assert subprocess.run(f"{command} <&-", shell=True, capture_output=True, check=False).returncode in (0, 2)
    result = subprocess.run(
        f"echo '2026-03-10 12:00:00 INFO a' | {command} >&-", shell=True, stderr=subprocess.PIPE, text=True, check=False
    )
    assert result.returncode == 2
    assert "bug" not in result.stderr
