"""What can be counted and measured in a window of time: the features that anomalies are looked for in."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import polars as pl

from loganalytics.analyses.requests.durations import duration_ms
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.humanize import count
from loganalytics.schema import Frame, is_error, lazy
from loganalytics.templates.annotate import with_templates
from loganalytics.times import parse_every, usual_times, window_start

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float64]]

MOST_WINDOWS = 5_000_000  # times the values of `by`
MOST_TEMPLATES = 200  # for a value of `by`: half by how many events, half by how many in one window
BURST = 3  # events of a template in one window, for it to count as bursty
MOST_VALUES = 40  # of services or hosts that are looked at one by one
MOST_TIMED = 20  # templates whose durations are looked at one by one
FEWEST_DURATIONS = {"p50": 3, "p95": 10}  # in a window, for the quantile to mean anything
OVERALL = ["duration_p50", "duration_p95"]  # in the order of the above
TOTALS = ("window", "events", "errors", "trace_ids", "measured", "p50", "p95")
NEW_EVENTS = "new_events"  # of kinds that a model has not seen
HOSTS = ("host", "host.name", "hostname", "host_name", "server", "node", "pod", "k8s.pod.name", "instance")

_NEEDED = ("timestamp", "severity_number", "level", "trace_id", "message")


@dataclass(frozen=True)
class Windows:
    """The windows of a log: the start of the first, their length and how many there are."""

    first: datetime
    every: timedelta
    count: int


@dataclass(frozen=True)
class Features:
    """What the windows hold for one value of `by`; rows are windows."""

    value: object
    names: list[str]  # of counts: events, errors, trace_ids, level:..., service:..., errors:host:..., template:...
    counts: Array  # windows x names
    timed: list[str]  # of durations: duration_p50, duration_p95, duration:... by template
    durations: Array  # windows x timed, milliseconds; NaN where too few were measured
    measured: Array  # windows x timed: how many durations each rests on
    unseen: Array  # templates first seen in the window
    unseen_expected: Array  # how many there had to be expected, as things stood before


def read_events(logs: Frame, by: str | None) -> pl.DataFrame:
    """Return what the features are made of: by, timestamp, error, level, trace_id, template, ms, service, host.

    Of service and host, the one that `by` names is left out: it would say everything twice.
    """
    frame = lazy(logs, *_NEEDED)
    have = frame.collect_schema().names()
    host = next((name for name in HOSTS if name in have), None)
    named = {"service": "service" if "service" in have else None, "host": host}
    parts = {part: column for part, column in named.items() if column and column != by}
    wanted = [*_NEEDED, *(name for name in ("template", "template_id", by, *parts.values()) if name in have)]
    events = (
        frame.filter(pl.col("timestamp").is_not_null()).select(*dict.fromkeys(wanted), __ms=duration_ms(have)).collect()
    )
    if not {"template", "template_id"} <= set(have):
        events = with_templates(events)
    value = pl.lit(None, pl.String) if by is None else pl.col(by)
    return (
        lazy(events, *([] if by is None else [by]))
        .select(
            "timestamp",
            "level",
            "trace_id",
            "template",
            error=is_error().fill_null(value=False),
            ms="__ms",
            by=value,
            **{part: pl.col(column).cast(pl.String) for part, column in parts.items()},
        )
        .collect()
    )


def lay_windows(events: pl.DataFrame, every: str | timedelta) -> tuple[Windows, pl.DataFrame]:
    """Return the windows of a log that has events, and the events with the number of their `window`.

    Events dated years away from the rest would stretch the windows without end: they are left out, with a warning.

    Raises InvalidArgumentError when there are too many to be compared.
    """
    length = parse_every(every)
    events = _without_misdated(events)
    starts = events.select(window_start(length))["window"]
    first, last = cast(datetime, starts.min()), cast(datetime, starts.max())
    windows = Windows(first, length, (last - first) // length + 1)
    values = events["by"].n_unique()
    if windows.count * values > MOST_WINDOWS:
        raise InvalidArgumentError(
            f"{windows.count:,} windows of {length} for {values:,} values are too many to compare. "
            "Hint: choose longer windows, a shorter time range, or a column with fewer values."
        )
    step = length // timedelta(microseconds=1)
    number = (starts.dt.epoch("us") - starts.dt.epoch("us").min()) // step
    return windows, events.with_columns(number.cast(pl.Int64).alias("window"))


def _without_misdated(events: pl.DataFrame) -> pl.DataFrame:
    usual = usual_times(events["timestamp"])
    if usual is None:
        return events
    near = events.filter(pl.col("timestamp").is_between(*usual))
    left_out, dated = count(events.height - near.height, "event"), f"{usual[0]:%Y-%m-%d} to {usual[1]:%Y-%m-%d}"
    warnings.warn(f"{left_out} dated years away left out; all others are of {dated}.", UserWarning, stacklevel=4)
    return near


def read_features(events: pl.DataFrame, windows: int) -> Iterator[Features]:
    """Return the features of one value of `by` after the other, sorted by value, nulls first."""
    tables = _tables(events)
    kinds = split(_first_seen(tables["templates"], windows), "name", "first", "size", "again")
    levels, values = split(tables["levels"], "name", "len"), split(_greatest(tables["values"]), "name", "len")
    templates = split(_that_matter(tables["templates"]), "name", "len")
    timed = split(_that_take_long(tables["timed"]), "name", "len", "ms")
    for value, totals in split(tables["totals"], *TOTALS).items():
        by_level, by_value, by_template, by_timed = (
            parts.get(value, {}) for parts in (levels, values, templates, timed)
        )
        counts = _counts(totals, by_level, by_value, by_template, windows)
        timed_names, durations, measured = _durations(totals, by_timed, windows)
        unseen, expected = _unseen(kinds[value], counts[1][:, 0])
        yield Features(value, *counts, timed_names, durations, measured, unseen, expected)


def read_known(
    events: pl.DataFrame, windows: int, known: dict[object, tuple[list[str], list[str]]], kinds: pl.Series
) -> Iterator[Features]:
    """Return the named counts and durations of each value of `by`, and those that are new with their totals only.

    `known` holds the names of counts and durations by value, `kinds` the templates that are not unseen. Each
    window is told by itself, whatever is around it.
    """
    import numpy as np

    tables = _tables(events)
    unseen = tables["templates"].filter(~pl.col("name").is_in(kinds.implode()))
    new_events = unseen.group_by("by", "window").agg(name=pl.lit(NEW_EVENTS), len=pl.col("len").sum())
    prefixes = {"values": "{}", "levels": "level:{}", "templates": "template:{}", "new": "{}"}
    named = {
        part: split(table.with_columns(name=pl.format(prefixes[part], "name")), "name", "len")
        for part, table in {**tables, "new": new_events}.items()
        if part in prefixes
    }
    new_kinds = split(unseen, "window")
    timed = split(tables["timed"], "name", "len", "ms")
    totals = split(tables["totals"], *TOTALS)
    nothing: dict[str, Array] = {name: np.zeros(0, np.int64) for name in TOTALS}
    new = {value: (["events", "errors"], OVERALL) for value in totals if value not in known}
    for value, (names, kept) in {**known, **new}.items():
        own = totals.get(value, nothing)
        counts = np.zeros((windows, len(names)))
        column = {name: number for number, name in enumerate(names)}
        for name in ("events", "errors", "trace_ids"):
            if name in column:
                counts[own["window"], column[name]] = own[name]
        for parts in named.values():
            _place(parts.get(value, {}), "len", counts, column)
        _, durations, measured = _durations(own, timed.get(value, {}), windows, kept)
        at = new_kinds.get(value, nothing)["window"]
        yield Features(value, names, counts, kept, durations, measured,
                       np.bincount(at, minlength=windows).astype(float), np.zeros(windows))  # fmt: skip


def split(table: pl.DataFrame, *columns: str) -> dict[object, dict[str, Array]]:
    """Return the columns, and window, of each value of `by` as arrays; values sorted, nulls first."""
    ordered = table.sort("by", *(name for name in ("name", "window") if name in table.columns))
    runs = ordered["by"].rle().struct.unnest()
    arrays = {name: ordered[name].to_numpy() for name in dict.fromkeys([*columns, "window"]) if name in table.columns}
    parts, begin = {}, 0
    for length, value in runs.select("len", "value").iter_rows():
        parts[value] = {name: array[begin : begin + length] for name, array in arrays.items()}
        begin += length
    return parts


def _tables(events: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return what is counted and measured, by value and window.

    Counted once in fine, by everything with few values; all but the hosts is summed up from that.
    """
    dtype, ms, len_ = events.schema["by"], pl.col("ms"), pl.col("len").sum()
    texts = [name for name in ("by", "level", "template", "service") if events.schema.get(name) == pl.String]
    coded = events.with_columns(pl.col(texts).cast(pl.Categorical))
    keys = [name for name in ("by", "window", "error", "level", "template", "service") if name in events.columns]
    fine = coded.group_by(keys).len()
    timed = coded.filter(ms.is_not_null())
    measured = timed.group_by("by", "window").agg(measured=pl.len(), p50=ms.median(), p95=ms.quantile(0.95))
    traced = events.filter(pl.col("trace_id").is_not_null()).group_by("by", "window")
    totals = fine.group_by("by", "window").agg(events=len_, errors=pl.col("len").filter("error").sum())
    tables = {
        "totals": totals.join(measured, on=["by", "window"], how="left", nulls_equal=True),
        "levels": fine.filter(pl.col("level").is_not_null()).group_by("by", "window", name="level").agg(len_),
        "templates": fine.group_by("by", "window", name="template").agg(len_),
        "timed": timed.group_by("by", "window", name="template").agg(pl.len(), ms.median()),
        "values": _by_values(events, fine),
    }
    plain = {part: table.with_columns(pl.col("by").cast(dtype)) for part, table in tables.items()}
    plain["totals"] = (
        plain["totals"]
        .join(traced.agg(trace_ids=pl.col("trace_id").n_unique()), on=["by", "window"], how="left", nulls_equal=True)
        .with_columns(pl.col("measured", "trace_ids").fill_null(0))
    )
    return {
        part: table.with_columns(pl.col("name").cast(pl.String)) if "name" in table.columns else table
        for part, table in plain.items()
    }


