"""A change of an incident in a sentence: what happened, to whom, how often, and how often usually."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from loganalytics.analyses.compare.term_counts import PROBLEM
from loganalytics.analyses.requests.endpoints import ROUTE
from loganalytics.findings.quoting import is_request_line, quote, without_name
from loganalytics.humanize import count, listing, moment, percent, span
from loganalytics.sanitize import printable
from loganalytics.schema import ERROR

WARNING = 13

MIN_ERROR_SHARE = 0.5  # of a template's events that are errors: from then on it is an error
SILENCE_SCORE = 40.0  # of a silence as long as the longest usual gap, in the unit of G; twice as long, twice as much
MIN_CULPRIT_EVENTS = 8  # of a host, user or address: with fewer it may be new by chance, but blames nobody
MIN_MEDIAN_RATIO = 1.25  # of a slower operation: a median that rose by less is not what became slower
_UNKNOWN_GAP_RATIO = 10.0  # of a silence to the usual gap, where no gap is known

# Fields that identify someone or something, so that a value may be the culprit; a status or a level is an outcome.
_IDENTITY_FIELD = re.compile(
    r"(?i)(?:^|[._-])(?:ip|addr|address|host|hostname|user|username|client|node|pod|container|instance|region|zone|"
    r"device|tenant|customer|account|org|project|runner|worker|agent|user_agent|version|release|build)"
    r"(?:[._-](?:id|name|ip|address|original))?$"
)
_HOST_FIELD = re.compile(r"(?i)(?:^|[._-])(?:host|hostname|node|instance|pod|container)(?:[._-](?:name|id))?$")
_LEVEL_OF_OTHERS = re.compile(r"(?i).[._-](?:level|severity|levelname)$")  # what a program wrote, beside our own
_STATUS_FIELD = re.compile(r"(?i)(?:^|[._-])(?:status|status_?code|http_?status|response_?code)$")
FAILED_ATTEMPT = re.compile(
    r"(?i)\b(?:fail(?:ed|ure)?|denied|invalid|refused|reject(?:ed)?|unauthori[sz]ed|forbidden|attempt|retry)"
    r"|失败|拒绝|超时|无效|重试"
)
_NAME_LENGTH, _MESSAGE_LENGTH, _DETAIL_LENGTH = 60, 160, 300  # characters
_NAMED_SERVICES = 3
_NAMED_ENDPOINTS = 3
_NAMED_OPERATIONS = 2
_MAX_COMMON_VALUES = 3


@dataclass(frozen=True, kw_only=True)
class Cause:
    """A change with its sentence: a likely cause, or by its role a consequence.

    `field`, `value` and `values` (where it is about several), `template_id` and `scope` lead to its events.
    """

    role: str
    kind: str
    title: str
    detail: str
    score: float
    service: str | None = None
    services: tuple[str, ...] = ()
    start: datetime | None = None
    end: datetime | None = None
    events: int | None = None
    baseline_rate: float | None = None
    incident_rate: float | None = None
    ratio: float | None = None
    p_value: float | None = None
    template_id: str | None = None
    field: str | None = None
    value: str | None = None
    values: tuple[str, ...] = ()
    scope: str = "events"
    example: str | None = None
    is_over: bool = False  # what it is about became rarer, so that its events are those of the baseline


def describe_silence(row: dict[str, Any], *, tz: str = "UTC") -> Cause:
    """Return a silence as a cause."""
    name = printable(row["service"], _NAME_LENGTH) or "unknown service"
    length, usual_gap = row["end"] - row["start"], row["expected_gap"]
    until_end = ", to the end of the incident" if row["lasts"] else ""
    usual = f"; usually it is never silent for longer than {span(usual_gap)}" if usual_gap else ""
    last = f" Its last event: “{printable(row['last_message'], _MESSAGE_LENGTH)}”." if row.get("last_message") else ""
    queue = f" {_capitalize(printable(row['queue'], _DETAIL_LENGTH))}." if row.get("queue") else ""
    return Cause(
        role="cause",
        kind="silence",
        title=f"{name} silent for {span(length)}{until_end}",
        detail=f"No event from {moment(row['start'], tz=tz)}{usual}.{last}{queue}",
        score=SILENCE_SCORE * (length / usual_gap if usual_gap else _UNKNOWN_GAP_RATIO),
        service=row["service"],
        services=(row["service"],) if row["service"] else (),
        start=row["start"],
        end=row["end"],
        events=0,
        field="service",
        value=row["service"],
        is_over=True,
    )


def describe_error_count(row: dict[str, Any], length: timedelta) -> Cause:
    """Return a problem of the incident by how often it came, where there is nothing to compare it with."""
    services, quoted = _render_services(row), quote(_said(row, "value"), _said(row, "example"), _MESSAGE_LENGTH)
    often = count(row["incident_count"], "time")
    unknown = dict.fromkeys(("score", "scope", "baseline_rate", "incident_rate", "ratio", "p_value"))
    title, detail = f"{services}error {quoted} {often}", f"{often} in {span(length)}; whether it is new cannot be told."
    return _cause(
        {**unknown, **row, "field": PROBLEM, "kind": "errors"},
        "errors",
        title,
        length,
        detail=detail,
        role="consequence",
    )


def describe_change(row: dict[str, Any], silent_names: set[str | None], length: timedelta) -> Cause | None:
    """Return a row of `compare` with the columns of FACTS in words; None for one that only repeats a silence.

    `length` is that of the incident.
    """
    name = row["field"]
    if name is None:
        often = _render_ratio(row)
        return _consequence(
            row, f"events in all {often}" if often.startswith("down") else f"{often} events in all", length
        )
    if name == PROBLEM:
        return _describe_problem(row, length)
    if name == "template":
        return _describe_template(row, length)
    if row["kind"] in ("slower", "faster"):
        return _describe_durations([row], length)
    is_up = row["kind"] in ("new", "more")
    if name == ROUTE and row["scope"] == "errors" and is_up:
        return describe_failed_requests([row], length)
    if row["kind"] == "shifted":
        field = printable(name, _NAME_LENGTH)
        medians = f"median {_render_number(row['baseline_p50'])} → {_render_number(row['incident_p50'])}"
        return _consequence(row, f"{field} shifted: {medians}", length)
    is_repeated = name == "service" and not is_up and row["value"] in silent_names
    if is_repeated or _LEVEL_OF_OTHERS.search(name):
        return None
    return _describe_value(row, length, is_up=is_up)


def _describe_value(row: dict[str, Any], length: timedelta, *, is_up: bool) -> Cause:
    """Return a row about the value of a field in words."""
    name, value = row["field"], str(row["value"])
    scope = " among the errors" if row["scope"] == "errors" else ""
    subject = f"{printable(name, _NAME_LENGTH)} = {printable(value, _NAME_LENGTH)}{scope}"
    if is_up and _STATUS_FIELD.search(name) and re.fullmatch(r"[45]\d\d", value):
        kind = "failed_requests" if value >= "500" else "attempts"
        title = f"{_render_services(row)}requests {'failed' if value >= '500' else 'were refused'} with {value}"
        return _cause(row, kind, title, length)
    is_frequent = (row["incident_count"] or 0) >= MIN_CULPRIT_EVENTS
    if is_up and is_frequent and _IDENTITY_FIELD.search(name):
        return _cause(row, "culprit", f"{subject}: {_render_ratio(row)}", length)
    if row["kind"] == "gone" and row["scope"] == "events" and _HOST_FIELD.search(name):
        return _cause(row, "culprit", f"{subject}: gone", length)
    if is_up and name == "level" and (row.get("severity_number") or 0) >= WARNING and row["example"]:
        return _consequence(row, _render_level(row, length), length)
    return _consequence(row, f"{subject}: {_render_ratio(row)}", length)


def _render_level(row: dict[str, Any], length: timedelta) -> str:
    """Return a level as what its services did: scheduler warned 31 times, never before: “queue mail depth <*>”."""
    services = [printable(name, _NAME_LENGTH) for name in row.get("services") or []]
    verb = "warned" if row["value"] == "WARNING" else f"logged {printable(row['value'], _NAME_LENGTH)}"
    usual = "never before" if row["kind"] == "new" else _render_usual(row, length)
    quoted = quote(_said(row, "frequent_template"), _said(row, "example"), _MESSAGE_LENGTH)
    who = listing(services, _NAMED_SERVICES) or "The log"
    return f"{who} {verb} {count(row['incident_count'] or 0, 'time')}, {usual}: {quoted}"


def _said(row: dict[str, Any], name: str) -> str | None:
    """Return a text of a row without the name of the service, which the sentence has."""
    text = row.get(name)
    return without_name(text, row.get("services") or []) if text else text


def _describe_problem(row: dict[str, Any], length: timedelta) -> Cause:
    services, quoted = _render_services(row), quote(_said(row, "value"), _said(row, "example"), _MESSAGE_LENGTH)
    if row["kind"] in ("gone", "fewer"):
        return _consequence(row, f"{services}error {quoted} {_render_ratio(row)}", length)
    if row["kind"] == "new":
        return _cause(row, "new_error", f"{services}new error {quoted}", length)
    return _cause(row, "more_errors", f"{services}error {quoted} {_render_ratio(row)}", length)


def _describe_template(row: dict[str, Any], length: timedelta) -> Cause:
    services, quoted = _render_services(row), quote(_said(row, "value"), _said(row, "example"), _MESSAGE_LENGTH)
    severity, errors = row.get("severity_number") or 0, row.get("errors") or 0
    if row["kind"] in ("gone", "fewer"):
        return _consequence(row, f"{services}{quoted} {_render_ratio(row)}", length)
    if severity >= ERROR and errors >= MIN_ERROR_SHARE * (row["incident_count"] or 0):
        return _describe_problem(row, length)
    if is_request_line(row["value"] or ""):
        rise = f"new requests {quoted}" if row["kind"] == "new" else f"requests {quoted} {_render_ratio(row)}"
        return _consequence(row, f"{services}{rise}", length)
    if severity >= WARNING or FAILED_ATTEMPT.search(row["value"] or ""):
        noun = "new warning" if severity >= WARNING else "new message"
        return _cause(row, "attempts", f"{services}{_render_rise(row, quoted, noun)}", length)
    return _consequence(row, f"{services}{_render_rise(row, quoted, 'new message')}", length)


def _render_rise(row: dict[str, Any], quoted: str, noun: str) -> str:
    return f"{noun} {quoted}" if row["kind"] == "new" else f"{quoted} {_render_ratio(row)}"


def describe_failed_requests(rows: Sequence[dict[str, Any]], length: timedelta) -> Cause:
    """Return the failed requests of endpoints, each row those of one endpoint and status, as one cause."""
    row = _sum_rows(rows)
    failed: dict[str, int] = {}
    statuses: dict[int, int] = {}
    for one in rows:
        name = one.get("endpoint") or one["value"]
        failed[name] = failed.get(name, 0) + (one["incident_count"] or 0)
        if one.get("status"):
            statuses[one["status"]] = statuses.get(one["status"], 0) + (one["incident_count"] or 0)
    endpoints = [printable(name, _NAME_LENGTH) for name in sorted(failed, key=lambda name: (-failed[name], name))]
    codes = [str(code) for code in sorted(statuses, key=lambda code: (-statuses[code], code))]
    status = f" with {listing(codes)}" if codes else ""
    ratio = "" if row["kind"] == "new" else f" {_render_ratio(row)}"
    if len(endpoints) == 1:
        title = f"{_render_services(row)}{endpoints[0]} failed{status}{ratio}"
    else:
        title = f"{_render_services(row)}requests failed{status}{ratio}: {listing(endpoints, _NAMED_ENDPOINTS)}"
    requests = sum({one.get("endpoint"): one.get("requests") or 0 for one in rows}.values())
    share = f" of {requests:,}" if requests >= (row["incident_count"] or 0) > 0 else ""
    often = f"{row['incident_count'] or 0:,}{share} requests in {span(length)}, {_render_usual(row, length)}."
    return _cause(row, "failed_requests", title, length, detail=often)


def describe_slower(rows: Sequence[dict[str, Any]], length: timedelta) -> Cause:
    """Return the operations of a service that became slower, the surest first, as one cause."""
    return _describe_durations(rows, length)


def _describe_durations(rows: Sequence[dict[str, Any]], length: timedelta) -> Cause:
    first = rows[0]
    row = {**_sum_rows(rows), "ratio": first["ratio"]}
    lead = _render_services(row) if first.get("endpoint") else ""
    names = [printable(row["value"], _NAME_LENGTH) or "the log" for row in rows[:_NAMED_OPERATIONS]]
    changes = [_render_quantiles(row)[0] for row in rows[:_NAMED_OPERATIONS]]
    further_changes = [f"{name}: {change}" for name, change in zip(names[1:], changes[1:], strict=True)]
    excess = [f"{len(rows) - _NAMED_OPERATIONS} more"] if len(rows) > _NAMED_OPERATIONS else []
    title = "; ".join([f"{lead}{names[0]} {first['kind']}: {changes[0]}", *further_changes, *excess])
    detail = _render_quantiles(first)[1]
    if first["kind"] == "slower":
        return _cause(row, "slower", title, length, detail=f"{detail[0].upper()}{detail[1:]}.")
    return _consequence(row, title, length)


def _render_quantiles(row: dict[str, Any]) -> tuple[str, str]:
    """Return the quantile that says what changed, and the other."""
    median, p95 = (
        f"{name} {_render_milliseconds(row[f'baseline_{column}'])} → {_render_milliseconds(row[f'incident_{column}'])}"
        for name, column in (("median", "p50"), ("p95", "p95"))
    )
    old, new = row["baseline_p50"] or 0.0, row["incident_p50"] or 0.0
    is_up = row["kind"] == "slower"
    is_median = (new >= old * MIN_MEDIAN_RATIO) if is_up else (new <= old / MIN_MEDIAN_RATIO)
    return (median, p95) if is_median else (p95, median)


def _sum_rows(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the rows as one: counts, rates and scores added up, the values and services of all."""
    if len(rows) == 1:
        return dict(rows[0])
    names = ("baseline_count", "incident_count", "baseline_rate", "incident_rate", "score")
    sums = {name: sum(row[name] or 0 for row in rows) for name in names}
    firsts, lasts = ([row[name] for row in rows if row.get(name)] for name in ("first_seen", "last_seen"))
    return {
        **rows[0],
        **sums,
        "kind": rows[0]["kind"] if rows[0]["kind"] in ("slower", "faster") else
        ("new" if not sums["baseline_count"] else "more"),
        "ratio": sums["incident_rate"] / sums["baseline_rate"] if sums["baseline_rate"] else None,
        "p_value": min((row["p_value"] for row in rows if row["p_value"] is not None), default=None),
        "services": sorted({name for row in rows for name in row.get("services") or []}),
        "first_seen": min(firsts, default=None),
        "last_seen": max(lasts, default=None),
        "template_id": None,
        "values": tuple(row["value"] for row in rows),
    }  # fmt: skip


