"""The log lines that show a symptom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from loganalytics.analyses.errors.clusters import EVENT_NUMBER
from loganalytics.analyses.requests.endpoints import METHOD, ROUTE
from loganalytics.analyses.restarts import restarts
from loganalytics.findings.queues import queue_length
from loganalytics.findings.quoting import without_name
from loganalytics.findings.symptoms import Symptom, of_services, printed_service
from loganalytics.humanize import listing, moment
from loganalytics.sanitize import printable

STATUS = "http.response.status_code"
MAX_LINES, LINE_LENGTH = 3, 300  # of a symptom; characters
MAX_RESTARTS, RESTART_LENGTH = 2, 100
RESTART_PERIOD, RESTART_SLACK = timedelta(minutes=30), timedelta(minutes=1)  # before and after the first sign


@dataclass(frozen=True, kw_only=True)
class LogLines:
    """The events, and the errors among them with the cluster_id of their problem, both numbered by EVENT_NUMBER."""

    events: pl.DataFrame
    errors: pl.DataFrame
    tz: str = "UTC"

    def of(self, symptom: Symptom) -> tuple[str, ...]:
        """Return up to three lines: the first ones, of slow operations the slowest, of a silence those around it."""
        events = self._events(symptom)
        if events is None:
            return ()
        columns = ["timestamp", "level", "service", "message", "exception", METHOD, ROUTE, STATUS]
        rows = events.select(name for name in columns if name in events.columns).to_dicts()
        return tuple(dict.fromkeys(_line(row, self.tz) for row in rows))

    def _events(self, symptom: Symptom) -> pl.DataFrame | None:
        within = pl.col("timestamp").is_between(symptom.start, symptom.end)
        if symptom.kind in ("problem", "critical", "state", "share"):
            return self._whole(self.errors.filter(within & (pl.col("cluster_id") == symptom.key)))
        if symptom.kind == "errors" or (symptom.kind == "window" and symptom.is_harm):
            return self._whole(self.errors.filter(within & of_services(symptom.services)))
        if symptom.kind == "template":
            return self.events.filter(within & (pl.col("template_id") == symptom.key)).sort("timestamp").head(MAX_LINES)
        if symptom.kind == "queue":
            about = self.events.filter(
                within & (pl.col("template_id") == symptom.key) & printed_service().is_in(list(symptom.services))
            )
            longest = about.sort(queue_length(about.schema), descending=True, nulls_last=True).head(MAX_LINES - 1)
            return pl.concat([about.sort("timestamp").head(1), longest]).sort("timestamp")
        if symptom.kind == "duration":
            same = pl.col("operation").eq_missing(pl.lit(symptom.key, pl.String))
            slow = self.events.filter(within & same & pl.col("duration_ms").is_not_null())
            return slow.sort("duration_ms", "timestamp", descending=[True, False]).head(MAX_LINES)
        if symptom.kind in ("silence", "events") and symptom.services:
            service_events = self.events.filter(printed_service() == symptom.services[0]).sort("timestamp")
            before = service_events.filter(pl.col("timestamp") <= symptom.start + timedelta(seconds=1)).tail(1)
            after = service_events.filter(pl.col("timestamp") >= symptom.end).head(MAX_LINES)
            return before if symptom.is_ongoing else pl.concat([before, after])
        return None

    def restarts_before(self, start: datetime) -> list[str]:
        """Return a sentence on what was restarted or deployed in the half hour before, unless that is a habit."""
        restarted = restarts(self.events, start - RESTART_PERIOD, start + RESTART_SLACK)
        if restarted.is_empty():
            return []
        quoted = [
            f"{printable(row['service'], 60)} “{printable(row['message'], RESTART_LENGTH)}” "
            f"({moment(row['timestamp'], tz=self.tz)})"
            for row in restarted.tail(MAX_RESTARTS).to_dicts()
        ]
        is_before = restarted["timestamp"][0] < start
        return [f"{'Shortly before' if is_before else 'At that time'}: {listing(quoted)}."]

    def _whole(self, errors: pl.DataFrame) -> pl.DataFrame:
        """Return the first of these errors with all of their fields."""
        first = errors.sort("timestamp").head(MAX_LINES)
        return self.events.join(first.select(EVENT_NUMBER), on=EVENT_NUMBER, how="semi").sort("timestamp")


def _line(row: dict[str, object], tz: str) -> str:
    lead = " ".join(str(row[name]) for name in ("level", "service") if row.get(name))
    exception = _exception_line(str(row["exception"] or "")) if "exception" in row else ""
    request = " ".join(str(row[name]) for name in (METHOD, ROUTE) if row.get(name))
    is_said = not row.get(ROUTE) or str(row[ROUTE]).split("<*>")[0] in str(row["message"])
    said = without_name(str(row["message"]), (row.get("service"),))  # type: ignore[arg-type]
    text = "" if said in exception else said
    status = f"HTTP {row[STATUS]}" if row.get(STATUS) and str(row[STATUS]) not in text else ""
    message = " | ".join(part for part in (text, "" if is_said else request, status, exception) if part)
    return f"{moment(row['timestamp'], tz=tz)} {printable(lead, 80)}: {printable(message, LINE_LENGTH)}"  # type: ignore[arg-type]


def _exception_line(exception: str) -> str:
    """Return what was raised: the last line of a Python traceback, of others the first and that of the root cause."""
    lines = [line.strip() for line in exception.strip().splitlines()]
    if not lines:
        return ""
    if lines[0].startswith("Traceback"):
        return lines[-1]
    causes = [line for line in lines if line.startswith("Caused by")]
    return " | ".join([lines[0], *causes[-1:]])
