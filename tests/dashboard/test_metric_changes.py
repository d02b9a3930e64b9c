"""The words and colours of figures against the period before."""

from __future__ import annotations

import pytest

from loganalytics.dashboard.metric_changes import (
    ALARMING,
    NOTABLE,
    STEADY,
    UNKNOWN,
    duration_change,
    error_rate_alone,
    error_rate_change,
    events_change,
    services_change,
)


@pytest.mark.parametrize(
    ("errors", "before", "word", "colour"),
    [
        (100, 100, "steady", STEADY), (130, 100, "chance?", UNKNOWN), (160, 100, "raised", NOTABLE),
        (300, 100, "high", ALARMING), (30, 100, "lower", STEADY),
    ],
)  # fmt: skip
def test_an_error_rate_is_raised_by_more_than_chance(errors, before, word, colour):
    """A third more of a hundred errors may be chance, twice as many is not."""
    change = error_rate_change(errors, 10_000, before, 10_000)
    assert (change.text.rpartition(" · ")[2], change.colour) == (word, colour)


def test_a_high_error_rate_is_no_good_however_steady():
    """Nor where it was higher before, or there is nothing before."""
    for before in (280, 295, 400):
        change = error_rate_change(295, 1000, before, 1000)
        assert (change.text.rpartition(" · ")[2], change.colour) == ("still high", NOTABLE)
    assert error_rate_change(295, 1000, 0, 0).colour == NOTABLE
    assert error_rate_alone(295, 1000).colour == NOTABLE
    assert error_rate_alone(10, 1000) is None
    assert error_rate_alone(1, 5) is None  # of five events
    assert error_rate_change(50, 1000, 50, 1000).colour == STEADY


def test_three_errors_after_one_are_no_alarm():
    """Three times as many, and yet maybe chance: neither red nor green."""
    assert error_rate_change(3, 1000, 1, 1000).colour == UNKNOWN
    assert events_change(2, 5).colour == UNKNOWN


def test_errors_after_none_are_new():
    """There is no ratio to nothing."""
    assert error_rate_change(200, 1000, 0, 1000).text == "new"


@pytest.mark.parametrize(
    ("events", "word", "colour"),
    [(1000, "steady", STEADY), (1900, "steady", STEADY), (2100, "more", NOTABLE), (400, "fewer", NOTABLE),
     (90, "nearly none", ALARMING)],
)  # fmt: skip
def test_events_that_double_or_halve_are_told(events, word, colour):
    """Against a thousand before."""
    change = events_change(events, 1000)
    assert (change.text.rpartition(" · ")[2], change.colour) == (word, colour)


def test_durations_and_services_have_words_too():
    """Twice as long is alarming; a service fewer is notable."""
    assert duration_change(210.0, 100.0, 1000).colour == ALARMING
    assert duration_change(130.0, 100.0, 1000).text == "+30 % · slower"
    assert duration_change(900.0, 100.0, 7).colour == UNKNOWN  # of seven events
    assert services_change(9, 10).text == "-1 · fewer"


def test_without_a_period_before_nothing_is_judged():
    """Not green: unknown."""
    assert events_change(5, 0).colour == error_rate_change(1, 5, 0, 0).colour == UNKNOWN
    assert duration_change(5.0, None, 1000).colour == services_change(3, 0).colour == UNKNOWN
