"""Kinds of event, and problems."""

from datetime import UTC, datetime, timedelta

import polars as pl
from polars.testing import assert_frame_equal

from loganalytics.analyses.clusters import cluster_errors
from loganalytics.analyses.patterns import patterns
from loganalytics.schema import conform, empty

START = datetime(2025, 1, 1, tzinfo=UTC)
TRACE = """Traceback (most recent call last):
  File "/srv/shop/{file}.py", line {line}, in charge
    raise
PaymentError: card {line} refused"""


def _logs(*events: dict[str, object]) -> pl.DataFrame:
    return conform(
        pl.DataFrame(
            [
                {
                    "timestamp": START + timedelta(seconds=i),
                    "severity_number": 17,
                    "service": "shop",
                    "source": "shop.log",
                    "offset": str(i + 1),
                    "exception": None,
                    "trace_id": None,
                    **event,
                }
                for i, event in enumerate(events)
            ],
            schema_overrides={
                "timestamp": pl.Datetime("us", "UTC"),
                "exception": pl.String,
                "trace_id": pl.String,
                "service": pl.String,
            },
        )
    )


def test_patterns_count_events_by_template() -> None:
    """The numbers differ, the kind does not; the most frequent comes first."""
    logs = _logs(
        {"message": "user 17 logged in", "severity_number": 9},
        {"message": "disk full"},
        {"message": "user 4711 logged in", "severity_number": 9, "service": "api"},
        {"message": "user 99 logged in", "severity_number": None, "service": None},
    )
    table = patterns(logs)
    first = table.row(0, named=True)
    assert (first["template"], first["events"], first["errors"]) == ("user <*> logged in", 3, 0)
    assert (first["share"], first["services"]) == (0.75, ["api", "shop"])
    assert (first["first_seen"], first["last_seen"]) == (START, START + timedelta(seconds=3))
    assert first["example"] == "user 17 logged in"
    assert table["errors"].to_list() == [0, 1]


def test_patterns_use_the_templates_that_are_there() -> None:
    """Who has mined templates already does not pay twice, and may have chosen others."""
    logs = _logs({"message": "a 1"}, {"message": "b 2"}).with_columns(template=pl.lit("any"), template_id=pl.lit("x"))
    assert patterns(logs).select("template_id", "template", "events").rows() == [("x", "any", 2)]


def test_the_order_of_rows_does_not_matter() -> None:
    """Even where all times are the same, or missing."""
    same = [{"message": f"job {n} failed", "timestamp": START} for n in range(20)]
    none = [{"message": f"mail {n} failed", "timestamp": None} for n in range(20)]
    logs = _logs(*same, *none)
    shuffled = logs.sample(fraction=1, shuffle=True, seed=3)
    assert_frame_equal(patterns(logs), patterns(shuffled))
    assert_frame_equal(cluster_errors(logs), cluster_errors(shuffled))
    assert patterns(logs)["example"].to_list() == ["job 0 failed", "mail 0 failed"]


def test_errors_with_the_same_frames_are_one_problem() -> None:
    """Whatever the message above the trace said, and whichever service it was."""
    logs = _logs(
        {"message": "order 1 failed", "exception": TRACE.format(file="pay", line=10), "trace_id": "t1"},
        {"message": "could not bill", "exception": TRACE.format(file="pay", line=99), "service": "billing"},
        {"message": "order 2 failed", "exception": TRACE.format(file="refund", line=5)},
    )
    table = cluster_errors(logs)
    first = table.row(0, named=True)
    assert table["events"].to_list() == [2, 1]
    assert first["label"] == "PaymentError: card <*> refused"
    assert (first["exception_type"], first["templates"]) == ("PaymentError", 2)
    assert (first["services"], first["trace_ids"]) == (["billing", "shop"], ["t1"])
    assert first["exception"] == TRACE.format(file="pay", line=10)


def test_errors_without_a_trace_are_one_problem_by_template() -> None:
    """The type that a message names is told, or the one in a field of its own."""
    logs = _logs(
        {"message": "job 1 failed: redis.exceptions.ConnectionError: refused"},
        {"message": "job 2 failed: redis.exceptions.ConnectionError: refused"},
        {"message": "gave up", "error.type": "TimeoutError"},
    )
    table = cluster_errors(logs)
    assert table["events"].to_list() == [2, 1]
    assert table["exception_type"].to_list() == ["redis.exceptions.ConnectionError", "TimeoutError"]
    assert table["label"].to_list()[1] == "gave up"


def test_what_is_no_error_is_no_problem() -> None:
    """Warnings and events of unknown severity stay out, also with a trace."""
    trace = TRACE.format(file="pay", line=1)
    logs = _logs(
        {"message": "slow", "severity_number": 13, "exception": trace},
        {"message": "what", "severity_number": None},
    )
    assert cluster_errors(logs).is_empty()


def test_a_problem_keeps_its_id() -> None:
    """The id comes from the fingerprint alone, so that tomorrow's log has the same."""
    event = {"message": "order 1 failed", "exception": TRACE.format(file="pay", line=10)}
    other = {"message": "disk full"}
    alone = cluster_errors(_logs(event))
    assert alone["cluster_id"].item() in cluster_errors(_logs(other, other, event))["cluster_id"].to_list()


def test_trace_ids_are_the_five_earliest() -> None:
    """Each once."""
    logs = _logs(*[{"message": "refused", "trace_id": f"t{i // 2}"} for i in range(20)])
    assert cluster_errors(logs)["trace_ids"].item().to_list() == ["t0", "t1", "t2", "t3", "t4"]


def test_an_empty_log_has_the_columns() -> None:
    """With the same dtypes as a full one, lazy or not."""
    logs = _logs({"message": "refused"})
    for function in (patterns, cluster_errors):
        assert function(empty().lazy()).schema == function(logs).schema
