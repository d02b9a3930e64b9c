"""What dying programs print: events of their own, not the end of whatever was logged before."""

from __future__ import annotations

import polars as pl
import pytest

from loganalytics.formats import detect, parse

INFO = "2024-03-10 12:34:{second:02}.000 INFO [app.worker] job {second} done"
JOBS = [INFO.format(second=second) for second in range(5)]
FRAMES = ["Traceback (most recent call last):", '  File "app.py", line 3, in f', "    g()"]


def events_of(lines: list[str]) -> pl.DataFrame:
    """Detect and parse lines."""
    frame = pl.DataFrame({"line": lines}, schema={"line": pl.String}).with_row_index("n", 1).cast({"n": pl.UInt64})
    return parse(frame, detect(lines)).events


CRASHES = {
    "Go": (["panic: runtime error: index out of range [5] with length 3", "", "goroutine 1 [running]:",
            "main.main()", "\t/src/main.go:11 +0x1d", "exit status 2"],
           "panic: runtime error: index out of range [5] with length 3"),
    "Rust": (["thread 'main' panicked at src/main.rs:4:5:", "index out of bounds: the len is 3", "stack backtrace:",
              "   0: std::panicking::begin_panic", "note: run with `RUST_BACKTRACE=1`"],
             "thread 'main' panicked at src/main.rs:4:5:"),
    "Node.js": (["/srv/app/server.js:12", "    throw new Error('boom');", "    ^", "", "Error: boom",
                 "    at Object.<anonymous> (/srv/app/server.js:12:11)", "", "Node.js v20.11.0"], "Error: boom"),
    "Python": ([*FRAMES, "ValueError: no rows"], "ValueError: no rows"),
    "Python, a name without Error": ([*FRAMES, "shop.stock.OutOfStock: sku 7"], "shop.stock.OutOfStock: sku 7"),
    "Python, chained": ([*FRAMES, "KeyError: 'a'", "", "During handling of the above exception, another exception "
                         "occurred:", "", *FRAMES, "RuntimeError: lookup"], "RuntimeError: lookup"),
    "Python, a group": (["  + Exception Group Traceback (most recent call last):", '  |   File "app.py", line 3, in f',
                         "  | ExceptionGroup: two problems (2 sub-exceptions)", "  +-+---------------- 1 -----------",
                         "    | ValueError: bad sku", "    +-----------------------------------"],
                        "ExceptionGroup: two problems (2 sub-exceptions)"),
    "Java": (['Exception in thread "main" java.lang.IllegalStateException: boom', "\tat a.B.c(B.java:3)",
              "Caused by: java.io.IOException: disk", "\t... 3 more"],
             'Exception in thread "main" java.lang.IllegalStateException: boom'),
    ".NET": (["Unhandled exception. System.InvalidOperationException: boom", "   at Program.Main() in /a/A.cs:line 3"],
             "Unhandled exception. System.InvalidOperationException: boom"),
    "Ruby": (["app.rb:3:in `pay': boom (RuntimeError)", "\tfrom app.rb:7:in `<main>'"],
             "app.rb:3:in `pay': boom (RuntimeError)"),
    "PHP": (["PHP Fatal error:  Uncaught Exception: boom in /srv/a.php:3", "Stack trace:", "#0 {main}",
             "  thrown in /srv/a.php on line 3"], "PHP Fatal error:  Uncaught Exception: boom in /srv/a.php:3"),
    "a signal": (["Segmentation fault (core dumped)"], "Segmentation fault (core dumped)"),
    "the OOM killer": (["./run.sh: line 3: 12345 Killed                  ./app"],
                       "./run.sh: line 3: 12345 Killed                  ./app"),
}  # fmt: skip


@pytest.mark.parametrize("name", CRASHES)
def test_a_crash_is_an_event_of_its_own(name):
    """At the end of a log: an error that says why, with all that was printed, at the time of the line before."""
    lines, message = CRASHES[name]
    events = events_of(JOBS + lines)
    crash = events.row(-1, named=True)
    assert (events.height, crash["message"], crash["severity_number"] >= 17) == (6, message, True)
    # Blank lines right below the first one are left out.
    assert crash["exception"] == ("\n".join(lines).replace("\n\ngoroutine", "\ngoroutine") if len(lines) > 1 else None)
    assert crash["timestamp"] == events["timestamp"][4]
    assert events["timestamp.inferred"].to_list() == [None] * 5 + [True]


@pytest.mark.parametrize("name", CRASHES)
def test_a_crash_among_text_without_times(name):
    """Where each line stands for itself, the lines of a crash stay together and what follows them does not join."""
    lines, message = CRASHES[name]
    events = events_of(["starting", *lines, "starting again"])
    assert events["message"].to_list() == ["starting", message, "starting again"]


@pytest.mark.parametrize("level", ["ERROR", "WARNING", "CRITICAL"])
def test_a_logged_traceback_stays_with_its_line(level):
    """What logger.exception() writes is one event of the level that it was logged with."""
    events = events_of([*JOBS, f"2024-03-10 12:35:00.000 {level} [app.worker] job failed", *FRAMES, "ValueError: no"])
    assert events.height == 6
    assert events["exception"][-1] == "\n".join([*FRAMES, "ValueError: no"])


