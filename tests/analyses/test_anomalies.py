"""Planted anomalies are found, with their cause first; noise and habits are not."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from loganalytics.analyses.anomalies.explanations import find_explanations
from loganalytics.analyses.anomalies.scores import Scores, WindowScores
from loganalytics.analyses.anomalies.window_events import Windows
from loganalytics.analyses.anomalies.windows import anomaly_table, detect_anomalies
from loganalytics.exceptions import InvalidArgumentError, MissingColumnError
from loganalytics.schema import conform, empty
from loganalytics.templates.annotate import with_templates

START = datetime(2025, 1, 6, tzinfo=UTC)
DAY = 288  # windows

# What an invented shop logs: text, level, severity, mean events in five minutes at noon, milliseconds.
KINDS = [
    ("order {} created", "INFO", 9, 25.0, None),
    ("GET /cart/{} in {}ms", "INFO", 9, 40.0, 60.0),
    ("user {} logged in", "INFO", 9, 8.0, None),
    ("cache miss for key item:{}", "DEBUG", 5, 6.0, None),
    ("slow query of {} rows", "WARNING", 13, 1.0, None),
    ("payment {} declined", "ERROR", 17, 0.7, None),
]


def _events(kind: int, windows: np.ndarray, rng: np.random.Generator, slower: float = 1.0) -> pl.DataFrame:
    text, level, severity, _, ms = KINDS[kind]
    n = len(windows)
    seconds = (windows + rng.random(n)) * 300
    took = np.zeros(n) if ms is None else ms * slower * rng.lognormal(0, 0.4, n)
    return pl.DataFrame(
        {
            "timestamp": [START + timedelta(seconds=float(s)) for s in seconds],
            "message": [text.format(i, f"{t:.1f}") for i, t in enumerate(took)],
            "level": level,
            "severity_number": severity,
            "service": "shop",
        },
        schema_overrides={"timestamp": pl.Datetime("us", "UTC")},
    )


def _rhythm(windows: int) -> np.ndarray:
    """Return the share of noon's traffic in each window: a fifth of it at night."""
    return 0.2 + 0.4 * (1 - np.cos(np.arange(windows) / DAY * 2 * np.pi))


def _shop(days: float, seed: int = 0) -> pl.DataFrame:
    """Return ordinary days: Poisson counts that rise and fall with the hour."""
    rng = np.random.default_rng(seed)
    windows = round(days * DAY)
    frames = []
    for kind, (*_, mean, _) in enumerate(KINDS):
        counts = rng.poisson(mean * _rhythm(windows))
        frames.append(_events(kind, np.repeat(np.arange(windows), counts), rng))
    return conform(pl.concat(frames))


def _more(logs: pl.DataFrame, text: str, window: int, events: int, level: str, severity: int) -> pl.DataFrame:
    """Add so many events of one kind to a window."""
    rng = np.random.default_rng(9)
    planted = pl.DataFrame(
        {
            "timestamp": [START + timedelta(seconds=float(s)) for s in (window + rng.random(events)) * 300],
            "message": [text.format(i) for i in range(events)],
            "level": level,
            "severity_number": severity,
            "service": "shop",
        }
    )
    return pl.concat([logs, conform(planted)])


def _flagged(table: pl.DataFrame) -> list[int]:
    """Return the numbers of the windows that are anomalies."""
    number = (pl.col("window") - START).dt.total_minutes() // 5
    return table.filter("is_anomaly").select(number).to_series().to_list()


def _first_reason(table: pl.DataFrame, window: int) -> dict[str, object]:
    at = START + timedelta(minutes=5 * window)
    reasons: list[dict[str, object]] = table.filter(pl.col("window") == at)["reasons"].item().to_list()
    return reasons[0]


@pytest.fixture(scope="module", params=[2.0, 4.0])
def shop(request: pytest.FixtureRequest) -> pl.DataFrame:
    """Two ordinary days, whose baseline is the other day, and four, whose baseline is the median day."""
    return _shop(request.param)