def _cause(
    row: dict[str, Any], kind: str, title: str, length: timedelta, *, detail: str | None = None, role: str = "cause"
) -> Cause:
    services = tuple(row.get("services") or [])
    return Cause(
        role=role,
        kind=kind,
        title=title,
        detail=detail or f"{_capitalize(_render_often(row, length))}.",
        score=row["score"] or 0.0,
        service=services[0] if services else (row["value"] if row["field"] == "service" else None),
        services=services,
        start=row.get("first_seen"),
        end=row.get("last_seen"),
        events=row["incident_count"],
        scope=row["scope"] or "events",
        values=tuple(row.get("values") or ()),
        is_over=row["kind"] in ("gone", "fewer"),
        **{name: row[name] for name in ("baseline_rate", "incident_rate", "ratio", "p_value")},
        **{name: row[name] for name in ("template_id", "field", "value", "example")},
    )


def _consequence(row: dict[str, Any], title: str, length: timedelta) -> Cause:
    return _cause(row, row["kind"], title, length, role="consequence")


def _render_services(row: dict[str, Any]) -> str:
    services = [printable(name, _NAME_LENGTH) for name in row.get("services") or []]
    return f"{listing(services, _NAMED_SERVICES)}: " if services else ""


def _render_often(row: dict[str, Any], length: timedelta) -> str:
    return f"{count(row['incident_count'] or 0, 'event')} in {span(length)}, {_render_usual(row, length)}"