def _by_values(events: pl.DataFrame, fine: pl.DataFrame) -> pl.DataFrame:
    """Return the events and errors of each service and host, where there are several."""
    errors = pl.col("len").filter("error").sum()
    counted = [fine.select("by", "window", name=pl.lit(""), len="len").clear()]
    for part in ("service", "host"):
        if part not in events.columns or events[part].n_unique() < 2:
            continue
        if part == "host":
            texts = [name for name in ("by", "host") if events.schema[name] == pl.String]
            coded = events.select("by", "window", "host", "error").with_columns(pl.col(texts).cast(pl.Categorical))
            fine = coded.group_by("by", "window", "host", "error").len()
        each = (
            fine.filter(pl.col(part).is_not_null())
            .group_by("by", "window", part)
            .agg(pl.col("len").sum(), errors=errors)
        )
        name = pl.format("{}:{}", pl.lit(part), pl.col(part).cast(pl.String))
        counted += [
            each.select("by", "window", name=name, len="len"),
            each.filter(pl.col("errors") > 0).select(
                "by", "window", name=pl.format("errors:{}", name), len=pl.col("errors")
            ),
        ]
    return pl.concat(counted)


def _counts(
    totals: dict[str, Array], levels: dict[str, Array], values: dict[str, Array], templates: dict[str, Array],
    windows: int,
) -> tuple[list[str], Array]:  # fmt: skip
    """Return the names and counts of a value."""
    import numpy as np

    names = ["events", "errors", *(["trace_ids"] if totals["trace_ids"].any() else [])]
    counts = np.zeros((windows, len(names)))
    counts[totals["window"]] = np.column_stack([totals[name] for name in names])
    level_names, by_level = _spread(levels, windows)
    value_names, by_value = _spread(values, windows)
    template_names, by_template = _spread(templates, windows)
    more = [*(f"level:{name}" for name in level_names), *value_names]
    parts = np.hstack([by_level, by_value])
    # A level or service that says the same as a total (one level only, or one level of errors) would say it twice.
    new = [i for i in range(len(more)) if not (counts == parts[:, [i]]).all(axis=0).any()]
    kinds = [f"template:{name}" for name in template_names]
    return [*names, *(more[i] for i in new), *kinds], np.hstack([counts, parts[:, new], by_template])


