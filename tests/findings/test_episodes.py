"""Which stretches of time belong together, at the edge of each rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from loganalytics.findings.episodes import Episode, group_overlapping, is_slowdown, is_within_episode, merge_silences
from loganalytics.schema import TIMESTAMP

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """Return the time so many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def episode(start: float, end: float, feature: str = "events", service: str = "web") -> Episode:
    """Return an episode of one service between two minutes."""
    return Episode(
        services=(service,), start=at(start), end=at(end), score=0.9, windows=1, events=1, errors=0,
        reasons=((feature, "many"),),
    )  # fmt: skip


def coverage(*gaps: tuple[str, float, float]) -> pl.DataFrame:
    """Return what `coverage` does for services with these gaps, none of them silent at the end."""
    services = sorted({name for name, _, _ in gaps})
    rows = [
        {
            "service": service,
            "gaps": [{"start": at(start), "end": at(end)} for name, start, end in gaps if name == service],
            "is_silent": False,
            "last_seen": at(999),
            "silent_for": timedelta(0),
        }
        for service in services
    ]
    gap_type = pl.List(pl.Struct({"start": TIMESTAMP, "end": TIMESTAMP}))
    return pl.DataFrame(rows, schema_overrides={"gaps": gap_type})


@pytest.mark.parametrize(("start", "end", "services"), [(15, 60, [("a", "b")]), (16, 60, [("a",), ("b",)])])
def test_silences_that_share_three_quarters_of_their_time_are_one(
    start: float, end: float, services: list[tuple[str, ...]]
) -> None:
    """45 of 60 minutes are enough, 44 are not."""
    merged = merge_silences(coverage(("a", 0, 60), ("b", start, end)))
    assert [silence.services for silence in merged] == services


def test_of_several_gaps_the_longest_stands_for_all() -> None:
    """With their number."""
    (silence,) = merge_silences(coverage(("a", 0, 10), ("a", 20, 50), ("a", 60, 65)))
    assert (silence.start, silence.end, silence.gap_count, silence.is_ongoing) == (at(20), at(50), 3, False)


@pytest.mark.parametrize(("end", "expected"), [(30, False), (31, True)])
def test_a_silence_belongs_to_an_episode_that_covers_more_than_half_of_it(end: float, expected: bool) -> None:
    """Half is not enough, and neither is an episode of another service."""
    (silence,) = merge_silences(coverage(("web", 0, 60)))
    assert is_within_episode(silence, [episode(0, end)]) is expected
    assert not is_within_episode(silence, [episode(0, end, service="db")])


@pytest.mark.parametrize(("end", "expected"), [(30, False), (31, True)])
def test_longer_durations_belong_to_a_slow_stretch_that_covers_more_than_half(end: float, expected: bool) -> None:
    """Half is not enough, and neither is a feature that is not of durations."""
    group = [episode(0, 60, "duration_p95")]
    assert is_slowdown(group, at(0), at(end)) is expected
    assert not is_slowdown([*group, episode(0, 60, "errors")], at(0), at(60))


def test_episodes_that_touch_are_one_group() -> None:
    """A minute apart they are two."""
    touching, apart = [episode(0, 10), episode(10, 20)], [episode(0, 10), episode(11, 20)]
    assert [len(group) for group in group_overlapping(touching)] == [2]
    assert [len(group) for group in group_overlapping(apart)] == [1, 1]