def _render_usual(row: dict[str, Any], length: timedelta) -> str:
    """Return how many events are usual in the length of the incident, by the rate of the baseline."""
    expected = expected_events(row["baseline_rate"], row["incident_rate"], row["incident_count"], length)
    if not expected:
        return "usually none"
    return f"usually {'fewer than 1' if expected < 1 else f'{expected:,.0f}'}"


def expected_events(
    baseline_rate: float | None, incident_rate: float | None, incident_count: int | None, length: timedelta
) -> float:
    """Return how many events would be expected in the incident; it may have been cut to the log, as its rate tells."""
    minutes = incident_count / incident_rate if incident_count and incident_rate else length / timedelta(minutes=1)
    return (baseline_rate or 0.0) * minutes


def _capitalize(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _render_ratio(row: dict[str, Any]) -> str:
    if row["kind"] in ("new", "gone"):
        return str(row["kind"])
    ratio = row["ratio"] or 0.0
    return f"{_render_factor(ratio)} as many" if ratio >= 1 else f"down to {ratio:.0%}".replace("%", " %")


def _render_factor(ratio: float | None) -> str:
    if ratio is None or math.isinf(ratio):
        return "many times"
    return f"{ratio:,.0f} times" if ratio >= 10 else f"{ratio:.1f} times"


def _render_milliseconds(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value / 1000:,.1f} s" if value >= 10_000 else f"{value:,.0f} ms" if value >= 10 else f"{value:.2g} ms"


def _render_number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def render_detail(cause: Cause, common_values: list[tuple[str, str, float]]) -> str:
    """Return the detail of a cause with the values that its events have in common: (field, value, share) each."""
    if not common_values:
        return cause.detail
    values = [
        printable(value, _NAME_LENGTH)
        + (" in the message" if field == "message" else f" as {printable(field, _NAME_LENGTH)}")
        + f" ({percent(round(share, 2))})"
        for field, value, share in common_values[:_MAX_COMMON_VALUES]
    ]
    return f"{cause.detail} In common: {listing(values)}."
