"""What has become of a figure since the period before, as a word and a colour: steady, raised, high.

Small counts differ by chance: what is called raised or lower is so by more than that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from loganalytics.findings.state import HIGH_ERROR_SHARE

STEADY, NOTABLE, ALARMING, UNKNOWN = "green", "orange", "red", "gray"
_NOTABLE_Z, _ALARMING_Z = 3.0, 5.0  # standard deviations
_NOTABLE_RATIO, _ALARMING_RATIO = 1.25, 2.0
MIN_MEASURED_EVENTS = 100
_CHANCE = "chance?"


@dataclass(frozen=True, kw_only=True)
class MetricChange:
    """How a figure differs from that of the period before.

    Attributes:
        text: the difference and the word for it, "+34 % · raised".
        colour: STEADY, NOTABLE, ALARMING, or UNKNOWN without a period before.
    """

    text: str
    colour: str


def events_change(events: int, before: int) -> MetricChange:
    """Judge a number of events: half or twice as many is notable, a tenth alarming."""
    if not before:
        return _unknown()
    z = abs(events - before) / math.sqrt(events + before)
    if z < _NOTABLE_Z or before / _ALARMING_RATIO < events < before * _ALARMING_RATIO:
        return _steady(events, before, is_chance=z < _NOTABLE_Z)
    if events <= before / 10:
        return _change(events, before, "nearly none", ALARMING)
    return _change(events, before, "fewer" if events < before else "more", NOTABLE)


def error_rate_change(errors: int, events: int, errors_before: int, events_before: int) -> MetricChange:
    """Judge the share of errors by the difference of two proportions; a high one is no good, however steady."""
    if not events or not events_before:
        return error_rate_alone(errors, events) or _unknown()
    rate, before = errors / events, errors_before / events_before
    common = (errors + errors_before) / (events + events_before)
    deviation = math.sqrt(common * (1 - common) * (1 / events + 1 / events_before))
    z = (rate - before) / deviation if deviation else 0.0
    if z >= _ALARMING_Z and rate >= _ALARMING_RATIO * before:
        return _change(rate, before, "high", ALARMING)
    if z >= _NOTABLE_Z and rate >= _NOTABLE_RATIO * before:
        return _change(rate, before, "raised", NOTABLE)
    if _is_high(errors, events):
        return _change(rate, before, "still high", NOTABLE)
    if z <= -_NOTABLE_Z:
        return _change(rate, before, "lower", STEADY)
    return _steady(rate, before, is_chance=z < _NOTABLE_Z)


def error_rate_alone(errors: int, events: int) -> MetricChange | None:
    """Judge a share of errors without a period before: a high one is notable, of another there is nothing to say."""
    return MetricChange(text="high, nothing before", colour=NOTABLE) if _is_high(errors, events) else None


def _is_high(errors: int, events: int) -> bool:
    return events >= MIN_MEASURED_EVENTS and errors >= HIGH_ERROR_SHARE * events


def duration_change(duration: float | None, before: float | None, fewest_events: int) -> MetricChange:
    """Judge a quantile of durations by its ratio; of few events, in either period, it says nothing."""
    if duration is None or not before:
        return _unknown()
    if fewest_events < MIN_MEASURED_EVENTS:
        return _change(duration, before, _CHANCE, UNKNOWN)
    ratio = duration / before
    if ratio >= _ALARMING_RATIO:
        return _change(duration, before, "slow", ALARMING)
    if ratio >= _NOTABLE_RATIO:
        return _change(duration, before, "slower", NOTABLE)
    return _change(duration, before, "faster" if ratio <= 1 / _NOTABLE_RATIO else "steady", STEADY)


def services_change(services: int, before: int) -> MetricChange:
    """Judge the number of services that log: fewer is notable."""
    if not before:
        return _unknown()
    if services < before:
        return MetricChange(text=f"{services - before:+d} · fewer", colour=NOTABLE)
    return MetricChange(text=f"{services - before:+d} · {'more' if services > before else 'steady'}", colour=STEADY)


def without_praise(change: MetricChange) -> MetricChange:
    """Return the change without green: beside a grave finding, or where nobody has looked, nothing is well."""
    return replace(change, colour=UNKNOWN) if change.colour == STEADY else change


def between_halves(change: MetricChange) -> MetricChange:
    """Return the change between two halves of one log: no half says what is usual, so nothing is called steady."""
    return MetricChange(text=change.text.partition(" · ")[0], colour=UNKNOWN) if change.colour == STEADY else change


def _steady(current: float, before: float, *, is_chance: bool) -> MetricChange:
    """Return no notable change, and where it looks like one, that it may be chance."""
    looks_notable = before and not 1 / _NOTABLE_RATIO < current / before < _NOTABLE_RATIO
    if is_chance and looks_notable:
        return _change(current, before, _CHANCE, UNKNOWN)
    return _change(current, before, "steady", STEADY)


def _change(current: float, before: float, word: str, colour: str) -> MetricChange:
    if not before:
        return MetricChange(text="new" if current else f"+0 % · {word}", colour=colour)
    ratio = current / before
    text = f"{round(100 * (ratio - 1)):+d} %" if ratio < 10 else f"+{ratio:,.0f} times"
    return MetricChange(text=f"{text} · {word}", colour=colour)


def _unknown() -> MetricChange:
    return MetricChange(text="nothing before", colour=UNKNOWN)
