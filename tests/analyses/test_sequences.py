"""Sequences unlike the others are found, with the templates that make them so."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from loganalytics.analyses.anomalies.sequences import detect_anomalous_sequences
from loganalytics.charts import chart_anomalous_sequences
from loganalytics.exceptions import MissingColumnError
from loganalytics.reports.report import report
from loganalytics.schema import conform, empty

START = datetime(2025, 1, 6, tzinfo=UTC)


def _runs(number: int = 200, seed: int = 0) -> list[list[str]]:
    """Return job runs: begin, three to five pages, end; now and then a warning."""
    rng = np.random.default_rng(seed)
    return [
        ["begin", *["page"] * int(rng.integers(3, 6)), *["slow"] * int(rng.random() < 0.05), "end"]
        for _ in range(number)
    ]


def _logs(runs: list[list[str]]) -> pl.DataFrame:
    rows = [
        (f"run{number:04}", step, START + timedelta(minutes=number, seconds=place))
        for number, steps in enumerate(runs)
        for place, step in enumerate(steps)
    ]
    return pl.DataFrame(rows, schema=["job_run_id", "template_id", "timestamp"], orient="row")


def _worst(runs: list[list[str]]) -> dict[str, object]:
    return detect_anomalous_sequences(_logs(runs), by="job_run_id").row(0, named=True)


@pytest.mark.parametrize(
    ("steps", "feature"),
    [
        (["begin", "page", "page", "page", "disk full", "end"], "template:disk full"),
        (["begin", "page", "page", "page"], "template:end"),
        (["begin", *["page"] * 80, "end"], "template:page"),
        (["begin", "page", "page", "page", *["end"] * 9], "template:end"),
    ],
)
def test_a_planted_sequence_comes_first_with_its_cause(steps: list[str], feature: str) -> None:
    """A new kind of event, a missing end, a loop, and an end that comes too often."""
    worst = _worst([*_runs(), steps])
    assert worst["job_run_id"] == "run0200"
    assert worst["is_anomaly"]
    assert worst["reasons"][0]["feature"] == feature  # type: ignore[index]


def test_reasons_say_what_is_usual() -> None:
    """In words, with numbers."""
    texts = [reason["text"] for reason in _worst([*_runs(), ["begin", *["page"] * 80]])["reasons"]]  # type: ignore[attr-defined]
    assert 'events "page": 80, usually 3 to 5' in texts
    assert 'events "end": 0, usually 1' in texts


def test_a_wrong_order_is_found_by_the_forest() -> None:
    """The same events the other way round; counts say nothing."""
    table = detect_anomalous_sequences(_logs([*_runs(), ["end", "page", "page", "page", "begin"]]), by="job_run_id")
    reversed_run = table.with_row_index().filter(pl.col("job_run_id") == "run0200")
    assert reversed_run["score"].item() > table["score"].quantile(0.97)
    assert reversed_run["baseline_score"].item() < 0.5


def test_ordinary_runs_have_few_anomalies() -> None:
    """Over five seeds at most three in a hundred, though one in twenty has a warning."""
    tables = [detect_anomalous_sequences(_logs(_runs(seed=seed)), by="job_run_id") for seed in range(5)]
    assert sum(table["is_anomaly"].sum() for table in tables) <= 0.03 * sum(table.height for table in tables)


@pytest.mark.parametrize("share", [0.02, 0.1])
def test_most_of_many_anomalies_are_flagged(share: float) -> None:
    """The threshold assumes no share of anomalies."""
    runs = _runs(400)
    rng = np.random.default_rng(1)
    bad = [*rng.choice(400, int(400 * share), replace=False)]
    for number in bad:
        runs[number] = ["begin", "page", "refused", "refused", "refused", f"abort {rng.integers(3)}"]
    flagged = detect_anomalous_sequences(_logs(runs), by="job_run_id").filter("is_anomaly")["job_run_id"].to_list()
    expected = {f"run{number:04}" for number in bad}
    assert len(expected & set(flagged)) >= 0.9 * len(expected)
    assert len(set(flagged) - expected) <= 0.02 * 400


@settings(max_examples=15, deadline=None)
@given(st.lists(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=6), min_size=12, max_size=40), st.randoms())
def test_scores_do_not_depend_on_the_order_of_rows(runs: list[list[str]], random: object) -> None:
    """They lie between 0 and 1, half and more is an anomaly, the highest come first."""
    logs = _logs(runs)
    table = detect_anomalous_sequences(logs, by="job_run_id")
    mixed = logs.sample(fraction=1, shuffle=True, seed=random.randint(0, 99))  # type: ignore[attr-defined]
    assert_frame_equal(detect_anomalous_sequences(mixed.lazy(), by="job_run_id"), table)
    assert table["score"].is_between(0, 1).all()
    assert (table["is_anomaly"] == (table["score"] >= 0.5)).all()
    assert (table["detector"].is_not_null() == table["is_anomaly"]).all()
    assert table["score"].is_sorted(descending=True)


@pytest.mark.parametrize("middle", [["page", "page", "page", "disk full"], ["page"] * 80])
def test_removing_the_first_reason_lowers_the_score(middle: list[str]) -> None:
    """What is named made it so: with as many of these events as usual, the score falls."""
    steps = ["begin", *middle, "end"]
    worst = _worst([*_runs(), steps])
    reason = worst["reasons"][0]  # type: ignore[index]
    kind = str(reason["feature"]).removeprefix("template:")
    calm = [step for step in steps if step != kind]
    calm[1:1] = [kind] * int(reason["expected"])
    after = detect_anomalous_sequences(_logs([*_runs(), calm]), by="job_run_id")
    assert after.filter(pl.col("job_run_id") == "run0200")["score"].item() < worst["score"]  # type: ignore[operator]


def test_templates_are_mined_from_messages() -> None:
    """A frame without template_id, with events that belong to no trace."""
    messages = [(f"t{n:03}", f"user {n} in") for n in range(60)] + [(f"t{n:03}", f"user {n} out") for n in range(59)]
    logs = conform(pl.DataFrame([*messages, (None, "boot")], schema=["trace_id", "message"], orient="row"))
    worst = detect_anomalous_sequences(logs).row(0, named=True)
    assert worst["trace_id"] == "t059"
    assert worst["reasons"][0]["text"] == 'events "user <*> out": 0, usually 1'


@pytest.mark.parametrize("number", [0, 1, 5])
def test_few_sequences_have_no_anomaly(number: int) -> None:
    """Nothing is usual among fewer than twelve, and the columns are the same."""
    table = detect_anomalous_sequences(_logs(_runs(20)[:number]).cast({"job_run_id": pl.String}), by="job_run_id")
    assert table.height == number
    assert not table["is_anomaly"].any()
    assert (
        table.columns == detect_anomalous_sequences(empty(), by="trace_id").rename({"trace_id": "job_run_id"}).columns
    )


@pytest.mark.parametrize(("number", "is_found"), [(11, False), (12, True)])
def test_among_fewer_than_twelve_sequences_nothing_is_odd(number: int, is_found: bool) -> None:
    """One that fails where the others end."""
    runs = [["begin", "page", "end"]] * (number - 1)
    table = detect_anomalous_sequences(_logs([*runs, ["begin", "fail", "fail", "fail", "abort"]]), by="job_run_id")
    assert table["is_anomaly"].any() == is_found


@pytest.mark.parametrize(("number", "is_found"), [(10, False), (9, True)])
def test_what_one_sequence_in_a_hundred_has_is_not_an_anomaly(number: int, is_found: bool) -> None:
    """Where all others of a thousand are alike, those with a further event must be rarer."""
    runs = [["a", "b"]] * (1000 - number) + [["a", "b", "c"]] * number
    table = detect_anomalous_sequences(_logs(runs), by="job_run_id")
    assert table["is_anomaly"].sum() == (number if is_found else 0)


def test_a_sequence_has_at_most_five_reasons() -> None:
    """The strongest of seven events that no other has."""
    worst = _worst([*_runs(), ["begin", *"tuvwxyz", "end"]])
    assert len(worst["reasons"]) == 5  # type: ignore[arg-type]


def test_counts_of_one_sequence_in_twenty_are_usual() -> None:
    """Of a hundred sequences five have nine pages: that is in the range, four would not be."""
    for nine, usual in ((5, "1 to 9"), (4, "1")):
        runs = [["page"] * (9 if number < nine else 1) for number in range(99)]
        worst = _worst([*runs, ["page"] * 500])
        assert worst["reasons"][0]["text"] == f'events "page": 500, usually {usual}'  # type: ignore[index]


def test_sequences_that_are_all_alike_have_no_anomaly() -> None:
    """No spread, no division by zero."""
    table = detect_anomalous_sequences(_logs([["a", "b"]] * 50), by="job_run_id")
    assert (table["score"] == 0).all()


def test_a_missing_column_is_named() -> None:
    """The one that sequences are told by."""
    with pytest.raises(MissingColumnError, match="'run'"):
        detect_anomalous_sequences(empty(), by="run")


def test_odd_times_do_not_matter() -> None:
    """No times, all equal, years away: sequences are told by their value, and order falls back on that of the rows."""
    logs = _logs([*_runs(), ["begin", "page", "disk full", "end"]])
    table = detect_anomalous_sequences(logs, by="job_run_id").drop("first_seen", "last_seen")
    at = pl.Datetime("us", "UTC")
    nowhere, once = pl.lit(None, at), pl.lit(datetime(2025, 1, 6, tzinfo=UTC)).cast(at)
    away = pl.when(pl.int_range(pl.len()) == pl.len() - 1).then(pl.lit(datetime(2099, 1, 1, tzinfo=UTC)).cast(at))
    for times in (nowhere, once, away.otherwise(once)):
        odd = detect_anomalous_sequences(logs.with_columns(timestamp=times), by="job_run_id")
        assert_frame_equal(odd.drop("first_seen", "last_seen"), table)


def test_one_long_sequence_and_events_of_none() -> None:
    """All events in one trace, and all in none."""
    logs = _logs([["a", "b"] * 500])
    table = detect_anomalous_sequences(logs, by="job_run_id")
    assert table.select("events", "score", "is_anomaly").rows() == [(1000, 0.0, False)]
    nowhere = logs.with_columns(job_run_id=pl.lit(None, pl.String))
    assert detect_anomalous_sequences(nowhere, by="job_run_id").is_empty()


def test_ten_thousand_sequences_of_one_event() -> None:
    """Nothing but their kind can be odd: one of ten thousand is."""
    table = detect_anomalous_sequences(_logs([["ping"]] * 9_999 + [["panic"]]), by="job_run_id")
    assert table["is_anomaly"].sum() == 1
    assert table["reasons"][0][0]["feature"] == "template:panic"


def test_the_chart_draws_the_worst_first() -> None:
    """At most fifteen bars, anomalies in the colour of alarm, hostile names as plain text."""
    logs = _logs([*_runs(), ["begin", "page", "<b>disk full</b>", "end"]])
    chart = chart_anomalous_sequences(detect_anomalous_sequences(logs, by="job_run_id"), title="Runs")
    rows = chart.data if isinstance(chart.data, pl.DataFrame) else chart.layer[0].data
    assert rows.height == 15
    assert rows["anomalous"].to_list()[0] is True
    assert "disk full" in rows["reasons"][0]
    assert chart.to_dict()["layer"][0]["mark"]["type"] == "bar"


def test_the_verb_lists_the_anomalous_ones(tmp_path: Path) -> None:
    """`loganalytics sequences FILE --by COLUMN`, as JSON lines."""
    runs = [(f"run{n:03}", text) for n in range(60) for text in ("begin", "work", "end")]
    runs += [("run999", text) for text in ("begin", "disk full", "disk full")]
    lines = [
        json.dumps({"timestamp": f"2025-01-06T00:00:{n % 60:02}Z", "message": text, "job_run_id": run})
        for n, (run, text) in enumerate(runs)
    ]
    path = tmp_path / "jobs.jsonl"
    path.write_text("\n".join(lines))
    command = [
        sys.executable,
        "-m",
        "loganalytics.cli",
        "sequences",
        str(path),
        "--by",
        "job_run_id",
        "--format",
        "ndjson",
    ]
    lines_out = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert [json.loads(line)["job_run_id"] for line in lines_out] == ["run999"]
    assert "disk full" in lines_out[0]


def test_the_report_shows_traces_unlike_the_others() -> None:
    """A section of its own, where there are traces enough and one is odd."""
    at = datetime(2025, 1, 6, tzinfo=UTC)
    rows = [(f"t{n:03}", text) for n in range(100) for text in ("begin", "work", "end")]
    rows += [("t999", text) for text in ("begin", "disk full", "disk full")]
    frame = pl.DataFrame(rows, schema=["trace_id", "message"], orient="row")
    logs = conform(frame.with_columns(timestamp=pl.Series([at + timedelta(seconds=n) for n in range(len(rows))])))
    odd, calm = report(logs), report(logs.filter(pl.col("trace_id") != "t999"))
    assert "Traces unlike the others" in odd.to_html()
    assert "t999" in odd.to_html()
    assert "Traces unlike the others" not in calm.to_html()


def test_warnings_that_add_up_are_no_anomaly() -> None:
    """A run with two warnings, each of them usual, is nearly as isolated as a crash and not one."""
    rng = np.random.default_rng(3)
    stages = ["fetch", "build", "test", "package", "deploy"]
    runs = [[step for s in stages for step in ([s, "warn"] if rng.random() < 0.06 else [s])] for _ in range(1500)]
    crashes = [["fetch", "build", "build failed", "abort", "notify"]] * 5
    table = detect_anomalous_sequences(_logs([*runs, *crashes]), by="job_run_id")
    flagged = set(table.filter("is_anomaly")["job_run_id"])
    assert not {f"run{number:04}" for number, run in enumerate(runs) if run.count("warn") == 2} & flagged
    assert {f"run{number:04}" for number in range(1500, 1505)} <= flagged


def test_steps_that_always_come_together_are_one_oddity() -> None:
    """A login in one session of ten writes two lines: that is one thing that is rare, and not rare enough."""
    rng = np.random.default_rng(4)
    runs = []
    for _ in range(600):
        login = ["accept", "opened", "closed"] if rng.random() < 0.08 else []
        runs.append(["cron start", "cron end", *login, *["sync"] * int(rng.random() < 0.3)])
    assert not detect_anomalous_sequences(_logs(runs), by="job_run_id")["is_anomaly"].any()
