"""What happened between two times, and why: the planted incidents, odd input, and the pages."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

import loganalytics as la
from loganalytics import schema
from loganalytics.analyses.compare.ranges import baseline_range, parse_time_range
from loganalytics.exceptions import InvalidArgumentError, MissingColumnError
from loganalytics.reports.incident import incident
from loganalytics.reports.model import Incident
from loganalytics.schema import conform, empty

SAMPLE = Path(__file__).parents[2] / "sample_data"
TRUTH = {one["id"]: one for one in json.loads((SAMPLE / "truth.json").read_text())["incidents"]}
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script> [x](javascript:alert(1)) \x1b[31m | `code`"

# What the cause of each planted incident must say, of its kind.
CAUSES = {
    "database-pool-runs-dry": ("new_error", "sorry, too many clients already"),
    "celery-worker-silent": ("silence", "celery-worker silent"),
    "failed-login-burst": ("attempts", "Failed login for user"),
    "artifact-latency-creep": ("slower", "api and web: GET /artifacts/<*>/report.html slower"),
}


@pytest.fixture(scope="module")
def sample() -> pl.DataFrame:
    """Return the sample platform's logs."""
    return la.load(str(SAMPLE))


@pytest.fixture(scope="module")
def pool(sample: pl.DataFrame) -> Incident:
    """Return the incident in which the database ran out of connections."""
    return incident(sample, "2026-03-11 14:10", "2026-03-11 14:35")


def disk(errors: int = 60, hosts: int = 8, start: datetime = NOON) -> pl.DataFrame:
    """Return two hours of a service in the second of which one host of several cannot write."""
    times = [start + timedelta(seconds=10 * i) for i in range(-360, 360)]
    calm = pl.DataFrame({"timestamp": times, "message": "block written", "severity_number": 9})
    calm = calm.with_columns(pl.Series("host.name", [f"host-{i % hosts}" for i in range(720)]))
    times = [start + timedelta(seconds=30 * i) for i in range(errors)]
    broken = pl.DataFrame({"timestamp": times, "message": "disk full", "severity_number": 17, "host.name": "host-3"})
    return conform(pl.concat([calm, broken]).with_columns(service=pl.lit("store")))


def nothing(kind: pl.DataType | type[pl.DataType]) -> pl.Expr:
    """Return a column of nulls."""
    return pl.lit(None, kind)


ROW, TIME = pl.int_range(pl.len()), pl.col("timestamp")
FAR = pl.lit(datetime(2199, 1, 1, tzinfo=UTC), schema.TIMESTAMP)
ODD = {
    "one event": disk().head(1),
    "no times": disk().with_columns(timestamp=nothing(schema.TIMESTAMP)),
    "equal times": disk().with_columns(timestamp=pl.lit(NOON, schema.TIMESTAMP)),
    "no levels": disk().with_columns(severity_number=nothing(pl.UInt8), level=nothing(pl.String)),
    "no service": disk().with_columns(service=nothing(pl.String)),
    "a gap of days": disk().vstack(disk(start=NOON - timedelta(days=20))),
    "a clock that jumps back": disk().with_columns(
        pl.when(ROW % 9 == 0).then(TIME.dt.offset_by("-3h")).otherwise(TIME)
    ),
    "future times": disk().with_columns(timestamp=pl.when(ROW == 5).then(FAR).otherwise(TIME)),
    "no text": disk().with_columns(message=pl.lit("")),
    "categorical": disk().with_columns(pl.col("service", "level").cast(pl.Categorical)),
}


@pytest.mark.parametrize("name", CAUSES)
@pytest.mark.parametrize("blurred", [False, True])
def test_the_planted_incidents_are_found(sample: pl.DataFrame, name: str, blurred: bool) -> None:
    """The true cause is among the first three findings, also when the times given are ten minutes off."""
    start, end = (datetime.fromisoformat(TRUTH[name][edge]) for edge in ("start", "end"))
    slack = timedelta(minutes=10 if blurred else 0)
    first = incident(sample, start - slack, end + slack).findings.head(3)
    kind, words = CAUSES[name]
    assert any(row["kind"] == kind and words in row["title"] for row in first.to_dicts()), first["title"].to_list()
    assert set(first["role"].head(1)) == {"cause"}


def test_the_guesser_is_named(sample: pl.DataFrame) -> None:
    """The address from which passwords were guessed is in common to the failed logins, and no fact of its own."""
    found = incident(sample, "2026-03-11 03:12", "2026-03-11 03:19").findings
    assert "203.0.113.66" in found.filter(pl.col("title").str.contains("Failed login"))["detail"][0]
    assert "203.0.113.66" not in found["value"].to_list()


