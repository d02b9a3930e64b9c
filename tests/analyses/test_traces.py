"""One request, all requests, the events around one, a job's steps, a user's sessions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from loganalytics.analyses.requests.context import context
from loganalytics.analyses.requests.sessions import sessions
from loganalytics.analyses.requests.steps import steps
from loganalytics.analyses.requests.traces import trace, traces
from loganalytics.exceptions import InvalidArgumentError, MissingColumnError
from loganalytics.schema import TIMESTAMP, conform, empty

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)

# Milliseconds, service, severity, message; told when they end.
REQUEST = [
    (100, "web", 9, "GET /builds"),
    (400, "db", 9, "duration: 250 ms statement: SELECT 1"),
    (900, "api", 17, "cannot render"),
    (950, "api", 9, "GET /builds 500 in 800ms"),
    (1000, "web", 9, "done in 950ms"),
]


def request(id: str = "req-000017", start: datetime = NOON) -> pl.DataFrame:  # noqa: A002
    """Return the events of a request across three services."""
    frame = pl.DataFrame(REQUEST, schema=["ms", "service", "severity_number", "message"], orient="row")
    times = pl.lit(start) + pl.duration(milliseconds="ms")
    frame = frame.select(timestamp=times, trace_id=pl.lit(id), **{name: pl.col(name) for name in frame.columns[1:]})
    return conform(frame.with_columns(source=pl.lit("a.log"), offset=pl.int_range(1, 6).cast(pl.String)))


def test_a_request_in_order_with_its_gaps() -> None:
    """Times since its begin, which is when the first thing that is told of began."""
    logs = request().sample(fraction=1, shuffle=True, seed=1).vstack(request("req-000018"))
    table = trace(logs, "req-000017")
    assert table["service"].to_list() == ["web", "db", "api", "api", "web"]
    assert table["gap_ms"].to_list() == [None, 300, 500, 50, 50]
    assert table["offset_ms"].to_list() == [50, 350, 850, 900, 950]
    assert table["duration_ms"].to_list() == [None, 250, None, 800, 950]
    assert table["start_ms"].to_list() == [50, 100, 850, 100, 0]
    assert_frame_equal(trace(logs.lazy(), "req-000017"), table)


def test_depth_counts_what_encloses_an_event() -> None:
    """The request holds the api's work, which holds the statement and the error."""
    assert trace(request(), "req-000017")["depth"].to_list() == [1, 2, 2, 1, 0]


def test_an_id_that_only_the_text_bears() -> None:
    """A statement that names the id in a comment belongs; one that holds it within another word does not."""
    mentions = conform(
        pl.DataFrame(
            {
                "timestamp": [NOON] * 3,
                "message": ["SELECT 1 /*trace_id='req-000017'*/", "SELECT 2 /*xreq-000017*/", "req-0000171 seen"],
            }
        )
    )
    assert trace(pl.concat([request(), mentions]), "req-000017").height == 6
    table = traces(pl.concat([request(), mentions]))
    assert table.filter(pl.col("trace_id") == "req-000017")["events"].to_list() == [6]


def test_ids_of_any_text() -> None:
    """Marks of regular expressions mean themselves; short ids are not looked for in messages."""
    logs = request("a.*(b[").vstack(request("7").with_columns(message=pl.lit("took 7")))
    assert trace(logs, "a.*(b[").height == 5
    unnamed = request().with_columns(trace_id=pl.lit(None, pl.String), message=pl.lit("took 7 s"))
    assert trace(logs.vstack(unnamed), "7").height == 5
    assert trace(logs, "unknown-id").is_empty()
    with pytest.raises(InvalidArgumentError, match="empty"):
        trace(logs, " ")


def test_requests_in_a_table() -> None:
    """The failed first, with where the longest gap was and what the time went to."""
    fine = request("req-000002", NOON + timedelta(minutes=1)).with_columns(severity_number=pl.lit(9, pl.UInt8))
    table = traces(pl.concat([fine, request()]))
    assert table["trace_id"].to_list() == ["req-000017", "req-000002"]
    row = table.row(0, named=True)
    assert (row["events"], row["errors"], row["services"]) == (5, 1, ["web", "db", "api"])
    assert (row["duration_ms"], row["longest_gap_ms"], row["gap_from"], row["gap_to"]) == (950, 500, "db", "api")
    assert (row["first_error"], row["first_error_service"]) == ("cannot render", "api")
    assert row["first_error_at"] == NOON + timedelta(milliseconds=900)
    assert [(segment["service"], segment["ms"]) for segment in row["critical_path"]] == [
        ("web", 50), ("db", 300), ("api", 550), ("web", 50)
    ]  # fmt: skip
    assert table["first_error"][1] is None


