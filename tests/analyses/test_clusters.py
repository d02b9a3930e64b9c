"""Kinds of event, and problems."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from loganalytics.analyses.errors.clusters import cluster_errors
from loganalytics.analyses.errors.near_duplicates import near_duplicates
from loganalytics.analyses.patterns import patterns
from loganalytics.schema import conform, empty
from loganalytics.templates import TemplateCatalogue

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
    assert table["label"].to_list()[1] == "gave up: TimeoutError"


def test_what_is_no_error_is_no_problem() -> None:
    """Warnings stay out, also with a trace, and events of unknown severity that tell of no failure."""
    trace = TRACE.format(file="pay", line=1)
    logs = _logs(
        {"message": "slow", "severity_number": 13, "exception": trace},
        {"message": "what", "severity_number": None},
    )
    assert cluster_errors(logs).is_empty()


def test_a_problem_keeps_its_id() -> None:
    """The id comes from the fingerprint alone, so that tomorrow's log has the same."""
    event = {"message": "order 1 failed", "exception": TRACE.format(file="pay", line=10)}
    second = {"message": "disk full"}
    alone = cluster_errors(_logs(event))
    assert alone["cluster_id"].item() in cluster_errors(_logs(second, second, event))["cluster_id"].to_list()


def test_trace_ids_are_the_five_earliest() -> None:
    """Each once."""
    logs = _logs(*[{"message": "refused", "trace_id": f"t{i // 2}"} for i in range(20)])
    assert cluster_errors(logs)["trace_ids"].item().to_list() == ["t0", "t1", "t2", "t3", "t4"]


def test_an_empty_log_has_the_columns() -> None:
    """With the same dtypes as a full one, lazy or not."""
    logs = _logs({"message": "refused"})
    for function in (patterns, cluster_errors):
        assert function(empty().lazy()).schema == function(logs).schema


def _problems(*messages: str, **fields: object) -> int:
    return cluster_errors(_logs(*[{"message": message, **fields} for message in messages])).height


@pytest.mark.parametrize(
    "message",
    ["Kerberos authentication failed", "fatal: write error", "worker panicked", "ValueError: no", "Error: disk full"],
)
def test_a_failure_without_a_severity_is_an_error(message: str) -> None:
    """Formats without levels tell failures in words."""
    assert _problems(message, severity_number=None) == 1


@pytest.mark.parametrize(
    "message",
    ["0 errors, 3 warnings", "errors=0 failed=0", "done without any error", "wrote /var/log/error.log", "user on-call"],
)
def test_words_that_only_look_like_a_failure_are_none(message: str) -> None:
    """Counts of nothing, and names of files."""
    assert _problems(message, severity_number=None) == 0


def test_a_trace_without_a_severity_is_an_error() -> None:
    """Whatever the message says; but not where a level says otherwise."""
    trace = TRACE.format(file="pay", line=1)
    assert _problems("what", severity_number=None, exception=trace) == 1
    assert _problems("it failed", severity_number=None, level="VERBOSE2") == 0


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("could not acquire lock 7 within 5 ms", "could not acquire lock 8 within 9 ms, retrying"),
        ("replica db-1 lags 30 s behind master", "replica db-2 lags 40 s behind master (attempt 2)"),
        ("Machine State Register: 0x12", "machine state register: 0x13"),
        ("lost 1 connection to broker", "lost 5 connections to broker"),
    ],
)
def test_nearly_the_same_texts_are_one_problem(first: str, second: str) -> None:
    """With something added at the end, in other letters, in the plural."""
    assert _problems(first, second) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("could not open file 7 of the archive", "could not close file 7 of the archive"),
        ("could not acquire lock within 5 ms", "could not release lock within 5 ms"),
        ("connection to redis lost for good", "connection to postgres lost for good"),
        ("disk full", "disk full on the backup server of the second rack"),
        ("login of the user was refused", "login of the user was refused because the password expired"),
        ("table orders is missing", "table users is missing"),
    ],
)
def test_texts_that_sound_alike_are_not(first: str, second: str) -> None:
    """One other word is another problem, and so is a cause."""
    assert _problems(first, second) == 2


