"""What people write for a length of time ("5m") or a moment ("2h", "2025-01-31 14:10"), read one way."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from loganalytics.exceptions import InvalidArgumentError
from loganalytics.schema import TIMESTAMP

# Months and years are left out on purpose: their length depends on the calendar. "m" is minutes.
_UNITS = {
    "us": "microseconds", "µs": "microseconds", "microsecond": "microseconds",
    "ms": "milliseconds", "msec": "milliseconds", "millisecond": "milliseconds",
    "s": "seconds", "sec": "seconds", "second": "seconds",
    "m": "minutes", "min": "minutes", "minute": "minutes",
    "h": "hours", "hr": "hours", "hour": "hours",
    "d": "days", "day": "days",
    "w": "weeks", "week": "weeks",
}  # fmt: skip
_NUMBER_AND_UNIT = re.compile(r"(\d+(?:\.\d+)?)\s*([a-zµ]+)\s*")
_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")

# Windows count from a Monday, so that weekly ones begin on Mondays and those that divide a day at midnight.
_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)

_MIN_MISDATED_SPAN = timedelta(days=730)  # of a log in which an event may be dated years away
_MIN_MISDATED_RATIO = 100  # of that span to that of the middle 99 % of the events


def parse_every(every: str | timedelta) -> timedelta:
    """Return the length of a window such as "5m", "90s", "1h30m", "1 day" or a timedelta.

    Units: us, ms, s, m (minutes), h, d, w. Raises InvalidArgumentError for anything else, and for no length.

    Example:
        >>> parse_every("1h30m")
        datetime.timedelta(seconds=5400)
    """
    length = every if isinstance(every, timedelta) else _length(every)
    if length is None or length <= timedelta(0):
        raise InvalidArgumentError(
            f"{str(every)!r} is not a length of time. Hint: write a number and a unit, such as 30s, 5m, 1h or 1d."
        )
    return length


def parse_when(
    when: str | datetime | date, *, now: datetime | None = None, tz: str = "UTC", option: str = "time"
) -> datetime:
    """Return the moment that people write, in UTC.

    Reads ISO dates and times ("2025-01-31", "2025-01-31 14:10", with or without an offset), a length of time
    that counts back from now ("2h", "30 min ago"), a time of today ("14:10"), and now, today and yesterday.
    Days begin at midnight in `tz`, and times without an offset are in `tz` too.

    Raises InvalidArgumentError, which names the option and what was written and shows what can be read.

    Example:
        >>> parse_when("2025-01-31 14:10", tz="Europe/Berlin")
        datetime.datetime(2025, 1, 31, 13, 10, tzinfo=datetime.timezone.utc)
    """
    zone = parse_zone(tz)
    local_now = _local(now or datetime.now(UTC), zone)
    try:
        if isinstance(when, str):
            moment = _moment(when.strip().lower(), local_now)
        else:
            moment = when if isinstance(when, datetime) else datetime(when.year, when.month, when.day)
        return _local(moment, zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidArgumentError(
            f"{str(when)!r} is not a {option} that can be read. "
            "Hint: write 2h, 30 min ago, yesterday, 2025-01-31 or 2025-01-31 14:10."
        ) from None


def window_start(every: str | timedelta, column: str = "timestamp", *, tz: str = "UTC") -> pl.Expr:
    """Return the expression for the start of the window that a time falls in, named `window`.

    Windows are those of the clock in the zone `tz`: days begin at its midnight, and last 23 or 25 hours where the clock
    is changed. The starts are times of that zone.
    """
    length = parse_every(every)
    if tz == "UTC":
        return _floor(pl.col(column).dt.epoch("us"), length).cast(TIMESTAMP).alias("window")
    local = pl.col(column).dt.convert_time_zone(tz)
    if length <= timedelta(hours=1):
        # Such windows go on where the clock is changed; only their phase is that of the local clock.
        shift = (local.dt.base_utc_offset() + local.dt.dst_offset()).dt.total_microseconds()
        start = (_floor(local.dt.epoch("us") + shift, length) - shift).cast(TIMESTAMP)
        return start.dt.convert_time_zone(tz).alias("window")
    clock = local.dt.replace_time_zone(None).dt.epoch("us")
    return _to_zone(_floor(clock, length).cast(pl.Datetime("us")), tz).alias("window")


def window_starts(first: datetime, last: datetime, every: str | timedelta, *, tz: str = "UTC") -> pl.DataFrame:
    """Return the starts of all windows from one to another, as `window_start` gives them, in a column `window`."""
    length = parse_every(every)
    if tz == "UTC" or length <= timedelta(hours=1):
        starts = pl.select(window=pl.datetime_range(first, last, interval=length, time_unit="us"))
        return starts.with_columns(pl.col("window").dt.convert_time_zone(tz))
    begin, end = (moment.astimezone(parse_zone(tz)).replace(tzinfo=None) for moment in (first, last))
    # A window may begin an hour late, where the clock leaves out its first one.
    clock = _floor(pl.datetime_range(begin, end, interval=length, time_unit="us").dt.epoch("us"), length)
    return pl.select(window=_to_zone(clock.cast(pl.Datetime("us")), tz)).unique().sort("window")


def _floor(epoch: pl.Expr, length: timedelta) -> pl.Expr:
    """Return times in microseconds rounded down to the start of a window."""
    size = length // timedelta(microseconds=1)
    anchor = (_MONDAY - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    return (epoch - anchor) // size * size + anchor


def _to_zone(clock: pl.Expr, tz: str) -> pl.Expr:
    """Return the times of a clock in a zone: of an hour that comes twice the first, for one left out the next."""
    times = clock.dt.replace_time_zone(tz, ambiguous="earliest", non_existent="null")
    later = clock.dt.offset_by("1h").dt.replace_time_zone(tz, ambiguous="earliest", non_existent="null")
    return pl.coalesce(times, later)


def usual_time_range(times: pl.Series) -> tuple[datetime, datetime] | None:
    """Return the time range of the events that are not dated years away; None where no event is.

    A clock that was not set dates events in 1970 or 2099. An event is dated years away in a log that seems to last two
    years or more, and at least 100 times as long as its middle 99 % (all but the first and last event, in small logs;
    a day at least): the range is that middle, with its own length before and after.
    """
    dated = times.drop_nulls()
    first, last = dated.min(), dated.max()
    if not isinstance(first, datetime) or not isinstance(last, datetime) or last - first < _MIN_MISDATED_SPAN:
        return None
    ordered = dated.sort()
    trimmed = min(max(len(ordered) // 200, 1), (len(ordered) - 1) // 2)
    low, high = ordered[trimmed], ordered[-1 - trimmed]
    reach = max(high - low, timedelta(days=1))
    return None if last - first < _MIN_MISDATED_RATIO * reach else (low - reach, high + reach)


def parse_zone(tz: str) -> ZoneInfo:
    """Return the time zone of a name such as "Europe/Berlin".

    Raises InvalidArgumentError for a name that is not a time zone.

    Example:
        >>> parse_zone("Europe/Berlin").key
        'Europe/Berlin'
    """
    try:
        return ZoneInfo(tz)
    except (KeyError, ValueError, OSError):
        raise InvalidArgumentError(
            f"There is no time zone {tz!r}. Hint: write a name such as UTC or Europe/Berlin."
        ) from None


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)


def _moment(when: str, local_now: datetime) -> datetime:
    midnight = local_now.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    named_moments = {"now": local_now, "today": midnight, "yesterday": midnight - timedelta(days=1)}
    if when in named_moments:
        return named_moments[when]
    ago = _length(when.removeprefix("last ").removeprefix("-").removesuffix("ago").strip())
    if ago is not None:
        # Counted in UTC: "2h" is two hours even when the clocks change in between.
        return local_now.astimezone(UTC) - ago
    if _CLOCK.fullmatch(when):
        return datetime.combine(midnight, time.fromisoformat(when if when[2] == ":" else f"0{when}"))
    return datetime.fromisoformat(when.upper())


def _length(duration: str) -> timedelta | None:
    """Return the length of time that people write; None for anything else."""
    duration = duration.strip().lower()
    terms = _NUMBER_AND_UNIT.findall(duration)
    if not terms or _NUMBER_AND_UNIT.sub("", duration):
        return None
    try:
        return sum((timedelta(**{_unit(unit): float(number)}) for number, unit in terms), timedelta(0))
    except (KeyError, OverflowError):
        return None


def _unit(word: str) -> str:
    return _UNITS[word] if word in _UNITS else _UNITS[word.removesuffix("s")]
