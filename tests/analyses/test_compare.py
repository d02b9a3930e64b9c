"""What changed between two time ranges."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from loganalytics.analyses.compare.compare import COMPARISON_SCHEMA, compare, measure_exposure, select_events
from loganalytics.analyses.compare.ranges import TimeRange
from loganalytics.analyses.compare.term_counts import SLICE_COLUMN, Exposure
from loganalytics.exceptions import InvalidArgumentError, MissingColumnError
from loganalytics.schema import conform, empty

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
OLD, NEW = (NOON - HOUR, NOON), (NOON, NOON + HOUR)


def events(message: str, n: int, start: datetime = NOON, length: timedelta = HOUR, **fields: object) -> pl.DataFrame:
    """Return so many events of one text, evenly over a time."""
    times = [start + length * i / n for i in range(n)]
    kinds = {name: pl.lit(value) for name, value in fields.items()}
    return conform(pl.DataFrame({"timestamp": times, "message": [message] * n}).with_columns(**kinds))


def both(message: str, n: int, **fields: object) -> pl.DataFrame:
    """Return as many events of one text in either hour."""
    return events(message, 2 * n, NOON - HOUR, 2 * HOUR, **fields)


CALM = pl.concat([both(f"{word} finished", 60) for word in ("build", "deploy", "login", "mail", "scan", "upload")])


def by_subject(*frames: pl.DataFrame, **options: object) -> dict[str, dict[str, object]]:
    """Return the differences by what they are of."""
    logs = pl.concat([CALM, *frames], how="diagonal")
    table = compare(logs, **{"baseline": OLD, "incident": NEW, **options})  # type: ignore[arg-type]
    return {row["subject"]: row for row in table.to_dicts()}


def test_nothing_changed_is_no_row() -> None:
    """Two hours alike have no differences, and the result has its columns all the same."""
    table = compare(CALM, baseline=OLD, incident=NEW)
    assert table.is_empty()
    assert dict(table.schema) == COMPARISON_SCHEMA


def test_each_kind_of_template() -> None:
    """New, gone, more and fewer, with counts, rates a minute and ratio."""
    rows = by_subject(
        events("disk full", 30),
        events("cache warm", 30, NOON - HOUR),
        both("ping", 30).vstack(events("ping", 90)),
        both("tick", 20).vstack(events("tick", 80, NOON - HOUR)),
    )
    assert {name: row["kind"] for name, row in rows.items()} == {
        "disk full": "new", "cache warm": "gone", "ping": "more", "tick": "fewer"
    }  # fmt: skip
    ping = rows["ping"]
    assert (ping["baseline_count"], ping["incident_count"], ping["ratio"]) == (30, 120, 4.0)
    assert (ping["baseline_rate"], ping["incident_rate"]) == (0.5, 2.0)
    assert rows["disk full"]["example"] == "disk full"
    assert (rows["disk full"]["effect"], rows["cache warm"]["effect"]) == (1.0, -1.0)
    assert (rows["disk full"]["ratio"], rows["cache warm"]["ratio"]) == (None, 0.0)


def test_ranges_of_unequal_length_are_compared_by_rates() -> None:
    """Ten hours at the same rate as the one hour are no difference."""
    logs = pl.concat([events(f"{w} done", 660, NOON - 10 * HOUR, 11 * HOUR) for w in ("build", "mail", "scan")])
    long = NOON - 10 * HOUR, NOON
    assert compare(logs, baseline=long, incident=NEW).is_empty()
    surge = compare(logs.vstack(events("scan done", 120)), baseline=long, incident=NEW)
    assert surge.filter(pl.col("field") == "template")["subject"].to_list() == ["scan done"]


def test_a_flood_does_not_make_the_rest_fewer() -> None:
    """Rates are compared, not shares."""
    assert set(by_subject(events("panic", 5000))) == {"panic", "all events"}


def test_more_traffic_of_everything_is_one_row() -> None:
    """What all templates have in common is told of all events, and not of each."""
    rows = by_subject(
        *[events(f"{word} finished", 180) for word in ("build", "deploy", "login", "mail", "scan", "upload")]
    )
    assert {name: round(float(str(row["ratio"])), 1) for name, row in rows.items()} == {"all events": 4.0}


def test_a_field_value_explains() -> None:
    """The host whose rate rose is told, not the others, and not its level twice."""
    hosts = [both("read block", 40, **{"host.name": f"host-{i}"}) for i in range(8)]
    rows = by_subject(*hosts, events("read block", 200, **{"host.name": "host-3"}))
    assert rows["host.name = host-3"]["kind"] == "more"
    assert rows["host.name = host-3"]["field"] == "host.name"
    assert rows["host.name = host-3"]["value"] == "host-3"
    assert not [name for name in rows if name.startswith("host.name") and name != "host.name = host-3"]


def test_a_bad_host_among_the_errors() -> None:
    """A host as busy as ever, but with most of the errors, is told in the scope of the errors."""
    fine = [both("write block", 100, severity_number=9, **{"host.name": f"host-{i}"}) for i in range(8)]
    bad = events("write failed", 50, severity_number=17, **{"host.name": "host-5"})
    noise = [both("write failed", 2, severity_number=17, **{"host.name": f"host-{i}"}) for i in range(8)]
    rows = by_subject(*fine, *noise, bad)
    assert rows["errors with host.name = host-5"]["scope"] == "errors"
    assert not [name for name in rows if "host-" in name and "host-5" not in name]


def test_numbers_with_few_values_are_codes() -> None:
    """A status is compared by value; identities, one a line, are not compared at all."""
    fine = both("request", 200, status=200).with_columns(request=pl.int_range(pl.len()).cast(pl.String))
    rows = by_subject(fine, events("request", 60, status=503))
    assert rows["status = 503"]["kind"] == "new"
    assert not [name for name in rows if name.startswith("request =")]


def test_durations_and_measures_that_moved() -> None:
    """One logger of two got slower; a size shifted; a process id that moved is none."""
    rng = np.random.default_rng(1)
    frames = []
    for start, factor in ((NOON - HOUR, 1), (NOON, 5)):
        for logger, times in (("db", factor), ("web", 1)):
            frame = events("query done", 200, start, logger=logger)
            frames.append(
                frame.with_columns(
                    duration_ms=pl.Series(rng.lognormal(3, 0.3, 200) * times),
                    size=pl.Series(rng.normal(1000 * factor, 50, 200)),
                    pid=pl.Series(rng.integers(1000 * factor, 2000 * factor, 200)),
                )
            )
    rows = by_subject(*frames)
    assert {name: row["kind"] for name, row in rows.items()} == {"duration_ms of db": "slower", "size": "shifted"}
    slow = rows["duration_ms of db"]
    assert slow["ratio"] == pytest.approx(5, rel=0.2)
    assert float(str(slow["effect"])) > 0.9
    assert float(str(slow["incident_p50"])) > 4 * float(str(slow["baseline_p50"]))


def test_bursts_are_held_against_bursts() -> None:
    """What comes in bursts of its own is no news in a burst of the usual size; an even one of that size is."""
    bursts = [events("batch item", 40, NOON - timedelta(minutes=50 - 20 * i), timedelta(seconds=9)) for i in range(2)]
    even = both("poll", 40)
    surge = [events(name, 100, NOON + timedelta(minutes=5), timedelta(seconds=9)) for name in ("batch item", "poll")]
    assert set(by_subject(*bursts, even, *surge)) == {"poll"}


def test_an_empty_side_falls_back_to_what_is_frequent() -> None:
    """There is nothing to compare then, and each row says so."""
    table = compare(CALM, baseline=(NOON - 9 * HOUR, NOON - 8 * HOUR), incident=NEW)
    assert set(table["kind"]) == {"top"}
    assert table["note"][0].startswith("The baseline holds no event")
    assert table["p_value"].null_count() == table.height > 0
    reverse = compare(CALM, baseline=OLD, incident=(NOON + 9 * HOUR, NOON + 10 * HOUR))
    assert reverse["note"][0].startswith("The incident holds no event")
    assert compare(empty(), baseline=OLD, incident=NEW).is_empty()


def test_a_log_that_begins_within_the_baseline_had_not_fewer_events_before() -> None:
    """The baseline is then the shorter, and nothing is more."""
    logs = CALM.filter(pl.col("timestamp") >= NOON - timedelta(minutes=15))
    assert compare(logs, baseline=OLD, incident=NEW).is_empty()


def test_where_ranges_overlap_the_time_is_the_incidents() -> None:
    """The whole day can be the baseline of an hour in it."""
    logs = CALM.vstack(events("disk full", 30))
    table = compare(logs, baseline=(NOON - HOUR, NOON + HOUR), incident=NEW)
    assert_frame_equal(table, compare(logs, baseline=OLD, incident=NEW))


@pytest.mark.parametrize(
    ("baseline", "incident", "message"),
    [
        ((NOON, NOON - HOUR), NEW, "baseline ends at"),
        (OLD, (NOON, NOON), "incident ends at"),
        (OLD, ("soon", NOON), "'soon' is not a time of incident"),
        ("2026-03-10", NEW, "baseline is not a pair"),
        (OLD, (NOON,), "incident is not a pair"),
    ],
)
def test_ranges_that_make_no_sense(baseline: object, incident: object, message: str) -> None:
    """Say which range it is, and how to write one."""
    with pytest.raises(InvalidArgumentError, match=message):
        compare(CALM, baseline=baseline, incident=incident)  # type: ignore[arg-type]


def test_times_in_every_form() -> None:
    """ISO text with and without a zone, datetimes with and without one, and dates mean the same moments."""
    logs = CALM.vstack(events("disk full", 30))
    expected = compare(logs, baseline=OLD, incident=NEW)
    for pair in (
        ("2026-03-10 11:00", "2026-03-10 12:00"), ("2026-03-10T12:00:00+01:00", "2026-03-10T13:00:00+01:00"),
        (datetime(2026, 3, 10, 11), datetime(2026, 3, 10, 12)),
    ):  # fmt: skip
        assert_frame_equal(compare(logs, baseline=pair, incident=NEW), expected)
    local = compare(logs, baseline=("2026-03-10 12:00", "2026-03-10 13:00"), incident=NEW, tz="Europe/Berlin")
    assert_frame_equal(local, expected)
    assert compare(logs, baseline=(date(2026, 3, 9), date(2026, 3, 10)), incident=NEW)["note"].null_count() == 0


def test_lazy_frames_and_templates_that_are_there() -> None:
    """Templates of the frame are used; a LazyFrame gives the same."""
    from loganalytics.templates.annotate import with_templates

    logs = CALM.vstack(events("disk full", 30))
    expected = compare(logs, baseline=OLD, incident=NEW)
    assert_frame_equal(compare(logs.lazy(), baseline=OLD, incident=NEW), expected)
    assert_frame_equal(compare(with_templates(logs), baseline=OLD, incident=NEW), expected)
    assert expected["template_id"].null_count() == 0


def test_row_order_does_not_matter() -> None:
    """Shuffled logs give the same table."""
    logs = pl.concat(
        [CALM, events("disk full", 30, service="db"), events("retry 7", 40, service="web")], how="diagonal"
    )
    expected = compare(logs, baseline=OLD, incident=NEW)
    assert_frame_equal(compare(logs.sample(fraction=1, shuffle=True, seed=3), baseline=OLD, incident=NEW), expected)


def test_a_missing_column_is_named() -> None:
    """As everywhere."""
    with pytest.raises(MissingColumnError, match="severity_number"):
        compare(CALM.drop("severity_number"), baseline=OLD, incident=NEW)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=0, max_size=40), st.integers(0, 5))
def test_odd_logs_never_fail(minutes: list[int], kinds: int) -> None:
    """Few events, at equal times, of any number of kinds."""
    times = [NOON + timedelta(minutes=minute - 2) for minute in minutes]
    messages = [f"word{'abcdef'[i % (kinds + 1)]} seen" for i in range(len(times))]
    columns = {"timestamp": pl.Datetime("us", "UTC"), "message": pl.String}
    logs = conform(pl.DataFrame({"timestamp": times, "message": messages}, schema=columns))
    table = compare(logs, baseline=OLD, incident=NEW)
    assert table["p_value"].drop_nulls().is_between(0, 1).all()
    assert table["effect"].drop_nulls().is_between(-1, 1).all()


def test_thousands_of_services() -> None:
    """Only the most frequent values are compared; the new one among them is found."""
    logs = pl.concat([both("ok", 1, service=f"svc-{i}") for i in range(1500)])
    logs = pl.concat([logs, events("ok", 300, service="rogue")])
    table = compare(logs, baseline=OLD, incident=NEW)
    assert "service = rogue" in table["subject"].to_list()


def test_false_rows_are_few() -> None:
    """Of many equal rates, hardly any is called different."""
    rng = np.random.default_rng(5)
    rows = 0
    for _ in range(5):
        seconds = rng.uniform(0, 7200, 20_000)
        words = rng.integers(0, 300, 20_000)
        times = [NOON - HOUR + timedelta(seconds=float(s)) for s in seconds]
        logs = conform(pl.DataFrame({"timestamp": times, "message": "ok", "colour": [f"c{w}" for w in words]}))
        rows += compare(logs, baseline=OLD, incident=NEW).height
    assert rows <= 2


def steady(n: int = 1000) -> pl.DataFrame:
    """Return six templates that come as often in either hour, with more events than one that changed."""
    words = ("build", "deploy", "login", "mail", "scan", "upload")
    return pl.concat([both(f"{word} finished", n) for word in words])


@pytest.mark.parametrize(("before", "after", "kinds"), [
    (1000, 1490, []), (1000, 1510, ["more"]), (1490, 1000, []), (1510, 1000, ["fewer"]),
])  # fmt: skip
def test_a_rate_must_change_by_a_ratio_of_one_and_a_half(before: int, after: int, kinds: list[str]) -> None:
    """However significant: a ratio of 1.49 is not returned, one of 1.51 is, up and down."""
    changed = events("ping", before, NOON - HOUR).vstack(events("ping", after))
    table = compare(pl.concat([steady(), changed], how="diagonal"), baseline=OLD, incident=NEW)
    assert table.filter(pl.col("field") == "template")["kind"].to_list() == kinds


def durations(factor: float, share: float = 1.0) -> pl.DataFrame:
    """Return events whose durations in the incident are longer by a factor, or a share of them."""
    numbers = np.random.default_rng(3).lognormal(3, 0.1, 1000)
    later = np.where(np.arange(1000) % 100 < 100 * share, numbers * factor, numbers)
    old = events("query done", 1000, NOON - HOUR).with_columns(duration_ms=pl.Series(numbers))
    return old.vstack(events("query done", 1000).with_columns(duration_ms=pl.Series(later)))


@pytest.mark.parametrize(("factor", "kinds"), [(1.24, []), (1.26, ["slower"]), (1 / 1.24, []), (1 / 1.26, ["faster"])])
def test_a_measure_must_change_by_a_quarter(factor: float, kinds: list[str]) -> None:
    """However significant: a ratio of 1.24 is not returned, one of 1.26 is, up and down."""
    assert compare(durations(factor), baseline=OLD, incident=NEW)["kind"].to_list() == kinds


@pytest.mark.parametrize(("share", "kinds"), [(0.19, []), (0.21, ["slower"])])
def test_a_fifth_of_the_distribution_must_have_moved(share: float, kinds: list[str]) -> None:
    """A few slow ones move p95, but that is no news."""
    assert compare(durations(9.0, share), baseline=OLD, incident=NEW)["kind"].to_list() == kinds


@pytest.mark.parametrize(("n", "kinds"), [(7, []), (8, ["slower"])])
def test_a_measure_needs_eight_values_in_either_range(n: int, kinds: list[str]) -> None:
    """Of fewer, quantiles say little."""
    old = events("query done", 100, NOON - HOUR).with_columns(duration_ms=pl.lit(10.0))
    new = events("query done", 100).with_columns(duration_ms=pl.when(pl.int_range(100) < n).then(90.0))
    assert compare(old.vstack(new), baseline=OLD, incident=NEW)["kind"].to_list() == kinds


def test_the_thirty_most_frequent_terms_of_one_range_are_returned() -> None:
    """By count, then by field and value; their example is their earliest message, and none has a score."""
    names = [f"job {i} done" for i in range(35)]
    frames = [events(name, 40 - i, template=name, template_id=name) for i, name in enumerate(names)]
    table = compare(pl.concat(frames), baseline=(NOON - 9 * HOUR, NOON - 8 * HOUR), incident=NEW)
    assert table["value"].to_list() == table["example"].to_list() == names[:30]
    assert table.select("ratio", "effect", "score").null_count().row(0) == (30, 30, 30)
    assert "all events" not in table["subject"].to_list()


def test_of_fields_that_say_the_same_one_is_returned() -> None:
    """The template, then the service, the level, the logger, and then the others by name."""
    names = {"service": "disk", "level": "ALERT", "logger": "disk.io", "zone": "eu", "app": "store"}
    rows = by_subject(events("disk full", 30, **names))
    assert set(rows) == {"disk full"}
    words = ("full", "slow", "gone")
    for removed, field in ((0, "service"), (1, "level"), (2, "logger"), (3, "app")):
        fields = dict(list(names.items())[removed:])
        subjects = set(by_subject(*[events(f"disk {word}", 30, **fields) for word in words]))
        assert {subject.split(" = ")[0] for subject in subjects if " = " in subject} == {field}


def test_an_example_is_the_earliest_message_of_the_incident() -> None:
    """Of what is gone, the earliest of the baseline; at one time, by source and offset."""
    later, earlier = events("user 7 failed", 30), events("user 8 failed", 30)
    earlier = earlier.with_columns(source=pl.lit("a"), offset=pl.lit("1"))
    later = later.with_columns(source=pl.lit("a"), offset=pl.lit("2"))
    before = events("user 6 failed", 1, NOON - HOUR)
    gone = events("job 1 done", 20, NOON - HOUR / 2, HOUR / 4).vstack(events("job 2 done", 20, NOON - HOUR))
    rows = by_subject(later, earlier, before, gone)
    assert rows["user <*> failed"]["example"] == "user 8 failed"
    assert rows["job <*> done"]["example"] == "job 2 done"


def test_a_log_without_times_has_nothing_to_compare() -> None:
    """No event lies in a range."""
    assert compare(
        CALM.with_columns(timestamp=pl.lit(None, pl.Datetime("us", "UTC"))), baseline=OLD, incident=NEW
    ).is_empty()


def test_what_ranges_share_is_time_of_the_incident_only() -> None:
    """A baseline of two hours that ends with the incident lasts one hour without it."""
    assert measure_exposure(TimeRange(NOON - HOUR, NOON + HOUR), TimeRange(*NEW)) == Exposure(
        baseline_minutes=60.0, incident_minutes=60.0
    )
    apart = measure_exposure(TimeRange(NOON - 3 * HOUR, NOON - HOUR), TimeRange(*NEW))
    assert (apart.baseline_minutes, apart.incident_minutes) == (120.0, 60.0)
    within = measure_exposure(TimeRange(NOON, NOON + HOUR), TimeRange(*NEW))
    assert within.baseline_minutes == pytest.approx(1 / 60_000_000)


def test_the_baseline_is_cut_into_twelve_equal_slices() -> None:
    """Its start belongs to the first, its end to the incident; the start of a slice belongs to that slice."""
    seconds = (-3600, -3301, -3300, -1, 0)
    frame = conform(pl.DataFrame({"timestamp": [NOON + timedelta(seconds=s) for s in seconds], "message": "x"}))
    assert select_events(frame, TimeRange(*OLD), TimeRange(*NEW))[SLICE_COLUMN].to_list() == [0, 0, 1, 11, -1]


def test_measures_of_the_same_events_are_each_returned() -> None:
    """That their counts are equal does not mean that they say the same."""
    frames = [
        events("sent", 200, start).with_columns(size=pl.int_range(200) * factor, load=pl.int_range(200) / factor)
        for start, factor in ((NOON - HOUR, 1), (NOON, 3))
    ]
    table = compare(pl.concat(frames), baseline=OLD, incident=NEW)
    assert sorted(table["subject"].to_list()) == ["load", "size"]


def test_durations_are_read_from_messages() -> None:
    """Without a column of them."""
    old, new = events("query done in 10ms", 60, NOON - HOUR), events("query done in 40ms", 60)
    rows = by_subject(old, new)
    assert (rows["duration_ms"]["kind"], rows["duration_ms"]["ratio"]) == ("slower", 4.0)
    assert (rows["duration_ms"]["example"], rows["duration_ms"]["scope"]) == (None, "events")


def test_a_thousand_differences_are_returned() -> None:
    """The surest of more."""
    frame = pl.DataFrame({"message": [f"job {i} done" for i in range(1100)] * 20})
    frame = frame.with_columns(timestamp=pl.lit(NOON) + pl.duration(milliseconds=pl.int_range(22_000)))
    logs = CALM.vstack(conform(frame)).with_columns(template="message", template_id="message")
    assert compare(logs, baseline=OLD, incident=NEW).height == 1000


def test_the_route_of_requests_that_fail_is_named() -> None:
    """Paths differ from request to request; that of the log's other requests is none of the differences."""
    requests = [both(f"GET /orders/{number} 200", 6, severity_number=9) for number in range(10)]
    failed = [events(f"GET /orders/{number} 500", 6, severity_number=17) for number in range(10)]
    others = [both(f"GET /{name} 200", 60, severity_number=9) for name in ("cart", "login")]
    row = by_subject(*requests, *failed, *others)["errors with http.route = /orders/<*>"]
    assert (row["kind"], row["baseline_count"], row["incident_count"]) == ("new", 0, 60)


def test_a_route_is_named_beside_a_template_with_the_same_events() -> None:
    """Of other fields that say the same, it is the one."""
    cart = {"http.route": "/cart", "url.original": "/cart?x", "http.request.method": "POST"}
    login = {"http.route": "/login", "url.original": "/login?x", "http.request.method": "GET"}
    failed = events("failed", 60, severity_number=17, **cart)
    done, odd = both("done", 60, severity_number=9, **login), both("odd", 5, severity_number=17, **login)
    subjects = by_subject(failed, done, odd)
    assert {"failed", "errors with http.route = /cart"} <= set(subjects)
    assert "errors with url.original = /cart?x" not in subjects
