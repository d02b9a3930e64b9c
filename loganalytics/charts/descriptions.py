"""What a chart shows, as one sentence with its figures, for those who cannot see it: of the table that it draws."""

from __future__ import annotations

import polars as pl

from loganalytics.humanize import count, listing, moment, time_range

NAMES = 3  # that a sentence names


def of_trend(table: pl.DataFrame, tz: str) -> str:
    """Describe bars of events over time: how many, of which groups, and where they are highest."""
    if table.is_empty():
        return "No events."
    totals = table.group_by("group").agg(pl.col("events").sum()).sort("events", "group", descending=[True, False])
    groups = [f"{row['group']} {row['events']:,}" for row in totals.to_dicts()]
    bars = table.group_by("start").agg(pl.col("events").sum(), pl.col("when").first())
    highest = bars.sort("events", "start", descending=[True, False]).row(0, named=True)
    when = time_range(table["start"].min(), table["end"].max(), tz=tz)  # type: ignore[arg-type]
    return (
        f"{count(int(totals['events'].sum()), 'event')} {when}: {listing(groups, NAMES + 1)}; "
        f"most in one bar, {highest['events']:,}, {highest['when']}."
    )


def of_lines(table: pl.DataFrame, unit: str) -> str:
    """Describe lines over time: the median and the highest value of each."""
    sentences = []
    for line in table.drop_nulls("level").partition_by("group", maintain_order=True):
        name = line["group"][0]
        highest = line.sort("level", "start", descending=[True, False]).row(0, named=True)
        median = line["level"].quantile(0.5, "nearest")
        top = f"{highest['level']:.4g}{unit}, {highest['when']}"
        sentences.append(f"{name.replace('_', ' ')} over time: median {median:.4g}{unit}, highest {top}")
    return "; ".join(sentences) + "." if sentences else "Nothing was measured."


def of_scores(table: pl.DataFrame) -> str:
    """Describe anomaly scores over time: how many bars are anomalous, and the highest."""
    if table.is_empty():
        return "No window stands out."
    highest = table.sort("score", "start", descending=[True, False]).row(0, named=True)
    anomalous = table.filter("anomalous").height
    return f"{count(anomalous, 'anomalous bar')}; highest score {highest['score']:.2f}, {highest['when']}."


def of_spans(table: pl.DataFrame) -> str:
    """Describe when services were heard: how many, and the longest gaps and silences."""
    services = table["group"].n_unique()
    holes = table.filter(pl.col("kind") != "heard").sort(pl.col("end") - pl.col("start"), descending=True)
    longest = [f"{row['group']} {row['kind']} for {row['lasting']}" for row in holes.head(NAMES).to_dicts()]
    gaps = f"{count(holes.height, 'gap')}, the longest: {listing(longest)}" if longest else "no gaps"
    return f"When {count(services, 'service')} logged: {gaps}."


def of_bars(table: pl.DataFrame) -> str:
    """Describe ranked bars: how many, and the first with their numbers."""
    first = [f"{row['name']} ({row['shown']})" for row in table.head(NAMES).to_dicts()]
    return f"{count(table.height, 'bar')}, the first: {'; '.join(first)}." if first else "Nothing to draw."


def of_quantiles(table: pl.DataFrame) -> str:
    """Describe quantiles of durations: how many groups, and the slowest."""
    if table.is_empty():
        return "No durations."
    slowest = table.row(0, named=True)
    quantiles = ", ".join(f"{name} {slowest[f'{name}_text']}" for name in ("p50", "p95", "p99"))
    return f"Durations of {count(table.height, 'group')}; slowest {slowest['group']}: {quantiles}."


def of_changes(marks: pl.DataFrame, column: str) -> str:
    """Describe where a trend changes: how often, and how."""
    changes = [f"{row['kind']} {row['when']}, {row['before']} to {row['after']}" for row in marks.to_dicts()]
    where = f": {listing(changes, NAMES + 1)}" if changes else ""
    return f"{count(marks.height, 'change')} of {column} over time{where}."


def of_requests(table: pl.DataFrame, tz: str) -> str:
    """Describe requests as points: how many, how many failed, and the longest."""
    if table.is_empty():
        return "No requests."
    longest = table.sort("level", descending=True).row(0, named=True)
    failed = table.filter(pl.col("group") == "failed").height
    return (
        f"{count(table.height, 'request')}, {failed:,} with errors; the longest took {longest['lasting']} "
        f"from {moment(longest['start'], tz=tz)}."
    )


def of_waterfall(table: pl.DataFrame) -> str:
    """Describe one request: its events, those that failed, and the longest."""
    if table.is_empty():
        return "No events."
    longest = table.sort(pl.col("to") - pl.col("from"), descending=True).row(0, named=True)
    failed = table.filter("failed").height
    events = f"{count(table.height, 'event')} of one request, {failed:,} errors"
    return f"{events}; the longest: {longest['name']} {longest['lasting']}."


def of_runs(table: pl.DataFrame) -> str:
    """Describe the steps of runs: how many, and which failed or were slow."""
    odd = table.filter(pl.col("state") != "as usual")
    named = [f"{row['name']} of {row['run']} ({row['state']}, {row['lasting']}, usually {row['usual']})" for row in
             odd.head(NAMES).to_dicts()]  # fmt: skip
    stand_out = f"{odd.height:,} stand out: {'; '.join(named)}" if named else "none stands out"
    return f"{count(table.height, 'step')} of {count(table['run'].n_unique(), 'run')}: {stand_out}."


def of_sessions(table: pl.DataFrame) -> str:
    """Describe sessions over time: how many, of how many, and how many with errors."""
    names = table["group"].n_unique()
    return f"{count(table.height, 'session')} of {names:,}, {table['failed'].sum():,} with errors."
