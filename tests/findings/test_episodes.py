"""Which stretches of time belong together, at the edge of each rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from loganalytics.findings.episodes import (
    Episode,
    find_episodes,
    group_overlapping,
    window_symptoms,
)

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
NUMBERS = dict.fromkeys(("contribution", "observed", "expected"), pl.Float64)
REASONS = pl.List(pl.Struct({"feature": pl.String, "text": pl.String, **NUMBERS}))


def at(minutes: float) -> datetime:
    """Return the time so many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def episode(start: float, end: float, feature: str = "events", service: str = "web") -> Episode:
    """Return an episode of one service between two minutes."""
    return Episode(
        services=(service,), start=at(start), end=at(end), score=0.9, windows=1, events=1, errors=0,
        reasons=((feature, "many"),),
    )  # fmt: skip


def test_episodes_that_touch_are_one_group() -> None:
    """A minute apart they are two."""
    touching, apart = [episode(0, 10), episode(10, 20)], [episode(0, 10), episode(11, 20)]
    assert [len(group) for group in group_overlapping(touching)] == [2]
    assert [len(group) for group in group_overlapping(apart)] == [1, 1]


def test_an_episode_within_a_longer_one_does_not_end_its_group() -> None:
    """The group lasts until its latest end."""
    episodes = [episode(0, 30), episode(5, 10), episode(20, 40), episode(41, 50)]
    assert [len(group) for group in group_overlapping(episodes)] == [3, 1]


def window(start: float, *reasons: tuple[str, float, str], score: float = 0.9, observed: float = 60.0) -> pl.DataFrame:
    """Return an anomalous window of what `detect_anomalies` returns: reasons are (feature, contribution, text)."""
    structs = [
        {"feature": feature, "contribution": contribution, "text": text, "observed": observed, "expected": 10.0}
        for feature, contribution, text in reasons
    ]
    row = {"window": at(start), "score": score, "is_anomaly": True, "reasons": structs, "events": 60, "errors": 5}
    return pl.DataFrame([row], schema_overrides={"reasons": REASONS})


def reasons_of(*windows: pl.DataFrame) -> tuple[tuple[str, str], ...]:
    """Return the reasons of the one episode that windows of five minutes make."""
    (found,) = find_episodes(pl.concat(windows), timedelta(minutes=5))
    return found.reasons


@pytest.mark.parametrize(
    ("feature", "weight"),
    [("errors", 2.0), ("events", 0.8), ("trace_ids", 0.5), ("level:ERROR", 0.5), ("templates", 1.0)],
)
def test_plain_features_come_before_those_that_say_the_same(feature: str, weight: float) -> None:
    """A contribution counts double for errors and half for a level, against that of durations."""
    reason = (feature, 1.0, "a")
    first = reasons_of(window(0, reason, ("duration_p95", weight - 0.01, "b")))
    second = reasons_of(window(0, reason, ("duration_p95", weight + 0.01, "b")))
    assert [first[0][0], second[0][0]] == [feature, "duration_p95"]


def test_a_feature_counts_by_its_sum_over_the_windows() -> None:
    """Twice 0.6 is more than 1."""
    assert reasons_of(window(0, ("duration_p95", 1.0, "a"), ("size", 0.6, "b")), window(5, ("size", 0.6, "b"))) == (
        ("size", "b"), ("duration_p95", "a")
    )  # fmt: skip


def test_a_feature_has_the_sentence_of_its_oddest_window() -> None:
    """The one with the higher score, else the one farther from what is expected, else by its text."""
    low, high = window(0, ("size", 1.0, "a"), score=0.8), window(5, ("size", 1.0, "b"), score=0.9)
    assert reasons_of(low, high) == reasons_of(low.with_columns(score=0.7), high) == (("size", "b"),)
    near, far = window(0, ("size", 1.0, "a"), observed=20.0), window(5, ("size", 1.0, "b"), observed=-20.0)
    assert reasons_of(near, far) == (("size", "b"),)
    assert reasons_of(window(0, ("size", 1.0, "b")), window(5, ("size", 1.0, "a"))) == (("size", "a"),)


def test_an_episode_has_three_reasons_and_errors_stand_for_their_share() -> None:
    """The share of errors is left out where their number is a reason."""
    features = ("errors", "error_share", "p50", "p95", "size")
    reasons = reasons_of(window(0, *((name, 1.0 - 0.1 * i, name) for i, name in enumerate(features))))
    assert [feature for feature, _ in reasons] == ["errors", "p50", "p95"]
    assert reasons_of(window(0, ("error_share", 1.0, "share"))) == (("error_share", "share"),)


def test_an_episode_sums_up_its_windows() -> None:
    """Its score is the highest, and it lasts to the end of its last window."""
    (found,) = find_episodes(pl.concat([window(0, score=0.7), window(5, score=0.9)]), timedelta(minutes=5))
    assert (found.start, found.end, found.windows) == (at(0), at(10), 2)
    assert (found.score, found.events, found.errors, found.reasons) == (0.9, 120, 10, ())


def test_long_names_and_reasons_are_cut() -> None:
    """To 60 characters and 160."""
    frame = window(0, ("size", 1.0, "x" * 200)).with_columns(service=pl.lit("s" * 100))
    (found,) = find_episodes(frame, timedelta(minutes=5))
    assert (found.services, found.reasons) == (("s" * 59 + "…",), (("size", "x" * 159 + "…"),))


@pytest.mark.parametrize(("score", "e_value"), [(0.5, 1e-3), (0.75, 1e-9)])
def test_windows_are_as_odd_as_their_score_says(score: float, e_value: float) -> None:
    """0.5 is one ordinary window in a thousand, times the windows there are."""
    (symptom,) = window_symptoms(window(0, ("size", 1.0, "many"), score=score), timedelta(minutes=5))
    assert symptom.e_value == pytest.approx(e_value)
    assert (symptom.kind, symptom.text) == ("window", "many")


@pytest.mark.parametrize(("errors", "is_weekly"), [(3, True), (2, False)])
def test_windows_that_other_weeks_have_are_no_warning(errors: int, is_weekly: bool) -> None:
    """Half as many errors at the same hours of a week, or a window beside them."""
    odd = window(0, ("errors", 1.0, "many"), score=0.75)
    week_before = window(5 - 7 * 1440, score=0.1).with_columns(
        errors=pl.lit(errors, pl.Int64), is_anomaly=pl.lit(value=False)
    )
    (symptom,) = window_symptoms(pl.concat([week_before, odd]), timedelta(minutes=5))
    assert (symptom.e_value == 0.03) is is_weekly


@pytest.mark.parametrize(
    ("feature", "text", "is_harm"),
    [("errors", "errors: 9", True), ("errors:host:a", "errors of a: 9", True), ("events", "events: 9", False),
     ("template:failed login", 'events "failed login": 9', True), ("template:ok", 'events "ok": 9', False)],
)  # fmt: skip
def test_windows_of_errors_and_of_messages_of_failure_are_harm(feature: str, text: str, is_harm: bool) -> None:
    """More of anything else is not."""
    (symptom,) = window_symptoms(window(0, (feature, 1.0, text)).with_columns(errors=pl.lit(9)), timedelta(minutes=5))
    assert symptom.is_harmful is is_harm