RECORD = '{{"time":"2024-03-10T12:34:{second:02}Z","level":"{level}","msg":"{message}"{more}}}'
WRAPPERS = {
    "alone": "", "docker": "web-1  | ", "journalctl": "Mar 10 12:34:56 host web[812]: ",
    "syslog": "<30>1 2024-03-10T12:34:56.123456Z host web 812 - - ", "cri": "2024-03-10T12:34:56.123456789Z stderr F ",
}  # fmt: skip


def records(*rows: tuple[str, str], more: str = "") -> list[str]:
    """Return JSON lines of these levels and messages."""
    return [RECORD.format(second=n, level=level, message=text, more=more) for n, (level, text) in enumerate(rows)]


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("level", ["info", "warn"])
def test_a_traceback_below_a_json_line_is_an_error_of_its_own(wrapper, level):
    """The record above is complete: what its logger knew of an exception would be in it."""
    lines = [*records(("info", "up"), (level, "slow query")), *FRAMES, "ValueError: no", *records(("info", "done"))]
    events = events_of([WRAPPERS[wrapper] + line for line in lines])
    assert events["message"].to_list() == ["up", "slow query", "ValueError: no", "done"]
    assert events["level"][2] == "ERROR"
    assert events["timestamp"].null_count() == 0


def test_a_traceback_below_a_json_line_of_an_error_or_one_that_announces_it():
    """Some loggers write JSON by a format of lines, and exceptions below it as text."""
    lines = records(("info", "up"), ("error", "job failed"))
    assert events_of([*lines, *FRAMES, "ValueError: no"]).height == 2
    assert events_of([*records(("info", "up"), ("info", "Retry in 3s")), *FRAMES, "ValueError: no"]).height == 2


def test_a_traceback_below_a_json_line_with_its_own():
    """An error that was logged with its exception, and then ended the program."""
    lines = records(("info", "up"), ("error", "job failed"), more=',"exc_info":"ValueError: no"')
    assert events_of([*lines, *FRAMES, "ValueError: no"])["message"].to_list()[2:] == ["ValueError: no"]


def test_times_that_wrapped_lines_lack_are_those_of_the_event_before():
    """By the same container, where the wrapper has no times either; the first lines have none before them."""
    lines = ["web-1  | " + line for line in [*JOBS, *FRAMES, "ValueError: no"]]
    lines[3:3] = ["api-1  | starting", "api-1  | " + INFO.format(second=50)]
    events = events_of(lines)
    crash = events.row(-1, named=True)
    assert (crash["message"], crash["timestamp"].second, crash["timestamp.inferred"]) == ("ValueError: no", 4, True)
    starting = events.row(3, named=True)
    assert (starting["message"], starting["timestamp"].second) == ("starting", 2)


def test_a_traceback_that_is_announced_stays_with_a_line_of_low_level():
    """A retry that is logged as information with its traceback is no error."""
    retry = "2024-03-10 12:35:00.000 INFO [app.worker] Retry in 3s: ConnectionError()"
    events = events_of([*JOBS, retry, *FRAMES, "ConnectionError"])
    assert events["severity_number"].max() == 9


def test_a_traceback_belongs_to_the_logger_and_not_to_the_request_beside_it():
    """Django's server writes requests and what its logger says without a prefix."""
    lines = [
        '[10/Mar/2024 12:00:00] "GET / HTTP/1.1" 200 145', "Internal Server Error: /bad", *FRAMES, "ValueError: no",
        '[10/Mar/2024 12:00:01] "GET /bad HTTP/1.1" 500 145',
    ]  # fmt: skip
    events = events_of(lines)
    assert events["message"].to_list() == ["GET / 200", "Internal Server Error: /bad", "GET /bad 500"]
    assert events["level"].to_list() == ["INFO", "ERROR", "ERROR"]


def test_two_tracebacks_in_a_row_are_two_events():
    """As a loop prints them that goes on after each."""
    events = events_of([*JOBS, *FRAMES, "ValueError: a", *FRAMES, "ValueError: b"])
    assert events["message"].to_list()[5:] == ["ValueError: a", "ValueError: b"]


def test_lines_with_a_level_and_no_time_are_events():
    """A server's lines among those of the application have the time of the event before, which is marked."""
    lines = [*JOBS[:3], "INFO:     Started server process [1]", "ERROR:    no such host", *JOBS[3:]]
    events = events_of(lines)
    assert events["message"].to_list()[3:5] == ["Started server process [1]", "no such host"]
    assert events["level"].to_list()[3:5] == ["INFO", "ERROR"]
    assert events["timestamp.inferred"].to_list() == [None] * 3 + [True] * 2 + [None] * 2


def test_a_warning_of_python_is_a_warning():
    """It is printed beside the log, not logged."""
    warning = "/srv/app/stock.py:12: DeprecationWarning: use stock2"
    events = events_of([*JOBS, warning, "  import stock"])
    assert (events["level"][-1], events["message"][-1], events["exception"][-1]) == (
        "WARNING", warning, f"{warning}\n  import stock",
    )  # fmt: skip


def test_an_exception_below_a_level_in_chinese_is_of_its_line():
    """As java.util.logging writes it where the system speaks Chinese."""
    head = "2026-03-10 12:00:0{} com.acme.Shop run"
    trace = ["java.lang.IllegalStateException: amount", "\tat com.acme.Shop.run(Shop.java:1)"]
    events = events_of([head.format(1), "信息: started", head.format(2), "严重: payment failed", *trace])
    assert events["level"].to_list() == ["INFO", "ERROR"]
    assert events["exception"][1].endswith("\n".join(trace))
