"""Events whose messages are log lines: which of them were written by one process, and what was below them."""

from __future__ import annotations

import polars as pl

from loganalytics.formats.internal_columns import STREAM

_WRITER = (
    "host.name", "service", "process.pid", "stream", "container_id", "docker.container_id", "kubernetes.pod_name",
    "kubernetes.container_name",
)  # fmt: skip


def stream_key(events: pl.DataFrame, around: pl.Series) -> pl.Expr:
    """Return the expression `stream`: the host, service and process of each event, in the streams around."""
    names = [pl.col(name).cast(pl.String) for name in _WRITER if name in events.columns]
    return pl.concat_str(pl.lit(around + "\x1e"), *names, separator="\x1f", ignore_nulls=True).alias("stream")


def with_lines_below(
    events: pl.DataFrame, leading_lines: pl.DataFrame, carried: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Add the lines that were below the carrying events to the events, or leading lines, made of their messages."""
    below = carried.filter(pl.col("continues") > 0)
    if below.is_empty():
        return events, leading_lines
    below = below.select("n", pl.col("stream").alias(STREAM), "exception", lines="continues")
    leading_lines = leading_lines.join(below.select("n", "exception"), on="n", how="left", maintain_order="left")
    has_text = pl.any_horizontal(pl.col("line", "exception").is_not_null())
    text = pl.when(has_text).then(pl.concat_str("line", "exception", separator="\n", ignore_nulls=True))
    leading_lines = leading_lines.select("n", text.alias("line"), STREAM)
    owners = events.select(STREAM, pl.col("n").alias("owner"), "n").sort("n")
    owned = below.filter(~pl.col("n").is_in(leading_lines["n"].implode())).sort("n")
    owned = owned.join_asof(owners, on="n", by=STREAM, check_sortedness=False).drop_nulls("owner")
    added = owned.group_by(n="owner", maintain_order=True).agg(
        pl.col("exception").drop_nulls().str.join("\n").replace("", None).alias("added"), pl.col("lines").sum()
    )
    captured = ["exception"] if "exception" in events.columns else []
    events = events.join(added, on="n", how="left", maintain_order="left").with_columns(
        pl.concat_str(*captured, "added", separator="\n", ignore_nulls=True).replace("", None).alias("exception"),
        pl.col("continues") + pl.col("lines").fill_null(0),
    )
    return events.drop("added", "lines"), leading_lines