def _spread(cells: dict[str, Array], windows: int) -> tuple[list[str], Array]:
    """Return the names, sorted, and their counts as a matrix of windows by names."""
    import numpy as np

    names = list(dict.fromkeys(cells["name"].tolist())) if cells else []
    matrix = np.zeros((windows, len(names)))
    _place(cells, "len", matrix, {name: number for number, name in enumerate(names)})
    return names, matrix


def _place(cells: dict[str, Array], what: str, matrix: Array, column: dict[str, int]) -> None:
    """Write the cells whose names have a column into a matrix of windows by names."""
    import numpy as np

    if not cells:
        return
    at = np.array([column.get(name, -1) for name in cells["name"].tolist()], dtype=np.int64)
    known = at >= 0
    matrix[cells["window"][known], at[known]] = cells[what][known]


def _durations(
    totals: dict[str, Array], timed: dict[str, Array], windows: int, kept: list[str] | None = None
) -> tuple[list[str], Array, Array]:
    """Return the names, values and numbers of durations: over all events, and by template (all, or those kept)."""
    import numpy as np

    if kept is None:
        kept = [*OVERALL, *(f"duration:{name}" for name in dict.fromkeys(timed["name"].tolist() if timed else []))]
    durations, measured = np.full((2, windows, len(kept)), np.nan)
    for column, (name, fewest) in enumerate(FEWEST_DURATIONS.items()):
        durations[totals["window"], column] = np.where(totals["measured"] >= fewest, totals[name], np.nan)
        measured[totals["window"], column] = totals["measured"]
    columns = {name.removeprefix("duration:"): number for number, name in enumerate(kept) if ":" in name}
    enough = timed["len"] >= FEWEST_DURATIONS["p50"] if timed else None
    own = {name: array[enough] for name, array in timed.items()}
    _place(own, "ms", durations, columns)
    _place(own, "len", measured, columns)
    return kept, durations, np.nan_to_num(measured)