def test_traces_that_fail_at_one_place_by_slightly_other_ways_are_one_problem() -> None:
    """Five frames of six in common; a caller more or less."""
    frame = '  File "/srv/shop/{0}.py", line 3, in {0}\n    x()\n'
    head, last = "Traceback (most recent call last):\n", "ValueError: no"
    deep = [
        head + "".join(frame.format(name) for name in names) + last for names in ("abcdef", "bcdef", "xbcdef", "ab")
    ]
    table = cluster_errors(_logs(*[{"message": f"m{i}", "exception": exception} for i, exception in enumerate(deep)]))
    assert table["events"].to_list() == [3, 1]


def test_errors_without_a_trace_join_the_problem_of_their_template() -> None:
    """The JVM leaves the trace out after many; two problems behind one template are not chosen from."""
    trace = TRACE.format(file="pay", line=1)
    bare = "java.lang.NullPointerException: no order"
    logs = _logs({"message": "order 1 failed", "exception": trace}, {"message": "order 2 failed"},
                 {"message": "order 3 failed", "exception": bare})  # fmt: skip
    assert cluster_errors(logs)["events"].to_list() == [3]
    ambiguous = pl.concat(
        [logs, _logs({"message": "order 4 failed", "exception": TRACE.format(file="refund", line=1)})]
    )
    assert cluster_errors(ambiguous).height == 4


def test_statuses_are_problems_of_their_own() -> None:
    """A request that ends in 500 is not one that ends in 504, though their template is the same."""
    logs = _logs(*[{"message": f"GET /a/{s} {s}", "http.response.status_code": s} for s in (500, 504, 500)])
    assert cluster_errors(logs).select("label", "events").rows() == [
        ("GET /a/<*> (HTTP 500)", 2), ("GET /a/<*> (HTTP 504)", 1)
    ]  # fmt: skip


def test_late_problems_are_new() -> None:
    """Ten events in the last tenth of a log are no chance; one is, and so are those from the start on."""
    steady = [{"message": "tick", "severity_number": 9}] * 90
    late = [{"message": "disk full"}] * 10
    table = cluster_errors(_logs({"message": "refused"}, *steady, *late, {"message": "odd one out"}))
    assert dict(table.select("label", "is_new").iter_rows()) == {
        "disk full": True, "refused": False, "odd one out": False
    }  # fmt: skip
    assert table["trend"].to_list()[0] == [0] * 21 + [2, 4, 4]


def test_a_catalogue_tells_what_is_new() -> None:
    """What it has seen is not new, however late; all else is."""
    known = TemplateCatalogue().update(_logs({"message": "disk 7 full"}))
    table = cluster_errors(_logs({"message": "disk 9 full"}, {"message": "refused"}), known=known)
    assert dict(table.select("label", "is_new").iter_rows()) == {"disk <*> full": False, "refused": True}


def test_errors_that_a_catalogue_holds_keep_their_problem() -> None:
    """Their template is the one that they had, and so is the cluster_id, whatever other errors come."""
    old = [{"message": f"cannot reach {name} of the ring"} for name in ("ann", "bob", "cy", "dee")]
    known = TemplateCatalogue().update(_logs(*old))
    before = cluster_errors(_logs(*old), known=known)
    new = [{"message": "cannot reach eve of the ring"}, {"message": "refused"}]
    after = cluster_errors(_logs(*old, *new), known=known)
    assert set(before["cluster_id"]) <= set(after["cluster_id"])
    assert after.filter("is_new")["label"].to_list() == ["refused"]


EVENTS = [
    *[{"message": f"order {i} failed", "exception": TRACE.format(file="pay", line=i)} for i in range(4)],
    *[{"message": f"could not acquire lock {i} within {i} ms{', retrying' * (i % 2)}"} for i in range(4)],
    {"message": "order 9 failed"},
    {"message": "", "exception": "x"},
    {"message": "失败 <*> \x1a", "severity_number": 21},
]


