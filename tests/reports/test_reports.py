"""The report: what it says, in three forms, of logs that are odd, empty, or out to break the page."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

from loganalytics import schema
from loganalytics.analyses.windowing import choose_window
from loganalytics.exceptions import InvalidArgumentError, MissingColumnError
from loganalytics.reports.model import Report
from loganalytics.reports.report import report

START = datetime(2026, 7, 1, tzinfo=UTC)
HOSTILE = [
    "</script><script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "<!--<script>",
    "\x1b[31mred\x1b[0m \x1b]0;owned\x07",
    "**bold** [link](javascript:alert(1)) | cell `code` https://a.example @all",
    "{{ 7 * 7 }} {% raw %} ${7*7}",
    "emoji 👩‍🚒 and \u202eturned round\u202c",
    "x" * 100_000,
    "",
]


def logs(extra: list[tuple[datetime | None, int, str, str]] | None = None) -> pl.DataFrame:
    """Return a day of two services, one of which fails from 15:00 to 15:30, with these events besides."""
    rows: list[tuple[datetime | None, int, str, str]] = []
    for minute in range(0, 1440):
        now = START + timedelta(minutes=minute)
        rows.append((now, 9, "web", f"GET /orders/{minute} took {10 + minute % 7} ms"))
        rows.append((now, 9, "shop", f"order {minute} placed"))
        if 900 <= minute < 930:
            late = [now + timedelta(seconds=second) for second in range(1, 9)]
            rows += [(time, 17, "shop", "ConnectionError: no connection to db-1:5432") for time in late]
    rows += extra or []
    frame = pl.DataFrame(
        rows,
        schema={"timestamp": schema.TIMESTAMP, "severity_number": pl.UInt8, "service": pl.String, "message": pl.String},
        orient="row",
    )
    level = pl.col("severity_number").replace_strict({9: "INFO", 17: "ERROR"}, default=None).alias("level")
    places = [pl.lit("shop.log").alias("source"), pl.int_range(pl.len()).cast(pl.String).alias("offset")]
    return schema.conform(frame.with_columns(level, *places))


def hostile() -> pl.DataFrame:
    """Return the day with hostile text in every column that a report shows."""
    late = START + timedelta(hours=20)
    frame = logs([(late, 17, text or "svc", text) for text in HOSTILE for _ in range(30)])
    text = pl.when(pl.col("timestamp") == late).then("message").otherwise(pl.lit(None, pl.String))
    columns = ("exception", "trace_id", "logger", "level", "source")
    return frame.with_columns(pl.coalesce(text, pl.col(name)).alias(name) for name in columns)


class Page(HTMLParser):
    """The tags, attributes and text of a page, as a browser would read them."""

    def __init__(self, html: str) -> None:
        """Read the page."""
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep text."""
        self.text += data


@pytest.fixture(scope="module")
def made() -> Report:
    """Return the report on the plain day."""
    return report(logs(), title="Shop")


@pytest.fixture(scope="module")
def attacked() -> Report:
    """Return the report on the day with hostile text."""
    return report(hostile(), title=HOSTILE[0])


def test_the_planted_incident_comes_first(made: Report) -> None:
    """The failure from 15:00 to 15:30 is the first finding, critical, with service, time and error."""
    first = made.findings[0]
    assert first.severity == "critical"
    assert "shop" in first.service
    assert abs(first.start - START - timedelta(hours=15)) <= timedelta(minutes=15)  # type: ignore[operator]
    assert "ConnectionError" in " ".join([first.title, *first.evidence])


def test_the_verdict_is_one_sentence_on_the_worst(made: Report) -> None:
    """Verdict, title and numbers are what an engineer reads first."""
    assert "critical finding" in made.verdict
    assert made.facts["events"] == 2 * 1440 + 240
    assert made.facts["errors"] == 240
    assert len(repr(made)) < 300


