"""The changes of an incident as ranked sentences: likely causes first, then consequences."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from loganalytics.analyses.requests.endpoints import ROUTE
from loganalytics.humanize import count, listing, moment, percent, span
from loganalytics.sanitize import printable
from loganalytics.schema import ERROR

WARNING = 13

MAX_CAUSES, MAX_CONSEQUENCES = 10, 20

# How much speaks for a change being a cause rather than a consequence. A weight is added to log2(1 + score), so 1 more
# makes up for half the score. The weights were set on the incidents of the demo.
KIND_WEIGHTS = {
    "new_error": 4.0,  # an error that the baseline does not have at all shows most directly what broke
    "silence": 4.0,  # a service that stopped logging has stopped, or is cut off
    "more_errors": 3.0,  # an error that was there before may only have grown with the load
    "attempts": 3.0,  # warnings and failed attempts that became many: an attack, or a client that retries
    "slower": 3.0,  # an operation that takes longer holds up those that wait for it
    "culprit": 3.0,  # a host, user or address that became frequent may be the one who caused it
}
REPEATED_KIND_PENALTY = 2.0  # for each cause of the same kind that ranks before: the first three should differ
EARLY_WEIGHT = 1.5  # for a change that begins with the incident: what came later may follow from it
FAILED_ATTEMPT_WEIGHT = 1.5  # for attempts whose message says that they failed

EARLY_SHARE = 0.1  # of the incident: a change that begins within it begins with the incident
MIN_ERROR_SHARE = 0.5  # of a template's events that are errors: from then on it is an error
SILENCE_SCORE = 40.0  # of a silence as long as the longest usual gap, in the unit of G; twice as long, twice as much
_UNKNOWN_GAP_RATIO = 10.0  # of a silence to the usual gap, where no gap is known

# Fields that identify someone or something, so that a value may be the culprit; a status or a level is an outcome.
_IDENTITY_FIELD = re.compile(
    r"(?i)(?:^|[._-])(?:ip|addr|address|host|hostname|user|username|client|node|pod|container|instance|region|zone|"
    r"device|tenant|customer|account|org|project|runner|worker|agent|user_agent|version|release|build)"
    r"(?:[._-](?:id|name|ip|address|original))?$"
)
_FAILED_ATTEMPT = re.compile(
    r"(?i)\b(?:fail(?:ed|ure)?|denied|invalid|refused|reject(?:ed)?|unauthori[sz]ed|forbidden|attempt|retry)"
)
_NAME_LENGTH, _MESSAGE_LENGTH = 60, 110  # characters
_NAMED_SERVICES = 3
_MAX_COMMON_VALUES = 3


@dataclass(frozen=True, kw_only=True)
class Cause:
    """A change with its sentence: a likely cause, or by its role a consequence.

    `field`, `value`, `template_id` and `scope` lead to its events.
    """

    role: str
    kind: str
    title: str
    detail: str
    score: float
    service: str | None = None
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
    scope: str = "events"
    example: str | None = None


def rank_causes(
    changes: list[dict[str, Any]], silent: list[dict[str, Any]], start: datetime, end: datetime
) -> list[Cause]:
    """Return what changed as causes, the likeliest first, and then consequences.

    Takes the rows of `compare` with what `gather_evidence` adds to them, those of the services that fell silent, and
    when the incident began and ended.
    """
    silent_names = {row["service"] for row in silent}
    described = [_describe_silence(row) for row in silent]
    described += [cause for row in changes if (cause := _describe_change(row, silent_names)) is not None]
    weighted = [(_weigh(cause, start, end), cause) for cause in described if cause.role == "cause"]
    consequences = [cause for cause in described if cause.role != "cause"]
    consequences.sort(key=lambda cause: (-cause.score, cause.title))
    return [*_order_causes(weighted)[:MAX_CAUSES], *consequences[:MAX_CONSEQUENCES]]


def _weigh(cause: Cause, start: datetime, end: datetime) -> float:
    weight = KIND_WEIGHTS[cause.kind] + math.log2(1 + cause.score)
    if cause.start is not None and cause.start <= start + (end - start) * EARLY_SHARE:
        weight += EARLY_WEIGHT
    if cause.kind == "attempts" and _FAILED_ATTEMPT.search(cause.value or ""):
        weight += FAILED_ATTEMPT_WEIGHT
    return weight


def _order_causes(weighted: list[tuple[float, Cause]]) -> list[Cause]:
    """Return the causes by weight, with a penalty for each of the same kind that ranks before."""
    ordered: list[Cause] = []
    remaining = sorted(weighted, key=lambda pair: (-pair[0], pair[1].title))
    ranked_of_kind = dict.fromkeys(KIND_WEIGHTS, 0)
    while remaining:
        best = max(remaining, key=lambda pair: pair[0] - REPEATED_KIND_PENALTY * ranked_of_kind[pair[1].kind])
        remaining.remove(best)
        ranked_of_kind[best[1].kind] += 1
        ordered.append(best[1])
    return ordered


def _describe_silence(row: dict[str, Any]) -> Cause:
    name = printable(row["service"], _NAME_LENGTH) or "unknown service"
    length, usual_gap = row["end"] - row["start"], row["expected_gap"]
    until_end = ", to the end of the incident" if row["lasts"] else ""
    return Cause(
        role="cause",
        kind="silence",
        title=f"{name} silent for {span(length)}{until_end}",
        detail=f"No event from {moment(row['start'])}; usually it is never silent for longer than {span(usual_gap)}.",
        score=SILENCE_SCORE * (length / usual_gap if usual_gap else _UNKNOWN_GAP_RATIO),
        service=row["service"],
        start=row["start"],
        end=row["end"],
        events=0,
        field="service",
        value=row["service"],
    )


def _describe_change(row: dict[str, Any], silent_names: set[str | None]) -> Cause | None:
    """Return a row of `compare` in words; None for one that only repeats a silence."""
    name = row["field"]
    if name is None:
        return _consequence(row, f"{_render_ratio(row)} events in all")
    if name == "template":
        return _describe_template(row)
    if row["kind"] in ("slower", "faster"):
        return _describe_duration(row)
    if name == ROUTE and row["scope"] == "errors" and row["kind"] in ("new", "more"):
        return _describe_failed_requests(row)
    field = printable(name, _NAME_LENGTH)
    if row["kind"] == "shifted":
        medians = f"median {_render_number(row['baseline_p50'])} → {_render_number(row['incident_p50'])}"
        return _consequence(row, f"{field} shifted: {medians}")
    if name == "service" and row["kind"] in ("gone", "fewer") and row["value"] in silent_names:
        return None
    scope = " among the errors" if row["scope"] == "errors" else ""
    subject = f"{field} = {printable(row['value'], _NAME_LENGTH)}{scope}"
    if _IDENTITY_FIELD.search(name) and row["kind"] in ("new", "more"):
        return _cause(row, "culprit", f"{subject}: {_render_ratio_and_count(row)}")
    return _consequence(row, f"{subject}: {_render_ratio(row)}")


def _describe_template(row: dict[str, Any]) -> Cause:
    services = _render_services(row)
    quoted = f"“{printable(row['value'], _MESSAGE_LENGTH)}”"
    severity, errors = row.get("severity_number") or 0, row.get("errors") or 0
    if row["kind"] in ("gone", "fewer"):
        return _consequence(row, f"{quoted} {_render_ratio(row)}")
    if severity >= ERROR and errors >= MIN_ERROR_SHARE * (row["incident_count"] or 0):
        if row["kind"] == "new":
            return _cause(row, "new_error", f"{services}new error {quoted}")
        return _cause(row, "more_errors", f"{services}error {quoted} {_render_ratio(row)}")
    if severity >= WARNING or _FAILED_ATTEMPT.search(row["value"] or ""):
        return _cause(row, "attempts", f"{services}{quoted} {_render_ratio_and_count(row)}")
    return _consequence(row, f"{services}{quoted} {'new' if row['kind'] == 'new' else _render_ratio(row)}")


def _describe_failed_requests(row: dict[str, Any]) -> Cause:
    request = printable(row.get("endpoint") or row["value"], _NAME_LENGTH)
    status = f" with {row['status']}" if row.get("status") else ""
    kind = "new_error" if row["kind"] == "new" else "more_errors"
    return _cause(row, kind, f"{_render_services(row)}{request} failed{status}: {_render_ratio_and_count(row)}")


def _describe_duration(row: dict[str, Any]) -> Cause:
    operation = printable(row["value"], _NAME_LENGTH) or "the log"
    lead = _render_services(row) if row.get("endpoint") else ""
    old, new = (
        [_render_milliseconds(row[f"{side}_{quantile}"]) for quantile in ("p50", "p95")]
        for side in ("baseline", "incident")
    )
    quantiles = f"median {old[0]} → {new[0]}, p95 {old[1]} → {new[1]}"
    if row["kind"] == "slower":
        title = f"{lead}{operation} slower: {_render_factor(row['ratio'])} as long as before"
        return _cause(row, "slower", title, detail=f"{quantiles[0].upper()}{quantiles[1:]}.")
    return _consequence(row, f"{lead}{operation} faster: {quantiles}")


def _cause(row: dict[str, Any], kind: str, title: str, *, detail: str | None = None, role: str = "cause") -> Cause:
    services = row.get("services") or []
    return Cause(
        role=role,
        kind=kind,
        title=title,
        detail=detail or _render_counts(row),
        score=row["score"] or 0.0,
        service=services[0] if services else (row["value"] if row["field"] == "service" else None),
        start=row.get("first_seen"),
        end=row.get("last_seen"),
        events=row["incident_count"],
        scope=row["scope"] or "events",
        **{name: row[name] for name in ("baseline_rate", "incident_rate", "ratio", "p_value")},
        **{name: row[name] for name in ("template_id", "field", "value", "example")},
    )


def _consequence(row: dict[str, Any], title: str) -> Cause:
    return _cause(row, row["kind"], title, role="consequence")


def _render_services(row: dict[str, Any]) -> str:
    services = [printable(name, _NAME_LENGTH) for name in row.get("services") or []]
    return f"{listing(services, _NAMED_SERVICES)}: " if services else ""


def _render_counts(row: dict[str, Any]) -> str:
    events = f"{count(row['incident_count'] or 0, 'event')} against {count(row['baseline_count'] or 0)} in the baseline"
    rates = f"{_render_number(row['incident_rate'])} against {_render_number(row['baseline_rate'])} a minute"
    return f"{events} ({rates})."


def _render_ratio(row: dict[str, Any]) -> str:
    if row["kind"] in ("new", "gone"):
        return str(row["kind"])
    ratio = row["ratio"] or 0.0
    return f"{_render_factor(ratio)} as many" if ratio >= 1 else f"down to {ratio:.0%}".replace("%", " %")


def _render_ratio_and_count(row: dict[str, Any]) -> str:
    return f"{_render_ratio(row)}, {count(row['incident_count'], 'event')}"


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
