"""The zone of times that write none, where what is around their lines writes the same moments with one.

A container's output and the journal have exact times; the lines within them often have those of a local clock.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from loganalytics.formats.detected import DetectedFormat, Detection
from loganalytics.formats.hints import NO_HINTS, Hints
from loganalytics.formats.timestamps import Clock

_STEP = dt.timedelta(minutes=30)
# A container's first line with a time may be so far below its first one.
_SLACK = dt.timedelta(minutes=1)
# A record may have been made of a line read much later: that this is close to whole hours must hardly be chance.
_SLACK_OF_RECORDS = dt.timedelta(seconds=5)
_ZONES = {dt.timedelta(hours=hours): f"Etc/GMT{-hours:+d}" for hours in range(-12, 15) if hours}
_ZONES[dt.timedelta(hours=5, minutes=30)] = "Asia/Kolkata"


def lend_zones(detection: Detection, hints: Hints) -> Detection:
    """Return the detection with the zones of naive times, in envelopes and in messages, that those around them show."""
    if hints.tz != NO_HINTS.tz:
        return detection
    for wrapper in reversed(detection.wrappers):
        if wrapper.first_time:
            detection = _with_zone(detection, wrapper.clock, wrapper.first_time, _SLACK)
            break
    formats = tuple(_with_zone_within(d) if d.within and d.first_time else d for d in detection.formats)
    return replace(detection, formats=formats)


def _with_zone_within(detected: DetectedFormat) -> DetectedFormat:
    if detected.within is None or detected.first_time is None:
        return detected
    within = _with_zone(detected.within.detection, detected.clock, detected.first_time, _SLACK_OF_RECORDS)
    return replace(detected, within=replace(detected.within, detection=within))


def _with_zone(detection: Detection, around: Clock, time_around: dt.datetime, slack: dt.timedelta) -> Detection:
    """Return a detection whose naive times are in the zone in which the first is the time around it."""
    naive_times = [d.first_time for d in detection.formats if d.first_time and _is_naive(d.clock)]
    if not naive_times or not _names_zone(around):
        return detection
    ahead = min(naive_times) - time_around
    offset = round(ahead / _STEP) * _STEP
    zone = _ZONES.get(offset)
    if zone is None or abs(ahead - offset) > slack:
        return detection
    return replace(detection, formats=tuple(_moved(detected, zone, offset) for detected in detection.formats))


def _moved(detected: DetectedFormat, zone: str, offset: dt.timedelta) -> DetectedFormat:
    if not _is_naive(detected.clock):
        return detected
    guess = (
        f"times without a zone are {offset / dt.timedelta(hours=1):+g} h from those around their lines: read in {zone}."
        ' Hint: tz="Area/City", if clocks there are put forward in summer'
    )
    clock = replace(detected.clock, tz=zone, guesses=(*detected.clock.guesses, guess))
    return replace(detected, clock=clock, first_time=detected.first_time and detected.first_time - offset)


def _is_naive(clock: Clock) -> bool:
    """Whether times surely write no zone: some that only the grammar reads may."""
    return bool(clock.formats) and not any(f.has_offset or f.is_epoch or f.groups for f in clock.formats)


def _names_zone(clock: Clock) -> bool:
    return bool(clock.formats) and (clock.formats[0].has_offset or clock.formats[0].is_epoch)
