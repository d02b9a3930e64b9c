"""What can be counted and measured in a window of time: the features that anomalies are looked for in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import polars as pl

from loganalytics.analyses.durations import duration_ms
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.schema import Frame, is_error, lazy
from loganalytics.templates import with_templates
from loganalytics.times import parse_every, window_start

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float64]]

MOST_WINDOWS = 2_000_000  # times the values of `by`
MOST_TEMPLATES = 200  # for a value of `by`: half by how many events, half by how many in one window
BURST = 3  # events of a template in one window, for it to count as bursty
MOST_VALUES = 40  # of services or hosts that are looked at one by one
MOST_TIMED = 20  # templates whose durations are looked at one by one
FEWEST_DURATIONS = {"p50": 3, "p95": 10}  # in a window, for the quantile to mean anything
OVERALL = ["duration_p50", "duration_p95"]  # in the order of the above
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

    Raises InvalidArgumentError when there are too many to be compared.
    """
    length = parse_every(every)
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


def read_features(events: pl.DataFrame, windows: int) -> Iterator[Features]:
    """Return the features of one value of `by` after the other, sorted by value, nulls first."""
    tables = _tables(events)
    split = {name: _partitions(table) for name, table in tables.items()}
    for (value,), own in sorted_partitions(tables["totals"]):
        parts = {name: split[name].get(value, table.clear()) for name, table in tables.items()}
        yield _features(value, own, parts, windows)


def read_known(
    events: pl.DataFrame, windows: int, known: dict[object, tuple[list[str], list[str]]], kinds: pl.Series
) -> Iterator[Features]:
    """Return the named counts and durations of each value of `by`, and those that are new with their totals only.

    `known` holds the names of counts and durations by value, `kinds` the templates that are not unseen. Each
    window is told by itself, whatever is around it.
    """
    import numpy as np

    tables = _tables(events)
    split = {name: _partitions(table) for name, table in tables.items()}
    new = [value for value in split["totals"] if value not in known]
    for value, (names, timed) in {**known, **{value: (["events", "errors"], OVERALL) for value in new}}.items():
        parts = {name: split[name].get(value, table.clear()) for name, table in tables.items()}
        counts = np.zeros((windows, len(names)))
        unseen = parts["templates"].filter(~pl.col("name").is_in(kinds.implode()))
        cells = pl.concat(
            [
                parts["values"].select("window", "name", "len"),
                unseen.group_by("window").agg(name=pl.lit(NEW_EVENTS), len=pl.col("len").sum()),
                *(
                    parts[part].select("window", name=pl.format("{}:{}", pl.lit(label), "name"), len="len")
                    for part, label in (("levels", "level"), ("templates", "template"))
                ),
                *(
                    parts["totals"].select("window", name=pl.lit(name), len=pl.col(name).cast(pl.UInt32))
                    for name in ("events", "errors", "trace_ids")
                ),
            ]
        ).filter(pl.col("name").is_in(names))
        column = {name: number for number, name in enumerate(names)}
        number = cells["name"].replace_strict(column, return_dtype=pl.Int64).to_numpy()
        counts[cells["window"].to_numpy(), number] = cells["len"].to_numpy()
        _, durations, measured = _durations(parts["totals"], parts["timed"], windows, timed[len(OVERALL) :])
        yield Features(
            value, names, counts, timed, durations, measured,
            np.bincount(unseen["window"].to_numpy(), minlength=windows).astype(float), np.zeros(windows),
        )  # fmt: skip


