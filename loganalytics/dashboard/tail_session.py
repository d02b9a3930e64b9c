"""What one session was sent of a live feed, and what it keeps while it is paused: only what is new is sent.

The browser keeps the lines. Each update says which numbers it covers (`after` and `upto`); a page that has missed one,
or has none, asks for all with resend(). So an update that comes twice, or not at all, doubles and loses nothing.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.dashboard.components.virtual_rows import matches
from loganalytics.dashboard.live_feed import LiveFeed
from loganalytics.dashboard.summaries import surrounding_lines
from loganalytics.filters.condition_check import check_growth
from loganalytics.filters.sql import condition, where_in_batch
from loganalytics.sanitize import printable_column
from loganalytics.view import View

MAX_LINES = 2_000
"""How many lines the tail shows, and how many are sent at once."""

_MESSAGE_CHARACTERS = 400
_NEIGHBOURS = 2_000
"""How far before and after an event its neighbours in its source are looked for."""


@dataclass(frozen=True, kw_only=True)
class Paused:
    """The lines of a session that stopped its tail, and what came since."""

    at: int
    """The number of the last event that was shown."""
    snapshot: pl.DataFrame
    """The events up to it that the ring buffer held; it shares their memory."""
    counted_to: int
    waiting: int = 0
    """How many events came since that the filters let through."""
    is_exact: bool = True
    """Whether none left the ring buffer before it could be counted."""
    tab: str = ""
    """The browser's tab, which finds its snapshot again when the page is loaded anew."""
    is_cut: bool = False
    """Whether lines that were shown are no longer held: the page was away for too long."""


class TailSession:
    """What one session was sent of a feed."""

    def __init__(self, feed: LiveFeed) -> None:
        self.feed = feed
        self.marks: list[int] = []
        self.done = 0
        """The number of the last action of the browser that was done: it sends each until it is told so."""
        self.requests: dict[str, Any] = {}
        """What the reader asks for that leads away from the tail, or changes the view."""
        self.opened: dict[str, Any] | None = None
        """The event that is open."""
        self.neighbours = schema.empty()
        """The open event between those before and after it."""
        self.paused: Paused | None = None
        self._held: pl.DataFrame | None = None
        self._sent: int | None = None
        self._choice: tuple[View, str] | None = None
        self._name, self._sendings = uuid.uuid4().hex, 0

    def resend(self) -> None:
        """Send all lines with the next update."""
        self._sent = None

    def pause(self, number: int, tab: str = "") -> None:
        """Stop after the event of this number; what the ring buffer holds up to it stays readable, also by its tab."""
        if self.paused is None:
            snapshot = self.feed.events().filter(pl.col("number") <= number)
            self.paused = Paused(at=number, snapshot=snapshot, counted_to=number, tab=tab)

    def resume(self, tab: str = "") -> None:
        """Go on after the lines that are shown, which stay: what came since and is not sent is counted."""
        self.paused = None
        self.feed.keep(tab, None)

    def restore(self, tab: str, number: int | None, marks: list[int]) -> None:
        """Take over what the browser's tab remembers: where it paused, None where it did not, and its marks."""
        self.marks = marks
        if number is None:
            self.resume(tab)
        elif self.paused is None or self.paused.at != number:
            snapshot = self.feed.kept(tab)
            if snapshot is None or snapshot["number"].max() != number:
                snapshot = self.feed.events().filter(pl.col("number") <= number)
            is_cut = snapshot.is_empty() or snapshot["number"][0] > max(1, number - MAX_LINES + 1)
            self.paused = Paused(at=number, snapshot=snapshot, counted_to=number, tab=tab, is_cut=is_cut)
        self.resend()

    def hold(self, is_held: bool) -> None:
        """Keep what the ring buffer holds now, so that lines that are being read can be opened later."""
        self._held = self.feed.events() if is_held else None

    def events(self, first: int, last: int) -> pl.DataFrame:
        """Return the events of these numbers, as far as they are kept."""
        snapshots = [self.paused.snapshot] if self.paused else []
        frames = [self.feed.events(first - 1), *snapshots, *([] if self._held is None else [self._held])]
        in_range = [frame.filter(pl.col("number").is_between(first, last)) for frame in frames]
        return pl.concat(in_range, how="diagonal_relaxed").unique("number", keep="first").sort("number")

    def mark(self, numbers: list[int]) -> None:
        """Keep which lines are marked, for when the page is opened again."""
        self.marks = numbers

    def open(self, number: int | None) -> bool:
        """Open an event, or none; return whether it is there."""
        self.opened = None
        if number is not None:
            around = self.events(number - _NEIGHBOURS, number + _NEIGHBOURS)
            matching = around.filter(pl.col("number") == number).drop("number")
            if matching.height:
                self.opened = matching.row(0, named=True)
                self.neighbours = surrounding_lines(around, self.opened["source"], self.opened["offset"])
        return number is None or self.opened is not None

    def open_line(self, link: str) -> None:
        """Open one of the neighbours of the open event, by its place in its source."""
        source, _, offset = link.rpartition("|")
        matching = self.neighbours.filter((pl.col("source") == source) & (pl.col("offset") == offset))
        if matching.height:
            self.open(int(matching["number"][0]))

    def update(self, view: View, zone: str) -> dict[str, Any]:
        """Return what the browser does not have yet: all lines where filters or zone are others, else the new ones.

        Raises InvalidArgumentError and PolarsError for a filter that cannot be used.
        """
        choice = (replace(view, since=None, until=None, baseline=None, every=None), zone)
        if choice != self._choice:
            self.resend()
        self._choice = choice
        is_whole = self._sent is None
        after = self._sent or 0
        if self.paused:
            self.feed.keep(self.paused.tab, self.paused.snapshot)
            self._count_waiting(view)
            events, upto = self.paused.snapshot if is_whole else self.paused.snapshot.head(0), self.paused.at
        else:
            events = self.feed.events(after)
            upto = max(after, int(events["number"][-1]) if events.height else 0)
        lines = _filtered(events, view)
        if is_whole:
            self._sendings += 1
        self._sent = upto
        turned = 0 if is_whole or events.is_empty() else int(events["number"][0]) - after - 1
        return {
            "sending": f"{self._name}-{self._sendings}",
            "after": None if is_whole else after,
            "upto": upto,
            "skipped": 0 if is_whole else turned + max(0, lines.height - MAX_LINES),
            "lines": tail_lines(lines.tail(self._most_lines(lines, is_whole)), view, zone).to_dict(as_series=False),
        }

    def _most_lines(self, lines: pl.DataFrame, is_whole: bool) -> int:
        """Return how many of the last lines are sent: of all, those since the first mark, as they were on the page."""
        if not is_whole or not self.marks:
            return MAX_LINES
        return max(MAX_LINES, lines.filter(pl.col("number") >= min(self.marks)).height)

    def _count_waiting(self, view: View) -> None:
        """Count what came since the last time; without filters the numbers tell, else what the ring buffer holds."""
        paused = self.paused
        assert paused is not None
        newest = self.feed.state.read
        if not view.filters():
            self.paused = replace(paused, waiting=newest - paused.at, counted_to=newest, is_exact=True)
            return
        if self._sent is None:  # other filters: counted from the beginning
            paused = replace(paused, waiting=0, counted_to=paused.at, is_exact=True)
        events = self.feed.events(paused.counted_to)
        if events.is_empty():
            self.paused = paused
            return
        is_whole = int(events["number"][0]) == paused.counted_to + 1
        self.paused = replace(
            paused, waiting=paused.waiting + _filtered(events, view).height, counted_to=int(events["number"][-1]),
            is_exact=paused.is_exact and is_whole,
        )  # fmt: skip