@pytest.mark.parametrize("days", [0.25, 1, 2, 4])
def test_ordinary_days_have_hardly_an_anomaly(days: float) -> None:
    """Over three seeds fewer than one window in two hundred, though traffic rises fivefold every day."""
    tables = [detect_anomalies(_shop(days, seed)) for seed in range(3)]
    flagged = sum(len(_flagged(table)) for table in tables)
    assert flagged <= 0.005 * sum(table.height for table in tables)


def test_a_burst_of_a_new_error_is_found_and_named(shop: pl.DataFrame) -> None:
    """Its template is the first reason, with what was seen and what is usual."""
    table = detect_anomalies(_more(shop, "disk {} is full", 400, 40, "ERROR", 17))
    reason = _first_reason(table, 400)
    assert 400 in _flagged(table)
    assert len(_flagged(table)) <= 3
    assert "disk <*> is full" in str(reason["feature"])
    assert (reason["observed"], reason["expected"]) == (40.0, 0.0)
    assert str(reason["text"]).startswith('events "disk <*> is full": 40, usually 0 to ')


def test_more_of_a_known_error_is_found(shop: pl.DataFrame) -> None:
    """Thirty declined payments where there are none or two."""
    table = detect_anomalies(_more(shop, "payment {} declined", 400, 30, "ERROR", 17))
    assert 400 in _flagged(table)
    assert str(_first_reason(table, 400)["feature"]) in {"template:payment <*> declined", "errors"}


def test_silence_is_found(shop: pl.DataFrame) -> None:
    """Half an hour at noon without an event; each window says so."""
    begin, end = START + timedelta(minutes=5 * 430), START + timedelta(minutes=5 * 436)
    table = detect_anomalies(shop.filter(~pl.col("timestamp").is_between(begin, end)))
    assert set(range(430, 436)) <= set(_flagged(table))
    assert _first_reason(table, 432)["feature"] == "events"
    assert _first_reason(table, 432)["observed"] == 0.0


def test_slowness_is_found(shop: pl.DataFrame) -> None:
    """Requests take four times as long, as many as ever."""
    begin, end = START + timedelta(minutes=5 * 430), START + timedelta(minutes=5 * 434)
    during = pl.col("timestamp").is_between(begin, end) & pl.col("message").str.starts_with("GET")
    rng = np.random.default_rng(3)
    slow = _events(1, np.repeat(np.arange(430, 434), 35), rng, slower=4.0)
    table = detect_anomalies(pl.concat([shop.filter(~during), conform(slow)]))
    assert set(range(430, 434)) <= set(_flagged(table))
    assert str(_first_reason(table, 431)["feature"]).startswith("duration_")


def test_the_nightly_batch_is_usual(shop: pl.DataFrame) -> None:
    """Three hundred events at two o'clock are none too many if they come every night."""
    logs = shop
    days = round((shop["timestamp"].max() - START) / timedelta(days=1))  # type: ignore[operator]
    for day in range(days):
        logs = _more(logs, "row {} exported", day * DAY + 24, 300, "INFO", 9)
    assert not set(_flagged(detect_anomalies(logs))) & {day * DAY + 24 for day in range(1, days)}


def test_a_first_event_is_no_anomaly(shop: pl.DataFrame) -> None:
    """One event of a kind never seen is no more than that."""
    assert 400 not in _flagged(detect_anomalies(_more(shop, "hello {}", 400, 1, "WARNING", 13)))


