"""How often a table is asked for what is new: so that a tail takes a small share of the server's time."""

from __future__ import annotations

from loganalytics.sources.reconnect import Backoff

BACKOFF = Backoff(first=1.0, longest=10.0)
_MIN_POLL_PAUSE, _POLL_PAUSE = 0.5, 4
"""Seconds between two polls that found nothing, at least; and as a multiple of what one takes."""
_MIN_SWEEP_PAUSE, _SWEEP_PAUSE = 1.0, 20
"""The same between two sweeps: looks at what lies behind the place where new rows come as a rule."""


def poll_pause(seconds: float) -> float:
    """Return how long to wait after a poll that took so many seconds.

    >>> poll_pause(0.01), poll_pause(1.0)
    (0.5, 4.0)
    """
    return max(_MIN_POLL_PAUSE, _POLL_PAUSE * seconds)


def sweep_pause(seconds: float) -> float:
    """Return how long to wait after a sweep that took so many seconds.

    >>> sweep_pause(0.01), sweep_pause(1.0)
    (1.0, 20.0)
    """
    return max(_MIN_SWEEP_PAUSE, _SWEEP_PAUSE * seconds)
