"""What an incident comes down to, told in sentences: frames in, ranked rows out, causes before consequences."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from loganalytics.humanize import count, listing, moment, percent, span
from loganalytics.sanitize import printable

ERROR, WARNING = 17, 13

# How likely each is the cause rather than a consequence of one, in the unit of the logarithm of its score.
_WEIGHT = {"new_error": 4.0, "silence": 4.0, "more_errors": 3.0, "attempts": 3.0, "slower": 3.0, "culprit": 3.0}
_REPEATED = 2.0  # less for each further cause of one kind: three are told of, and they should differ
_EARLY = 1.5  # more for what begins with the incident
_SAYS_SO = 1.5  # more for attempts whose message says that they failed
CAUSES, CONSEQUENCES = 10, 20

# Fields that say who or where, so that a value of theirs may be to blame; a status or a level is what came of it.
_WHO = re.compile(
    r"(?i)(?:^|[._-])(?:ip|addr|address|host|hostname|user|username|client|node|pod|container|instance|region|zone|"
    r"device|tenant|customer|account|org|project|runner|worker|agent|user_agent|version|release|build)"
    r"(?:[._-](?:id|name|ip|address|original))?$"
)
_TRIED = re.compile(
    r"(?i)\b(?:fail(?:ed|ure)?|denied|invalid|refused|reject(?:ed)?|unauthori[sz]ed|forbidden|attempt|retry)"
)
_NAME, _SAID = 60, 110


@dataclass(frozen=True)
class Told:
    """One row of the findings; `field`, `value`, `template_id` and `scope` lead to its events."""

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


def tell(differences: list[dict[str, Any]], silent: list[dict[str, Any]], start: datetime, end: datetime) -> list[Told]:
    """Return what changed as causes, the likeliest first, and then consequences.

    Takes the rows of `compare` (templates with errors, severity_number, services, first_seen) and of the services
    that fell silent, and when the incident began and ended.
    """
    quiet = {row["service"] for row in silent}
    found = [_tell_silence(row) for row in silent]
    found += [told for row in differences if (told := _tell(row, quiet)) is not None]
    causes = [told for told in found if told.role == "cause"]
    others = [told for told in found if told.role != "cause"]
    causes = _spread([_weighed(told, start, end) for told in causes])
    others.sort(key=lambda told: (-told.score, told.title))
    return [*causes[:CAUSES], *others[:CONSEQUENCES]]


def _weighed(told: Told, start: datetime, end: datetime) -> tuple[float, Told]:
    weight = _WEIGHT[told.kind] + math.log2(1 + told.score)
    if told.start is not None and told.start <= start + (end - start) / 10:
        weight += _EARLY
    if told.kind == "attempts" and _TRIED.search(told.value or ""):
        weight += _SAYS_SO
    return weight, told


def _spread(weighed: list[tuple[float, Told]]) -> list[Told]:
    """Return the causes by weight, each further one of a kind and service taken for less."""
    ordered: list[Told] = []
    left = sorted(weighed, key=lambda pair: (-pair[0], pair[1].title))
    seen: dict[str, int] = {}
    while left:
        best = max(left, key=lambda pair: pair[0] - _REPEATED * seen.get(pair[1].kind, 0))
        left.remove(best)
        seen[best[1].kind] = seen.get(best[1].kind, 0) + 1
        ordered.append(best[1])
    return ordered


def _tell_silence(row: dict[str, Any]) -> Told:
    name = printable(row["service"], _NAME) or "unknown service"
    lasting = span(row["end"] - row["start"])
    title = f"{name} silent for {lasting}" + (", to the end of the incident" if row["lasts"] else "")
    usual = (
        f"No event from {moment(row['start'])}; usually it is never silent for longer than {span(row['expected_gap'])}."
    )
    # A score in the unit of G: the longer than usual, the surer.
    excess = (row["end"] - row["start"]) / row["expected_gap"] if row["expected_gap"] else 10.0
    return Told(
        "cause", "silence", title, usual, 40 * excess, row["service"], row["start"], row["end"], 0,
        field="service", value=row["service"],
    )  # fmt: skip


def _tell(row: dict[str, Any], quiet: set[str | None]) -> Told | None:
    """Return a difference in words; None for one that says nothing beside the others."""
    name = row["field"]
    if name is None:
        return _plain(row, f"{_rate(row)} events in all")
    if name == "template":
        return _tell_template(row, quiet)
    if row["kind"] in ("slower", "faster"):
        return _tell_speed(row)
    if row["kind"] == "shifted":
        return _plain(
            row,
            f"{printable(name, _NAME)} shifted: median {_number(row['baseline_p50'])} → {_number(row['incident_p50'])}",
        )
    if name == "service" and row["kind"] in ("gone", "fewer") and row["value"] in quiet:
        return None
    what = f"{printable(name, _NAME)} = {printable(row['value'], _NAME)}"
    among = " among the errors" if row["scope"] == "errors" else ""
    if _WHO.search(name) and row["kind"] in ("new", "more"):
        return _told(row, "cause", "culprit", f"{what}{among}: {_many(row)}", _counts(row))
    return _plain(row, f"{what}{among}: {_rate(row)}")


def _tell_template(row: dict[str, Any], quiet: set[str | None]) -> Told | None:
    lead = _lead(row)
    said = f"“{printable(row['value'], _SAID)}”"
    severity, errors = row.get("severity_number") or 0, row.get("errors") or 0
    if row["kind"] in ("gone", "fewer"):
        return _plain(row, f"{said} {_rate(row)}")
    if severity >= ERROR and 2 * errors >= (row["incident_count"] or 0):
        if row["kind"] == "new":
            return _told(row, "cause", "new_error", f"{lead}new error {said}", _counts(row))
        return _told(row, "cause", "more_errors", f"{lead}error {said} {_rate(row)}", _counts(row))
    if severity >= WARNING or _TRIED.search(row["value"] or ""):
        return _told(row, "cause", "attempts", f"{lead}{said} {_many(row)}", _counts(row))
    return _plain(row, f"{lead}{said} {'new' if row['kind'] == 'new' else _rate(row)}")


def _tell_speed(row: dict[str, Any]) -> Told:
    what = printable(row["value"], _NAME) or "the log"
    old, new = ([_ms(row[f"{side}_{point}"]) for point in ("p50", "p95")] for side in ("baseline", "incident"))
    medians = f"median {old[0]} → {new[0]}, p95 {old[1]} → {new[1]}"
    if row["kind"] == "slower":
        return _told(
            row,
            "cause",
            "slower",
            f"{what} slower: {_times(row['ratio'])} as long as before",
            medians[0].upper() + medians[1:] + ".",
        )
    return _plain(row, f"{what} faster: {medians}")


def _told(row: dict[str, Any], role: str, kind: str, title: str, detail: str) -> Told:
    services = row.get("services") or []
    service = services[0] if services else (row["value"] if row["field"] == "service" else None)
    return Told(
        role, kind, title, detail, row["score"] or 0.0, service, row.get("first_seen"), row.get("last_seen"),
        row["incident_count"], row["baseline_rate"], row["incident_rate"], row["ratio"], row["p_value"],
        row["template_id"], row["field"], row["value"], row["scope"] or "events", row["example"],
    )  # fmt: skip


def _plain(row: dict[str, Any], title: str) -> Told:
    return _told(row, "consequence", row["kind"], title, _counts(row))


def _lead(row: dict[str, Any]) -> str:
    services = [printable(name, _NAME) for name in row.get("services") or []]
    return f"{listing(services, 3)}: " if services else ""


def _counts(row: dict[str, Any]) -> str:
    told = f"{count(row['incident_count'] or 0, 'event')} against {count(row['baseline_count'] or 0)} in the baseline"
    told += f" ({_number(row['incident_rate'])} against {_number(row['baseline_rate'])} a minute)."
    return told


def _rate(row: dict[str, Any]) -> str:
    if row["kind"] in ("new", "gone"):
        return str(row["kind"])
    ratio = row["ratio"] or 0.0
    return f"{_times(ratio)} as many" if ratio >= 1 else f"down to {ratio:.0%}".replace("%", " %")


def _many(row: dict[str, Any]) -> str:
    return f"{_rate(row)}, {count(row['incident_count'], 'event')}"


def _times(ratio: float | None) -> str:
    if ratio is None or math.isinf(ratio):
        return "many times"
    return f"{ratio:,.0f} times" if ratio >= 10 else f"{ratio:.1f} times"


def _ms(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value / 1000:,.1f} s" if value >= 10_000 else f"{value:,.0f} ms" if value >= 10 else f"{value:.2g} ms"


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def with_common(told: Told, common: list[tuple[str, str, float]]) -> str:
    """Return the detail of a finding with what its events have in common: (field, value, share) each."""
    if not common:
        return told.detail
    facts = [
        printable(value, _NAME)
        + (" in the message" if name == "message" else f" as {printable(name, _NAME)}")
        + f" ({percent(round(share, 2))})"
        for name, value, share in common[:3]
    ]
    return f"{told.detail} In common: {listing(facts)}."