def test_the_critical_path_adds_up_to_the_duration() -> None:
    """It leaves no time out, by whatever column requests are told apart."""
    logs = pl.concat([request(f"req-{i:06}", NOON + timedelta(seconds=i)) for i in range(20)])
    for by in ("trace_id", "source"):
        table = traces(logs, by=by)
        total = table["critical_path"].list.eval(pl.element().struct["ms"].sum()).list.first()
        is_whole = table["critical_path"].list.len() < 30
        assert is_whole.any() or by == "source"
        assert total.filter(is_whole).to_list() == pytest.approx(table.filter(is_whole)["duration_ms"].to_list())


def test_requests_without_times_or_ids() -> None:
    """None of them is an error, and an empty table has its columns."""
    undated = request().with_columns(timestamp=pl.lit(None, TIMESTAMP))
    assert traces(undated)["duration_ms"].to_list() == [None]
    assert trace(undated, "req-000017")["offset_ms"].null_count() == 5
    assert traces(request().with_columns(trace_id=pl.lit(None, pl.String))).is_empty()
    assert traces(empty()).schema == traces(request()).schema
    with pytest.raises(MissingColumnError, match="'run'"):
        traces(request(), by="run")


LINES = conform(
    pl.DataFrame(
        {
            "timestamp": [NOON + timedelta(seconds=i // 2) for i in range(30)],
            "source": ["a.log", "b.log"] * 15,
            "offset": [str(i // 2 + 1) for i in range(30)],
            "message": [f"line {i}" for i in range(30)],
        }
    )
)


def test_the_lines_around_an_event() -> None:
    """In the order of the file, where 9 comes before 10, and cut off at its ends."""
    table = context(LINES.sample(fraction=1, shuffle=True, seed=2), source="a.log", offset=10, before=2, after=3)
    assert table["distance"].to_list() == [-2, -1, 0, 1, 2, 3]
    assert table["offset"].to_list() == ["8", "9", "10", "11", "12", "13"]
    assert context(LINES, source="a.log", offset="1", before=5, after=1)["distance"].to_list() == [0, 1]
    assert context(LINES, source="a.log", offset=15, before=0, after=5).height == 1


def test_the_events_around_one_across_sources() -> None:
    """By time; what has none is left out."""
    logs = LINES.vstack(LINES.head(1).with_columns(timestamp=pl.lit(None, TIMESTAMP), offset=pl.lit("99")))
    table = context(logs.lazy(), source="a.log", offset=10, before=1, after=1, across=True)
    assert table.select("source", "offset").rows() == [("b.log", "9"), ("a.log", "10"), ("b.log", "10")]


def test_places_of_streams_and_documents() -> None:
    """Entries of a stream are in the order of their two numbers; documents in that of time."""
    ids = ["1700-10", "1700-9", "999-1"]
    stream = pl.DataFrame({"source": "s", "offset": ids, "message": ids})
    assert context(stream, source="s", offset="1700-9")["offset"].to_list() == ["999-1", "1700-9", "1700-10"]
    times = [NOON, NOON + timedelta(seconds=2), NOON + timedelta(seconds=1)]
    documents = pl.DataFrame({"timestamp": times, "source": "i", "offset": ["zz", "aa", "mm"], "message": "x"})
    assert context(documents, source="i", offset="mm")["offset"].to_list() == ["zz", "mm", "aa"]


def test_an_event_that_is_not_there() -> None:
    """Says which, and what to do; so do counts below zero."""
    with pytest.raises(InvalidArgumentError, match=r"no event at offset '99' of 'a\.log'"):
        context(LINES, source="a.log", offset=99)
    with pytest.raises(InvalidArgumentError, match="before=-1"):
        context(LINES, source="a.log", offset=1, before=-1)


def runs(seconds: dict[int, tuple[int, int]], **fields: str) -> pl.DataFrame:
    """Return the events of runs, each of a build and a test that take so long."""
    rows = []
    for run, (build, test) in seconds.items():
        start = NOON + timedelta(hours=run)
        for step, begin, length in (("build", 0, build), ("test", build + 10, test)):
            for at, state in ((begin, "running"), (begin + length // 2, "running"), (begin + length, "done")):
                rows.append((start + timedelta(seconds=at), run, step, state))
    frame = pl.DataFrame(rows, schema=["timestamp", "job_run_id", "step", "status"], orient="row")
    return frame.with_columns(severity_number=pl.lit(9)).rename(fields)


def test_steps_of_runs_against_the_other_runs() -> None:
    """How long each took, waited, ended, and how that is against the median of the others."""
    table = steps(runs({1: (60, 100), 2: (60, 120), 3: (62, 400)}))
    assert table.select("job_run_id", "step", "number").rows()[:3] == [(1, "build", 1), (1, "test", 2), (2, "build", 1)]
    last = table.row(5, named=True)
    assert (last["duration_ms"], last["usual_ms"], last["waited_ms"]) == (400_000, 110_000, 10_000)
    assert last["ratio"] == pytest.approx(400 / 110)
    assert (last["status"], last["statuses"], last["usual_status"]) == ("done", ["running", "done"], "done")
    assert table["waited_ms"][0] is None


@given(st.lists(st.integers(2, 500), min_size=1, max_size=12))
def test_what_is_usual_is_the_median_of_the_others(lengths: list[int]) -> None:
    """As leaving each out gives it."""
    table = steps(runs({run: (length, 5) for run, length in enumerate(lengths)})).filter(pl.col("step") == "build")
    expected = [pl.Series(lengths[:i] + lengths[i + 1 :]).median() for i in range(len(lengths))]
    assert table["usual_ms"].to_list() == [None if e is None else e * 1000 for e in expected]


def test_steps_by_other_names() -> None:
    """stage will do, a column can be named, and without one the message says what to do."""
    expected = steps(runs({1: (60, 100)}))
    assert_frame_equal(steps(runs({1: (60, 100)}, step="stage")), expected)
    assert_frame_equal(steps(runs({1: (60, 100)}, step="odd").lazy(), step="odd"), expected)
    with pytest.raises(MissingColumnError, match="No column names the step"):
        steps(runs({1: (60, 100)}, step="odd"))
    assert steps(runs({1: (60, 100)}).drop("status"))["status"].null_count() == 2


def test_sessions_end_with_a_long_pause() -> None:
    """One row a session of each user; what has no user or time is not counted."""
    minutes = [0, 10, 50, 55, 3]
    logs = conform(
        pl.DataFrame(
            {
                "timestamp": [NOON + timedelta(minutes=m) for m in minutes] + [None],
                "user_id": [1, 1, 1, 1, 2, 1],
                "message": ["in", "out", "in", "fail", "other", "undated"],
                "severity_number": [9, 9, 9, 17, 9, 9],
                "service": "web",
            }
        )
    )
    table = sessions(logs)
    assert table.select("user_id", "session", "events", "errors", "duration_ms", "last_message").rows() == [
        (1, 1, 2, 0, 600_000, "out"), (2, 1, 1, 0, 0, "other"), (1, 2, 2, 1, 300_000, "fail")
    ]  # fmt: skip
    assert table["longest_pause_ms"].to_list() == [600_000, None, 300_000]
    assert sessions(logs, gap="1h").height == 2
    assert_frame_equal(sessions(logs.lazy()), table)
    with pytest.raises(InvalidArgumentError, match="'soon'"):
        sessions(logs, gap="soon")


@given(st.lists(st.integers(0, 400), min_size=1, max_size=40))
def test_sessions_lose_no_event(minutes: list[int]) -> None:
    """Each event is in one session, and sessions of a user are farther apart than the gap."""
    times = [NOON + timedelta(minutes=m) for m in minutes]
    table = sessions(conform(pl.DataFrame({"timestamp": times, "user_id": 1, "message": "x"})))
    assert table["events"].sum() == len(minutes)
    apart = (table["first_seen"] - table["last_seen"].shift()).drop_nulls()
    assert (apart > timedelta(minutes=30)).all()


@pytest.mark.parametrize(("id", "events"), [("ab12c", 5), ("ab12cd", 6)])
def test_ids_of_six_characters_are_looked_for_in_messages(id: str, events: int) -> None:  # noqa: A002
    """Shorter ones may be any number."""
    mention = conform(pl.DataFrame({"timestamp": [NOON], "message": [f"killed {id} now"]}))
    assert trace(pl.concat([request(id), mention]), id).height == events


def test_a_critical_path_has_at_most_thirty_segments() -> None:
    """The first ones of the request."""
    times = [NOON + timedelta(seconds=second) for second in range(40)]
    logs = pl.DataFrame({"timestamp": times, "service": ["a", "b"] * 20, "message": "x", "trace_id": "t"})
    assert traces(conform(logs))["critical_path"].list.len().to_list() == [30]


@pytest.mark.parametrize(("seconds", "count"), [(1800, 1), (1801, 2)])
def test_a_session_ends_with_a_pause_longer_than_the_gap(seconds: int, count: int) -> None:
    """A pause of exactly half an hour does not end it."""
    times = [NOON, NOON + timedelta(seconds=seconds)]
    assert sessions(conform(pl.DataFrame({"timestamp": times, "user_id": 1, "message": "x"}))).height == count