def test_the_page_needs_no_network(made: Report) -> None:
    """No element of the page names an address but places in it, and its policy forbids to fetch any."""
    page = Page(made.to_html())
    assert not [attrs for _, attrs in page.tags if {"src", "srcset", "action"} & set(attrs)]
    assert all(str(attrs["href"]).startswith("#") for _, attrs in page.tags if "href" in attrs)
    policy = next(str(a["content"]) for _, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in policy


def test_hostile_text_makes_no_element(made: Report, attacked: Report) -> None:
    """The page of hostile logs has the scripts, images and handlers of a plain one: none but its own."""
    plain, page = Page(made.to_html()), Page(attacked.to_html())
    scripts = [attrs for tag, attrs in page.tags if tag == "script"]
    assert [a for a in scripts if "type" not in a] == [a for t, a in plain.tags if t == "script" and "type" not in a]
    assert {a["type"] for a in scripts if "type" in a} == {"application/json"}
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in plain.tags} | {"pre", "br"}
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]


def test_hostile_text_is_shown_as_text_and_bounded(attacked: Report) -> None:
    """What was planted can be read, its escapes are gone, and 100 kB lines do not swell the page."""
    html = attacked.to_html()
    assert "&lt;img src=x onerror=" in html
    assert "{{ 7 * 7 }}" in html
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert "x" * 10_000 not in html
    assert len(html) < 2_000_000


def test_charts_are_json_that_cannot_end_its_element(attacked: Report) -> None:
    """The data of the charts holds no angle bracket, and still says what the log said."""
    blocks = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', attacked.to_html(), re.DOTALL)
    assert len(blocks) >= 3
    assert not any("<" in block for block in blocks)
    assert any("</script>" in json.dumps(json.loads(block), ensure_ascii=False) for block in blocks)


def test_hostile_text_is_not_markdown(attacked: Report) -> None:
    """In Markdown no mark of a log line keeps its meaning."""
    text = attacked.to_markdown()
    assert "<" not in text.replace("&lt;", "")
    assert "\\](javascript" in text
    assert "https://" not in text
    assert "**bold**" not in text
    assert "\x1b" not in text
    for table in text.split("\n\n"):
        widths = {line.count(" | ") for line in table.splitlines() if line.startswith("| ")}
        assert len(widths) <= 1, table


def test_hostile_text_is_escaped_in_a_notebook(attacked: Report) -> None:
    """The notebook's view is a table without scripts."""
    page = Page(attacked._repr_html_())
    assert {tag for tag, _ in page.tags} <= {"div", "strong", "p", "table", "thead", "tbody", "tr", "th", "td"}


def test_json_says_the_same_with_its_version(made: Report) -> None:
    """The JSON names its schema and tool, and holds findings with ISO times and the tables."""
    told = json.loads(made.to_json())
    assert told["schema_version"] == 2
    assert told["tool"]["name"] == "loganalytics"
    assert [finding["title"] for finding in told["findings"]] == [finding.title for finding in made.findings]
    assert datetime.fromisoformat(told["findings"][0]["start"]) == made.findings[0].start
    assert told["tables"]["errors"]["rows"][0]["events"] == 240
    assert told["parameters"]["every"] == made.parameters["every"]


def test_same_logs_in_any_order_give_the_same_bytes(made: Report) -> None:
    """The page depends on the events alone: not on their order, the clock or a chance."""
    again = report(logs().sample(fraction=1, shuffle=True, seed=3).lazy(), title="Shop")
    assert again.to_html() == made.to_html()
    assert again.to_json() == made.to_json()


@pytest.mark.parametrize("suffix", [".html", ".md", ".json", ".HTML"])
def test_save_goes_by_the_suffix(made: Report, tmp_path: Path, suffix: str) -> None:
    """The file has the form that its name says."""
    path = made.save(tmp_path / f"report{suffix}")
    starts = {".html": "<!doctype html>", ".md": "# Shop", ".json": "{"}
    assert path.read_text(encoding="utf-8").startswith(starts[suffix.lower()])