@settings(max_examples=6, deadline=None)
@given(st.permutations(range(len(EVENTS))))
def test_any_order_gives_the_same_problems(order: list[int]) -> None:
    """Whatever is greatest, first or merged is decided from the whole."""
    logs = _logs(*EVENTS)
    assert_frame_equal(cluster_errors(logs[order]), cluster_errors(logs))
    assert_frame_equal(cluster_errors(logs[order].lazy()), cluster_errors(logs))


def test_many_problems_take_bounded_time() -> None:
    """Of thousands of groups only the greatest are compared, and none is lost."""
    words = [a + b + c + d for a in "klmn" for b in "aeiou" for c in "rst" for d in "abcdefghijklmnopqrstuvwxyz" * 2]
    logs = _logs(*[{"message": f"{a} {b} is {c}"} for a, b, c in zip(words, words[7:], words[31:], strict=False)])
    assert cluster_errors(logs)["events"].sum() == logs.height


def test_labelled_errors_of_six_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the benchmark's labelled set no problem is split, and no two are merged."""
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    import clusters
    import error_traces

    logs = error_traces.labelled_errors(6, seed=1)
    assert logs.height >= 300
    clustered = clusters.clustered(logs)
    assert clusters.mistakes(clustered) == ([], [])
    assert clusters.adjusted_rand(clustered) == 1


@pytest.mark.parametrize(
    "text", ["", "x" * 100_000, "\n" * 5000, "at " * 30_000, "😀 错误", 'File "', "Caused by: " * 3000]
)
def test_bad_traces_work(text: str) -> None:
    """Empty, huge, foreign, and all beginnings of a trace without its end."""
    table = cluster_errors(_logs({"message": "refused", "exception": text}, {"message": "", "exception": text}))
    assert table["events"].sum() == 2


@pytest.mark.parametrize(("first", "is_new"), [(89, False), (91, True)])
def test_a_problem_is_new_when_chance_explains_it_to_less_than_one_percent(first: int, is_new: bool) -> None:
    """Two events after 89 % of the log have a chance of 0.11 ** 2 = 1.2 %, after 91 % one of 0.8 %."""
    tick = {"message": "tick", "severity_number": 9}
    disk = [{"message": "disk full", "timestamp": START + timedelta(seconds=second)} for second in (first, 100)]
    assert cluster_errors(_logs(tick, *disk))["is_new"].to_list() == [is_new]


@pytest.mark.parametrize(("words", "groups"), [(5, 2), (6, 1)])
def test_messages_are_merged_from_a_cosine_of_three_quarters_on(words: int, groups: int) -> None:
    """Two words added to six weigh less than that: 0.78; added to five they weigh more: 0.747."""
    stem = " ".join(["alpha", "beta", "gamma", "delta", "omega", "theta"][:words])
    assert _problems(stem, f"{stem} kappa sigma") == groups


@pytest.mark.parametrize(("shared", "size", "merged"), [(4, 5, 1), (3, 4, 0), (5, 6, 1)])
def test_traces_are_merged_when_four_of_five_frames_are_the_same(shared: int, size: int, merged: int) -> None:
    """Three of four are not enough."""
    common = [f"frame{i}" for i in range(shared)]
    texts = ["\n".join([*common, *[f"{side}{i}" for i in range(size - shared)]]) for side in "ab"]
    groups = pl.DataFrame({"fingerprint": ["a", "b"], "kind": "k", "text": texts, "is_trace": True, "events": [2, 1]})
    assert near_duplicates(groups).height == merged


@pytest.mark.parametrize("addition", ["not", "never", "because x", "but no"])
def test_an_addition_that_changes_the_meaning_is_another_problem(addition: str) -> None:
    """However similar the messages."""
    assert _problems("alpha beta gamma delta omega theta", f"alpha beta gamma delta omega theta {addition}") == 2