def test_values_have_baselines_of_their_own() -> None:
    """What is little for the shop is much for the mailer, and only its window is flagged."""
    mailer = _shop(2, seed=5).filter(pl.col("message").str.starts_with("user"))
    logs = pl.concat([_shop(2), mailer.with_columns(service=pl.lit("mailer"))])
    planted = _more(logs, "user {} logged in", 400, 0, "INFO", 9)
    extra = _more(logs.clear(), "user {} logged in", 400, 40, "INFO", 9)
    table = detect_anomalies(pl.concat([planted, extra.with_columns(service=pl.lit("mailer"))]), by="service")
    assert table.columns[:2] == ["window", "service"]
    assert table.height == 2 * 2 * DAY
    anomalies = table.filter("is_anomaly")
    assert _flagged(anomalies.filter(pl.col("service") == "mailer")) == [400]


def test_scores_mean_the_same_everywhere(shop: pl.DataFrame) -> None:
    """They lie between 0 and 1, half and more is an anomaly, and reasons are sorted by contribution."""
    table = detect_anomalies(_more(shop, "disk {} is full", 400, 40, "ERROR", 17))
    assert table["score"].is_between(0, 1).all()
    assert (table["is_anomaly"] == (table["score"] >= 0.5)).all()
    contributions = table["reasons"].list.eval(pl.element().struct["contribution"])
    assert contributions.list.sum().max() <= 1.0 + 1e-9  # type: ignore[operator]
    assert (contributions.list.sort(descending=True) == contributions).all()
    assert table.filter("is_anomaly")["reasons"].list.len().min() >= 1  # type: ignore[operator]


def test_order_of_rows_laziness_and_chance_do_not_matter() -> None:
    """The forest is seeded, and sums do not care."""
    logs = _shop(1)
    table = detect_anomalies(logs, by="level", seed=4)
    assert_frame_equal(detect_anomalies(logs.sample(fraction=1, shuffle=True, seed=1), by="level", seed=4), table)
    assert_frame_equal(detect_anomalies(logs.lazy(), by="level", seed=4), table)


def test_one_ordinary_window_in_a_thousand_scores_half() -> None:
    """A surprisal of 3 is an anomaly, less is not; one in a million scores two thirds."""
    surprisal = np.array([0.0, 2.999, 3.0, 6.0])
    zeros = np.zeros((4, 1))
    scores = Scores(
        names=["events"], observed=zeros, expected=zeros, low=zeros, high=zeros, surprisal=zeros, run=zeros + 1
    )
    windows = Windows(start=START, every=timedelta(minutes=5), count=4)
    window_scores = WindowScores(
        value=None, totals=np.zeros((4, 2)), surprisal=surprisal, summary=np.zeros((4, 11)),
        explanations=find_explanations(scores),
    )  # fmt: skip
    table = anomaly_table([window_scores], None, windows, pl.String())
    assert table["score"].to_list() == pytest.approx([0, 2.999 / 5.999, 0.5, 2 / 3])
    assert table["is_anomaly"].to_list() == [False, False, True, True]
    assert table["detector"].to_list() == [None, None, "baseline", "baseline"]


def test_among_fewer_than_twelve_windows_nothing_is_odd() -> None:
    """A flood in the middle of twelve windows is found, in the middle of eleven it is not."""
    for windows, is_found in ((12, True), (11, False)):
        times = [START + timedelta(minutes=5 * window, seconds=n) for window in range(windows) for n in range(20)]
        times += [START + timedelta(minutes=30, seconds=n % 300) for n in range(2000)]
        table = detect_anomalies(conform(pl.DataFrame({"timestamp": times, "message": "served"})))
        assert table.height == windows
        assert table["is_anomaly"].any() == is_found
        assert (table["score"].max() > 0) == is_found  # type: ignore[operator]


def test_a_window_has_at_most_five_reasons() -> None:
    """The strongest of seven kinds of failure at once."""
    logs = _shop(0.5)
    for number in range(1, 8):
        logs = _more(logs, "out of memory " * number, 90, 40 + 10 * number, "ERROR", 17)
    table = detect_anomalies(logs)
    assert table["reasons"].list.len().max() == 5
    assert table.filter("is_anomaly")["reasons"].list.len().max() == 5


