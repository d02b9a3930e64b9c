"""What the events of a cause have in common, and other events have not."""

from __future__ import annotations

import re

import polars as pl

from loganalytics.analyses.compare.term_counts import categorical_fields, is_incident
from loganalytics.templates.parameters import extract_parameters

MIN_DOMINANT_SHARE = 0.7  # of the rows that have the field
MIN_LIFT = 3.0  # times the share that the value has elsewhere
MIN_PARAMETER_ROWS = 5
PARAMETER_LENGTH = (6, 60)  # characters of a value in a message that says something: an address, not a port
MAX_PARAMETERS = 8  # wildcards of a template that are looked at, from the first

# Who wrote an event, and how grave it is, its title says; numbers of processes and lines say nothing to anyone.
_SAYS_NOTHING = re.compile(
    r"(?i)(?:^|[._-])(?:service|logger|level|severity|levelname|levelno|pid|tid|thread|thread[._-]?(?:id|name)"
    r"|process[._-]?\w*|port|line|lineno)$"
)


def dominant_values(events: pl.DataFrame, rows: pl.Expr) -> list[tuple[str, str, float]]:
    """Return what the incident's rows have in common and other events do not: (field, value, share) each.

    Fields are those that `compare` knows, and the wildcards of a template ("message" is their field). A value is
    dominant when it is in 70 % of the rows that have the field, and three times as frequent there as elsewhere in the
    incident, and as before it.
    """
    in_incident = events.filter(is_incident())
    selected, remaining = in_incident.filter(rows), in_incident.filter(~rows)
    before = events.filter(~is_incident())
    if selected.is_empty():
        return []
    dominant: list[tuple[str, str, float]] = []
    for name in categorical_fields(in_incident):
        if _SAYS_NOTHING.search(name):
            continue
        share, value = _most_frequent(selected[name])
        elsewhere = max(_share_of(value, remaining[name]), _share_of(value, before[name]))
        is_frequent = share >= MIN_DOMINANT_SHARE and share >= MIN_LIFT * elsewhere
        if value in {dominant_value for _, dominant_value, _ in dominant}:
            continue
        if value and is_frequent and selected[name].count() >= selected.height / 2:
            dominant.append((name, value, share))
    if selected["template"].n_unique() == 1:
        dominant += _dominant_parameters(selected, {value for _, value, _ in dominant})
    return dominant


def _most_frequent(values: pl.Series) -> tuple[float, str]:
    """Return the most frequent value and its share of those that are not null."""
    counts = values.drop_nulls().cast(pl.String).alias("value").value_counts(name="n")
    counts = counts.sort("n", "value", descending=[True, False])
    if counts.is_empty():
        return 0.0, ""
    return counts["n"][0] / int(counts["n"].sum()), str(counts["value"][0])


def _share_of(value: str, values: pl.Series) -> float:
    texts = values.drop_nulls().cast(pl.String)
    return int((texts == value).sum()) / max(len(texts), 1)


def _dominant_parameters(selected: pl.DataFrame, dominant_elsewhere: set[str]) -> list[tuple[str, str, float]]:
    if selected.height < MIN_PARAMETER_ROWS:
        return []
    values = selected.select(extract_parameters(pl.col("message"), pl.col("template"))).to_series()
    shortest, longest = PARAMETER_LENGTH
    dominant: list[tuple[str, str, float]] = []
    for position in range(min(max(values.list.len().to_list(), default=0), MAX_PARAMETERS)):
        share, value = _most_frequent(values.list.get(position, null_on_oob=True))
        is_telling = shortest <= len(value) <= longest and value not in dominant_elsewhere
        is_repeated = any(value in dominant_value for _, dominant_value, _ in dominant)
        if share >= MIN_DOMINANT_SHARE and is_telling and not is_repeated:
            dominant.append(("message", value, share))
    return dominant
