"""How long windows are, and what a view over them shows."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from loganalytics.analyses.windowing import choose_window, group_small_services, without_misdated

START = datetime(2025, 1, 6, tzinfo=UTC)


@pytest.mark.parametrize(("seconds", "every"), [(600, "1s"), (601, "2s"), (600 * 2, "2s"), (600 * 2 + 1, "5s")])
def test_a_log_has_at_most_600_windows(seconds: int, every: str) -> None:
    """At 600 of the shorter windows it changes to longer ones."""
    assert choose_window(pl.Series([START, START + timedelta(seconds=seconds)])) == every


def test_the_longest_window_has_28_days() -> None:
    """A log of a century has more windows rather than longer ones."""
    assert choose_window(pl.Series([START, START + timedelta(days=36_500)])) == "28d"


def _services(number: int) -> pl.DataFrame:
    """Return the events of so many services: the first has the most, the last one."""
    names = [f"pod-{i:02}" for i in range(number) for _ in range(number - i)]
    return pl.DataFrame({"service": names})


def test_50_services_stay_as_they_are() -> None:
    """None of them is grouped."""
    assert group_small_services(_services(50)).equals(_services(50))


def test_of_51_services_the_two_smallest_are_one() -> None:
    """49 keep their names, no event is lost."""
    grouped = group_small_services(_services(51)).group_by("service", maintain_order=True).len()
    assert grouped["service"].to_list() == [*(f"pod-{i:02}" for i in range(49)), "other services"]
    assert grouped["len"].to_list()[-1] == 2 + 1


def test_misdated_events_are_left_out_and_undated_ones_are_not() -> None:
    """An event of 2099 among those of an hour."""
    times = [START + timedelta(minutes=i) for i in range(60)]
    frame = pl.DataFrame({"timestamp": [*times, None, datetime(2099, 1, 1, tzinfo=UTC)]})
    assert without_misdated(frame)["timestamp"].to_list() == [*times, None]
    assert without_misdated(frame.head(61)).equals(frame.head(61))