def test_changes_are_told_in_all_forms(made: Report) -> None:
    """The failure is where the errors change, and events with them; the chart marks it."""
    table = made.tables["changes"]
    assert {("events", START + timedelta(hours=15)), ("errors", START + timedelta(hours=15))} <= set(
        table.select("of", "window").rows()
    )
    html = made.to_html()
    assert 'id="spec-changes"' in html
    for text in (Page(html).text, made.to_markdown()):
        assert f"{table['kind'][0]} of {table['of'][0]}" in text
    assert json.loads(made.to_json())["tables"]["changes"]["total"] == table.height


def test_the_slowest_requests_are_told_in_all_forms() -> None:
    """At most ten, the longest first, each with its first error; what bears no id is none."""
    late = START + timedelta(hours=20)
    events = [(late + timedelta(seconds=i), i) for i in range(15)]
    events += [(start + timedelta(milliseconds=100 * (1 + i)), i) for start, i in events[:14]]
    extra = pl.DataFrame(events, schema={"timestamp": schema.TIMESTAMP, "i": pl.Int64}, orient="row")
    extra = extra.select(
        "timestamp", trace_id=pl.format("req-{}", "i"), service=pl.lit("pay"), message=pl.format("declined {}", "i"),
        severity_number=pl.when(pl.col("i") == 13).then(17).otherwise(9).cast(pl.UInt8),
    )  # fmt: skip
    made = report(pl.concat([logs(), schema.conform(extra)]))
    table = made.tables["slow_traces"]
    assert table["trace_id"].to_list() == [f"req-{i}" for i in range(13, 3, -1)]
    for text in (Page(made.to_html()).text, made.to_markdown()):
        section = text.split("Slowest requests")[1]
        assert section.index("req-13") < section.index("declined 13") < section.index("req-12")
    assert json.loads(made.to_json())["tables"]["slow_traces"]["rows"][0]["first_error"] == "declined 13"


def test_another_suffix_is_refused(made: Report, tmp_path: Path) -> None:
    """A report cannot be a PDF, and the message says what it can be."""
    with pytest.raises(InvalidArgumentError, match=r"\.html, \.md or \.json"):
        made.save(tmp_path / "report.pdf")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "frame",
    [
        schema.empty(),
        logs().head(1),
        logs().with_columns(timestamp=pl.lit(None, schema.TIMESTAMP)),
        logs().with_columns(pl.lit(None, pl.String).alias(name) for name in ("level", "service", "source")),
        logs().with_columns(pl.lit(None, pl.UInt8).alias("severity_number"), message=pl.lit("")),
    ],
    ids=["empty", "one event", "no times", "no names", "no severity, no text"],
)
def test_odd_logs_have_a_report(frame: pl.DataFrame) -> None:
    """Logs without events, times, names or severities are reported on in all forms."""
    made = report(frame)
    assert "<!doctype html>" in made.to_html()
    assert made.to_markdown().startswith("# ")
    assert json.loads(made.to_json())["facts"]["events"] == frame.height


def test_quiet_logs_have_no_findings() -> None:
    """A day on which nothing happened is said to be one."""
    made = report(logs().filter(pl.col("severity_number") < 17))
    assert made.findings == []
    assert made.verdict.startswith("Nothing beyond the usual was found in")
    assert made.verdict.endswith("None of them is an error.")


