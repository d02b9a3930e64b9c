"""What all readers do while a server is away: growing pauses, a deadline, and the state that a tail shows."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """Pauses between attempts, in seconds: each twice as long as the one before, up to the longest."""

    first: float
    longest: float

    def pause(self, failures: int) -> float:
        """Return how long to wait after so many failures in a row.

        >>> [Backoff(first=0.5, longest=3.0).pause(failures) for failures in (1, 2, 3, 4)]
        [0.5, 1.0, 2.0, 3.0]
        """
        return float(min(self.longest, self.first * 2 ** min(failures - 1, 30)))


def retry(
    attempt: Callable[[], T], *, is_transient: Callable[[Exception], bool], backoff: Backoff, seconds: float,
    on_failure: Callable[[Exception], None], wait: Callable[[float], bool | None] = time.sleep,
) -> T:  # fmt: skip
    """Return what an attempt returns, repeated while it fails with transient errors.

    Raises the attempt's error when it is not transient, when the next attempt would come later than so many
    seconds after the first, and when `wait` returns True: the reader is being closed.
    """
    deadline = time.monotonic() + seconds
    failures = 0
    while True:
        try:
            return attempt()
        except Exception as error:
            if not is_transient(error):
                raise
            on_failure(error)
            failures += 1
            pause = backoff.pause(failures)
            if time.monotonic() + pause > deadline or wait(pause):
                raise


class Outages:
    """How often the server of a tail went away, and whether it is away now."""

    def __init__(self, backoff: Backoff) -> None:
        self._backoff = backoff
        self._failures = 0
        self.reconnects = 0

    @property
    def state(self) -> str:
        """As a tail's status says it: "reading" or "reconnecting"."""
        return "reconnecting" if self._failures else "reading"

    def failed(self) -> float:
        """Count a failed attempt; return how long to wait before the next one."""
        self.reconnects += self._failures == 0
        self._failures += 1
        return self._backoff.pause(self._failures)

    def answered(self) -> None:
        """End the outage."""
        self._failures = 0
