"""What is counted and measured, by value and window: the tables that the features are read from."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

MAX_TEMPLATES = 200  # for a value of `by`: half by how many events, half by how many in one window
MIN_BURST_EVENTS = 3  # of a template in one window, for it to count as bursty
MAX_ORIGINS = 40  # services or hosts that have features of their own
MAX_TIMED_TEMPLATES = 20  # whose durations are features of their own

Columns = dict[str, NDArray[Any]]
"""Columns of a table, by name, for one value of `by`."""

TOTAL_COLUMNS = ("window", "events", "errors", "trace_ids", "measured", "p50", "p95")


@dataclass(frozen=True, kw_only=True)
class WindowTables:
    """Counts and durations in long form; all tables have the columns by and window.

    Attributes:
        totals: events, errors, trace_ids, measured (how many durations), p50 and p95 (milliseconds).
        levels: name (of the level) and len.
        templates: name (the template) and len.
        durations: name (the template), len and ms (the median).
        origins: name ("service:...", "host:...", "errors:service:...") and len.
    """

    totals: pl.DataFrame
    levels: pl.DataFrame
    templates: pl.DataFrame
    durations: pl.DataFrame
    origins: pl.DataFrame

    def limited(self) -> WindowTables:
        """Return the tables with the services, hosts and templates that have the most events or durations."""
        return replace(
            self,
            templates=_top_templates(self.templates),
            durations=_top_timed_templates(self.durations),
            origins=_top_origins(self.origins),
        )


def window_tables(events: pl.DataFrame) -> WindowTables:
    """Return what is counted and measured, by value and window.

    Counted once in fine, by everything with few values; all but the hosts is summed up from that.
    """
    ms, events_sum = pl.col("ms"), pl.col("len").sum()
    texts = [name for name in ("by", "level", "template", "service") if events.schema.get(name) == pl.String]
    coded = events.with_columns(pl.col(texts).cast(pl.Categorical))
    keys = [name for name in ("by", "window", "error", "level", "template", "service") if name in events.columns]
    fine = coded.group_by(keys).len()
    timed = coded.filter(ms.is_not_null())
    tables = WindowTables(
        totals=_totals(fine, timed, events),
        levels=fine.filter(pl.col("level").is_not_null()).group_by("by", "window", name="level").agg(events_sum),
        templates=fine.group_by("by", "window", name="template").agg(events_sum),
        durations=timed.group_by("by", "window", name="template").agg(pl.len(), ms.median()),
        origins=_origins(events, fine),
    )
    decoded = {field.name: _decoded(getattr(tables, field.name), events.schema["by"]) for field in fields(tables)}
    return WindowTables(**decoded)


def _decoded(table: pl.DataFrame, by: pl.DataType) -> pl.DataFrame:
    """Return the table with values and names as they are, not as categories."""
    names = [pl.col("name").cast(pl.String)] if "name" in table.columns else []
    return table.with_columns(pl.col("by").cast(by), *names)


def _totals(fine: pl.DataFrame, timed: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    keys, ms = ["by", "window"], pl.col("ms")
    sums = fine.group_by(keys).agg(events=pl.col("len").sum(), errors=pl.col("len").filter("error").sum())
    measured = timed.group_by(keys).agg(measured=pl.len(), p50=ms.median(), p95=ms.quantile(0.95))
    totals = sums.join(measured, on=keys, how="left", nulls_equal=True).cast({"by": events.schema["by"]})
    traced = events.filter(pl.col("trace_id").is_not_null()).group_by(keys)
    return totals.join(
        traced.agg(trace_ids=pl.col("trace_id").n_unique()), on=keys, how="left", nulls_equal=True
    ).with_columns(pl.col("measured", "trace_ids").fill_null(0))


def _origins(events: pl.DataFrame, fine: pl.DataFrame) -> pl.DataFrame:
    """Return the events and errors of each service and host, where there are several."""
    tables = [fine.select("by", "window", name=pl.lit(""), len="len").clear()]
    for origin in ("service", "host"):
        if origin not in events.columns or events[origin].n_unique() < 2:
            continue
        counts = (fine if origin == "service" else _count_hosts(events)).filter(pl.col(origin).is_not_null())
        sums = counts.group_by("by", "window", origin).agg(
            pl.col("len").sum(), errors=pl.col("len").filter("error").sum()
        )
        name = pl.format("{}:{}", pl.lit(origin), pl.col(origin).cast(pl.String))
        failed = sums.filter(pl.col("errors") > 0)
        tables += [
            sums.select("by", "window", name=name, len="len"),
            failed.select("by", "window", name=pl.format("errors:{}", name), len="errors"),
        ]
    return pl.concat(tables)


def _count_hosts(events: pl.DataFrame) -> pl.DataFrame:
    texts = [name for name in ("by", "host") if events.schema[name] == pl.String]
    coded = events.select("by", "window", "host", "error").with_columns(pl.col(texts).cast(pl.Categorical))
    return coded.group_by("by", "window", "host", "error").len()


def _top_timed_templates(durations: pl.DataFrame) -> pl.DataFrame:
    """Return the durations of the templates that have the most of them, where there are several."""
    several = durations.group_by("by", "name").agg(pl.col("len").sum()).filter(pl.len().over("by") > 1)
    ranked = several.sort("by", "len", "name", descending=[False, True, False])
    top = ranked.group_by("by").head(MAX_TIMED_TEMPLATES)
    return durations.join(top, on=["by", "name"], how="semi", nulls_equal=True)


def _top_origins(origins: pl.DataFrame) -> pl.DataFrame:
    """Return the counts of the services and hosts that have the most events, and of those with the most errors."""
    sums = origins.group_by("by", "name").agg(pl.col("len").sum())
    typed = sums.with_columns(type=pl.col("name").str.extract("^(errors:)?[^:]+", 0))
    ranked = typed.sort("by", "type", "len", "name", descending=[False, False, True, False])
    top = ranked.group_by("by", "type").head(MAX_ORIGINS)
    return origins.join(top, on=["by", "name"], how="semi", nulls_equal=True)


def _top_templates(templates: pl.DataFrame) -> pl.DataFrame:
    """Return the counts of the templates that have the most events, altogether or in one window."""
    sums = templates.group_by("by", "name").agg(total=pl.col("len").sum(), maximum=pl.col("len").max())
    frequent = sums.sort("total", "name", descending=[True, False])
    bursty = sums.filter(pl.col("maximum") >= MIN_BURST_EVENTS).sort("maximum", "name", descending=[True, False])
    halves = [half.group_by("by").head(MAX_TEMPLATES // 2).select("by", "name") for half in (frequent, bursty)]
    return templates.join(pl.concat(halves), on=["by", "name"], how="semi", nulls_equal=True)


def first_windows(templates: pl.DataFrame, windows: int) -> pl.DataFrame:
    """Return in which window each template came first (`first`, with `size` events), and in which `next`."""
    ordered = templates.sort("by", "name", "window").group_by("by", "name", maintain_order=True)
    return ordered.agg(
        first=pl.col("window").first(),
        size=pl.col("len").first(),
        next=pl.col("window").get(1, null_on_oob=True).fill_null(windows),
    )


def split_by_value(table: pl.DataFrame, *columns: str) -> dict[object, Columns]:
    """Return the columns, and window, of each value of `by` as arrays; values sorted, nulls first."""
    ordered = table.sort("by", *(name for name in ("name", "window") if name in table.columns))
    lengths = ordered["by"].rle().struct.unnest()
    arrays = {name: ordered[name].to_numpy() for name in dict.fromkeys([*columns, "window"]) if name in table.columns}
    slices, begin = {}, 0
    for length, value in lengths.select("len", "value").iter_rows():
        slices[value] = {name: array[begin : begin + length] for name, array in arrays.items()}
        begin += length
    return slices


def no_rows() -> Columns:
    """Return the columns of the totals of a value that has no events."""
    return {name: np.zeros(0, np.int64) for name in TOTAL_COLUMNS}
