"""What a report and an incident are: what they say, and what that rests on."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Any, ClassVar

import polars as pl

from loganalytics.analyses.compare.term_counts import SLICE_COLUMN, is_incident
from loganalytics.analyses.requests.durations import duration_ms
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.findings.ranking import Finding
from loganalytics.findings.verdict import Status
from loganalytics.humanize import time_range
from loganalytics.reports.document import Document
from loganalytics.reports.finding_filter import finding_filter
from loganalytics.sanitize import printable


@dataclass(frozen=True, kw_only=True, repr=False)
class Report(Document):
    """What `report` returns: findings first, then what they rest on.

    Attributes:
        title: of the page.
        verdict: the gravest finding, or that there is none in what was looked at.
        status: findings, all_clear or nothing_judged (no events, most without a time, sources that were not read).
        findings: the gravest first.
        facts: events, errors (severity_number >= 17), unleveled_failures (events without a severity that the
            table of errors counts besides), error_rate, top_problem and top_problem_events (the most frequent
            problem), unread (sources not read to the end), services, first_seen, last_seen, undated (events without a
            time), misdated (events dated years away from the rest, left out of the analyses).
        parameters: what the analyses were called with.
        tables: trend, changes (of events and errors, `of` says which), anomalies, intervals (of `scan_intervals`),
            sequences (by trace_id), slow_traces (the ten longest), errors, coverage, latency, patterns and inputs, as
            the analyses return them.
    """

    kind: ClassVar[str] = "report"

    title: str
    verdict: str
    status: Status
    findings: list[Finding]
    facts: dict[str, Any]
    parameters: dict[str, Any]
    tables: dict[str, pl.DataFrame] = field(compare=False)

    @property
    def is_all_clear(self) -> bool:
        """Whether nothing was found where something could be: in events most of which have a time."""
        return self.status is Status.ALL_CLEAR

    def __repr__(self) -> str:
        """Return the title and the verdict."""
        return f"Report({printable(self.title)!r}: {printable(self.verdict, 400)})"

    def _repr_html_(self) -> str:
        """Return verdict and findings for a notebook; the whole page is what `save` writes."""
        rows = "".join(
            f"<tr><td>{escape(finding.severity)}</td><td>{escape(time_range(finding.start, finding.end))}</td>"
            f"<td style='text-align:left'>{escape(printable(finding.title, 400))}</td></tr>"
            for finding in self.findings[:20]
        )
        head = "<tr><th>severity</th><th>when</th><th style='text-align:left'>what</th></tr>"
        table = f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>" if rows else ""
        title, verdict = escape(printable(self.title)), escape(printable(self.verdict, 400))
        return f"<div><strong>{title}</strong><p>{verdict}</p>{table}</div>"


@dataclass(frozen=True, kw_only=True, repr=False)
class Incident(Document):
    """What `incident` returns.

    Attributes:
        verdict: sentences, the likeliest cause first.
        notes: those sentences that no finding repeats: where the log lies, restarts, requests with an error.
        findings: one row a finding, ranked from 1: causes, then consequences (role); kind, service, title, detail,
            start, end, events, rates (events a minute), ratio, p_value, and what leads to its events.
        compare: all that changed, as `compare` returns it.
        change_points: as `change_points` returns them, of the events and errors around the incident (`of`).
        trend: the events and errors that these are of.
        silent: the services that fell silent: service, start, end, lasts, expected_gap, baseline_count, last_message.
        restarts: the services that were restarted, reloaded or deployed, from half an hour before to the end.
        first_error: the earliest error unknown to the baseline, else the earliest, as a dict; None without one.
        traces: the requests that failed, as `traces` returns them.
        facts: start, end, baseline_start, baseline_end, events, errors, baseline_events, baseline_errors, services,
            log_start, log_end, timezone (of the times in sentences and pages); is_baseline_thin (there is none to speak
            of), baseline_note (what was wrong in the baseline that was asked for, else None), is_baseline_moved (it was
            taken before that), better_baseline_start and better_baseline_end (an undisturbed one).
        events: of both ranges, with template, template_id, the columns of routes and error.problem (the label that
            `cluster_errors` gives to the problem of an error).
    """

    kind: ClassVar[str] = "incident"

    verdict: tuple[str, ...]
    notes: tuple[str, ...]
    findings: pl.DataFrame = field(compare=False)
    compare: pl.DataFrame = field(compare=False)
    change_points: pl.DataFrame = field(compare=False)
    trend: pl.DataFrame = field(compare=False)
    silent: pl.DataFrame = field(compare=False)
    restarts: pl.DataFrame = field(compare=False)
    first_error: dict[str, Any] | None
    traces: pl.DataFrame = field(compare=False)
    facts: dict[str, Any]
    events: pl.DataFrame = field(compare=False)

    def filter(self, rank: int) -> pl.Expr:
        """Return the expression that is true for the events behind a finding, on a frame with the columns of `events`.

        Raises InvalidArgumentError when there is no finding of that rank.
        """
        return finding_filter(self._finding(rank), self.events.schema)

    def rows(self, rank: int, *, baseline: bool = False) -> pl.DataFrame:
        """Return the events behind a finding, in order of time; those of slow operations, the slowest first.

        Of something silent, gone or fewer they are those of the baseline; of all else those of the incident, or with
        `baseline=True` of both.
        """
        finding = self._finding(rank)
        is_over = finding["kind"] in ("silence", "gone", "fewer")
        side = pl.lit(value=True) if baseline or is_over else is_incident()
        events = self.events.filter(side & finding_filter(finding, self.events.schema)).drop(SLICE_COLUMN)
        if finding["field"] == "duration_ms":
            events = events.with_columns(duration_ms(events.columns)).drop_nulls("duration_ms")
            return events.sort("duration_ms", "timestamp", descending=[True, False])
        return events.sort("timestamp", "source", maintain_order=True)

    def _finding(self, rank: int) -> dict[str, Any]:
        matches = self.findings.filter(pl.col("rank") == rank)
        if matches.is_empty():
            raise InvalidArgumentError(f"There is no finding {rank}. Hint: they are 1 to {self.findings.height}.")
        return matches.row(0, named=True)

    def __repr__(self) -> str:
        """Return the time and the first sentence."""
        when = time_range(self.facts["start"], self.facts["end"], tz=self.facts["timezone"])
        return f"Incident({when}: {self.verdict[0]})"

    def _repr_html_(self) -> str:
        """Return verdict and findings for a notebook; the whole page is what `save` writes."""
        sentences = "".join(f"<li>{escape(printable(sentence, 500))}</li>" for sentence in self.verdict)
        rows = "".join(
            f"<tr><td>{row['rank']}</td><td>{escape(row['role'])}</td>"
            f"<td style='text-align:left'>{escape(printable(row['title'], 300))}</td></tr>"
            for row in self.findings.head(20).to_dicts()
        )
        when = escape(time_range(self.facts["start"], self.facts["end"], tz=self.facts["timezone"]))
        head = "<tr><th></th><th>role</th><th style='text-align:left'>what</th></tr>"
        table = f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>" if rows else ""
        return f"<div><strong>{when}</strong><ul>{sentences}</ul>{table}</div>"