def test_logs_without_times_get_no_all_clear() -> None:
    """Nothing can be found in them, and no form says that nothing is wrong; half of the events with one are enough."""
    quiet = logs().filter(pl.col("severity_number") < 17)
    is_kept = pl.int_range(pl.len()) % 2 == 0
    half = quiet.head(quiet.height // 2 * 2).with_columns(pl.when(is_kept).then("timestamp"))
    assert report(half).is_all_clear
    none = report(quiet.with_columns(timestamp=pl.lit(None, dtype=pl.Datetime("us", "UTC"))))
    assert not none.findings
    assert not none.is_all_clear
    assert "None of" in none.to_markdown().split("## Findings")[1].split("## Errors")[0]
    page = none.to_html()
    assert "Nothing beyond the usual" not in page
    assert "nothing unusual" not in page


def test_events_dated_years_away_do_not_spoil_the_windows(made: Report) -> None:
    """A clock that stood at 1970 does not make one window of the day; the event is counted as misdated."""
    odd = report(logs([(datetime(1970, 1, 1, tzinfo=UTC), 9, "web", "clock not set")]))
    assert odd.parameters["every"] == made.parameters["every"]
    assert odd.facts["misdated"] == 1
    assert "1 dated years away" in odd.to_html()


def test_failures_without_a_severity_are_told_apart() -> None:
    """The table of errors counts them, the number of errors does not, and every form says how many they are."""
    odd = report(logs([(START, None, "web", "upload failed")]))  # type: ignore[list-item]
    assert (odd.facts["errors"], odd.facts["unleveled_failures"]) == (240, 1)
    assert odd.tables["errors"]["events"].sum() == 241
    assert "1 of them failures without a severity" in odd.to_html()
    assert "Includes 1 event without a severity" in odd.to_markdown()


def test_many_services_are_put_together() -> None:
    """A hundred services are judged as 50 at most, none is lost from the counts."""
    frame = logs().with_columns(service=pl.concat_str(pl.lit("pod-"), pl.int_range(pl.len()) % 100))
    made = report(frame, every="1h")
    assert made.tables["anomalies"]["service"].n_unique() == 50
    assert made.tables["anomalies"]["events"].sum() == frame.height


def test_a_frame_without_a_core_column_is_refused() -> None:
    """The error names the column that a report needs."""
    with pytest.raises(MissingColumnError, match="message"):
        report(logs().drop("message"))


@pytest.mark.parametrize(
    ("length", "every"),
    [
        (timedelta(0), "1s"), (timedelta(minutes=9), "1s"), (timedelta(hours=1), "15s"),
        (timedelta(days=1), "5m"), (timedelta(days=30), "2h"), (timedelta(days=400), "1d"),
    ],
)  # fmt: skip
def test_windows_are_as_long_as_the_log_asks_for(length: timedelta, every: str) -> None:
    """There are some 200 to 600 windows, whether a log covers minutes or a year."""
    assert choose_window(pl.Series([START, None, START + length])) == every


@pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed")
def test_a_browser_draws_the_charts_and_runs_nothing_else(attacked: Report, tmp_path: Path) -> None:
    """In a real browser every chart becomes a picture, and no planted script gets to change the title."""
    page = attacked.save(tmp_path / "report.html")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    command = ["chromium", *flags, f"--user-data-dir={tmp_path}/profile", "--virtual-time-budget=20000"]
    done = subprocess.run(
        [*command, "--dump-dom", page.as_uri()], capture_output=True, text=True, timeout=180, check=True
    )
    drawn = Page(done.stdout)
    charts = [attrs for _, attrs in drawn.tags if "chart" in str(attrs.get("class", "")).split()]
    assert len(charts) >= 3
    assert len([tag for tag, attrs in drawn.tags if tag == "svg" and attrs.get("class") == "marks"]) == len(charts)
    assert "NaN" not in done.stdout.split("<main>")[1].split("<script>")[0]
    assert len(re.findall(r"20:00 . 2026|15:00", drawn.text)) >= 2
    assert re.search(r"<title>(.*?)</title>", done.stdout, re.DOTALL).group(1) != "owned"  # type: ignore[union-attr]
    assert not [tag for tag, _ in drawn.tags if tag == "img"]


def test_sentences_and_pages_have_times_in_the_zone_of_the_reader() -> None:
    """The report's data stay in UTC."""
    here, there = report(logs()), report(logs(), display_tz="Asia/Shanghai")
    assert there.parameters["timezone"] == "Asia/Shanghai"
    assert here.findings[0].start == there.findings[0].start
    assert here.findings[0].title != there.findings[0].title
    assert "Asia/Shanghai" in there.findings[0].title
    for text in (there.to_html(), there.to_markdown()):
        assert "All times are Asia/Shanghai" in text
        assert "UTC" not in text.split("<script")[0]
