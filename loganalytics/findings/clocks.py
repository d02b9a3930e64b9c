"""Files whose clock is hours apart from that of the others: which, by how much, and how that shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations

import polars as pl

from loganalytics.analyses.requests.request_ids import REQUEST_ID_COLUMN, with_request_ids
from loganalytics.findings.ranking import Finding
from loganalytics.findings.symptoms import NAME_LENGTH, Symptom
from loganalytics.humanize import count, moment, span
from loganalytics.sanitize import printable
from loganalytics.schema import TIMESTAMP
from loganalytics.sources.files.rotation import base_name

HOUR, ZONE_STEP = timedelta(hours=1), timedelta(minutes=30)  # zones differ by whole hours, a few by half ones
MIN_SHIFT, MAX_SHIFT = HOUR, timedelta(hours=14)
MAX_LOGS = 50  # files, rotated ones as one, of which clocks are compared
MIN_EVENTS = 20  # of a file that is compared
MIN_SHARED_IDS = 5  # of two files that tell of the same requests
ID_SLACK = timedelta(minutes=2)  # between what two files say of one request, beside the difference of their clocks
MIN_CONSTANT_SHARE = 0.95  # of the shared ids, whose times differ by as much
RANGE_SLACK, MAX_RANGE_SLACK = 0.02, timedelta(minutes=5)  # of the length: so near begin and end must be
MAX_SLACK_OF_TWO = timedelta(minutes=1)  # where there are but two files
_NAME_LENGTH, _ID_LENGTH, _MAX_EXAMPLES = 60, 60, 2

_LOG, _CHECKED_SYMPTOMS = "\0log", ("silence", "events", "errors", "problem", "template", "duration", "window")


@dataclass(frozen=True, kw_only=True)
class ClockShift:
    """A log whose times are hours apart from those of the others.

    Attributes:
        sources: its files.
        ahead: by how much its clock is ahead of the others; negative where it is behind.
        names: of the log, and of the one that it is compared with; the latter is empty for all others.
        start: its first event.
        end: its last event.
        shared_ids: how many requests tell of it; 0 where it is begin and end that do.
        evidence: what shows it: (time in the log, time in another, what of, name of the other).
    """

    sources: tuple[str, ...]
    ahead: timedelta
    names: tuple[str, str]
    start: datetime
    end: datetime
    shared_ids: int
    evidence: tuple[tuple[datetime, datetime, str, str], ...]


@dataclass(frozen=True, kw_only=True)
class _Log:
    """A file, or those of a rotated set, with the times of its first and last event."""

    name: str
    sources: tuple[str, ...]
    start: datetime
    end: datetime
    events: int

    @property
    def title(self) -> str:
        """How people call it: the name of its file, or of a rotated set."""
        path = self.sources[0] if len(self.sources) == 1 else self.name
        return printable(path.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1], _NAME_LENGTH)


@dataclass(frozen=True, kw_only=True)
class _Pair:
    """How much later the second log has the times of the requests that both tell of, and one of them as an example."""

    logs: tuple[str, str]
    later: timedelta
    shared_ids: int
    examples: tuple[tuple[datetime, datetime, str], ...]


def clock_shifts(events: pl.DataFrame) -> list[ClockShift]:
    """Return the logs whose clocks are hours apart from those of the others, where requests or ranges show it.

    Needs source, timestamp, trace_id and message. Requests show it where two logs share at least five ids whose times
    differ by the same number of half hours, to within two minutes; ranges where a log begins and ends the same number
    of hours after, or before, at least two others that agree with one another.
    """
    logs = _logs(events)
    if not 2 <= len(logs) <= MAX_LOGS or not any(_may_be_shifted(*pair) for pair in combinations(logs, 2)):
        return []
    by_ids = _shifted_by_ids(logs, _pairs(events, logs))
    shifted = {source for shift in by_ids for source in shift.sources}
    return by_ids + _shifted_by_range([log for log in logs if not shifted & set(log.sources)])


def _logs(events: pl.DataFrame) -> list[_Log]:
    dated = events.lazy().drop_nulls(["source", "timestamp"])
    time = pl.col("timestamp")
    files = dated.group_by("source").agg(start=time.min(), end=time.max(), events=pl.len()).sort("source").collect()
    if files.height < 2:
        return []
    named = files.with_columns(pl.Series(_LOG, [base_name(source) for source in files["source"]]))
    table = named.group_by(_LOG, maintain_order=True).agg(
        "source", pl.col("start").min(), pl.col("end").max(), pl.col("events").sum()
    )
    return [
        _Log(name=name, sources=tuple(sources), start=start, end=end, events=number)
        for name, sources, start, end, number in table.filter(pl.col("events") >= MIN_EVENTS).rows()
    ]


def _may_be_shifted(first: _Log, second: _Log) -> bool:
    """Return whether one begins and ends later than the other, by a part of an hour at least."""
    apart = sorted((first.start - second.start, first.end - second.end))
    return apart[0] >= MIN_SHIFT / 2 or apart[1] <= -MIN_SHIFT / 2


def _pairs(events: pl.DataFrame, logs: list[_Log]) -> list[_Pair]:
    """Return the logs that share requests, with by how much their times of them differ."""
    log_of = {source: log.name for log in logs for source in log.sources}
    named = with_request_ids(events.lazy()).select(
        pl.col(REQUEST_ID_COLUMN).alias("id"), "timestamp",
        pl.col("source").cast(pl.String).replace_strict(log_of, default=None, return_dtype=pl.String).alias("log"),
    )  # fmt: skip
    first = named.drop_nulls().group_by("id", "log").agg(pl.col("timestamp").min()).collect()
    shared = first.join(first, on="id", suffix="_of_second").filter(pl.col("log") < pl.col("log_of_second"))
    later = (pl.col("timestamp_of_second") - pl.col("timestamp")).alias("later")
    pairs = []
    for (one, other), group in (
        shared.with_columns(later).sort("id").group_by("log", "log_of_second", maintain_order=True)
    ):
        pair = _pair((str(one), str(other)), group)
        pairs += [pair] if pair else []
    return sorted(pairs, key=lambda pair: pair.logs)


def _pair(logs: tuple[str, str], group: pl.DataFrame) -> _Pair | None:
    """Return two logs whose times of the same requests differ by a constant number of half hours, none included."""
    median = group["later"].median()
    if group.height < MIN_SHARED_IDS or not isinstance(median, timedelta):
        return None
    later = round(median / ZONE_STEP) * ZONE_STEP
    is_constant = (pl.col("later") - later).abs() <= ID_SLACK
    constant = group.filter(is_constant)
    if (
        constant.height < MIN_CONSTANT_SHARE * group.height
        or abs(later) > MAX_SHIFT
        or timedelta() < abs(later) < MIN_SHIFT
    ):
        return None
    examples = constant.head(_MAX_EXAMPLES).select("timestamp", "timestamp_of_second", "id").rows()
    return _Pair(logs=logs, later=later, shared_ids=constant.height, examples=tuple(examples))


def _shifted_by_ids(logs: list[_Log], pairs: list[_Pair]) -> list[ClockShift]:
    """Return the logs of each group that shares requests, whose clock is not the one of most of the group."""
    by_name = {log.name: log for log in logs}
    shifts = []
    for clocks in _clocks(pairs):
        of_clock = {clock: [by_name[name] for name in clocks if clocks[name] == clock] for clock in clocks.values()}
        usual = max(
            of_clock, key=lambda clock: (len(of_clock[clock]), sum(log.events for log in of_clock[clock]), -clock)
        )
        for clock in sorted(set(of_clock) - {usual}):
            for log in of_clock[clock]:
                direct = _pairs_between(log, of_clock[usual], pairs)
                if direct and _fits_better(log, of_clock[usual], clock - usual):
                    shifts.append(_to_shift(log, of_clock[usual], clock - usual, direct))
    return shifts


def _pairs_between(log: _Log, others: list[_Log], pairs: list[_Pair]) -> list[_Pair]:
    names = {other.name for other in others}
    return [pair for pair in pairs if log.name in pair.logs and names & set(pair.logs)]


def _clocks(pairs: list[_Pair]) -> list[dict[str, timedelta]]:
    """Return the groups of logs that share requests, each log with its clock against that of the first."""
    later: dict[str, dict[str, timedelta]] = {}
    for pair in pairs:
        one, other = pair.logs
        later.setdefault(one, {})[other] = pair.later
        later.setdefault(other, {})[one] = -pair.later
    groups: list[dict[str, timedelta]] = []
    for first in later:
        if any(first in group for group in groups):
            continue
        group, waiting = {first: timedelta()}, [first]
        while waiting:
            name = waiting.pop()
            reached = {other: group[name] + apart for other, apart in later[name].items() if other not in group}
            group |= reached
            waiting += reached
        groups.append(group)
    return groups


def _to_shift(log: _Log, others: list[_Log], ahead: timedelta, pairs: list[_Pair]) -> ClockShift:
    titles = {other.name: other.title for other in others}
    evidence: list[tuple[datetime, datetime, str, str]] = []
    for pair in pairs:
        is_second = pair.logs[1] == log.name
        title = titles[pair.logs[0 if is_second else 1]]
        evidence += [
            (second, first, key, title) if is_second else (first, second, key, title)
            for first, second, key in pair.examples
        ]
    return ClockShift(
        sources=log.sources,
        ahead=ahead,
        names=(log.title, others[0].title if len(others) == 1 else ""),
        start=log.start,
        end=log.end,
        shared_ids=max(pair.shared_ids for pair in pairs),
        evidence=tuple(evidence[:_MAX_EXAMPLES]),
    )


def _fits_better(log: _Log, others: list[_Log], ahead: timedelta) -> bool:
    """Return whether begin and end are nearer to those of the others with the clock put right: a retry has none."""
    start, end = min(other.start for other in others), max(other.end for other in others)
    before = abs(log.start - start) + abs(log.end - end)
    return abs(log.start - ahead - start) + abs(log.end - ahead - end) < before


def _shifted_by_range(logs: list[_Log]) -> list[ClockShift]:
    """Return the log that begins and ends whole hours apart from all others, which agree; of two the smaller one."""
    shifts = []
    for log in sorted(logs, key=lambda log: (log.events, log.name))[: 1 if len(logs) == 2 else None]:
        others = [other for other in logs if other is not log]
        ahead = _apart(log, others)
        if ahead is not None:
            other = others[0]
            ends = ((log.start, other.start, "first event"), (log.end, other.end, "last event"))
            shifts.append(
                ClockShift(
                    sources=log.sources, ahead=ahead, names=(log.title, other.title if len(others) == 1 else ""),
                    start=log.start, end=log.end, shared_ids=0, evidence=tuple((*end, other.title) for end in ends),
                )
            )  # fmt: skip
    return shifts


def _apart(log: _Log, others: list[_Log]) -> timedelta | None:
    """Return by how many whole hours a log begins and ends after others that agree; None where it does not.

    Against a single other one it must be exacter, and overlap with it.
    """
    if not others:
        return None
    start, end = others[0].start, others[0].end
    slack = min(RANGE_SLACK * (end - start), MAX_RANGE_SLACK if len(others) > 1 else MAX_SLACK_OF_TWO)
    if any(abs(other.start - start) > slack or abs(other.end - end) > slack for other in others):
        return None
    ahead = round((log.start - start) / HOUR) * HOUR
    is_near = all(abs(apart - ahead) <= slack for apart in (log.start - start, log.end - end))
    is_one_run = len(others) > 1 or abs(ahead) < end - start
    return ahead if is_near and is_one_run and MIN_SHIFT <= abs(ahead) <= MAX_SHIFT else None


def set_right(events: pl.DataFrame, shifts: Sequence[ClockShift]) -> pl.DataFrame:
    """Return events with the times of shifted logs as the clock of the others would have them."""
    ahead = {source: shift.ahead for shift in shifts for source in shift.sources}
    source = pl.col("source").cast(pl.String)
    offset = source.replace_strict(ahead, default=timedelta(), return_dtype=pl.Duration("us"))
    return events.with_columns((pl.col("timestamp") - offset).cast(TIMESTAMP))


def without_artefacts(
    symptoms: Sequence[Symptom], right: Sequence[Symptom], events: pl.DataFrame, shifts: Sequence[ClockShift]
) -> list[Symptom]:
    """Return the symptoms without those that are not there with the clocks put right, `right`."""
    ahead = {source: shift.ahead for shift in shifts for source in shift.sources}
    offsets: dict[str, set[timedelta]] = {}
    for service, source in events.select("service", "source").unique().rows():
        offsets.setdefault(printable(service, NAME_LENGTH), set()).add(ahead.get(source, timedelta()))
    any_offset = {timedelta(), *ahead.values()}
    of_right = [(o, set().union(*(offsets.get(name, any_offset) for name in o.services)) or any_offset) for o in right]
    return [
        symptom
        for symptom in symptoms
        if symptom.kind not in _CHECKED_SYMPTOMS or any(_is_same(symptom, *other) for other in of_right)
    ]


def _is_same(symptom: Symptom, right: Symptom, offsets: set[timedelta]) -> bool:
    """Return whether two symptoms are of the same thing, at the same time by the clock of its services."""
    is_alike = (symptom.kind, symptom.key) == (right.kind, right.key)
    if not is_alike or (symptom.services and not set(symptom.services) & set(right.services)):
        return False
    return any(symptom.start <= right.end + offset and right.start + offset <= symptom.end for offset in offsets)


def clock_findings(shifts: Sequence[ClockShift], tz: str = "UTC") -> list[Finding]:
    """Return each shifted log as a note, its times in the zone `tz`."""
    return [_to_finding(shift, tz) for shift in shifts]


def _to_finding(shift: ClockShift, tz: str) -> Finding:
    log, other = shift.names[0], shift.names[1] or "the others"
    apart, is_ahead = span(abs(shift.ahead)), shift.ahead > timedelta()
    later = f"{apart} {'later' if is_ahead else 'earlier'}"
    requests = count(shift.shared_ids, "request")
    shown = f"{requests} that it shares with {other} are {later} in it." if shift.shared_ids else (
        f"It begins and ends {later} than {other if shift.names[1] else 'they'}, as in another time zone."
    )  # fmt: skip
    return Finding(
        kind="clock",
        service="",
        start=shift.start,
        end=shift.end,
        severity="info",
        title=f"{log}'s clock seems {apart} {'ahead of' if is_ahead else 'behind'} {other}",
        detail=f"{shown} If its times name no zone, load it by itself with its own (tz=).",
        evidence=tuple(
            f"{printable(what, _ID_LENGTH)}: {moment(mine, tz=tz)} in {log}, {moment(theirs, tz=tz)} in {name}"
            for mine, theirs, what, name in shift.evidence
        ),
    )
