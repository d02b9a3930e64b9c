"""Files whose clock is hours apart: where requests or ranges show it, and what is no finding then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from loganalytics.findings.clocks import ClockShift, clock_findings, clock_shifts, set_right, without_artefacts
from loganalytics.findings.symptoms import Symptom
from loganalytics.reports.report import report
from loganalytics.schema import TIMESTAMP, conform

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def at(hours: float) -> datetime:
    """Return the time so many hours after noon."""
    return NOON + hours * HOUR


def log(
    source: str, ahead: float = 0.0, *, ids: int = 0, hours: float = 10.0, begin: float = 0.0, late: float = 0.0
) -> pl.DataFrame:
    """Return a file of some hours from noon on, ten minutes between events, whose clock is so many hours ahead.

    The first `ids` events are of requests; the last of these is `late` by so many hours more.
    """
    rows = [
        {
            "timestamp": at(begin + ahead + step / 6 + (late if step == ids - 1 else 0.0)),
            "source": source,
            "service": source.partition(".")[0],
            "message": f"step {step}",
            "trace_id": f"request-{step}" if step < ids else None,
        }
        for step in range(round(6 * hours) + 1)
    ]
    return pl.DataFrame(rows, schema_overrides={"timestamp": TIMESTAMP, "trace_id": pl.String})


def shifts(*logs: pl.DataFrame) -> list[tuple[tuple[str, ...], float]]:
    """Return the files whose clocks are apart, and by how many hours."""
    return [(shift.sources, shift.ahead / HOUR) for shift in clock_shifts(conform(pl.concat(logs)))]


@pytest.mark.parametrize(("ahead", "found"), [(8, 8.0), (-5, -5.0), (5.5, 5.5), (1, 1.0), (14, 14.0)])
def test_requests_show_that_a_clock_is_apart(ahead: float, found: float) -> None:
    """By hours or half hours, ahead or behind."""
    logs = (log("app.log", ids=9), log("auth.log", ahead, ids=9), log("web.log", ids=9))
    assert shifts(*logs) == [(("auth.log",), found)]


@pytest.mark.parametrize("ahead", [0, 0.5, 14.5, 8.04])
def test_what_no_zone_explains_is_no_other_clock(ahead: float) -> None:
    """Half an hour, more than there are zones, or two and a half minutes beside the hour."""
    assert shifts(log("app.log", ids=9), log("auth.log", ahead, ids=9), log("web.log", hours=6)) == []


@pytest.mark.parametrize(("ids", "found"), [(5, 1), (4, 0)])
def test_five_requests_must_show_it(ids: int, found: int) -> None:
    """The ranges do not, for the third file has another one."""
    logs = (log("app.log", ids=ids), log("auth.log", 8, ids=ids), log("web.log", hours=6))
    assert len(shifts(*logs)) == found


@pytest.mark.parametrize(("ids", "found"), [(20, 1), (19, 0)])
def test_nearly_all_requests_must_agree(ids: int, found: int) -> None:
    """One of twenty may be handled later; one of nineteen is too much."""
    logs = (log("app.log", ids=ids), log("auth.log", 8, ids=ids, late=1.0), log("web.log", hours=6))
    assert len(shifts(*logs)) == found


def test_work_that_is_done_an_hour_later_is_no_other_clock() -> None:
    """The file of who does it begins and ends with the others, or ends only a little later."""
    reminders = log("reminder.log", 1, ids=20, hours=9)
    idle = log("reminder.log", hours=1)
    logs = [log("app.log", ids=20), pl.concat([idle, reminders]), log("late.log", begin=1, hours=12)]
    assert shifts(*logs) == []
    assert shifts(logs[0], log("reminder.log", 1, ids=20), logs[2]) == [(("reminder.log",), 1.0)]


def test_logs_that_share_requests_by_way_of_others_have_one_clock() -> None:
    """Most logs are right, or, of as many, those with most events."""
    one, two = log("c.log", ids=9), log("c.log", hours=10, ids=9).with_columns(trace_id="b-" + pl.col("trace_id"))
    b = log("b.log", ids=9).with_columns(trace_id="b-" + pl.col("trace_id"))
    assert shifts(log("a.log", 3, ids=9), b, pl.concat([one, two])) == [(("a.log",), 3.0)]
    assert shifts(log("a.log", 3, ids=9), log("b.log", ids=9, hours=9)) == [(("b.log",), -3.0)]
    large = pl.concat([log("a.log", 3, ids=9)] * 3)
    assert shifts(large, log("b.log", ids=9), log("c.log", ids=9)) == [(("a.log",), 3.0)]


def test_a_log_is_told_only_with_requests_that_it_shares_with_the_others() -> None:
    """What it shares with another one that is apart shows nothing of its own."""
    other_ids = pl.concat_str(pl.lit("d-"), "trace_id")
    a = log("a.log", 3, ids=9, hours=9).with_columns(trace_id=other_ids)
    d = pl.concat([log("d.log", 3, ids=9), log("d.log", 3, ids=9).with_columns(trace_id=other_ids)])
    assert shifts(a, log("b.log", ids=9), log("c.log", ids=9), log("e.log", ids=9), d) == [(("d.log",), 3.0)]


@pytest.mark.parametrize(("late", "found"), [(0.0, 1), (0.08, 1), (0.09, 0)])
def test_ranges_show_it_where_the_others_agree(late: float, found: int) -> None:
    """Begin and end are hours apart, to within five minutes."""
    assert len(shifts(log("app.log"), log("web.log"), log("auth.log", 8, begin=late))) == found


def test_others_that_do_not_agree_show_nothing() -> None:
    """Nor does a file that ends with the others, or one that is shorter."""
    assert shifts(log("app.log"), log("web.log", hours=8), log("auth.log", 8)) == []
    assert shifts(log("app.log"), log("web.log"), log("auth.log", begin=2, hours=8)) == []
    assert shifts(log("app.log"), log("web.log"), log("auth.log", 2, hours=9)) == []


@pytest.mark.parametrize(("begin", "found"), [(0.0, 1), (0.016, 1), (0.018, 0)])
def test_two_files_must_agree_to_the_minute(begin: float, found: int) -> None:
    """And overlap: one may simply follow the other."""
    assert len(shifts(log("app.log"), log("auth.log", 8, begin=begin))) == found
    assert shifts(log("app.log", hours=8), log("auth.log", 8, hours=8)) == []


def test_rotated_files_are_one_log() -> None:
    """They follow one another."""
    parts = [log("app.log.1", hours=5), log("app.log", hours=5, begin=5)]
    assert shifts(*parts, log("web.log")) == []
    assert shifts(*parts, log("web.log"), log("auth.log", 3)) == [(("auth.log",), 3.0)]


def test_a_small_file_shows_nothing() -> None:
    """Less than twenty events begin and end anywhere."""
    assert shifts(log("app.log"), log("web.log"), log("auth.log", 8, hours=10).gather_every(4)) == []


def test_a_note_says_by_how_much_and_how_that_shows() -> None:
    """With two requests, or the begin and the end."""
    by_ids = clock_shifts(conform(pl.concat([log("logs/app.log", ids=9), log("logs/auth.log", 8, ids=9)])))
    (finding,) = clock_findings(by_ids)
    assert (finding.kind, finding.severity, finding.start) == ("clock", "info", at(8))
    assert finding.title == "auth.log's clock seems 8 h ahead of app.log"
    assert finding.detail.startswith("9 requests that it shares with app.log are 8 h later in it. ")
    assert finding.evidence[0] == (
        "request-0: 2026-05-04 20:00 UTC in auth.log, 2026-05-04 12:00 UTC in app.log"
    )  # fmt: skip
    by_range = clock_shifts(conform(pl.concat([log("app.log"), log("web.log"), log("auth.log", -5)])))
    (finding,) = clock_findings(by_range, tz="Asia/Shanghai")
    assert finding.title == "auth.log's clock seems 5 h behind the others"
    assert finding.detail.startswith("It begins and ends 5 h earlier than they, as in another time zone. ")
    assert finding.evidence[0].startswith("first event: 2026-05-04 15:00 Asia/Shanghai in auth.log")


def shift(source: str = "auth.log") -> ClockShift:
    """Return that a file is eight hours ahead."""
    return ClockShift(
        sources=(source,), ahead=8 * HOUR, names=(source, ""), start=at(8), end=at(18), shared_ids=0, evidence=()
    )


def symptom(kind: str, service: str, start: float, end: float) -> Symptom:
    """Return something that was found in a service between two hours."""
    return Symptom(kind=kind, services=(service,), start=at(start), end=at(end), e_value=1e-9)


def test_what_goes_away_with_the_clock_put_right_is_no_finding() -> None:
    """What is still there by the clock of its service is."""
    events = pl.concat([log("app.log"), log("auth.log", 8)])
    silent, real = symptom("silence", "app", 10, 18), symptom("silence", "app", 3, 4)
    failed = symptom("errors", "auth", 11, 12)
    right = [real, symptom("errors", "auth", 3, 4)]
    assert without_artefacts([silent, real, failed], right, events, [shift()]) == [real, failed]
    assert without_artefacts([symptom("critical", "app", 1, 2)], [], events, [shift()])


def test_times_are_put_right_file_by_file() -> None:
    """And only there."""
    events = pl.concat([log("app.log"), log("auth.log", 8)])
    right = set_right(events, [shift()])
    assert (
        right.group_by("source", maintain_order=True).agg(pl.col("timestamp").min())["timestamp"].to_list()
        == [NOON] * 2
    )
    assert right.schema == events.schema


def test_a_report_has_one_note_and_no_silence() -> None:
    """Though the others are silent for the last eight hours, and the file has errors only since the eighth."""

    def busy(source: str, ahead: float) -> pl.DataFrame:
        frame = pl.DataFrame({"second": range(0, 36_000, 20)}).with_columns(
            timestamp=pl.lit(at(ahead)).cast(TIMESTAMP) + pl.duration(seconds=pl.col("second")),
            source=pl.lit(source), service=pl.lit(source.partition(".")[0]), message=pl.lit("handled"),
            severity_number=pl.when(pl.col("second") % 700 == 0).then(17).otherwise(9),
        )  # fmt: skip
        return conform(frame.drop("second"))

    for ahead in (8, -8):
        logs = pl.concat([busy("app.log", 0), busy("web.log", 0), busy("auth.log", ahead)])
        assert [finding.kind for finding in report(logs).findings] == ["clock"]