def test_a_calm_hour_has_no_cause(sample: pl.DataFrame) -> None:
    """And says so; and that of its few errors some are of a kind that the hour before did not have."""
    found = incident(sample, "2026-03-11 11:00", "2026-03-11 12:00")
    assert found.findings.is_empty()
    assert found.verdict[0].startswith(
        "No cause is certain in 1,119 events, 7 errors, some of a kind that the baseline"
    )
    assert "Nothing differs from 2026-03-11" in found.verdict[0]


@pytest.mark.parametrize("baseline", ["previous", "previous_day", ("2026-03-11 10:00", "2026-03-11 13:00")])
def test_each_baseline_finds_the_cause(sample: pl.DataFrame, baseline: str) -> None:
    """Whatever it is held against."""
    found = incident(sample, "2026-03-11 14:10", "2026-03-11 14:35", baseline=baseline)
    assert "sorry, too many clients already" in found.findings["title"][0]


def test_every_finding_leads_to_its_events(pool: Incident) -> None:
    """As many as it tells of, and the filter does the same on a frame with templates."""
    assert pool.findings["rank"].to_list() == list(range(1, pool.findings.height + 1))
    for row in pool.findings.to_dicts():
        rows = pool.rows(row["rank"])
        assert rows.height >= max(row["events"], 1), row["title"]
        if row["kind"] not in ("gone", "fewer", "silence"):
            assert rows.height == row["events"], row["title"]
    assert pool.events.filter(pool.filter(1)).height == pool.rows(1, baseline=True).height
    slow = pool.findings.filter(pl.col("kind") == "slower")["rank"][0]
    assert pool.rows(slow)["duration_ms"].is_sorted(descending=True)
    with pytest.raises(InvalidArgumentError, match="no finding 99"):
        pool.rows(99)


def test_what_else_the_incident_tells(pool: Incident) -> None:
    """Facts, first error, failed requests, change points and the comparison."""
    assert (pool.facts["events"], pool.facts["errors"]) == (1204, 665)
    assert pool.first_error is not None
    assert pool.first_error["message"] == "sorry, too many clients already"
    assert pool.traces.height == 50
    errors = pool.change_points.filter(pl.col("of") == "errors")
    assert [f"{window:%H:%M}" for window in errors["window"]] == ["14:10", "14:35"]
    assert pool.silent.is_empty()
    assert pool.compare.height >= 20
    assert pool.facts["baseline_start"] == datetime(2026, 3, 11, 13, 10, tzinfo=UTC)


def test_the_host_behind_the_errors_is_told() -> None:
    """One bad host among many is what the errors have in common."""
    found = incident(disk(), NOON, NOON + timedelta(hours=1))
    row = found.findings.row(0, named=True)
    assert row["kind"] == "new_error"
    assert "host-3 as host.name (100 %)" in row["detail"]


def test_the_same_log_gives_the_same_incident() -> None:
    """Also shuffled, and lazy."""
    logs = disk()
    expected = incident(logs, NOON, NOON + timedelta(hours=1)).to_json()
    for other in (logs.sample(fraction=1, shuffle=True, seed=1), logs.lazy()):
        assert incident(other, NOON, NOON + timedelta(hours=1)).to_json() == expected


def test_a_range_without_events_says_so() -> None:
    """On either side, and for an empty log."""
    logs = disk()
    before = incident(logs, NOON, NOON + timedelta(hours=1), baseline="previous_week")
    assert before.verdict[0] == (
        "The baseline (2026-03-03 12:00–13:00 UTC) holds no event, so there is nothing to compare, and what is new or "
        "silent cannot be told; the log lies from 2026-03-10 11:00 UTC to 2026-03-10 12:59:50 UTC."
    )
    assert set(before.compare["kind"]) == {"top"}
    after = incident(logs, NOON + timedelta(days=9), NOON + timedelta(days=10))
    assert after.verdict[0].startswith("The incident (2026-03-19 12:00 – 2026-03-20 12:00 UTC) holds no event")
    assert incident(empty(), NOON, NOON + timedelta(hours=1)).findings.is_empty()
    for one in (before, after):
        assert one.to_html().startswith("<!doctype html>")
        assert one.to_markdown().startswith("# Incident")