@pytest.mark.parametrize("rows", [0, 1, 2])
@pytest.mark.parametrize("by", [None, "service"])
def test_tiny_logs_have_no_anomaly(rows: int, by: str | None) -> None:
    """No event, one, two; missing levels and services."""
    logs = conform(pl.DataFrame({"timestamp": [START, START + timedelta(minutes=7)], "message": ["a", "b"]}))
    table = detect_anomalies(logs.head(rows), by=by)
    assert table.height == rows
    assert not table["is_anomaly"].any()
    assert table.schema == detect_anomalies(empty(), by=by).schema


def test_events_without_a_time_are_left_out() -> None:
    """A log in which none bears one has no windows."""
    assert detect_anomalies(conform(pl.DataFrame({"message": ["a", "b"]}))).is_empty()


def test_slips_are_named() -> None:
    """A column that is not there, a length that is none, windows without number."""
    logs = conform(pl.DataFrame({"timestamp": [START, START + timedelta(days=20_000)] * 3}))
    with pytest.raises(MissingColumnError, match="'sevice'"):
        detect_anomalies(logs, by="sevice")
    with pytest.raises(InvalidArgumentError, match="'5 bananas'"):
        detect_anomalies(empty(), every="5 bananas")
    with pytest.raises(InvalidArgumentError, match="too many"):
        detect_anomalies(logs)


@pytest.mark.parametrize("away", [datetime(1970, 1, 1, tzinfo=UTC), datetime(2099, 12, 31, tzinfo=UTC)])
def test_an_event_dated_years_away_is_left_out_and_told_of(away: datetime) -> None:
    """A clock that was not set stretches no windows; all else is judged as without it."""
    logs = _shop(0.25)
    odd = logs.head(1).with_columns(timestamp=pl.lit(away).cast(logs.schema["timestamp"]))
    with pytest.warns(UserWarning, match="1 event dated years away left out"):
        table = detect_anomalies(pl.concat([logs, odd]))
    assert_frame_equal(table, detect_anomalies(logs))