def _tables(events: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return what is counted and measured, by value and window."""
    ms = pl.col("ms")
    totals = events.group_by("by", "window").agg(
        events=pl.len(),
        errors=pl.col("error").sum(),
        trace_ids=pl.col("trace_id").drop_nulls().n_unique(),
        measured=ms.count(),
        p50=ms.median(),
        p95=ms.quantile(0.95),
    )
    return {
        "totals": totals,
        "levels": events.drop_nulls("level").group_by("by", "window", name=pl.col("level").cast(pl.String)).len(),
        "templates": events.group_by("by", "window", name="template").len(),
        "timed": events.filter(ms.is_not_null()).group_by("by", "window", name="template").agg(pl.len(), ms.median()),
        "values": _by_values(events),
    }


def _by_values(events: pl.DataFrame) -> pl.DataFrame:
    """Return the events and errors of each service and host, where there are several."""
    counted = [
        pl.DataFrame(schema={"by": events.schema["by"], "window": pl.Int64, "name": pl.String, "len": pl.UInt32})
    ]
    for part in ("service", "host"):
        if part not in events.columns or events[part].n_unique() < 2:
            continue
        each = events.drop_nulls(part).group_by("by", "window", part).agg(pl.len(), errors=pl.col("error").sum())
        name = pl.format("{}:{}", pl.lit(part), part)
        counted += [
            each.select("by", "window", name=name, len="len"),
            each.filter(pl.col("errors") > 0).select(
                "by", "window", name=pl.format("errors:{}", name), len=pl.col("errors").cast(pl.UInt32)
            ),
        ]
    return pl.concat(counted)


def _partitions(table: pl.DataFrame) -> dict[object, pl.DataFrame]:
    return {value: part for (value,), part in table.partition_by("by", as_dict=True).items()}


def sorted_partitions(totals: pl.DataFrame) -> list[tuple[tuple[object, ...], pl.DataFrame]]:
    """Return the parts of a frame by the column `by`, in its order."""
    return list(totals.sort("by", "window").partition_by("by", as_dict=True, maintain_order=True).items())


def _features(value: object, totals: pl.DataFrame, parts: dict[str, pl.DataFrame], windows: int) -> Features:
    import numpy as np

    at = totals["window"].to_numpy()
    names = ["events", "errors", *(["trace_ids"] if totals["trace_ids"].sum() else [])]
    counts = np.zeros((windows, len(names)))
    counts[at] = totals.select(names).to_numpy()
    level_names, by_level = _spread(parts["levels"], windows)
    value_names, by_value = _spread(_greatest(parts["values"]), windows)
    template_names, by_template = _spread(_that_matter(parts["templates"]), windows)
    more = [*(f"level:{name}" for name in level_names), *value_names]
    split = np.hstack([by_level, by_value])
    # A level or service that says the same as a total (one level only, or one level of errors) would say it twice.
    new = [i for i in range(len(more)) if not (counts == split[:, [i]]).all(axis=0).any()]
    timed, durations, measured = _durations(totals, parts["timed"], windows, _that_take_long(parts["timed"]))
    unseen, expected = _unseen(parts["templates"], counts[:, 0])
    return Features(
        value=value,
        names=[*names, *(more[i] for i in new), *(f"template:{name}" for name in template_names)],
        counts=np.hstack([counts, split[:, new], by_template]),
        timed=timed,
        durations=durations,
        measured=measured,
        unseen=unseen,
        unseen_expected=expected,
    )


def _that_take_long(timed: pl.DataFrame) -> list[str]:
    """Return the templates with the most durations, as names of features."""
    kinds = timed.group_by("name").agg(pl.col("len").sum()).sort("len", "name", descending=[True, False])
    return [f"duration:{kind}" for kind in kinds["name"].head(MOST_TIMED)] if kinds.height > 1 else []


def _durations(
    totals: pl.DataFrame, timed: pl.DataFrame, windows: int, kept: list[str]
) -> tuple[list[str], Array, Array]:
    """Return the names, values and numbers of durations: over all events, and by template."""
    import numpy as np

    durations, measured = np.full((2, windows, 2 + len(kept)), np.nan)
    at = totals["window"].to_numpy()
    for column, (name, fewest) in enumerate(FEWEST_DURATIONS.items()):
        durations[at, column] = totals.select(pl.when(pl.col("measured") >= fewest).then(name)).to_series().to_numpy()
        measured[at, column] = totals["measured"].to_numpy()
    for column, kind in enumerate(kept, len(FEWEST_DURATIONS)):
        own = timed.filter(
            (pl.col("name") == kind.removeprefix("duration:")) & (pl.col("len") >= FEWEST_DURATIONS["p50"])
        )
        durations[own["window"].to_numpy(), column] = own["ms"].to_numpy()
        measured[own["window"].to_numpy(), column] = own["len"].to_numpy()
    return [*OVERALL, *kept], durations, np.nan_to_num(measured)


def _greatest(values: pl.DataFrame) -> pl.DataFrame:
    """Keep the services and hosts that have the most events."""
    each = (
        values.group_by("name")
        .agg(pl.col("len").sum())
        .with_columns(kind=pl.col("name").str.extract("^(errors:)?[^:]+", 0))
    )
    ranked = each.sort("kind", "len", "name", descending=[False, True, False])
    return values.join(ranked.group_by("kind").head(MOST_VALUES), on="name", how="semi")


def _spread(counted: pl.DataFrame, windows: int) -> tuple[list[str], Array]:
    """Return the names, sorted, and their counts as a matrix of windows by names."""
    import numpy as np

    names = counted["name"].unique().sort()
    matrix = np.zeros((windows, len(names)))
    if len(names):
        column = names.search_sorted(counted["name"]).to_numpy()
        matrix[counted["window"].to_numpy(), column] = counted["len"].to_numpy()
    return names.to_list(), matrix


def _that_matter(templates: pl.DataFrame) -> pl.DataFrame:
    """Keep the templates that have the most events, altogether or in one window."""
    each = templates.group_by("name").agg(total=pl.col("len").sum(), most=pl.col("len").max())
    frequent = each.sort("total", "name", descending=[True, False]).head(MOST_TEMPLATES // 2)
    bursty = each.filter(pl.col("most") >= BURST).sort("most", "name", descending=[True, False])
    kept = pl.concat([frequent, bursty.head(MOST_TEMPLATES // 2)]).select("name").unique()
    return templates.join(kept, on="name", how="semi")


def _unseen(templates: pl.DataFrame, events: Array) -> tuple[Array, Array]:
    """Return how many templates were first seen in each window, and how many were to be expected.

    The chance that the next event is of a kind never seen is the share of the events so far whose kind was seen
    once only (Good 1953, doi:10.1093/biomet/40.3-4.237).
    """
    import numpy as np

    windows = len(events)
    ordered = templates.sort("name", "window").group_by("name", maintain_order=True)
    kinds = ordered.agg(
        first=pl.col("window").first(),
        size=pl.col("len").first(),
        again=pl.col("window").get(1, null_on_oob=True).fill_null(windows),
    )
    unseen = np.bincount(kinds["first"].to_numpy(), minlength=windows).astype(float)
    single = kinds.filter(pl.col("size") == 1)
    steps = np.bincount(single["first"].to_numpy() + 1, minlength=windows + 2) - np.bincount(
        np.minimum(single["again"].to_numpy() + 1, windows + 1), minlength=windows + 2
    )
    once = np.cumsum(steps)[:windows]
    before = np.cumsum(events) - events
    return unseen, events * np.minimum((once + 1) / (before + 1), 1.0)
