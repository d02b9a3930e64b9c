"""Steps: runs as rows, the steps of one as a waterfall, against another run or what is usual."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from loganalytics.analyses.requests.steps import steps
from loganalytics.charts.run_steps import chart_run_steps
from loganalytics.dashboard import summaries
from loganalytics.view import View

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOSTILE = "<b>deploy</b>\x1b[31m"


def job_rows() -> list[dict[str, object]]:
    """Return the events of six runs of three steps; the fifth builds five times as long, the last fails to deploy."""
    rows: list[dict[str, object]] = []
    for run in range(6):
        begin = NOON + timedelta(hours=run)
        for step, seconds in (("checkout", 10), ("build", 500 if run == 4 else 100), (HOSTILE, 20)):
            is_failed = run == 5 and step == HOSTILE
            rows.extend(
                {
                    "timestamp": begin + timedelta(seconds=part * seconds),
                    "level": "ERROR" if is_failed else "INFO", "severity_number": 17 if is_failed else 9,
                    "message": f"{step} {part}", "job_run_id": f"run-{run}", "step": step,
                    "status": "failed" if is_failed else "success",
                }
                for part in (0.0, 1.0)
            )  # fmt: skip
            begin += timedelta(seconds=seconds + 5)
    return rows


@pytest.fixture
def jobs(tmp_path):
    """Write the runs to a file."""
    path = tmp_path / "jobs.jsonl"
    path.write_text("".join(json.dumps(row, default=str) + "\n" for row in job_rows()))
    return str(path)


def test_runs_are_rows_the_last_first(jobs, open_app):
    """The slow and the failed one are counted."""
    app = open_app(View((jobs,)), "steps")
    assert not app.exception
    assert app.dataframe[0].value["run"].to_list() == [f"run-{number}" for number in reversed(range(6))]
    assert "6 runs, 1 with errors, 1 with a step twice as long" in app.caption[0].value


def test_a_run_named_by_a_link_is_open_and_can_be_compared(jobs, open_app):
    """Its steps are rows; against another run, or what is usual."""
    app = open_app(View((jobs,)), "steps", run="run-4")
    assert not app.exception
    table = app.dataframe[1].value
    assert table["ratio"].to_list()[1] == pytest.approx(5.0)
    app.get_by_key("choice-against_run").set_value("run-3").run()
    assert not app.exception
    assert app.query_params["against_run"] == "run-3"
    assert "there 100.0 s" in json.loads(app.get("vega_lite_chart")[0].proto.spec)["description"]


def test_a_log_without_steps_says_which_field_names_them(open_app, tmp_path):
    """Not an empty page."""
    (tmp_path / "app.log").write_text("2026-03-10 12:00:00,000 INFO [app] [x] hello\n")
    app = open_app(View((str(tmp_path / "app.log"),)), "steps")
    assert not app.exception
    assert "names a step" in app.info[0].value


def test_summarized_runs_have_their_length_and_end():
    """From the first event of the first step to the last of the last."""
    runs = summaries.runs(summaries.with_ends(steps(pl.DataFrame(job_rows()))))
    last = runs.row(0, named=True)
    assert (last["run"], last["steps"], last["errors"], last["status"]) == ("run-5", 3, 2, "failed")
    assert last["duration_ms"] == pytest.approx(140_000)
    assert runs.row(1, named=True)["slow_steps"] == 1


def test_the_waterfall_compares_each_step_and_marks_the_odd_one():
    """A grey bar as long as usual; red where it took five times as long; names are safe."""
    of_run = steps(pl.DataFrame(job_rows())).filter(pl.col("job_run_id") == "run-4")
    texts, bars, usual = chart_run_steps(of_run).to_dict()["datasets"].values()
    assert [row["state"] for row in bars] == ["as usual", "▲ slow", "as usual"]
    assert usual[1]["to"] - usual[1]["from"] == pytest.approx(100)
    assert texts[1]["shown"] == "500.0 s · usually 100.0 s · ▲ slow 5.0×"
    assert "\x1b" not in texts[2]["name"]


def test_a_failed_step_is_told_from_a_slow_one():
    """In words and colour; a status that says so is a failure, too, whatever the level."""
    rows = pl.DataFrame(job_rows()).with_columns(pl.lit(9).alias("severity_number"))
    table = steps(rows)
    assert table.filter(pl.col("errors") > 0)["step"].to_list() == [HOSTILE]
    texts, bars, _ = chart_run_steps(table.filter(pl.col("job_run_id") == "run-5")).to_dict()["datasets"].values()
    assert [row["state"] for row in bars] == ["as usual", "as usual", "✕ failed"]
    assert texts[2]["shown"].endswith("✕ failed")


def test_each_time_that_a_step_ran_is_a_bar():
    """And steps that only the other run has are named."""
    events = [
        {"timestamp": NOON + timedelta(seconds=60 * k + part), "severity_number": 9, "job_run_id": run, "step": step,
         "message": f"{step} {word}"}
        for run, names in (("a", ["load"] * 3), ("b", ["load", "verify"])) for k, step in enumerate(names)
        for part, word in ((0, "started"), (20, "finished"))
    ]  # fmt: skip
    table = steps(pl.DataFrame(events))
    of_run, other = (table.filter(pl.col("job_run_id") == run) for run in ("a", "b"))
    texts, bars, there = chart_run_steps(of_run, other=other).to_dict()["datasets"].values()
    assert [(bar["rank"], bar["from"], bar["to"]) for bar in bars] == [(0, 0, 20), (0, 60, 80), (0, 120, 140)]
    assert [row["shown"] for row in texts] == [
        "3 times, 60.0 s · there 20.0 s · ▲ slow 3.0×", "not in this run · there 20.0 s",
    ]  # fmt: skip
    assert [bar["rank"] for bar in there] == [0, 1]


def broken_off(tmp_path):
    """Write four runs of three steps; the third lacks its test, the last stops in the midst of its deploy."""
    rows = []
    for run in range(4):
        for number, step in enumerate(("build", "test", "deploy")):
            if (run, step) == (2, "test"):
                continue
            begin = NOON + timedelta(hours=run, minutes=number)
            parts = (0, 1) if (run, step) == (3, "deploy") else (0, 1, 30)
            rows += [
                {"timestamp": begin + timedelta(seconds=part), "message": f"{step} {part}", "job_run_id": f"run-{run}",
                 "step": step}
                for part in parts
            ]  # fmt: skip
    path = tmp_path / "jobs.jsonl"
    path.write_text("".join(json.dumps(row, default=str) + "\n" for row in rows))
    return str(path)


def test_a_step_that_the_other_runs_have_is_missing(open_app, tmp_path):
    """The run that lacks it says so, the others do not."""
    jobs = broken_off(tmp_path)
    said = "Missing: test, which 3 of 3 other runs had"
    assert said in [element.value for element in open_app(View((jobs,)), "steps", run="run-2").text]
    assert not any("Missing" in element.value for element in open_app(View((jobs,)), "steps", run="run-1").text)


def test_a_run_that_stopped_in_its_midst_is_not_faster(open_app, tmp_path):
    """Its last step has no end, in the list of runs, on the chart and in the table, and no ratio."""
    app = open_app(View((broken_off(tmp_path),)), "steps", run="run-3")
    assert not app.exception
    runs, steps = (table.value for table in app.dataframe[:2])
    assert runs["duration_ms"].str.contains("no end seen").to_list() == [True, False, False, False]
    assert steps["status"].to_list()[2] == "no end seen"
    assert steps["ratio"].isna().to_list() == [False, False, True]
    assert "no end seen" in json.loads(app.get("vega_lite_chart")[0].proto.spec)["description"]


def test_a_step_that_logs_as_much_as_it_likes_has_its_end():
    """Fewer lines than usual say nothing where no two runs have as many."""
    events = pl.DataFrame(
        {"timestamp": NOON + timedelta(hours=run, seconds=part), "severity_number": 9, "job_run_id": run, "step": "a"}
        for run in range(8) for part in range(2 + run)
    )  # fmt: skip
    assert summaries.with_ends(steps(events))["has_end"].all()