@pytest.mark.parametrize("shift", [timedelta(days=9_000), -timedelta(days=19_000)])
def test_logs_of_another_age_are_judged_alike(shift: timedelta) -> None:
    """Where all times lie in the future or far back, they are the usual ones (whole weeks, so that hours agree)."""
    weeks = timedelta(weeks=shift // timedelta(weeks=1))
    logs = _more(_shop(0.5), "disk {} is full", 90, 40, "ERROR", 17)
    shifted = detect_anomalies(logs.with_columns(pl.col("timestamp") + weeks))
    assert_frame_equal(shifted.with_columns(pl.col("window") - weeks), detect_anomalies(logs))


def test_times_that_are_all_equal_are_one_window() -> None:
    """A thousand events at once are nothing that anything is unlike."""
    logs = conform(pl.DataFrame({"timestamp": [START] * 1000, "message": "a"}))
    table = detect_anomalies(logs)
    assert table.select("events", "score").rows() == [(1000, 0.0)]


def test_no_levels_and_no_services_are_no_trouble() -> None:
    """What is known is judged: a flood of one kind of event."""
    logs = _more(_shop(0.5), "disk {} is full", 90, 60, "ERROR", 17)
    nothing = logs.with_columns(pl.lit(None, pl.String).alias(name) for name in ("level", "service"))
    nothing = nothing.with_columns(severity_number=pl.lit(None, logs.schema["severity_number"]))
    for by in (None, "service"):
        assert 90 in _flagged(detect_anomalies(nothing, by=by))


def test_days_without_an_event_are_windows_too() -> None:
    """Three days between two halves: silence is told, and what follows is not news for long."""
    later = pl.col("timestamp") + timedelta(days=3)
    logs = pl.concat([_shop(1), _shop(1, seed=1).with_columns(later)])
    table = detect_anomalies(logs)
    assert table.height == 4 * DAY
    assert table.filter(pl.col("window") >= START + timedelta(days=1))["is_anomaly"].any()


def test_a_clock_that_jumps_back_changes_nothing() -> None:
    """Windows are of time, not of rows."""
    logs = _shop(0.5)
    half = logs.height // 2
    jumped = pl.concat([logs.slice(half), logs.head(half)])
    assert_frame_equal(detect_anomalies(jumped), detect_anomalies(logs))


def test_many_values_are_judged_at_once() -> None:
    """Two thousand services, one of which fails."""
    rng = np.random.default_rng(2)
    names = [f"service-{number:04}" for number in range(2000)]
    rows = 20_000
    seconds = (rng.random(rows) * 6 * 3600).tolist()
    calm = pl.DataFrame(
        {
            "timestamp": [START + timedelta(seconds=second) for second in seconds],
            "message": "done",
            "service": rng.choice(names, rows),
        }
    )
    failed = pl.DataFrame(
        {"timestamp": [START + timedelta(hours=3)] * 60, "message": "disk full", "service": names[700]}
    )
    table = detect_anomalies(conform(pl.concat([calm, failed])), every="15m", by="service")
    assert table["service"].n_unique() == 2000
    anomalies = table.filter("is_anomaly")
    assert (names[700], START + timedelta(hours=3)) in anomalies.select("service", "window").rows()
    assert anomalies.height <= 5


@settings(max_examples=4, deadline=None)
@given(kind=st.integers(0, len(KINDS) - 1), window=st.integers(50, 120), events=st.integers(60, 300))
def test_removing_the_first_reason_lowers_the_score(kind: int, window: int, events: int) -> None:
    """What is named made it so: without the planted events the window scores less, and is as others are."""
    text, level, severity, *_ = KINDS[kind]
    logs = _shop(0.5)
    flooded = _more(logs, text.replace("{}ms", "7ms"), window, events, level, severity)
    at = pl.col("window") == START + timedelta(minutes=5 * window)
    before = detect_anomalies(flooded).filter(at)
    first = _first_reason(before, window)
    inside = pl.col("timestamp").is_between(START + timedelta(minutes=5 * window),
                                            START + timedelta(minutes=5 * (window + 1)), closed="left")  # fmt: skip
    has_feature = _named_by(str(first["feature"]), flooded)
    usual = round(float(str(first["expected"])))
    planted = flooded.filter(inside & has_feature)
    after = detect_anomalies(pl.concat([flooded.filter(~(inside & has_feature)), planted.head(usual)])).filter(at)
    assert before["is_anomaly"].item()
    assert after["score"].item() < before["score"].item()


def _named_by(feature: str, logs: pl.DataFrame) -> pl.Expr:
    """Return which events a feature counts."""
    kind, _, name = feature.partition(":")
    if kind == "template":
        templates = with_templates(logs)
        return pl.col("message").is_in(templates.filter(pl.col("template") == name)["message"].unique().implode())
    if kind == "level":
        return pl.col("level").cast(pl.String) == name
    if kind in ("errors", "error_share"):
        return pl.col("severity_number") >= 17
    return pl.lit(value=True)


@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 99), window=st.integers(20, 120), length=st.integers(1, 12))
def test_no_reason_names_what_is_usual(seed: int, window: int, length: int) -> None:
    """Observed lies outside of the range that is told, whether a window is odd alone or in a run."""
    logs = _shop(0.5, seed)
    begin, end = (START + timedelta(minutes=5 * n) for n in (window, window + length))
    quiet = pl.col("timestamp").is_between(begin, end, closed="left") & (pl.int_range(pl.len()) % 3 > 0)
    table = detect_anomalies(logs.filter(~quiet))
    reasons = table.select(pl.col("reasons").explode(empty_as_null=False)).unnest("reasons")
    assert reasons.height
    assert reasons.filter(pl.col("observed").is_between("low", "high")).is_empty()