@pytest.mark.parametrize("name", ODD)
def test_odd_logs_are_told_of_all_the_same(name: str) -> None:
    """A verdict and three pages, whatever the log lacks."""
    found = incident(ODD[name], NOON, NOON + timedelta(hours=1))
    assert found.verdict
    assert "</html>" in found.to_html()
    assert found.to_markdown()
    assert json.loads(found.to_json())["verdict"] == list(found.verdict)


def test_ten_thousand_services() -> None:
    """The one with the new error is found among them."""
    times = [NOON + timedelta(seconds=i * 0.36) for i in range(-10_000, 10_000)]
    names = [f"s{i % 10_000}" for i in range(20_000)]
    calm = pl.DataFrame({"timestamp": times, "message": "ok", "severity_number": 9, "service": names})
    times = [NOON + timedelta(seconds=i) for i in range(40)]
    bad = pl.DataFrame({"timestamp": times, "message": "disk full", "severity_number": 17, "service": "s77"})
    found = incident(conform(pl.concat([calm, bad])), NOON, NOON + timedelta(hours=1))
    assert found.findings["title"][0] == "s77: new error “disk full”"


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    """No markup of the log's reaches the notebook, the page or the Markdown."""
    logs = disk().with_columns(
        message=pl.when(pl.col("severity_number") == 17).then(pl.lit(HOSTILE)).otherwise("message"),
        service=pl.lit(HOSTILE),
        trace_id=pl.lit(HOSTILE),
        **{HOSTILE: pl.lit(HOSTILE)},
    )
    found = incident(logs, NOON, NOON + timedelta(hours=1))
    for html in (found._repr_html_(), found.to_html()):
        assert "<script>alert" not in html
        assert "\x1b" not in html
    text = found.to_markdown()
    assert "<script>" not in text
    assert "[x](" not in text
    assert "\x1b" not in repr(found) + text


def test_it_is_saved_by_its_suffix(pool: Incident, tmp_path: Path) -> None:
    """HTML, Markdown and JSON; nothing else. The page loads nothing."""
    page = pool.save(tmp_path / "incident.html").read_text()
    assert 'http-equiv="Content-Security-Policy"' in page
    assert not re.search(r"<(?:script|link|img)[^>]+(?:src|href)=", page.split("<script>")[0])
    assert pool.save(tmp_path / "incident.md").read_text().startswith("# Incident 2026")
    saved = json.loads(pool.save(tmp_path / "incident.json").read_text())
    assert saved["findings"][0]["kind"] == "new_error"
    assert saved["tables"]["traces"]["total"] == 50
    with pytest.raises(InvalidArgumentError, match=r"\.docx"):
        pool.save(tmp_path / "incident.docx")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((NOON, NOON - timedelta(hours=1), "previous"), "ends at 2026-03-10 11:00:00 UTC, not after its start"),
        (("soon", NOON, "previous"), "'soon' is not a time of incident"),
        ((NOON, NOON + timedelta(hours=1), "last_year"), "no baseline 'last_year'. Hint: one of previous"),
        ((NOON, NOON + timedelta(hours=1), (NOON, NOON)), "baseline ends at"),
    ],
)  # fmt: skip
def test_times_that_make_no_sense(arguments: tuple[object, object, object], message: str) -> None:
    """Say what was wrong and what to write."""
    start, end, baseline = arguments
    with pytest.raises(InvalidArgumentError, match=message):
        incident(disk(), start, end, baseline=baseline)  # type: ignore[arg-type]


def test_a_missing_column_is_named() -> None:
    """As everywhere."""
    with pytest.raises(MissingColumnError, match="'trace_id'"):
        incident(disk().drop("trace_id"), NOON, NOON + timedelta(hours=1))


def test_baselines_by_name() -> None:
    """Just before, and never shorter than an hour; a day and a week before."""
    short = parse_time_range((NOON, NOON + timedelta(minutes=5)), "incident")
    assert baseline_range("previous", short).length == timedelta(hours=1)
    assert baseline_range("previous", short).end == NOON
    assert baseline_range("previous_day", short).start == NOON - timedelta(days=1)
    assert baseline_range("previous_week", short).end == NOON + timedelta(minutes=5) - timedelta(weeks=1)


def test_failures_without_a_level_are_among_the_errors():
    """As many as a report counts of the same events."""
    times = [NOON + timedelta(seconds=10 * i) for i in range(-360, 360)]
    messages = ["ERROR could not open file" if i >= 360 and i % 6 == 0 else "file read" for i in range(720)]
    logs = conform(pl.DataFrame({"timestamp": times, "message": messages}))
    facts = incident(logs, NOON, NOON + timedelta(hours=1)).facts
    assert (facts["errors"], facts["baseline_errors"]) == (60, 0)
