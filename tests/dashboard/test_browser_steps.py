"""Steps in a real browser: runs as rows, one run as a waterfall, against another; links and Back."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from browsing import click_row, needs_browser, running_app, url_has, wait_until_settled
from playwright.sync_api import expect

pytestmark = needs_browser
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
BARS = "[data-testid=stVegaLiteChart] .mark-rect.role-mark path"


@pytest.fixture(scope="module")
def jobs(tmp_path_factory):
    """Start the app on six runs: the second loads slowly, the third lacks a step, the last fails once in its loop."""
    spans = [("checkout", 0, 20), ("load", 25, 40), ("load", 75, 40), ("index", 30, 200), ("verify", 240, 10)]
    path = tmp_path_factory.mktemp("logs") / "jobs.jsonl"
    rows = [
        {
            "timestamp": (NOON + timedelta(minutes=30 * run, seconds=start + part * length * factor)).isoformat(),
            "level": "INFO", "service": "jobs", "job_run_id": f"run-{run}", "step": step, "message": f"{step} event",
            "status": ("running", "failed" if run == 5 and start == 75 else "success")[part],
        }
        for run in range(6) for step, start, length in spans if (run, step) != (2, "verify")
        for factor in [5 if (run, step) == (1, "index") else 1] for part in (0, 1)
    ]  # fmt: skip
    rows.sort(key=lambda row: str(row["timestamp"]))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with running_app(str(path)) as app:
        yield app.url


def chart(page):
    """Return the chart; its label says what it draws."""
    return page.get_by_test_id("stVegaLiteChart").first


def overlapping(page, marks: str) -> int:
    """Return how many pairs of marks of the chart stand over one another."""
    page.locator(f"{marks} >> nth=0").wait_for(state="attached")
    return page.evaluate(
        """marks => {
          const boxes = [...document.querySelectorAll(marks)].map(mark => mark.getBoundingClientRect());
          const isBefore = (a, b, side, end) => a[end] <= b[side] + 2 || b[end] <= a[side] + 2;
          const meets = (a, b) => !isBefore(a, b, 'left', 'right') && !isBefore(a, b, 'top', 'bottom');
          return boxes.filter((box, i) => boxes.slice(i + 1).some(other => meets(box, other))).length;
        }""",
        marks,
    )


def test_a_click_on_a_run_opens_its_steps_and_back_closes_them(page, jobs):
    """The list says what failed, was slow and is missing; the last run comes first."""
    page.goto(f"{jobs}/steps")
    page.get_by_text(
        "6 runs, 1 with errors, 1 with a step twice as long as usual and more, 1 without a step"
    ).wait_for()
    stand_out = (
        "load of run-5 (✕ failed, 40.0 s, usually 80.0 s in all); index of run-1 (▲ slow, 1,000.0 s, usually 200.0 s)"
    )
    expect(chart(page)).to_have_attribute("aria-label", f"29 steps of 6 runs: 2 stand out: {stand_out}.")
    wait_until_settled(page)
    click_row(page, 0, 0)
    url_has(page, r"run=run-5")
    page.get_by_text("run-5 · 2026-03-10 14:30 UTC").wait_for()
    wait_until_settled(page)
    page.go_back()
    expect(page.get_by_text("One run")).to_have_count(0)
    page.go_forward()
    page.get_by_text("run-5 · 2026-03-10 14:30 UTC").wait_for()


def test_each_time_that_a_step_ran_is_a_bar_of_its_own(page, jobs):
    """Of the two executions of the loop one is red; the words say so."""
    page.goto(f"{jobs}/steps?run=run-5")
    page.get_by_text("One run").wait_for()
    wait_until_settled(page)
    words = re.escape("load (2 times, 80.0 s · usually 80.0 s · ✕ failed)")
    expect(chart(page)).to_have_attribute("aria-label", re.compile(words), timeout=30_000)
    assert page.locator(BARS).count() == 5 + 4  # and what is usual
    assert page.locator(f"{BARS}[fill='#bd3328']").count() == 1


def test_no_bar_and_no_name_covers_another(page, jobs):
    """Steps that run side by side stand below one another, in the chart of all runs."""
    page.goto(f"{jobs}/steps")
    page.get_by_text("6 runs, ").wait_for()
    wait_until_settled(page)
    assert overlapping(page, BARS) == 0
    assert overlapping(page, "[data-testid=stVegaLiteChart] .role-mark text") == 0


def test_a_run_is_compared_with_another_and_a_link_opens_just_that(page, browser, jobs):
    """What it is compared with is in the link; Back undoes it; the missing step is told."""
    page.goto(f"{jobs}/steps?run=run-2")
    page.get_by_text("Missing: verify, which 5 of 5 other runs had").wait_for()
    wait_until_settled(page)
    page.get_by_label("Compare with").click()
    page.get_by_role("option", name="run-1").click()
    url_has(page, r"against_run=run-1")
    expect(chart(page)).to_have_attribute("aria-label", re.compile(r"index \(200.0 s · there 1,000.0 s\)"))
    wait_until_settled(page)
    assert "against_run=run-1" in page.url
    other_page = browser.new_context().new_page()
    other_page.goto(page.url)
    expect(chart(other_page)).to_have_attribute("aria-label", chart(page).get_attribute("aria-label"), timeout=60_000)
    other_page.context.close()
    wait_until_settled(page)
    page.go_back()
    page.wait_for_url(lambda url: "against_run" not in url)


def test_the_columns_of_run_and_step_are_in_the_link(page, jobs):
    """Another reader sees the same rows."""
    page.goto(f"{jobs}/steps?run_field=service&step_field=job_run_id")
    page.get_by_text("1 run, ").wait_for()
    page.goto(f"{jobs}/steps")
    page.get_by_text("6 runs, ").wait_for()
    wait_until_settled(page)
    page.get_by_label("Run", exact=True).click()
    page.get_by_role("option", name="service", exact=True).click()
    url_has(page, r"run_field=service")
    page.get_by_text("1 run, ").wait_for()


def test_what_a_link_names_that_is_not_there_is_told(page, jobs):
    """A run, a column, another run to compare with, the tab and the order of other pages."""
    page.goto(f"{jobs}/steps?run=nosuch&run_field=nothing")
    page.get_by_text("run: no run of this view is 'nosuch' in job_run_id.").wait_for()
    page.get_by_text("run_field: there is no 'nothing'.").wait_for()
    page.goto(f"{jobs}/steps?run=run-1&against_run=nosuch")
    page.get_by_text("against_run: there is no 'nosuch'.").wait_for()
    for path in ("patterns?order=best", "traces?tab=Best"):
        page.goto(f"{jobs}/{path}")
        page.get_by_text("Part of this link cannot be used").wait_for()
        page.get_by_text("Best" if "Best" in path else "best").first.wait_for()
    page.goto(f"{jobs}/patterns?pattern=nosuch")
    page.get_by_text("pattern: no pattern of this view has the id 'nosuch'.").wait_for()