def _that_take_long(timed: pl.DataFrame) -> pl.DataFrame:
    """Keep the templates with the most durations, where there are several."""
    kinds = timed.group_by("by", "name").agg(pl.col("len").sum()).filter(pl.len().over("by") > 1)
    most = kinds.sort("by", "len", "name", descending=[False, True, False]).group_by("by").head(MOST_TIMED)
    return timed.join(most, on=["by", "name"], how="semi", nulls_equal=True)


def _greatest(values: pl.DataFrame) -> pl.DataFrame:
    """Keep the services and hosts that have the most events."""
    each = (
        values.group_by("by", "name")
        .agg(pl.col("len").sum())
        .with_columns(kind=pl.col("name").str.extract("^(errors:)?[^:]+", 0))
    )
    ranked = each.sort("by", "kind", "len", "name", descending=[False, False, True, False])
    kept = ranked.group_by("by", "kind").head(MOST_VALUES)
    return values.join(kept, on=["by", "name"], how="semi", nulls_equal=True)


def _that_matter(templates: pl.DataFrame) -> pl.DataFrame:
    """Keep the templates that have the most events, altogether or in one window."""
    each = templates.group_by("by", "name").agg(total=pl.col("len").sum(), most=pl.col("len").max())
    frequent = each.sort("total", "name", descending=[True, False])
    bursty = each.filter(pl.col("most") >= BURST).sort("most", "name", descending=[True, False])
    halves = [half.group_by("by").head(MOST_TEMPLATES // 2).select("by", "name") for half in (frequent, bursty)]
    return templates.join(pl.concat(halves), on=["by", "name"], how="semi", nulls_equal=True)


def _first_seen(templates: pl.DataFrame, windows: int) -> pl.DataFrame:
    """Return in which window each template was first seen, how often there, and in which the next time."""
    ordered = templates.sort("by", "name", "window").group_by("by", "name", maintain_order=True)
    return ordered.agg(
        first=pl.col("window").first(),
        size=pl.col("len").first(),
        again=pl.col("window").get(1, null_on_oob=True).fill_null(windows),
    )


def _unseen(kinds: dict[str, Array], events: Array) -> tuple[Array, Array]:
    """Return how many templates were first seen in each window, and how many were to be expected.

    The chance that the next event is of a kind never seen is the share of the events so far whose kind was seen
    once only (Good 1953, doi:10.1093/biomet/40.3-4.237).
    """
    import numpy as np

    windows = len(events)
    unseen = np.bincount(kinds["first"], minlength=windows).astype(float)
    single = kinds["size"] == 1
    steps = np.bincount(kinds["first"][single] + 1, minlength=windows + 2) - np.bincount(
        np.minimum(kinds["again"][single] + 1, windows + 1), minlength=windows + 2
    )
    once = np.cumsum(steps)[:windows]
    before = np.cumsum(events) - events
    return unseen, events * np.minimum((once + 1) / (before + 1), 1.0)