def unknown_columns(view: View, events: pl.DataFrame) -> list[str]:
    """Return the columns that a filter names and no event has."""
    names = [where.field for where in view.conditions()]
    if view.condition and not view.has_query_language():
        names += sorted(condition(view.condition).meta.root_names())
    return list(dict.fromkeys(name for name in names if name not in events.columns))


def tail_lines(events: pl.DataFrame, view: View, zone: str) -> pl.DataFrame:
    """Return number, time, level, service, message and what a search found of events, safe and short."""
    level, service = (pl.col(name).cast(pl.String).fill_null("") for name in ("level", "service"))
    has_exception = pl.when(pl.col("exception").is_not_null()).then(pl.lit(" ⏎ …"))
    message = pl.concat_str(printable_column(pl.col("message"), _MESSAGE_CHARACTERS), has_exception, ignore_nulls=True)
    local = pl.col("timestamp").dt.convert_time_zone(zone)
    today = pl.lit(datetime.now(UTC)).dt.convert_time_zone(zone).dt.date()
    clock = local.dt.strftime("%H:%M:%S%.3f")
    time = pl.when(local.dt.date() == today).then(clock).otherwise(local.dt.strftime("%m-%d ") + clock)
    lines = events.select(
        "number",
        time=time.fill_null(""),
        level=printable_column(level, 20),
        service=printable_column(service, 30),
        message=message.fill_null(""),
    )
    occurrences = matches(pl.col("message"), view)
    return lines if occurrences is None else lines.with_columns(found=occurrences)


def _filtered(events: pl.DataFrame, view: View) -> pl.DataFrame:
    """Return the events that pass the filters; a condition in the server's own language chose what was read."""
    local_condition = None if view.has_query_language() else view.condition
    if local_condition:
        check_growth(local_condition)
    return where_in_batch(view.keep(events), local_condition) if view.filters() else events
