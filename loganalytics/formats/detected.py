"""What a file's sample showed: its formats, what is around its lines and in them, and how times are written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from loganalytics.formats.definitions import RAW, Format
from loganalytics.formats.envelopes.envelope import Wrapper
from loganalytics.formats.framing import Framing
from loganalytics.formats.leading_times import LeadingTimes
from loganalytics.formats.timestamps import Clock

if TYPE_CHECKING:  # each is imported where a sample shows it: most loads meet one kind
    from loganalytics.formats.delimited.table import Delimited
    from loganalytics.formats.json.reader import JsonLines
    from loganalytics.formats.logfmt.reader import Logfmt

    AnyFormat = Format | JsonLines | Logfmt | Delimited


@dataclass(frozen=True, kw_only=True)
class DetectedFormat:
    """A format and how times are written in it in this file."""

    format: AnyFormat
    clock: Clock
    matched_lines: int
    """How many lines of the sample it matched."""
    first_time: dt.datetime | None = None
    """The first time that it read in the sample."""
    guesses: tuple[str, ...] = ()
    """What was decided of its fields without being certain, as sentences."""
    inner: Detection | None = None
    """What the messages are that are log lines themselves, as those of exported logs, or JSON at their end."""
    reads_rewritten: bool = False
    """Whether it reads lines whose leading times were rewritten (Detection.leading_times)."""
    within: Within | None = None
    """What its messages are, where they are lines of other formats."""

    def with_clocks(self, change: Callable[[Clock], Clock]) -> DetectedFormat:
        """Return it with its clock changed, and those of its messages."""
        inner, within = self.inner and self.inner.with_clocks(change), self.within and self.within.with_clocks(change)
        return replace(self, clock=change(self.clock), inner=inner, within=within)


@dataclass(frozen=True, kw_only=True)
class Within:
    """The formats of messages that are log lines themselves, as a syslog's are that services write JSON to."""

    detection: Detection
    services: frozenset[str | None] | None
    """Whose messages these are; None where it is every one's."""
    joins_lines: bool = True
    """Whether one message may continue another, as where each line of a stack trace is one."""

    def with_clocks(self, change: Callable[[Clock], Clock]) -> Within:
        """Return it with the clocks of its formats changed."""
        return replace(self, detection=self.detection.with_clocks(change))


@dataclass(frozen=True, kw_only=True)
class Detection:
    """What a file's sample showed: its formats in the order in which they are tried on a line."""

    formats: tuple[DetectedFormat, ...] = ()
    sampled_lines: int = 0
    wrappers: tuple[Wrapper, ...] = ()
    """What is around each line, the outermost first; the formats are those of what is within."""
    framing: Framing | None = None
    """How records are put together from lines; None where each line stands for itself."""
    leading_times: LeadingTimes | None = None
    """How times at the head of lines are written, where the table's formats do not know them."""

    @property
    def guesses(self) -> tuple[str, ...]:
        """What was decided without being certain, as sentences for the load report."""
        all_guesses = [guess for d in self.formats for guess in (*d.guesses, *d.clock.guesses)]
        all_guesses += self.leading_times.clock.guesses if self.leading_times else ()
        all_guesses += [guess for d in self.formats if d.within for guess in d.within.detection.guesses]
        return tuple(dict.fromkeys(all_guesses))

    @property
    def name(self) -> str:
        """The formats' names, the commonest first, and what they are wrapped in."""
        names = " + ".join(_name_of(detected, self.framing) for detected in self.formats) or RAW.name
        return " in ".join([names, *(wrapper.envelope.name for wrapper in reversed(self.wrappers))])

    @property
    def has_fields(self) -> bool:
        """Whether a format has names for its fields in the lines, so that others may come later."""
        return any(detected.format.kind != "text" for detected in self.formats)

    @property
    def has_times(self) -> bool:
        """Whether a format writes times."""
        return any(clock.formats for clock in self.all_clocks)

    def with_year(self, year: int) -> Detection:
        """Return the detection with the year of the first line, for files that do not write it."""
        if self.has_year:
            return self
        return self.with_clocks(lambda clock: clock if clock.has_year else replace(clock, year=year))

    def following(self, time: dt.datetime) -> Detection:
        """Return the detection for what follows an event of that time."""
        return self.with_clocks(lambda clock: clock.following(time))

    def with_clocks(self, change: Callable[[Clock], Clock]) -> Detection:
        """Return the detection with its clocks changed: those of lines, around them and in their messages."""
        formats = [d.with_clocks(change) for d in self.formats]
        wrappers = [replace(wrapper, clock=change(wrapper.clock)) for wrapper in self.wrappers]
        leading = self.leading_times and replace(self.leading_times, clock=change(self.leading_times.clock))
        return replace(self, formats=tuple(formats), wrappers=tuple(wrappers), leading_times=leading)

    @property
    def has_year(self) -> bool:
        """Whether a format with times writes the year: then the others have it from there.

        A year in the data at the end of messages counts where there are no other times.
        """
        leading = [self.leading_times.clock] if self.leading_times else []
        yearless = bool(leading) and not leading[0].has_year
        clocks = leading + [d.clock for d in self.formats if not (yearless and d.reads_rewritten)]
        clocks += [wrapper.clock for wrapper in self.wrappers]
        clocks += [clock for d in self.formats if d.within for clock in d.within.detection.all_clocks]
        clocks = [clock for clock in clocks if clock.formats]
        clocks = clocks or [clock for clock in self.all_clocks if clock.formats]
        return not clocks or any(clock.has_year for clock in clocks)

    @property
    def all_clocks(self) -> list[Clock]:
        """How times are written, in lines, around them and within their messages."""
        clocks = [self.leading_times.clock] if self.leading_times else []
        clocks += [detected.clock for detected in self.formats]
        clocks += [wrapper.clock for wrapper in self.wrappers]
        within = [detection for d in self.formats for detection in (d.inner, d.within and d.within.detection)]
        return clocks + [clock for detection in within if detection for clock in detection.all_clocks]

    @property
    def first_years(self) -> list[int]:
        """The years of the first times that the formats read, where they write it."""
        years = [d.first_time.year for d in self.formats if d.first_time and d.clock.has_year]
        years += [w.first_time.year for w in self.wrappers if w.first_time and w.clock.has_year]
        years += [year for d in self.formats if d.within for year in d.within.detection.first_years]
        return years or [year for d in self.formats if d.inner for year in d.inner.first_years]


def _name_of(detected: DetectedFormat, framing: Framing | None) -> str:
    name = framing.name if framing and detected.format.kind == "json" else detected.format.name
    return f"{name} around {detected.within.detection.name}" if detected.within else name
