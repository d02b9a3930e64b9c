"""`report - --every 5m`: the findings on what comes through a pipe, again and again: what is new, changed or over."""

from __future__ import annotations

import os
import re
import stat
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl

import loganalytics
from loganalytics import schema
from loganalytics.cli.stopping import stop_on_signals
from loganalytics.humanize import count, moment
from loganalytics.sanitize import printable
from loganalytics.sources.files.discovery import STDIN
from loganalytics.sources.files.pipe import is_pipe
from loganalytics.times import parse_every

if TYPE_CHECKING:
    from loganalytics.findings.ranking import Finding
    from loganalytics.view import View

MAX_EVENTS = 1_000_000
"""Events of a stream that are kept, the newest: they are analysed anew each time."""

FindingKey = tuple[str, str, str]


class Stream:
    """The events that came through a pipe so far, and the findings on them when they were looked at last."""

    def __init__(self, view: View, *, title: str, every: str, path: str) -> None:
        self._view, self._title, self._every, self._path = view, title, every, path
        self._keep = view.filter()
        self._batches: list[pl.DataFrame] = []
        self._findings: dict[FindingKey, Finding] = {}
        self.dropped = 0

    def add(self, batch: pl.DataFrame) -> None:
        """Add events that came; beyond MAX_EVENTS the oldest batches go."""
        wanted = batch.filter(self._keep)
        if wanted.height:
            self._batches.append(wanted)
        while len(self._batches) > 1 and self._height() - self._batches[0].height >= MAX_EVENTS:
            self.dropped += self._batches.pop(0).height

    def logs(self) -> pl.DataFrame:
        """Return the events as one frame."""
        logs = pl.concat(self._batches, how="diagonal_relaxed") if self._batches else schema.empty()
        self._batches = [logs] if self._batches else []
        return logs

    def print_changes(self) -> None:
        """Analyse what came, print how the findings differ from those of the last time, and replace the report."""
        report = loganalytics.report(self.logs(), title=self._title, every=self._every, display_tz=self._view.tz)
        report.save(self._path)
        findings = {_key(finding): finding for finding in reversed(report.findings)}
        now = moment(datetime.now(UTC), tz=self._view.tz)
        events, errors = report.facts["events"], report.facts["errors"]
        print(f"{now}: {count(events, 'event')}, {count(errors, 'error')}, {count(len(report.findings), 'finding')}")
        if not report.findings:
            print(f"  {printable(report.verdict, None)}")
        for line in differences(self._findings, findings) or ["nothing changed"]:
            print(f"  {line}", flush=True)
        self._findings = findings

    def _height(self) -> int:
        return sum(batch.height for batch in self._batches)


def follows(sources: Sequence[str], every: str | None) -> bool:
    """Whether a report is one of what comes through a pipe, at intervals."""
    return every is not None and len(sources) == 1 and is_pipe(sources[0]) and not _is_redirected_file(sources[0])


def _is_redirected_file(name: str) -> bool:
    """Whether standard input is a file, which is read as one."""
    return name == STDIN and stat.S_ISREG(os.fstat(sys.stdin.fileno()).st_mode)


def read_stream(view: View, *, title: str, every: str, path: str) -> tuple[pl.DataFrame, int]:
    """Read a pipe to its end, or until a signal comes, printing what changed at intervals; return events and exit code.

    The code is 0 unless a signal ended it.
    """
    stream = Stream(view, title=title, every=every, path=path)
    interval = parse_every(every).total_seconds()
    due = time.monotonic() + interval
    with stop_on_signals() as stop, loganalytics.tail(
        view.source, since=view.since, level=view.level_floor, query=view.condition, **view.reading()
    ) as tail:  # fmt: skip
        for batch in tail.batches():
            stream.add(batch)
            if stop:
                break
            if time.monotonic() >= due:
                stream.print_changes()
                due = time.monotonic() + interval
    if stream.dropped:
        print(f"The oldest {stream.dropped:,} events were left out: the newest {MAX_EVENTS:,} are analysed.")
    return stream.logs(), stop.exit_code


def differences(before: Mapping[FindingKey, Finding], now: Mapping[FindingKey, Finding]) -> list[str]:
    """Return a line for each finding that is new, says something else than before, or is over."""
    lines = []
    for key, finding in now.items():
        old = before.get(key)
        if old is None:
            lines.append(_line("new", finding))
        elif (old.severity, old.title) != (finding.severity, finding.title):
            lines.append(_line("changed", finding))
    return lines + [_line("over", finding) for key, finding in before.items() if key not in now]


def _line(word: str, finding: Finding) -> str:
    return f"{word:<8} {finding.severity:<8} {printable(finding.title, None)}"


def _key(finding: Finding) -> FindingKey:
    """Return what stays the same of a finding while its counts and times go on."""
    subject = (*finding.cluster_ids, *finding.template_ids)
    return finding.kind, finding.service, subject[0] if subject else re.sub(r"\d+", "#", finding.title)
